// SPDX-License-Identifier: Apache-2.0
// A Python literal is rewritten as JSON text, which the JSON reader then judges: numbers, depth and
// double keys are its business.
#include "answer/python_literal.hpp"

#include <array>
#include <string>

namespace ottobit {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

/// Rewrites the literal at the front of `text_`; false where it cannot be one.
class PythonToJson {
 public:
  explicit PythonToJson(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool read = c == '\'' || c == '"' ? string(c) : is_word(c) ? word() : punctuation(c);
      if (!read) {
        return std::nullopt;
      }
    }
    return std::move(json_);
  }

 private:
  static bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '+' || c == '.';
  }

  bool word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) {
      ++at_;
    }
    const std::string_view found = text_.substr(begin, at_ - begin);
    constexpr std::array<std::array<std::string_view, 2>, 3> kNames = {
        {{"None", "null"}, {"True", "true"}, {"False", "false"}}};
    for (const auto& [python, json] : kNames) {
      if (found == python) {
        json_ += json;
        return true;
      }
    }
    const char first = found.front();
    json_ += found;
    return first == '-' || (first >= '0' && first <= '9');
  }

  // Tuples become lists; the comma that ends "(1,)" is dropped, as is any comma before a bracket.
  bool punctuation(char c) {
    ++at_;
    const bool closing = c == ')' || c == ']' || c == '}';
    if (closing && json_.find_last_not_of(" \n\t\r") != std::string::npos &&
        json_[json_.find_last_not_of(" \n\t\r")] == ',') {
      json_.erase(json_.find_last_not_of(" \n\t\r"));
    }
    json_ += c == '(' ? '[' : c == ')' ? ']' : c;
    return std::string_view("()[]{},: \n\t\r").find(c) != std::string_view::npos;
  }

  bool string(char quote) {
    ++at_;
    json_ += '"';
    while (at_ < text_.size() && text_[at_] != quote) {
      const char c = text_[at_++];
      if (c == '\\') {
        if (!escape()) {
          return false;
        }
      } else if (c == '"') {
        json_ += "\\\"";
      } else if (c == '\n') {
        return false;
      } else {
        json_ += c;
      }
    }
    json_ += '"';
    return at_++ < text_.size();
  }

  // \xNN and \uNNNN become \uNNNN; \UNNNNNNNN is left to those who print astral characters escaped,
  // which str() does for unassigned ones only.
  bool escape() {
    if (at_ == text_.size()) {
      return false;
    }
    const char c = text_[at_++];
    switch (c) {
      case '\'':
        json_ += '\'';
        return true;
      case '"':
      case '\\':
      case 'n':
      case 't':
      case 'r':
        json_ += '\\';
        json_ += c;
        return true;
      case 'x':
        return hex("00", 2);
      case 'u':
        return hex("", 4);
      default:
        return false;
    }
  }

  bool hex(std::string_view zeros, std::size_t digits) {
    const std::string_view found = text_.substr(at_, digits);
    at_ += found.size();
    json_ += "\\u";
    json_ += zeros;
    json_ += found;
    return found.size() == digits && found.find_first_not_of(kHexDigits) == std::string_view::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string json_;
};

}  // namespace

std::optional<OrderedJson> read_python_literal(std::string_view text) {
  const std::optional<std::string> json = PythonToJson(text).run();
  if (!json) {
    return std::nullopt;
  }
  try {
    return parse_ordered_json(*json, "literal", ErrorCode::argument);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace ottobit
