// SPDX-License-Identifier: Apache-2.0
// Names that come out of a file (tensors, shards, JSON keys) made fit for a one-line message:
// control characters and bytes that are not UTF-8 are escaped, long names are shortened.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ottobit {

/// `text` with control characters and ill-formed bytes written as \xNN, shortened in
/// the middle to about `max_bytes`. The result is always well-formed UTF-8 on one line.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 160);

/// `printable` in backticks.
[[nodiscard]] std::string in_backticks(std::string_view text);

/// The path, or its last component, for messages.
[[nodiscard]] std::string path_text(const std::filesystem::path& path);
[[nodiscard]] std::string file_name_text(const std::filesystem::path& path);

/// What a file really is when it is plainly not what its name promises: a git-lfs pointer or an
/// HTML page. `head` is its beginning, `folder` where it lies. Empty when nothing is amiss.
[[nodiscard]] std::string foreign_content(std::string_view head,
                                          const std::filesystem::path& folder);

}  // namespace ottobit
