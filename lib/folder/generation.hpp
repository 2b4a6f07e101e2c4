// SPDX-License-Identifier: Apache-2.0
// How a model's makers want it to answer: generation_config.json, and the tokens that end an
// answer. Nothing in it keeps a folder from opening: what makes no sense is left out, with a
// warning.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "ottobit/model.hpp"
#include "ottobit/tokenizer.hpp"

#include "folder/folder.hpp"
#include "io/config.hpp"

namespace ottobit {

struct FolderGeneration {
  GenerationDefaults defaults;
  std::vector<std::int32_t> end_ids;  ///< sorted
};

/// The end tokens are those of generation_config.json, else of config.json, else of its
/// `text_config`, else the tokenizer's `eos_token`; -1 and null mean none.
/// Those beyond the model's vocabulary do not count.
///   tokenizer  nullptr where the folder has none
[[nodiscard]] FolderGeneration read_generation(const std::filesystem::path& directory,
                                               const Config& config, Index vocab,
                                               const Tokenizer* tokenizer, const Warn& warn);

}  // namespace ottobit
