// SPDX-License-Identifier: Apache-2.0
// Pieces of the text of a call: what the readers of its syntaxes share.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "io/json.hpp"

namespace ottobit::call_text {

inline constexpr std::string_view kBlank = " \n\t\r";

/// Without blanks at both ends.
inline std::string_view trim(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

/// Without blanks at the front.
inline std::string_view trim_front(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of(kBlank), text.size()));
}

/// What stands before `end` at the front of `text`, which moves behind it; nullopt without `end`.
inline std::optional<std::string_view> take_until(std::string_view& text,
                                                  std::string_view end) noexcept {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return before;
}

/// How often `part` stands in `text`.
inline std::size_t count_of(std::string_view text, std::string_view part) noexcept {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

/// `front` at the front of `text`, which moves behind it.
inline bool take(std::string_view& text, std::string_view front) noexcept {
  const bool found = text.substr(0, front.size()) == front;
  if (found) {
    text.remove_prefix(front.size());
  }
  return found;
}

/// Bytes that are not UTF-8 become U+FFFD.
inline std::string dump(const OrderedJson& json) {
  return json.dump();
}

/// nullopt where `text` is not JSON; `why` then says where.
inline std::optional<OrderedJson> read_json(std::string_view text, std::string& why) {
  try {
    return parse_ordered_json(text, "tool call", ErrorCode::argument);
  } catch (const Error& e) {
    why = e.what();
    return std::nullopt;
  }
}

}  // namespace ottobit::call_text
