// SPDX-License-Identifier: Apache-2.0
// What the readers of notations share: characters one by one, and errors that say where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// How often something may be repeated at most: {1,65536}.
inline constexpr std::size_t kMostRepeats = 65'536;
/// How deep brackets, and repetitions of repetitions, may nest.
inline constexpr std::size_t kMostNesting = 200;

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

/// What stands in brackets, or outside of all, while it is read: readers keep a list of the open
/// ones and do not call themselves, for the depth of a text is not the depth of the host's stack.
class Bracket {
 public:
  void add(Expr part) { sequence_.push_back(std::move(part)); }
  void end_choice() { choices_.push_back(one_of(std::exchange(sequence_, {}), all)); }
  /// All choices, the last of them ended.
  [[nodiscard]] Expr close() { return one_of(std::exchange(choices_, {}), any); }

 private:
  static Expr one_of(std::vector<Expr> parts, Expr (*join)(std::vector<Expr>)) {
    return parts.size() == 1 ? std::move(parts.front()) : join(std::move(parts));
  }

  std::vector<Expr> choices_;
  std::vector<Expr> sequence_;
};

/// The UTF-8 form of one character.
[[nodiscard]] std::string text_of(char32_t c);

}  // namespace ottobit::grammar
