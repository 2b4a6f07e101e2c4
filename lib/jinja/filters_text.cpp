// SPDX-License-Identifier: Apache-2.0
// Filters that work on one text or number.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "jinja/filters.hpp"
#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

Value filter_trim(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("trim", args);
  const StrRef characters = reader.string("chars");
  reader.finish();
  return make_string(strip(rt, to_str(rt, input), characters.get(), true, true));
}

Value filter_upper(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("upper", args).finish();
  return make_string(upper(rt, *to_str(rt, input)));
}

Value filter_lower(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("lower", args).finish();
  return make_string(lower(rt, *to_str(rt, input)));
}

Value filter_capitalize(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("capitalize", args).finish();
  return make_string(capitalize(rt, *to_str(rt, input)));
}

// Jinja's own title: words begin after white space, hyphens and opening brackets only.
Value filter_title(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("title", args).finish();
  const StrRef s = to_str(rt, input);
  StrBuilder out;
  std::size_t begin = 0;
  const auto put_word = [&](std::size_t end) {
    if (begin < end) {
      const std::size_t second = begin + decode(s->text, begin).size;
      out.append(*upper(rt, *sub_str(rt.budget, s, begin, second)));
      out.append(*lower(rt, *sub_str(rt.budget, s, second, end)));
    }
  };
  for (std::size_t at = 0; at < s->text.size();) {
    const CodePoint c = decode(s->text, at);
    const bool between = is_space(c.value) || c.value == '-' || c.value == '(' || c.value == '{' ||
                         c.value == '[' || c.value == '<';
    if (between) {
      put_word(at);
      out.append(*s, at, at + c.size);
      begin = at + c.size;
    }
    at += c.size;
  }
  put_word(s->text.size());
  return rt.text(std::move(out));
}

Value filter_string(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("string", args).finish();
  return make_string(to_str(rt, input));
}

// Nothing is escaped unless a template asks for it, so nothing needs to be marked as safe.
Value filter_safe(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("safe", args).finish();
  return make_string(to_str(rt, input));
}

Value filter_escape(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("escape", args).finish();
  const StrRef s = to_str(rt, input);
  StrBuilder out;
  for (std::size_t at = 0; at < s->text.size(); ++at) {
    std::string_view piece = std::string_view(s->text).substr(at, 1);
    switch (piece[0]) {
      case '&':
        piece = "&amp;";
        break;
      case '<':
        piece = "&lt;";
        break;
      case '>':
        piece = "&gt;";
        break;
      case '\'':
        piece = "&#39;";
        break;
      case '"':
        piece = "&#34;";
        break;
      default:
        break;
    }
    out.append(piece, is_content(*s, at));
  }
  return rt.text(std::move(out));
}

Value filter_replace(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("replace", args);
  const StrRef from = to_str(rt, reader.required("old"));
  const StrRef to = to_str(rt, reader.required("new"));
  const std::int64_t count = reader.integer("count", -1);
  reader.finish();
  return make_string(replace(rt, to_str(rt, input), *from, *to, count));
}

Value filter_indent(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("indent", args);
  const Value* width = reader.optional("width");
  const bool first = reader.flag("first", false);
  const bool blank = reader.flag("blank", false);
  reader.finish();
  StrRef indent = constant_str("    ");
  if (width != nullptr && width->is(Kind::string)) {
    indent = width->str;
  } else if (width != nullptr) {
    if (!width->is(Kind::integer) || width->i > 1000) {
      raise("indent() expects a width up to 1000 or a string");
    }
    indent = constant_str(
        std::string(static_cast<std::size_t>(std::max<std::int64_t>(0, width->i)), ' '));
  }
  StrBuilder whole;
  whole.append(*to_str(rt, input));
  whole.append("\n");
  const std::vector<Value> lines = split_lines(rt, make_str(rt.budget, std::move(whole)));
  StrBuilder out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Str& line = *lines[i].str;
    out.append(i == 0 ? "" : "\n");
    if (i == 0 ? first : (blank || !line.text.empty())) {
      out.append(*indent);
    }
    out.append(line);
  }
  return rt.text(std::move(out));
}

