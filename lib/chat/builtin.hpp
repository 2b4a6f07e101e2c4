// SPDX-License-Identifier: Apache-2.0
// Chat formats of families that ship no Jinja template but a program: written as templates here, so
// that they are rendered, bounded and tokenised like all the others.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ottobit {

/// The template for a family (`model_type`) whose folders bring none; nullopt if there is none.
/// What the family's own program holds of fixed text is read from the folder.
std::optional<std::string> builtin_chat_template(std::string_view family,
                                                 const std::filesystem::path& dir);

}  // namespace ottobit
