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
      OTTOBIT_CHECK(!in_class || !negative, ErrorCode::unsupported, subject_,
                    "regular expression: `" + std::string(1, kind) + "` within a class");
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

  /// A class, from its bracket on.
  std::string bracket(int depth) {
    OTTOBIT_CHECK(
        depth < kMaxDepth, ErrorCode::unsupported, subject_,
        "regular expression: classes nested more than " + std::to_string(kMaxDepth) + " deep");
    std::string own = take(1);
    if (rest_.starts_with('^')) {
      own += take(1);
    }
    std::string conditions;  // look-aheads: what else the character must be
    std::string* members = &own;
    for (bool first = true;; first = false) {
      OTTOBIT_CHECK(!rest_.empty(), ErrorCode::format, subject_,
                    "regular expression: a class does not end");
      if (rest_.front() == ']' && !first) {
        break;
      }
      if (rest_.front() == '\\') {
        *members += escape(true);
      } else if (rest_.starts_with("[:")) {
        *members += take(std::min(rest_.find(":]"), rest_.size() - 2) + 2);
      } else if (rest_.starts_with("&&")) {
        OTTOBIT_CHECK(own.size() < 2 || own[1] != '^', ErrorCode::unsupported, subject_,
                      "regular expression: an intersection in a negated class");
        if (members != &own) {
          *members += "])";
        }
        static_cast<void>(take(2));
        if (rest_.starts_with('[')) {
          conditions += "(?=" + bracket(depth + 1) + ")";
          members = &own;
          OTTOBIT_CHECK(rest_.starts_with(']') || rest_.starts_with("&&"), ErrorCode::unsupported,
                        subject_, "regular expression: more beside a class in an intersection");
        } else {
          conditions += "(?=[";
          members = &conditions;
        }
      } else {
        OTTOBIT_CHECK(rest_.front() != '[', ErrorCode::unsupported, subject_,
                      "regular expression: a class within a class");
        *members += take(1);
      }
    }
    if (members != &own) {
      *members += "])";
    }
    own += take(1);
    return conditions.empty() ? own : "(?:" + conditions + own + ")";
  }

  std::string_view rest_;
  const std::string& subject_;
};

}  // namespace

std::string pcre_pattern(std::string_view pattern, const std::string& subject) {
  return Translation(pattern, subject).run();
}

}  // namespace ottobit
