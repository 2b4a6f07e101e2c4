// SPDX-License-Identifier: Apache-2.0
// Python's two ways to fill in a format: "%s" % value and "{}".format(value), with the
// specifications templates use for numbers and columns.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "jinja/runtime.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::int64_t kMaxWidth = 10'000;
constexpr int kMaxPrecision = 100;

/// [[fill]align][sign][#][0][width][,][.precision][type]
struct Spec {
  std::string fill = " ";
  char align = 0;
  char sign = '-';
  bool alternate = false;
  bool group = false;
  std::int64_t width = 0;
  int precision = -1;
  char type = 0;
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::int64_t take_number(std::string_view text, std::size_t& at, std::int64_t most) {
  std::int64_t n = 0;
  while (at < text.size() && is_digit(text[at])) {
    n = n * 10 + (text[at] - '0');
    if (n > most) {
      raise("a width or precision in a format is larger than " + std::to_string(most));
    }
    ++at;
  }
  return n;
}

bool is_align(char c) noexcept {
  return c == '<' || c == '>' || c == '^' || c == '=';
}

Spec parse_spec(std::string_view text) {
  Spec spec;
  std::size_t at = 0;
  if (!text.empty()) {
    const std::size_t first = decode(text, 0).size;
    if (first < text.size() && is_align(text[first])) {
      spec.fill = std::string(text.substr(0, first));
      spec.align = text[first];
      at = first + 1;
    } else if (is_align(text[0])) {
      spec.align = text[0];
      at = 1;
    }
  }
  const auto take = [&](std::string_view set) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos ? text[at++] : '\0';
  };
  if (const char sign = take("+- ")) {
    spec.sign = sign;
  }
  spec.alternate = take("#") != 0;
  if (take("0") != 0 && spec.align == 0) {
    spec.fill = "0";
    spec.align = '=';
  }
  spec.width = take_number(text, at, kMaxWidth);
  spec.group = take(",") != 0;
  if (take(".") != 0) {
    spec.precision = static_cast<int>(take_number(text, at, kMaxPrecision));
  }
  spec.type = take("sdfFeEgGxXob%");
  if (at != text.size()) {
    raise("invalid format specifier '" + std::string(text) + "'");
  }
  return spec;
}

std::string fixed_text(double d, int precision, std::chars_format format) {
  std::array<char, 512> buffer{};
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, format, precision);
  if (result.ec != std::errc()) {
    raise("a number is too long to format");
  }
  return std::string(buffer.data(), result.ptr);
}

void group_thousands(std::string& digits) {
  const std::size_t whole = std::min(digits.find_first_not_of("0123456789"), digits.size());
  for (std::size_t at = whole; at > 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
}

std::string magnitude_in_base(std::uint64_t n, int base, bool upper_case) {
  std::array<char, 72> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n, base);
  std::string digits(buffer.data(), result.ptr);
  if (upper_case) {
    std::transform(digits.begin(), digits.end(), digits.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  }
  return digits;
}

std::string integer_digits(const Value& v, const Spec& spec) {
  const std::int64_t n = v.integer();
  const std::uint64_t magnitude =
      n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);
  switch (spec.type) {
    case 'x':
    case 'X':
      return (spec.alternate ? (spec.type == 'x' ? "0x" : "0X") : "") +
             magnitude_in_base(magnitude, 16, spec.type == 'X');
    case 'o':
      return (spec.alternate ? "0o" : "") + magnitude_in_base(magnitude, 8, false);
    case 'b':
      return (spec.alternate ? "0b" : "") + magnitude_in_base(magnitude, 2, false);
    default:
      return magnitude_in_base(magnitude, 10, false);
  }
}

std::string real_digits(double d, const Spec& spec) {
  const double magnitude = std::fabs(d);
  if (!std::isfinite(d)) {
    return std::isnan(d) ? "nan" : "inf";
  }
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  switch (spec.type) {
    case 'f':
    case 'F':
      return fixed_text(magnitude, precision, std::chars_format::fixed);
    case 'e':
    case 'E':
      return fixed_text(magnitude, precision, std::chars_format::scientific);
    case '%':
      return fixed_text(magnitude * 100, precision, std::chars_format::fixed) + "%";
    case 'g':
    case 'G':
      return fixed_text(magnitude, std::max(precision, 1), std::chars_format::general);
    default:
      return spec.precision < 0
                 ? real_repr(magnitude)
                 : fixed_text(magnitude, std::max(spec.precision, 1), std::chars_format::general);
  }
}

bool is_integer_type(char type) noexcept {
  return type == 'd' || type == 'x' || type == 'X' || type == 'o' || type == 'b';
}

