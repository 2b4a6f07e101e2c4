// SPDX-License-Identifier: Apache-2.0
// str() and repr() as Python gives them. A container of the caller prints as the caller's text
// altogether; one that the template made keeps the two apart.
#include <array>
#include <charconv>
#include <cmath>

#include <utf8proc.h>

#include "jinja/runtime.hpp"

namespace ottobit::jinja {

namespace {

// Python's str.isprintable for one code point; the space counts as printable.
bool is_printable(std::uint32_t c) noexcept {
  if (c < 0x7F) {
    return c >= 0x20;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

std::string hex_escape(std::uint32_t c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const int digits = c < 0x100 ? 2 : (c < 0x10000 ? 4 : 8);
  std::string out = c < 0x100 ? "\\x" : (c < 0x10000 ? "\\u" : "\\U");
  for (int i = digits - 1; i >= 0; --i) {
    out.push_back(kDigits[(c >> (4 * i)) & 0xFu]);
  }
  return out;
}

std::string escape_for_repr(std::string_view text, CodePoint c, std::size_t at, char quote) {
  switch (c.value) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (c.value == static_cast<unsigned char>(quote)) {
    return std::string("\\") + quote;
  }
  return is_printable(c.value) ? std::string(text.substr(at, c.size)) : hex_escape(c.value);
}

void append_string_repr(StrBuilder& out, const Str& s) {
  const bool single = s.text.find('\'') != std::string::npos;
  const bool both = single && s.text.find('"') != std::string::npos;
  const char quote = single && !both ? '"' : '\'';
  const bool content = !s.content.empty();
  out.append(std::string_view(&quote, 1), content);
  for (std::size_t at = 0; at < s.text.size();) {
    const CodePoint c = decode(s.text, at);
    out.append(escape_for_repr(s.text, c, at, quote), is_content(s, at));
    at += c.size;
  }
  out.append(std::string_view(&quote, 1), content);
}

// What a nested text is surrounded with belongs to the caller where the container does.
class Frame {
 public:
  Frame(StrBuilder& out, bool content) : out_(out), content_(content) {}
  void put(std::string_view text) { out_.append(text, content_); }

 private:
  StrBuilder& out_;
  bool content_;
};

void append_entries(Runtime& rt, StrBuilder& out, const Dict& dict, int depth) {
  Frame frame(out, dict.content);
  frame.put("{");
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    frame.put(first ? "" : ", ");
    first = false;
    append_repr(rt, out, key, depth + 1);
    frame.put(": ");
    append_repr(rt, out, value, depth + 1);
  }
  frame.put("}");
}

void append_range(StrBuilder& out, const Seq& seq) {
  const auto at = [&seq](std::size_t i) { return seq.items[i].i; };
  const std::size_t n = seq.items.size();
  const std::int64_t begin = n == 0 ? 0 : at(0);
  const std::int64_t step = n < 2 ? 1 : at(1) - at(0);
  const std::int64_t end = n == 0 ? 0 : at(n - 1) + step;
  out.append("range(" + std::to_string(begin) + ", " + std::to_string(end));
  out.append(step == 1 ? std::string(")") : ", " + std::to_string(step) + ")");
}

void append_sequence(Runtime& rt, StrBuilder& out, const Value& v, int depth) {
  const Seq& seq = *v.seq;
  if (seq.kind == SeqKind::generator) {
    out.append("<generator object>");
    return;
  }
  if (seq.kind == SeqKind::range) {
    append_range(out, seq);
    return;
  }
  const bool tuple = seq.kind == SeqKind::tuple;
  const bool view = seq.kind != SeqKind::list && !tuple;
  Frame frame(out, seq.content);
  frame.put(view ? type_name(v) : std::string_view());
  frame.put(view ? "([" : (tuple ? "(" : "["));
  for (std::size_t i = 0; i < seq.items.size(); ++i) {
    frame.put(i == 0 ? "" : ", ");
    append_repr(rt, out, seq.items[i], depth + 1);
  }
  frame.put(tuple && seq.items.size() == 1 ? "," : "");
  frame.put(view ? "])" : (tuple ? ")" : "]"));
}

std::string callable_repr(const Callable& c) {
  switch (c.kind) {
    case CallableKind::macro:
      return "<Macro>";
    case CallableKind::joiner:
      return "<Joiner>";
    case CallableKind::cycler:
      return "<Cycler>";
    case CallableKind::builtin:
      return "<function>";
    case CallableKind::method:
    case CallableKind::named:
      break;
  }
  return "<built-in method>";
}

}  // namespace

std::string real_repr(double d) {
  if (std::isnan(d)) {
    return "nan";
  }
  if (std::isinf(d)) {
    return d < 0 ? "-inf" : "inf";
  }
  std::array<char, 64> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  const bool negative = text.front() == '-';
  text.remove_prefix(negative ? 1 : 0);
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  digits += e > 2 ? text.substr(2, e - 2) : std::string_view();
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(),
                  exponent);
  std::string out = negative ? "-" : "";
  if (exponent < -4 || exponent >= 16) {  // Python's switch to scientific form
    out += digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : std::string());
    const std::string magnitude = std::to_string(exponent < 0 ? -exponent : exponent);
    return out + (exponent < 0 ? "e-" : "e+") + (magnitude.size() < 2 ? "0" : "") + magnitude;
  }
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return out + digits + std::string(whole - digits.size(), '0') + ".0";
  }
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string number_text(const Value& v) {
  switch (v.kind) {
    case Kind::boolean:
      return v.b ? "True" : "False";
    case Kind::integer:
      return std::to_string(v.i);
    case Kind::real:
      return v.str != nullptr ? v.str->text : real_repr(v.d);
    default:
      return {};
  }
}

void append_str(Runtime& rt, StrBuilder& out, const Value& v) {
  if (v.is(Kind::string)) {
    rt.budget.charge_bytes(v.str->text.size());
    out.append(*v.str);
  } else if (!v.is(Kind::undefined)) {
    append_repr(rt, out, v);
  }
}

void append_repr(Runtime& rt, StrBuilder& out, const Value& v, int depth) {
  if (depth > kMaxValueDepth) {
    raise("a value is nested deeper than 200 levels");
  }
  rt.budget.descend();
  rt.budget.charge(0);
  switch (v.kind) {
    case Kind::undefined:
      out.append("Undefined");
      break;
    case Kind::none:
      out.append("None", v.content);
      break;
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
      out.append(number_text(v), v.content);
      break;
    case Kind::string:
      rt.budget.charge_bytes(v.str->text.size());
      append_string_repr(out, *v.str);
      break;
    case Kind::sequence:
      append_sequence(rt, out, v, depth);
      break;
    case Kind::name_space:
      out.append("<Namespace ");
      append_entries(rt, out, *v.dict, depth);
      out.append(">");
      break;
    case Kind::dict:
      append_entries(rt, out, *v.dict, depth);
      break;
    case Kind::loop:
      out.append("<LoopContext>");
      break;
    case Kind::callable:
      out.append(callable_repr(*v.callable));
      break;
  }
}

StrRef to_str(Runtime& rt, const Value& v) {
  if (v.is(Kind::string)) {
    return v.str;
  }
  StrBuilder out;
  append_str(rt, out, v);
  return make_str(rt.budget, std::move(out));
}

}  // namespace ottobit::jinja
