// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ottobit/error.hpp"

namespace ottobit {

/// Error{format} for a text that replacements make longer than `most` bytes.
inline void check_growth(std::size_t size, std::size_t most) {
  OTTOBIT_CHECK(size <= most, ErrorCode::format, "replacement",
                "the text grows beyond " + std::to_string(most) + " bytes");
}

/// The text with `to` wherever it held `from`, which is not empty; in linear time. Of `most` bytes
/// at most.
inline std::string replace_all(std::string_view text, std::string_view from, std::string_view to,
                               std::size_t most = std::string::npos) {
  std::string out;
  for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out += text.substr(0, at);
    out += to;
    check_growth(out.size(), most);
    text.remove_prefix(at + from.size());
  }
  return out += text;
}

}  // namespace ottobit