Value filter_format(Runtime& rt, const Value& input, const Args& args) {
  if (!args.named.empty() && !args.positional.empty()) {
    raise("format() takes positional or keyword arguments, not both");
  }
  const StrRef format = to_str(rt, input);
  if (args.named.empty()) {
    return percent_format(rt, format, rt.heap.tuple(args.positional));
  }
  const Value values = rt.heap.dict();
  for (const auto& [key, value] : args.named) {
    values.dict->set(rt.text(key), value);
  }
  return percent_format(rt, format, values);
}

Value filter_center(Runtime& rt, const Value& input, const Args& args) {
  const Value s = make_string(to_str(rt, input));
  return find_string_method("center")->call(rt, s, args);
}

Value filter_wordcount(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("wordcount", args).finish();
  const StrRef text = to_str(rt, input);
  rt.budget.charge_bytes(text->text.size());
  std::int64_t words = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text->text.size();) {
    const CodePoint c = decode(text->text, at);
    const bool was_inside = std::exchange(inside, is_word(c.value));
    words += inside && !was_inside ? 1 : 0;
    at += c.size;
  }
  return make_int(words);
}

Value filter_tojson(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("tojson", args);
  JsonStyle style;
  // transformers' order: ensure_ascii, indent, separators, sort_keys.
  style.ensure_ascii = reader.flag("ensure_ascii", false);
  const Value* indent = reader.optional("indent");
  const Value* separators = reader.optional("separators");
  style.sort_keys = reader.flag("sort_keys", false);
  reader.finish();
  if (indent != nullptr && indent->is(Kind::string)) {
    style.indent = indent->str->text;
  } else if (indent != nullptr && !indent->is(Kind::none)) {
    if (!indent->is_number() || indent->real() > 100) {
      raise("tojson() expects an indent up to 100 or a string");
    }
    style.indent =
        std::string(static_cast<std::size_t>(std::max<std::int64_t>(0, indent->integer())), ' ');
  }
  if (style.indent.has_value()) {
    style.item_separator = ",";
  }
  if (separators != nullptr && !separators->is(Kind::none)) {
    const std::vector<Value> parts = iterate(rt, *separators);
    if (parts.size() != 2 || !parts[0].is(Kind::string) || !parts[1].is(Kind::string)) {
      raise("tojson() expects two strings as separators");
    }
    style.item_separator = parts[0].str->text;
    style.key_separator = parts[1].str->text;
  }
  return to_json(rt, input, style);
}

Value filter_from_json(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("from_json", args).finish();
  if (!input.is(Kind::string)) {
    raise("from_json() expects a string, found '" + std::string(type_name(input)) + "'");
  }
  if (input.str->object != nullptr) {
    return make_dict_value(input.str->object);
  }
  return parse_json_value(rt, input.str->text, !input.str->content.empty());
}

