// SPDX-License-Identifier: Apache-2.0
// Strings of the template engine. Each knows which of its bytes came from the caller's data, and
// every operation keeps that knowledge: a control word typed by a user stays recognisable as typed
// by a user wherever the template moves it. Texts are valid UTF-8; indices that templates see count
// code points, as in Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/stack_room.hpp"
#include "jinja/span.hpp"

namespace ottobit::jinja {

struct Dict;

/// Longest text the engine makes, in bytes.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

/// What went wrong while a template ran. The evaluator adds the position and turns it into Error;
/// `own` marks the message of the template's own raise_exception, which is passed on as it is.
struct RenderError {
  std::string message;
  bool own = false;
};

/// Throws RenderError{message}.
[[noreturn]] void raise(std::string message);

/// Counts the work and the memory of one rendering and stops it at fixed limits.
class Budget {
 public:
  /// One step, plus one for every 64 elements touched.
  void charge(std::size_t work) {
    steps_ += 1 + work / 64;
    if (steps_ > kMaxSteps) [[unlikely]] {
      raise("the template takes more than 20000000 steps");
    }
  }
  /// One step, plus one for every 256 bytes copied or searched.
  void charge_bytes(std::size_t bytes) { charge(bytes / 4); }
  /// A search for `part` bytes within `whole` bytes, which may take their product.
  void charge_search(std::size_t whole, std::size_t part) { charge_bytes(whole * (1 + part / 64)); }
  void allocate(std::size_t bytes) {
    if (bytes > kMaxBytes - used_) [[unlikely]] {
      raise("the template needs more than 512 MiB of memory");
    }
    used_ += bytes;
  }
  void release(std::size_t bytes) noexcept { used_ -= bytes; }
  /// Before a call that may come again within itself.
  void descend() const {
    if (!stack_.left()) [[unlikely]] {
      raise("nested deeper than the stack of the calling thread has room for");
    }
  }

 private:
  static constexpr std::size_t kMaxSteps = 20'000'000;
  static constexpr std::size_t kMaxBytes = std::size_t{512} << 20;
  std::size_t steps_ = 0;
  std::size_t used_ = 0;
  StackRoom stack_;
};

/// An immutable string with the byte ranges that came from the caller (sorted, disjoint, merged).
struct Str {
  std::string text;
  std::vector<TextSpan> content;
  bool ascii = true;
  /// Tool call arguments given as a string of JSON: the object it holds, else null.
  Dict* object = nullptr;
  /// Where the memory was counted; null for constants of the template.
  Budget* budget = nullptr;

  Str() = default;
  Str(const Str&) = delete;
  Str& operator=(const Str&) = delete;
  ~Str();
};
using StrRef = std::shared_ptr<const Str>;

/// A constant of the template: nothing in it came from the caller.
StrRef constant_str(std::string text);

/// Puts a text together from pieces.
class StrBuilder {
 public:
  void append(std::string_view plain);
  void append_content(std::string_view from_caller);
  void append(std::string_view piece, bool from_caller) {
    from_caller ? append_content(piece) : append(piece);
  }
  void append(const Str& s) { append(s, 0, s.text.size()); }
  /// Bytes [begin, end) of s.
  void append(const Str& s, std::size_t begin, std::size_t end);
  /// One code point.
  void append_code_point(std::uint32_t code_point, bool from_caller);
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  /// Drops everything from byte `size` on.
  void truncate(std::size_t size);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  std::string take_text() noexcept { return std::move(text_); }
  std::vector<TextSpan> take_content() noexcept { return std::move(content_); }

 private:
  void mark(std::size_t begin, std::size_t end);

  std::string text_;
  std::vector<TextSpan> content_;
};

/// The finished text as a value whose memory is counted.
StrRef make_str(Budget& budget, StrBuilder builder);
StrRef make_str(Budget& budget, std::string_view plain);
/// Bytes [begin, end) of s; s itself where that is all of it.
StrRef sub_str(Budget& budget, const StrRef& s, std::size_t begin, std::size_t end);

/// True where byte `at` of s came from the caller.
bool is_content(const Str& s, std::size_t at) noexcept;

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;
};

/// The code point at byte `at` of valid UTF-8.
CodePoint decode(std::string_view text, std::size_t at) noexcept;
/// The code point that ends before byte `end` (> 0).
CodePoint decode_before(std::string_view text, std::size_t end) noexcept;
void encode(std::uint32_t code_point, std::string& out);
/// Offset of the first byte that is not UTF-8 (surrogates and overlong forms are not), or npos.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// Number of code points.
std::size_t count_code_points(const Str& s) noexcept;
/// Byte offset of code point `index` (at most the length).
std::size_t byte_offset(const Str& s, std::size_t index) noexcept;
/// Number of code points in the first `bytes` bytes.
std::size_t code_point_index(const Str& s, std::size_t bytes) noexcept;

/// Python's str.isspace for one code point.
bool is_space(std::uint32_t code_point) noexcept;

/// A letter, a numeral or an underscore: Python's \w.
bool is_word(std::uint32_t code_point) noexcept;
/// End of the text without trailing white space, and begin without leading white space.
std::size_t rstrip_end(std::string_view text) noexcept;
std::size_t lstrip_begin(std::string_view text) noexcept;

}  // namespace ottobit::jinja
