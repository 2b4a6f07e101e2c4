// SPDX-License-Identifier: Apache-2.0
#include "grammar/gbnf.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "grammar/scanner.hpp"

namespace ottobit::grammar {

namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& subject) : in_(text, subject) {}

  Rules read() {
    (void)number_of("root", 0);
    skip_blank(true);
    while (!in_.at_end()) {
      read_rule();
      skip_blank(true);
    }
    for (const auto& [name, use] : uses_) {
      if (!use.defined) {
        if (name == "root") {
          in_.refuse("the grammar has no rule \"root\"");
        }
        in_.refuse_at(use.offset, "there is no rule \"" + name + "\"");
      }
    }
    return std::move(rules_);
  }

 private:
  struct Use {
    std::size_t number = 0;
    std::size_t offset = 0;  ///< of the first mention
    bool defined = false;
  };

  static bool is_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  }

  std::string name() {
    std::string result;
    while (is_name(in_.peek())) {
      result += static_cast<char>(in_.next());
    }
    if (result.empty()) {
      in_.refuse("found " + in_.found_text() + ", expected the name of a rule");
    }
    return result;
  }

  std::size_t number_of(const std::string& rule_name, std::size_t offset) {
    const auto [found, fresh] = uses_.try_emplace(rule_name);
    if (fresh) {
      found->second = {rules_.add(rule_name), offset, false};
    }
    return found->second.number;
  }

  /// Blanks and comments; line ends too, if `lines`.
  void skip_blank(bool lines) {
    while (true) {
      const char c = in_.peek();
      if (c == '#') {
        while (!in_.at_end() && in_.peek() != '\n' && in_.peek() != '\r') {
          (void)in_.next();
        }
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        (void)in_.next();
      } else {
        return;
      }
    }
  }

  void read_rule() {
    const std::size_t offset = in_.offset();
    const std::string rule_name = name();
    skip_blank(false);
    in_.require("::=");
    const std::size_t number = number_of(rule_name, offset);
    Use& use = uses_.at(rule_name);
    if (use.defined) {
      in_.refuse_at(offset, "there is a rule \"" + rule_name + "\" already");
    }
    use.defined = true;
    skip_blank(true);
    Expr expr = choices();
    rules_.rules[number] = std::move(expr);
    skip_blank(false);
    if (!in_.at_end() && !in_.take("\r")) {  // with or without a line feed behind it
      in_.require("\n");
    }
  }

  /// What a rule is.
  Expr choices() {
    std::vector<Bracket> open(1);  // the first: outside of all brackets
    while (true) {
      const bool inside = open.size() > 1;
      skip_blank(inside);
      const char c = in_.peek();
      if (in_.take("(")) {
        if (open.size() > kMostNesting) {
          in_.refuse("brackets nest deeper than " + std::to_string(kMostNesting));
        }
        open.emplace_back();
      } else if (c == '"' || c == '[' || c == '.' || is_name(c)) {
        open.back().add(in_.repeated(item(), false));
      } else if (open.back().end_choice(); another_choice(inside)) {
        skip_blank(true);
      } else {
        Expr inner = open.back().close();
        if (!inside) {
          return inner;
        }
        skip_blank(true);
        in_.require(")");
        open.pop_back();
        open.back().add(in_.repeated(std::move(inner), false));
      }
    }
  }

  bool another_choice(bool inside) {
    const std::size_t before = in_.offset();
    skip_blank(true);
    if (in_.take("|")) {
      return true;
    }
    if (!inside) {
      in_.go_to(before);  // the line end means something
    }
    return false;
  }

  Expr item() {
    if (in_.take("\"")) {
      std::string value;
      while (!in_.take("\"")) {
        const char32_t c = in_.peek() == '\n' ? refuse_open("\"") : in_.next();
        value += text_of(c == '\\' ? escape() : c);
      }
      return text(std::move(value));
    }
    if (in_.take("[")) {
      return char_class();
    }
    if (in_.take(".")) {
      return chars(inverted({}));
    }
    const std::size_t offset = in_.offset();
    return rule(number_of(name(), offset));
  }

  [[noreturn]] char32_t refuse_open(const char* end) {
    in_.refuse("found the end of the line, expected " + std::string(end));
  }

  char32_t escape() {
    const std::size_t offset = in_.offset();
    switch (const char32_t c = in_.next()) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'x':
        return in_.hex(2);
      case 'u':
        return in_.hex(4);
      case 'U':
        return in_.hex(8);
      default:
        if (std::string_view("\\\"'[]-^./(){}|?*+$ ").find(static_cast<char>(c)) ==
                std::string_view::npos ||
            c > 0x7F) {
          in_.refuse_at(offset, "\\" + text_of(c) + " is no escape");
        }
        return c;
    }
  }

  char32_t class_char() {
    const char32_t c = in_.peek() == '\n' ? refuse_open("\"]\"") : in_.next();
    return c == '\\' ? escape() : c;
  }

  Expr char_class() {
    const bool inverse = in_.take("^");
    CharSet set;
    while (!in_.take("]")) {
      const std::size_t offset = in_.offset();
      const char32_t first = class_char();
      char32_t last = first;
      if (in_.peek() == '-' && in_.rest().substr(0, 2) != "-]") {
        in_.require("-");
        last = class_char();
      }
      if (last < first) {
        in_.refuse_at(offset, "the range is in the wrong order");
      }
      set.push_back({first, last});
    }
    CharSet sorted = normalised(std::move(set));
    return chars(inverse ? inverted(sorted) : sorted);
  }

  Scanner in_;
  Rules rules_;
  std::map<std::string, Use> uses_;
};

}  // namespace

Rules read_gbnf(std::string_view text, const std::string& subject) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const std::size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  return Reader(text.substr(mark), subject).read();
}

}  // namespace ottobit::grammar
