// SPDX-License-Identifier: Apache-2.0
// What a JSON schema says of a string, apart from how the string is written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "grammar/expr.hpp"
#include "io/json.hpp"

namespace ottobit::grammar {

struct StringSchema {
  std::optional<Expr> texts;  ///< with a pattern or a format: its texts, all within the bounds
  std::size_t min = 0;        ///< characters
  std::size_t max = kUnbounded;

  /// Whether every text will do.
  [[nodiscard]] bool free() const noexcept { return !texts && min == 0 && max == kUnbounded; }
};

/// The count under `key`, `otherwise` where there is none. Error{grammar, subject} if it is none.
[[nodiscard]] std::size_t read_count(const OrderedJson& schema, const char* key,
                                     std::size_t otherwise, const std::string& subject);

/// Reads pattern, format, minLength and maxLength. Error{grammar, subject} where they are no such
/// things, and where a text of the pattern or the format could be out of the bounds.
[[nodiscard]] StringSchema read_string_schema(const OrderedJson& schema,
                                              const std::string& subject);

}  // namespace ottobit::grammar