std::string number_digits(const Value& v, const Spec& spec, bool& negative) {
  const bool whole = !v.is(Kind::real);
  std::string digits;
  if (whole && (spec.type == 0 || is_integer_type(spec.type))) {
    negative = v.integer() < 0;
    digits = integer_digits(v, spec);
  } else {
    if (is_integer_type(spec.type)) {
      raise(std::string("format code '") + spec.type + "' expects an integer, found '" +
            std::string(type_name(v)) + "'");
    }
    negative = std::signbit(v.real());
    digits = v.str != nullptr && spec.type == 0 ? v.str->text : real_digits(v.real(), spec);
  }
  if (spec.group) {
    group_thousands(digits);
  }
  return digits;
}

void put_fill(StrBuilder& out, const std::string& fill, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    out.append(fill);
  }
}

void put_aligned(StrBuilder& out, const Str& body, const Spec& spec, char align) {
  const auto size = static_cast<std::int64_t>(count_code_points(body));
  const std::int64_t missing = std::max<std::int64_t>(0, spec.width - size);
  const std::int64_t before = align == '^' ? missing / 2 : (align == '<' ? 0 : missing);
  put_fill(out, spec.fill, before);
  out.append(body);
  put_fill(out, spec.fill, missing - before);
}

void put_number(Runtime& rt, StrBuilder& out, const Value& v, const Spec& spec) {
  bool negative = false;
  const std::string digits = number_digits(v, spec, negative);
  const std::string sign = negative ? "-" : (spec.sign == '-' ? "" : std::string(1, spec.sign));
  if (spec.align == '=') {
    const auto size = static_cast<std::int64_t>(sign.size() + digits.size());
    out.append(sign, v.content);
    put_fill(out, spec.fill, spec.width - size);
    out.append(digits, v.content);
    return;
  }
  StrBuilder body;
  body.append(sign + digits, v.content);
  put_aligned(out, *make_str(rt.budget, std::move(body)), spec, spec.align == 0 ? '>' : spec.align);
}

void put_formatted(Runtime& rt, StrBuilder& out, const Value& v, const Spec& spec) {
  const bool plain_bool = v.is(Kind::boolean) && spec.type == 0;
  if (v.is_number() && !plain_bool && spec.type != 's') {
    put_number(rt, out, v, spec);
    return;
  }
  if (spec.type != 0 && spec.type != 's') {
    raise(std::string("unknown format code '") + spec.type + "' for object of type '" +
          std::string(type_name(v)) + "'");
  }
  StrRef body = to_str(rt, v);
  if (spec.precision >= 0) {
    body =
        sub_str(rt.budget, body, 0, byte_offset(*body, static_cast<std::size_t>(spec.precision)));
  }
  put_aligned(out, *body, spec, spec.align == 0 ? '<' : spec.align);
}

/// One "%..." of a format.
struct Percent {
  std::string key;
  bool keyed = false;
  bool left = false;
  Spec spec;
  char type = 's';
};

Percent take_percent(std::string_view text, std::size_t& at) {
  Percent p;
  if (at < text.size() && text[at] == '(') {
    const std::size_t end = text.find(')', at);
    if (end == std::string_view::npos) {
      raise("incomplete format key");
    }
    p.key = std::string(text.substr(at + 1, end - at - 1));
    p.keyed = true;
    at = end + 1;
  }
  for (; at < text.size(); ++at) {
    if (text[at] == '-') {
      p.left = true;
    } else if (text[at] == '0') {
      p.spec.fill = "0";
    } else if (text[at] == '+' || text[at] == ' ') {
      p.spec.sign = text[at];
    } else if (text[at] == '#') {
      p.spec.alternate = true;
    } else {
      break;
    }
  }
  p.spec.width = take_number(text, at, kMaxWidth);
  if (at < text.size() && text[at] == '.') {
    ++at;
    p.spec.precision = static_cast<int>(take_number(text, at, kMaxPrecision));
  }
  if (at >= text.size()) {
    raise("incomplete format");
  }
  p.type = text[at++];
  return p;
}

