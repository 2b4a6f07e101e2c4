// SPDX-License-Identifier: Apache-2.0
#include "grammar/regex.hpp"

#include <string>
#include <utility>
#include <vector>

#include "grammar/scanner.hpp"

namespace ottobit::grammar {

namespace {

const CharSet& digits() {
  static const CharSet set = {{'0', '9'}};
  return set;
}
const CharSet& word_chars() {
  static const CharSet set = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  return set;
}
const CharSet& spaces() {  // ECMA-262, WhiteSpace and LineTerminator
  static const CharSet set = {
      {0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
      {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  return set;
}
const CharSet& line_ends() {
  static const CharSet set = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  return set;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& subject, bool search)
      : in_(text, subject), search_(search) {}

  Expr read() {
    begin_choice();
    while (true) {
      if (!at_end_of_choice()) {
        read_item();
        continue;
      }
      end_choice();
      if (in_.take("|")) {
        begin_choice();
        continue;
      }
      Expr inner = open_.back().close();
      if (open_.size() == 1) {
        if (!in_.at_end()) {
          in_.refuse("found " + in_.found_text() + ", expected the end");
        }
        return inner;
      }
      in_.require(")");
      open_.pop_back();
      open_.back().add(in_.repeated(std::move(inner), true));
    }
  }

 private:
  /// Outside of all groups ^ and $ may stand at the ends of a choice.
  [[nodiscard]] bool is_outside() const { return open_.size() == 1; }

  void begin_choice() {
    if (is_outside() && !in_.take("^") && search_) {
      open_.back().add(anything());
    }
  }

  void end_choice() {
    if (is_outside() && !in_.take("$") && search_) {
      open_.back().add(anything());
    }
    open_.back().end_choice();
  }

  [[nodiscard]] bool at_end_of_choice() const {
    const char c = in_.peek();
    if (in_.at_end() || c == '|' || c == ')') {
      return true;
    }
    const std::string_view behind = in_.rest().substr(1);
    return c == '$' && is_outside() && (behind.empty() || behind.front() == '|');
  }

  static Expr anything() { return repeat(chars(inverted({})), 0, kUnbounded); }

  void read_item() {
    if (in_.peek() == '^' || in_.peek() == '$') {
      in_.refuse(in_.found_text() + " is supported at the ends of the pattern only");
    }
    if (in_.take("(")) {
      open_group();
    } else {
      open_.back().add(in_.repeated(item(), true));
    }
  }

  Expr item() {
    const std::size_t offset = in_.offset();
    switch (const char32_t c = in_.next()) {
      case '.':
        return chars(inverted(line_ends()));
      case '[':
        return char_class();
      case '\\':
        return chars(escape());
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        in_.refuse_at(offset, "\"" + text_of(c) + "\" has nothing to repeat or open; write \\" +
                                  text_of(c) + " for the character");
      default:
        return chars({{c, c}});
    }
  }

  /// Behind its bracket.
  void open_group() {
    const std::size_t offset = in_.offset();
    if (in_.take("?") && !in_.take(":")) {
      const bool named = in_.take("<") && in_.peek() != '=' && in_.peek() != '!';
      if (!named) {
        in_.refuse_at(offset, "look-around and inline flags are not supported");
      }
      while (!in_.take(">")) {
        (void)in_.next();
      }
    }
    if (open_.size() > kMostNesting) {
      in_.refuse("brackets nest deeper than " + std::to_string(kMostNesting));
    }
    open_.emplace_back();
  }

  /// What stands behind a backslash.
  CharSet escape() {
    const std::size_t offset = in_.offset();
    const char32_t c = in_.next();
    switch (c) {
      case 'd':
        return digits();
      case 'D':
        return inverted(digits());
      case 'w':
        return word_chars();
      case 'W':
        return inverted(word_chars());
      case 's':
        return spaces();
      case 'S':
        return inverted(spaces());
      default: {
        const char32_t one = escaped_char(c, offset);
        return {{one, one}};
      }
    }
  }

  char32_t escaped_char(char32_t c, std::size_t offset) {
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      case '0':
        return 0;
      case 'x':
        return in_.hex(2);
      case 'u':
        if (in_.take("{")) {
          int count = 0;
          while (count < 8 && in_.rest().size() > static_cast<std::size_t>(count) &&
                 in_.rest()[static_cast<std::size_t>(count)] != '}') {
            ++count;
          }
          const char32_t value = in_.hex(count);
          in_.require("}");
          return value;
        }
        return in_.hex(4);
      case 'c': {
        const char32_t letter = in_.next();
        if ((letter | 0x20U) < 'a' || (letter | 0x20U) > 'z') {
          in_.refuse_at(offset, "\\c needs a letter");
        }
        return letter & 0x1FU;
      }
      default:
        break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9');
    if (letter) {
      in_.refuse_at(offset, "\\" + text_of(c) + " is not supported");
    }
    return c;
  }

  Expr char_class() {
    const bool inverse = in_.take("^");
    CharSet set;
    while (!in_.take("]")) {
      const std::size_t offset = in_.offset();
      CharSet first = class_part();
      const bool range = in_.peek() == '-' && in_.rest().substr(0, 2) != "-]";
      if (!range) {
        set.insert(set.end(), first.begin(), first.end());
        continue;
      }
      in_.require("-");
      const CharSet last = class_part();
      const bool single = first.size() == 1 && first[0].first == first[0].last &&
                          last.size() == 1 && last[0].first == last[0].last;
      if (!single || last[0].first < first[0].first) {
        in_.refuse_at(offset, "the range is in the wrong order, or its ends are not characters");
      }
      set.push_back({first[0].first, last[0].first});
    }
    CharSet sorted = normalised(std::move(set));
    return chars(inverse ? inverted(sorted) : sorted);
  }

  CharSet class_part() {
    const char32_t c = in_.next();
    if (c == '\\' && in_.take("b")) {
      return {{'\b', '\b'}};
    }
    return c == '\\' ? escape() : CharSet{{c, c}};
  }

  Scanner in_;
  bool search_;
  std::vector<Bracket> open_ = std::vector<Bracket>(1);  ///< the first: outside of all groups
};

}  // namespace

Expr read_regex(std::string_view text, const std::string& subject, bool search) {
  return Reader(text, subject, search).read();
}

}  // namespace ottobit::grammar
