// SPDX-License-Identifier: Apache-2.0
#include "grammar/scanner.hpp"

#include <algorithm>
#include <utility>

#include "tokenizer/utf8.hpp"

namespace ottobit::grammar {

namespace {

/// `part` repeated; as one repetition where a repetition of it says no more.
Expr again(Expr part, std::size_t min, std::size_t max) {
  const auto is_sign = [](std::size_t least, std::size_t most) {  // ? + * or {1}
    return least <= 1 && (most == 1 || most == kUnbounded);
  };
  if (part.kind == Expr::Kind::repeat && is_sign(part.min, part.max) && is_sign(min, max)) {
    part.min *= min;
    part.max = std::max(part.max, max);
    return part;
  }
  return repeat(std::move(part), min, max);
}

}  // namespace

char32_t Scanner::next() {
  if (at_end()) {
    refuse("found the end, expected a character");
  }
  const utf8::Character found = utf8::first_character(rest());
  if (found.state != utf8::State::whole) {
    refuse("the text is not UTF-8");
  }
  at_ += found.length;
  return found.code;
}

char32_t Scanner::hex(int digits) {
  const std::size_t begin = at_;
  char32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = peek();
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) {
      refuse("found " + found_text() + ", expected a hexadecimal digit");
    }
    value = value << 4U | static_cast<char32_t>(digit);
    ++at_;
  }
  if (value > kLastChar || (value >= 0xD800 && value <= 0xDFFF)) {
    refuse_at(begin, "is no character");
  }
  return value;
}

std::size_t Scanner::number() {
  const std::size_t begin = at_;
  std::size_t value = 0;
  while (peek() >= '0' && peek() <= '9') {
    value = value * 10 + static_cast<std::size_t>(peek() - '0');
    ++at_;
    if (value > kMostRepeats) {
      refuse_at(begin, "the number is above " + std::to_string(kMostRepeats));
    }
  }
  if (at_ == begin) {
    refuse("found " + found_text() + ", expected a number");
  }
  return value;
}

Expr Scanner::repeated(Expr part, bool lazy) {
  for (std::size_t depth = 0;; ++depth) {
    if (depth > kMostNesting) {
      refuse("more than " + std::to_string(kMostNesting) + " repetitions of repetitions");
    }
    if (take("*")) {
      part = again(std::move(part), 0, kUnbounded);
    } else if (take("+")) {
      part = again(std::move(part), 1, kUnbounded);
    } else if (take("?")) {
      part = again(std::move(part), 0, 1);
    } else if (take("{")) {
      part = repetition(std::move(part));
    } else {
      return part;
    }
    if (lazy) {
      (void)take("?");
    }
  }
}

Expr Scanner::repetition(Expr part) {
  const std::size_t begin = at_;
  const std::size_t min = peek() == ',' ? 0 : number();
  std::size_t max = min;
  if (take(",")) {
    max = peek() == '}' ? kUnbounded : number();
  }
  require("}");
  if (max < min) {
    refuse_at(begin, "the bounds are in the wrong order");
  }
  return again(std::move(part), min, max);
}

std::string Scanner::found_text() const {
  if (at_end()) {
    return "the end";
  }
  if (peek() == '\n') {
    return "the end of the line";
  }
  Scanner copy = *this;
  const char32_t c = copy.next();
  return c < 0x20 ? "byte " + std::to_string(static_cast<int>(c)) : "\"" + text_of(c) + "\"";
}

void Scanner::refuse_at(std::size_t offset, const std::string& why) const {
  const std::string_view before = text_.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = start == std::string_view::npos ? offset + 1 : offset - start;
  fail(ErrorCode::grammar, subject_,
       "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + why);
}

std::string text_of(char32_t c) {
  std::string out;
  utf8::append(out, c);
  return out;
}

}  // namespace ottobit::grammar
