// SPDX-License-Identifier: Apache-2.0
// A byte range of a rendered conversation. Kept apart so that the public face of the chat templates
// (chat.hpp) and the template engine below it share it without including each other.
#pragma once

#include <cstddef>

namespace ottobit {

/// Bytes [begin, end) of a text.
struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;

  friend bool operator==(const TextSpan& a, const TextSpan& b) noexcept {
    return a.begin == b.begin && a.end == b.end;
  }
};

}  // namespace ottobit
