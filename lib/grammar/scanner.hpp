// SPDX-License-Identifier: Apache-2.0
// What the readers of notations share: characters one by one, and errors that say where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ottobit/error.hpp"

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// How often something may be repeated at most: {1,65536}.
inline constexpr std::size_t kMostRepeats = 65'536;
/// How deep brackets may nest.
inline constexpr int kMostNesting = 200;

class Scanner {
 public:
  /// `text` is UTF-8; Error{grammar} where it is not, found when it is read.
  Scanner(std::string_view text, const std::string& subject) : text_(text), subject_(subject) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }
  void go_to(std::size_t offset) noexcept { at_ = offset; }
  /// The next byte, or 0 at the end.
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(at_); }
  /// Takes `expected` if it is next.
  bool take(std::string_view expected) noexcept {
    const bool found = rest().substr(0, expected.size()) == expected;
    at_ += found ? expected.size() : 0;
    return found;
  }
  void require(std::string_view expected) {
    if (!take(expected)) {
      refuse("found " + found_text() + ", expected \"" + std::string(expected) + "\"");
    }
  }
  /// The next character.
  char32_t next();
  /// `digits` hexadecimal digits, for a character.
  char32_t hex(int digits);
  /// A decimal number up to kMostRepeats.
  std::size_t number();
  /// `part` with the signs of repetition that follow: * + ? {3} {3,} {,3} {3,5}. With `lazy`, a "?"
  /// behind one is taken too: it means the same texts.
  Expr repeated(Expr part, bool lazy);

  /// What comes next, for messages.
  [[nodiscard]] std::string found_text() const;
  [[noreturn]] void refuse(const std::string& why) const { refuse_at(at_, why); }
  [[noreturn]] void refuse_at(std::size_t offset, const std::string& why) const;

 private:
  Expr repetition(Expr part);

  std::string_view text_;
  const std::string& subject_;
  std::size_t at_ = 0;
};

/// The UTF-8 form of one character.
[[nodiscard]] std::string text_of(char32_t c);

}  // namespace ottobit::grammar
