// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8  // NOLINT(readability-identifier-naming)
#include <algorithm>
#include <memory>

#include <pcre2.h>

#include "ottobit/error.hpp"

namespace ottobit {
namespace {

// Members of a class. The fractions and superscripts of Latin-1 are Oniguruma's own addition.
constexpr std::string_view kWord =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
constexpr std::string_view kHex = "0-9A-Fa-f";
constexpr int kMaxDepth = 8;

bool is_script(const std::string& name) {
  const std::string pattern = "\\p{sc:" + name + "}";
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code_8, decltype(&pcre2_code_free_8)> code(
      pcre2_compile_8(static_cast<PCRE2_SPTR8>(static_cast<const void*>(pattern.data())),
                      pattern.size(), PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr),
      &pcre2_code_free_8);
  return code != nullptr;
}

class Translation {
 public:
  Translation(std::string_view pattern, const std::string& subject)
      : rest_(pattern), subject_(subject) {}

  std::string run() {
    std::string out;
    while (!rest_.empty()) {
      if (rest_.front() == '\\') {
        out += escape(false);
      } else if (rest_.front() == '[') {
        out += bracket(0);
      } else {
        out += take(1);
      }
    }
    return out;
  }

 private:
  std::string take(std::size_t count) {
    std::string text(rest_.substr(0, count));
    rest_.remove_prefix(text.size());
    return text;
  }

  /// From a backslash on.
  std::string escape(bool in_class) {
    const char kind = rest_.size() > 1 ? rest_[1] : '\0';
    const auto shorthand = [&](std::string_view members, bool negative) {
      if (in_class && negative) {
        refuse("`" + std::string(1, kind) + "` within a class");
      }
      static_cast<void>(take(2));
      const std::string text(members);
      return in_class ? text : (negative ? "[^" : "[") + text + "]";
    };
    switch (kind) {
      case 'w':
      case 'W':
        return shorthand(kWord, kind == 'W');
      case 'h':
      case 'H':
        return shorthand(kHex, kind == 'H');
      case 'p':
      case 'P':
        return property();
      default:
        return take(2);
    }
  }

  /// \p{Name}, \P{Name}, \p{^Name}; \pL as it is.
  std::string property() {
    const std::size_t end = rest_.find('}');
    if (rest_.size() < 3 || rest_[2] != '{' || end == std::string_view::npos) {
      return take(2);
    }
    const bool negated = rest_[3] == '^';
    const std::string name(rest_.substr(negated ? 4 : 3, end - (negated ? 4 : 3)));
    std::string text = take(3) + (negated ? "^" : "");
    text += (is_script(name) ? "sc:" : "") + name + "}";
    rest_.remove_prefix(end - 2);
    return text;
  }

  /// A class, from its bracket on: one set of members, or several that have a character in common.
  std::string bracket(int depth) {
    if (depth == kMaxDepth) {
      refuse("classes nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    static_cast<void>(take(1));
    const std::string negation = rest_.starts_with('^') ? take(1) : "";
    if (!negation.empty() && rest_.starts_with('[') && !rest_.starts_with("[:")) {
      refuse("a class within a negated class");
    }
    std::string first = set(depth);
    std::string others;
    while (rest_.starts_with("&&")) {
      static_cast<void>(take(2));
      others += "(?=" + set(depth) + ")";
    }
    static_cast<void>(take(1));
    if (!others.empty() && !negation.empty()) {
      refuse("an intersection in a negated class");
    }
    return others.empty() ? first.insert(1, negation) : "(?:" + others + first + ")";
  }

  /// What stands before "&&" or the end of a class, as a class.
  std::string set(int depth) {
    std::string members;
    if (rest_.starts_with('[') && !rest_.starts_with("[:")) {
      members = bracket(depth + 1);
      if (!rest_.starts_with("&&") && !rest_.starts_with(']')) {
        refuse("more beside a class in an intersection");
      }
      return members;
    }
    while (!rest_.empty() && !rest_.starts_with("&&") &&
           (rest_.front() != ']' || members.empty())) {
      if (rest_.front() == '\\') {
        members += escape(true);
      } else if (rest_.starts_with("[:")) {
        members += take(std::min(rest_.find(":]"), rest_.size() - 2) + 2);
      } else if (rest_.front() == '[') {
        refuse("a class within a class");
      } else {
        members += take(1);
      }
    }
    OTTOBIT_CHECK(!rest_.empty(), ErrorCode::format, subject_,
                  "regular expression: a class does not end");
    return "[" + members + "]";
  }

  [[noreturn]] void refuse(const std::string& what) const {
    fail(ErrorCode::unsupported, subject_, "regular expression: " + what);
  }

  std::string_view rest_;
  const std::string& subject_;
};

}  // namespace

std::string pcre_pattern(std::string_view pattern, const std::string& subject) {
  return Translation(pattern, subject).run();
}

}  // namespace ottobit
