// SPDX-License-Identifier: Apache-2.0
// Strict JSON reading for hostile files: bounded depth, no duplicate keys, no text after the value,
// well-formed UTF-8 only, and errors that say where.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "ottobit/error.hpp"

#include "io/json_value.hpp"

namespace ottobit {

/// How deep arrays and objects may nest; a scalar has depth 0.
inline constexpr int kMaxJsonDepth = 128;

/// Parses exactly one JSON value (RFC 8259; a UTF-8 byte order mark before it is skipped). Refused:
/// nesting beyond kMaxJsonDepth, a key twice in one object, ill-formed UTF-8, lone surrogate
/// escapes, NaN and Infinity, numbers too large for a double, comments, anything after the value.
/// Integers that fit neither int64 nor uint64 become doubles.
/// Throws Error{code, subject, "... at line L, column C"} (both from 1, columns in bytes).
[[nodiscard]] Json parse_json(std::string_view text, const std::string& subject,
                              ErrorCode code = ErrorCode::format);
[[nodiscard]] OrderedJson parse_ordered_json(std::string_view text, const std::string& subject,
                                             ErrorCode code = ErrorCode::format);

/// A text without the extras that people write by hand and JSON does not have: comments (// and
/// /* */) and commas before a closing bracket. Outside strings only; nothing else is changed.
[[nodiscard]] std::string without_json_extras(std::string_view text);

/// The bytes of a whole file (not checked to be UTF-8). Throws Error{io}: missing ("no such file"),
/// a directory or another special file, larger than `max_bytes`, unreadable. Error{format}: empty,
/// a git-lfs pointer, an HTML page.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path,
                                         std::size_t max_bytes = std::size_t{256} << 20U);

/// Whether a folder has an entry of that name; also a link to a file that does not exist, which
/// whoever reads it then names.
[[nodiscard]] bool is_there(const std::filesystem::path& path) noexcept;

/// "an object", "a string", ...: the type of a value, for messages.
[[nodiscard]] std::string_view json_type_text(JsonType type) noexcept;
template <bool kSorted>
[[nodiscard]] std::string_view json_type_text(const BasicJson<kSorted>& value) noexcept {
  return json_type_text(value.type());
}

}  // namespace ottobit
