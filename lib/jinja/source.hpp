// SPDX-License-Identifier: Apache-2.0
// The text of one template, and where in it an error is.
#pragma once

#include <cstddef>
#include <string>

namespace ottobit::jinja {

/// Largest template read, in bytes.
inline constexpr std::size_t kMaxTemplateBytes = std::size_t{1} << 20;

/// Template text with line ends made "\n" and the last line end removed, as Jinja reads it.
struct Source {
  std::string name;
  std::string text;

  /// Throws Error{chat_template} where the text is too large, holds a NUL or is not UTF-8.
  Source(std::string template_name, const std::string& raw);

  /// Throws Error{chat_template, name, "line L, column C: message"}; both count from 1, columns in
  /// code points.
  [[noreturn]] void fail(std::size_t offset, const std::string& message) const;
};

}  // namespace ottobit::jinja