bool parse_real(std::string_view text, double& out) {
  text.remove_prefix(lstrip_begin(text));
  text = text.substr(0, rstrip_end(text));
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parse_integer(std::string_view text, int base, std::int64_t& out) {
  text.remove_prefix(lstrip_begin(text));
  text = text.substr(0, rstrip_end(text));
  const bool plus = !text.empty() && text.front() == '+';
  text.remove_prefix(plus ? 1 : 0);
  const bool prefixed =
      text.size() > 2 && text[0] == '0' &&
      ((base == 16 && (text[1] | 0x20) == 'x') || (base == 8 && (text[1] | 0x20) == 'o') ||
       (base == 2 && (text[1] | 0x20) == 'b'));
  text.remove_prefix(prefixed ? 2 : 0);
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool real_to_integer(double d, std::int64_t& out) noexcept {
  if (!(std::fabs(d) < 9223372036854775808.0)) {
    return false;
  }
  out = static_cast<std::int64_t>(d);
  return true;
}

Value filter_int(Runtime&, const Value& input, const Args& args) {
  ArgReader reader("int", args);
  const Value* otherwise = reader.optional("default");
  const std::int64_t base = reader.integer("base", 10);
  reader.finish();
  if (base < 2 || base > 36) {
    raise("int() expects a base from 2 to 36");
  }
  std::int64_t n = 0;
  double d = 0;
  bool found = false;
  if (input.is(Kind::integer) || input.is(Kind::boolean)) {
    return make_int(input.integer());
  }
  if (input.is(Kind::real)) {
    found = real_to_integer(input.d, n);
  } else if (input.is(Kind::string)) {
    const std::string& text = input.str->text;
    found = parse_integer(text, static_cast<int>(base), n) ||
            (parse_real(text, d) && real_to_integer(d, n));
  }
  if (found) {
    return make_int(n);
  }
  return otherwise != nullptr ? *otherwise : make_int(std::int64_t{0});
}

Value filter_float(Runtime&, const Value& input, const Args& args) {
  ArgReader reader("float", args);
  const Value* otherwise = reader.optional("default");
  reader.finish();
  if (input.is_number()) {
    return make_real(input.real());
  }
  double d = 0;
  if (input.is(Kind::string) && parse_real(input.str->text, d)) {
    return make_real(d);
  }
  return otherwise != nullptr ? *otherwise : make_real(0.0);
}

Value filter_abs(Runtime&, const Value& input, const Args& args) {
  ArgReader("abs", args).finish();
  if (!input.is_number()) {
    raise("bad operand type for abs(): '" + std::string(type_name(input)) + "'");
  }
  if (input.is(Kind::real)) {
    return make_real(std::fabs(input.d));
  }
  if (input.integer() == INT64_MIN) {
    raise("an integer is larger than 64 bits");
  }
  return make_int(input.integer() < 0 ? -input.integer() : input.integer());
}

// Python's round: the decimal representation rounds half to even where it is exactly half.
double round_to(double d, int digits) {
  if (!std::isfinite(d)) {
    return d;
  }
  if (digits < 0) {
    const double unit = std::pow(10.0, -digits);
    return std::nearbyint(d / unit) * unit;
  }
  std::array<char, 512> buffer{};
  const auto text = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d,
                                  std::chars_format::fixed, digits);
  double out = d;
  if (text.ec == std::errc()) {
    std::from_chars(buffer.data(), text.ptr, out);
  }
  return out;
}

Value filter_round(Runtime&, const Value& input, const Args& args) {
  ArgReader reader("round", args);
  const std::int64_t digits = reader.integer("precision", 0);
  const StrRef method = reader.string("method");
  reader.finish();
  const std::string name = method != nullptr ? method->text : "common";
  if (name != "common" && name != "ceil" && name != "floor") {
    raise("method must be common, ceil or floor");
  }
  if (!input.is_number() || digits < -300 || digits > 300) {
    raise("round() expects a number and a precision up to 300 digits");
  }
  if (name == "common") {
    const bool whole = !input.is(Kind::real) && digits >= 0;
    return whole ? make_int(input.integer())
                 : make_real(round_to(input.real(), static_cast<int>(digits)));
  }
  const double unit = std::pow(10.0, static_cast<double>(digits));
  const double scaled = input.real() * unit;
  return make_real((name == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Value filter_default(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("default", args);
  const Value* otherwise = reader.optional("default_value");
  const bool also_false = reader.flag("boolean", false);
  reader.finish();
  if (input.is(Kind::undefined) || (also_false && !truth(input))) {
    return otherwise != nullptr ? *otherwise : rt.text(std::string());
  }
  return input;
}

constexpr std::array kFilters = {
    Filter{"abs", filter_abs},         Filter{"capitalize", filter_capitalize},
    Filter{"center", filter_center},   Filter{"d", filter_default},
    Filter{"default", filter_default}, Filter{"e", filter_escape},
    Filter{"escape", filter_escape},   Filter{"float", filter_float},
    Filter{"format", filter_format},   Filter{"from_json", filter_from_json},
    Filter{"indent", filter_indent},   Filter{"int", filter_int},
    Filter{"lower", filter_lower},     Filter{"replace", filter_replace},
    Filter{"round", filter_round},     Filter{"safe", filter_safe},
    Filter{"string", filter_string},   Filter{"title", filter_title},
    Filter{"tojson", filter_tojson},   Filter{"trim", filter_trim},
    Filter{"upper", filter_upper},     Filter{"wordcount", filter_wordcount},
};

}  // namespace

const Filter* find_text_filter(std::string_view name) noexcept {
  const auto* found = std::find_if(kFilters.begin(), kFilters.end(),
                                   [name](const Filter& f) { return f.name == name; });
  return found == kFilters.end() ? nullptr : found;
}

}  // namespace ottobit::jinja