void put_percent(Runtime& rt, StrBuilder& out, const Percent& p, const Value& v) {
  Spec spec = p.spec;
  const bool zero = spec.fill == "0";
  if (p.type == 's' || p.type == 'r') {
    spec.fill = " ";
    StrBuilder repr;
    if (p.type == 'r') {
      append_repr(rt, repr, v);
    }
    const Value text = p.type == 'r' ? rt.text(std::move(repr)) : make_string(to_str(rt, v));
    spec.align = p.left ? '<' : '>';
    put_formatted(rt, out, text, spec);
    return;
  }
  if (std::string_view("dixXofFeEgG").find(p.type) == std::string_view::npos) {
    raise(std::string("unsupported format character '") + p.type + "'");
  }
  if (!v.is_number()) {
    raise(std::string("%") + p.type + " format: a real number is required, not " +
          std::string(type_name(v)));
  }
  spec.type = p.type == 'i' ? 'd' : p.type;
  spec.align = p.left ? '<' : (zero ? '=' : '>');
  spec.fill = p.left ? " " : spec.fill;
  Value number = v;
  if (v.is(Kind::real) && is_integer_type(spec.type)) {
    if (!(std::fabs(v.d) < 9.2e18)) {
      raise("cannot convert a float of this size to an integer");
    }
    number = make_int(static_cast<std::int64_t>(v.d));
  }
  put_formatted(rt, out, number, spec);
}

}  // namespace

Value percent_format(Runtime& rt, const StrRef& format, const Value& value) {
  const bool tuple = value.is(Kind::sequence) && value.seq->kind == SeqKind::tuple;
  const std::string& text = format->text;
  StrBuilder out;
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = std::min(text.find('%', at), text.size());
    out.append(*format, at, next);
    at = next + 1;
    if (next == text.size()) {
      break;
    }
    if (at < text.size() && text[at] == '%') {
      out.append(*format, at, at + 1);
      ++at;
      continue;
    }
    rt.budget.charge(0);
    const Percent p = take_percent(text, at);
    if (p.keyed) {
      put_percent(rt, out, p, get_item(rt, value, rt.text(p.key)));
      continue;
    }
    if (used >= (tuple ? value.seq->items.size() : 1)) {
      raise("not enough arguments for format string");
    }
    put_percent(rt, out, p, tuple ? value.seq->items[used] : value);
    ++used;
  }
  // Whatever has elements and is no tuple may go unused, as a mapping does.
  const bool keyed = value.is(Kind::dict) || value.is(Kind::undefined) ||
                     (value.is(Kind::sequence) && value.seq->indexable() && !tuple);
  if (used < (tuple ? value.seq->items.size() : 1) && !keyed) {
    raise("not all arguments converted during string formatting");
  }
  return rt.text(std::move(out));
}

namespace {

/// Resolves the fields of one str.format call.
class Fields {
 public:
  Fields(Runtime& rt, const Args& args) : rt_(rt), args_(args) {}

  void put(StrBuilder& out, std::string_view field) {
    const std::size_t colon = std::min(field.find(':'), field.size());
    std::string_view name = field.substr(0, colon);
    const std::string_view spec = colon < field.size() ? field.substr(colon + 1) : "";
    char conversion = 0;
    if (name.size() >= 2 && name[name.size() - 2] == '!') {
      conversion = name.back();
      name.remove_suffix(2);
    }
    Value v = resolve(name);
    if (conversion == 'r') {
      StrBuilder repr;
      append_repr(rt_, repr, v);
      v = rt_.text(std::move(repr));
    } else if (conversion == 's') {
      v = make_string(to_str(rt_, v));
    } else if (conversion != 0) {
      raise(std::string("unknown conversion '") + conversion + "' in a format");
    }
    put_formatted(rt_, out, v, parse_spec(spec));
  }

 private:
  Value resolve(std::string_view name) {
    if (name.find_first_of(".[{") != std::string_view::npos) {
      raise("format(): only plain fields are supported, found '{" + std::string(name) + "}'");
    }
    if (name.empty() || is_digit(name[0])) {
      std::size_t at = 0;
      const std::size_t index =
          name.empty() ? next_++ : static_cast<std::size_t>(take_number(name, at, kMaxWidth));
      if (index >= args_.positional.size()) {
        raise("Replacement index " + std::to_string(index) +
              " out of range for positional args tuple");
      }
      return args_.positional[index];
    }
    for (const auto& [key, value] : args_.named) {
      if (key == name) {
        return value;
      }
    }
    raise("format(): no argument '" + std::string(name) + "'");
  }

  Runtime& rt_;
  const Args& args_;
  std::size_t next_ = 0;
};

}  // namespace

Value brace_format(Runtime& rt, const StrRef& format, const Args& args) {
  const std::string& text = format->text;
  Fields fields(rt, args);
  StrBuilder out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = std::min(text.find_first_of("{}", at), text.size());
    out.append(*format, at, next);
    if (next == text.size()) {
      break;
    }
    rt.budget.charge(0);
    at = next + 1;
    if (at < text.size() && text[at] == text[next]) {
      out.append(*format, next, at);
      ++at;
      continue;
    }
    if (text[next] == '}') {
      raise("Single '}' encountered in format string");
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) {
      raise("Single '{' encountered in format string");
    }
    fields.put(out, std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return rt.text(std::move(out));
}

}  // namespace ottobit::jinja
