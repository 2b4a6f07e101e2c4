// SPDX-License-Identifier: Apache-2.0
// The rules follow Jinja 3.1: where its lexer matches a pattern, the comment here gives it.
#include "jinja/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <utf8proc.h>

#include "ottobit/error.hpp"

#include "jinja/text.hpp"

namespace ottobit::jinja {

Source::Source(std::string template_name, const std::string& raw) : name(std::move(template_name)) {
  OTTOBIT_CHECK(raw.size() <= kMaxTemplateBytes, ErrorCode::chat_template, name,
                "the chat template has " + std::to_string(raw.size()) +
                    " bytes, expected at most " + std::to_string(kMaxTemplateBytes));
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r') {
      text.push_back('\n');
      i += i + 1 < raw.size() && raw[i + 1] == '\n' ? 1 : 0;
    } else {
      text.push_back(raw[i]);
    }
  }
  const std::size_t bad = find_invalid_utf8(text);
  if (bad != std::string::npos) {
    text.resize(bad);
    fail(bad, "the chat template is not UTF-8");
  }
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
}

void Source::fail(std::size_t offset, const std::string& message) const {
  const std::string_view before = std::string_view(text).substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  std::size_t column = 1;
  for (std::size_t at = line_begin; at < before.size(); at += decode(before, at).size) {
    ++column;
  }
  ottobit::fail(
      ErrorCode::chat_template, name,
      "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + message);
}

namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_letter(std::uint32_t c) noexcept {
  if (c < 0x80) {
    return (c | 0x20u) >= 'a' && (c | 0x20u) <= 'z';
  }
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      read_root();
    }
    add(TokenKind::end, text_.size());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool looking_at(std::string_view s) const noexcept {
    return text_.compare(at_, s.size(), s) == 0;
  }
  void skip_space() noexcept { at_ += lstrip_begin(text_.substr(at_)); }

  void add(TokenKind kind, std::size_t offset, std::string_view text = {}) {
    Token token;
    token.kind = kind;
    token.offset = offset;
    token.text = std::string(text);
    tokens_.push_back(std::move(token));
  }

  void add_data(std::size_t begin, std::size_t end) {
    if (begin < end) {
      add(TokenKind::data, begin, text_.substr(begin, end - begin));
    }
  }

  // Where the text [begin, tag) ends once the white space before the tag is gone.
  [[nodiscard]] std::size_t strip_before(std::size_t begin, std::size_t tag, char sign,
                                         bool variable) const noexcept {
    const std::string_view text = text_.substr(begin, tag - begin);
    if (sign == '-') {
      return begin + rstrip_end(text);
    }
    if (sign == '+' || variable) {
      return tag;
    }
    const std::size_t line_end = text.rfind('\n');
    const std::size_t line = line_end == kNone ? 0 : line_end + 1;
    const bool starts_line = line > 0 || line_starting_;
    return starts_line && lstrip_begin(text.substr(line)) == text.size() - line ? begin + line
                                                                                : tag;
  }

  [[nodiscard]] std::size_t find_tag() const noexcept {
    std::size_t at = at_;
    while ((at = text_.find('{', at)) != kNone && at + 1 < text_.size()) {
      const char next = text_[at + 1];
      if (next == '{' || next == '%' || next == '#') {
        return at;
      }
      ++at;
    }
    return kNone;
  }

  void read_root() {
    const std::size_t begin = at_;
    const std::size_t tag = find_tag();
    if (tag == kNone) {
      add_data(begin, text_.size());
      at_ = text_.size();
      return;
    }
    const char kind = text_[tag + 1];
    const char next = tag + 2 < text_.size() ? text_[tag + 2] : '\0';
    const char sign = next == '-' || next == '+' ? next : '\0';
    add_data(begin, strip_before(begin, tag, sign, kind == '{'));
    at_ = tag + (sign == '\0' ? 2 : 3);
    line_starting_ = false;
    if (kind == '#') {
      read_comment(tag);
    } else if (kind == '{') {
      add(TokenKind::variable_begin, tag);
      read_tag(tag, true);
    } else if (!read_raw(tag)) {
      add(TokenKind::block_begin, tag);
      read_tag(tag, false);
    }
  }

  // After "-%}" all white space goes, after "%}" one line end, after "+%}" nothing.
  void finish_tag(char sign, bool trims) {
    const std::size_t begin = at_;
    if (sign == '-') {
      skip_space();
    } else if (trims && sign != '+' && peek() == '\n') {
      ++at_;
    }
    line_starting_ = at_ > begin && text_[at_ - 1] == '\n';
  }

  void read_comment(std::size_t tag) {
    const std::size_t end = text_.find("#}", at_);
    if (end == kNone) {
      source_.fail(tag, "the comment is not closed, expected \"#}\"");
    }
    const char sign = end > at_ ? text_[end - 1] : '\0';
    at_ = end + 2;
    finish_tag(sign, true);
  }

  // "{% raw %}": everything up to "{% endraw %}" is text.
  bool read_raw(std::size_t tag) {
    const std::size_t inside = at_;
    char sign = '\0';
    if (!take_word_tag("raw", sign)) {
      at_ = inside;
      return false;
    }
    finish_tag(sign, false);
    const std::size_t begin = at_;
    std::size_t from = at_;
    while (true) {
      const std::size_t end = text_.find("{%", from);
      if (end == kNone) {
        source_.fail(tag, "the raw block is not closed, expected \"{% endraw %}\"");
      }
      at_ = end + 2;
      const char before = peek() == '-' || peek() == '+' ? peek() : '\0';
      at_ += before != '\0' ? 1 : 0;
      if (take_word_tag("endraw", sign)) {
        add_data(begin, strip_before(begin, end, before, false));
        finish_tag(sign, true);
        return true;
      }
      from = end + 2;
    }
  }

  // Reads `\s*word\s*[+-]?%}` and reports the sign.
  bool take_word_tag(std::string_view word, char& sign) {
    skip_space();
    if (!looking_at(word)) {
      return false;
    }
    at_ += word.size();
    skip_space();
    sign = peek() == '-' || peek() == '+' ? peek() : '\0';
    at_ += sign != '\0' ? 1 : 0;
    if (!looking_at("%}")) {
      return false;
    }
    at_ += 2;
    return true;
  }

  void read_tag(std::size_t tag, bool variable) {
    const std::string_view closing = variable ? "}}" : "%}";
    open_.clear();
    while (true) {
      skip_space();
      if (at_ >= text_.size()) {
        source_.fail(tag, "the tag is not closed, expected \"" + std::string(closing) + "\"");
      }
      const char sign = peek() == '-' || (!variable && peek() == '+') ? peek() : '\0';
      const std::size_t ahead = sign != '\0' ? 1 : 0;
      if (open_.empty() && text_.compare(at_ + ahead, 2, closing) == 0) {
        add(variable ? TokenKind::variable_end : TokenKind::block_end, at_);
        at_ += ahead + 2;
        finish_tag(sign, !variable);
        return;
      }
      read_token();
    }
  }

  void read_token() {
    const char c = peek();
    if (is_digit(c)) {
      read_number();
    } else if (c == '"' || c == '\'') {
      read_string(c);
    } else if (c == '_' || is_letter(decode(text_, at_).value)) {
      read_name();
    } else {
      read_operator();
    }
  }

  void read_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const CodePoint c = decode(text_, at_);
      if (c.value != '_' && !is_letter(c.value) && !(c.value < 0x80 && is_digit(peek()))) {
        break;
      }
      at_ += c.size;
    }
    add(TokenKind::name, begin, text_.substr(begin, at_ - begin));
  }

  // Digits with single underscores between them, appended without the underscores.
  bool take_digits(std::string& digits) {
    if (!is_digit(peek())) {
      return false;
    }
    while (is_digit(peek()) || (peek() == '_' && is_digit(peek(1)))) {
      if (peek() != '_') {
        digits.push_back(peek());
      }
      ++at_;
    }
    return true;
  }

  void read_number() {
    const std::size_t begin = at_;
    const char kind = static_cast<char>(peek(1) | 0x20);
    if (peek() == '0' && (kind == 'x' || kind == 'o' || kind == 'b')) {
      read_based_number(begin, kind == 'x' ? 16 : (kind == 'o' ? 8 : 2));
      return;
    }
    std::string digits;
    take_digits(digits);
    bool real = false;
    const bool element = begin > 0 && text_[begin - 1] == '.';  // the 0 of "a.0.1"
    if (!element && peek() == '.' && is_digit(peek(1))) {
      digits.push_back('.');
      ++at_;
      take_digits(digits);
      real = true;
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() | 0x20) == 'e' && is_digit(peek(1 + sign))) {
      digits.push_back('e');
      digits.append(text_.substr(at_ + 1, sign));
      at_ += 1 + sign;
      take_digits(digits);
      real = true;
    }
    if (real) {
      add(TokenKind::real, begin, text_.substr(begin, at_ - begin));
      const auto result =
          std::from_chars(digits.data(), digits.data() + digits.size(), tokens_.back().real);
      if (result.ec != std::errc()) {
        source_.fail(begin, "the number is out of range");
      }
      return;
    }
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != kNone) {
      source_.fail(begin, "an integer must not begin with 0");
    }
    add_integer(begin, digits, 10);
  }

  void read_based_number(std::size_t begin, int base) {
    at_ += 2;
    std::string digits;
    while (is_digit(peek()) || is_letter(static_cast<unsigned char>(peek())) || peek() == '_') {
      if (peek() != '_') {
        digits.push_back(peek());
      }
      ++at_;
    }
    add_integer(begin, digits, base);
  }

  void add_integer(std::size_t begin, const std::string& digits, int base) {
    add(TokenKind::integer, begin, text_.substr(begin, at_ - begin));
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, tokens_.back().integer, base);
    if (result.ec == std::errc::result_out_of_range) {
      source_.fail(begin, "the integer is larger than 64 bits");
    }
    if (result.ec != std::errc() || result.ptr != end) {
      source_.fail(begin, "malformed integer");
    }
  }

  void read_string(char quote) {
    const std::size_t begin = at_;
    ++at_;
    std::string value;
    while (at_ < text_.size() && peek() != quote) {
      if (peek() == '\\') {
        ++at_;
        read_escape(value);
      } else {
        value.push_back(peek());
        ++at_;
      }
    }
    if (at_ >= text_.size()) {
      source_.fail(begin, std::string("the string is not closed, expected ") + quote);
    }
    ++at_;
    add(TokenKind::string, begin, value);
  }

  // Python's escapes; an unknown one stays as it is written.
  void read_escape(std::string& value) {
    constexpr std::string_view kFrom = "\\'\"abfnrtv";
    constexpr std::string_view kTo = "\\'\"\a\b\f\n\r\t\v";
    if (at_ >= text_.size()) {
      return;
    }
    const char c = peek();
    const std::size_t simple = kFrom.find(c);
    if (simple != kNone) {
      value.push_back(kTo[simple]);
      ++at_;
    } else if (c == '\n') {
      ++at_;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      ++at_;
      read_hex_escape(value, c == 'x' ? 2 : (c == 'u' ? 4 : 8));
    } else if (c >= '0' && c <= '7') {
      std::uint32_t code = 0;
      for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i, ++at_) {
        code = code * 8 + static_cast<std::uint32_t>(peek() - '0');
      }
      encode(code, value);
    } else if (c == 'N') {
      source_.fail(at_ - 1, "characters by name (\\N{...}) are not supported");
    } else {
      value.push_back('\\');
    }
  }

  void read_hex_escape(std::string& value, std::size_t digits) {
    const std::size_t begin = at_ - 2;
    const std::string_view hex = text_.substr(at_, digits);
    std::uint32_t code = 0;
    const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool whole =
        hex.size() == digits && result.ec == std::errc() && result.ptr == hex.data() + hex.size();
    if (!whole || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      source_.fail(begin, "malformed escape in a string");
    }
    encode(code, value);
    at_ += digits;
  }

  void read_operator() {
    constexpr std::array<std::string_view, 26> kOperators = {
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
        "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
    const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                     [this](std::string_view op) { return looking_at(op); });
    if (found == kOperators.end()) {
      const std::size_t size = decode(text_, at_).size;
      source_.fail(at_, "unexpected character '" + std::string(text_.substr(at_, size)) + "'");
    }
    balance(found->front());
    add(TokenKind::op, at_, *found);
    at_ += found->size();
  }

  void balance(char c) {
    if (c == '(' || c == '[' || c == '{') {
      open_.push_back(c == '(' ? ')' : (c == '[' ? ']' : '}'));
      return;
    }
    if (c != ')' && c != ']' && c != '}') {
      return;
    }
    if (open_.empty() || open_.back() != c) {
      source_.fail(at_, std::string("unexpected '") + c + "'" +
                            (open_.empty() ? std::string()
                                           : std::string(", expected '") + open_.back() + "'"));
    }
    open_.pop_back();
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool line_starting_ = true;
  std::string open_;  // the closing brackets still expected
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(const Source& source) {
  return Lexer(source).run();
}

}  // namespace ottobit::jinja
