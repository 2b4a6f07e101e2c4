// SPDX-License-Identifier: Apache-2.0
// The methods of str. Results keep track of the bytes that came from the caller.
#include <algorithm>
#include <array>

#include <utf8proc.h>

#include "jinja/filters.hpp"
#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::size_t kNone = std::string::npos;

bool in_set(std::uint32_t c, const Str* characters) {
  if (characters == nullptr) {
    return is_space(c);
  }
  std::string bytes;
  encode(c, bytes);
  return characters->text.find(bytes) != std::string::npos;
}

Value piece(Runtime& rt, const StrRef& s, std::size_t begin, std::size_t end) {
  return make_string(sub_str(rt.budget, s, begin, end));
}

}  // namespace

StrRef strip(Runtime& rt, const StrRef& s, const Str* characters, bool left, bool right) {
  rt.budget.charge_bytes(characters != nullptr ? s->text.size() : 0);
  std::size_t begin = 0;
  std::size_t end = s->text.size();
  while (left && begin < end) {
    const CodePoint c = decode(s->text, begin);
    if (!in_set(c.value, characters)) {
      break;
    }
    begin += c.size;
  }
  while (right && end > begin) {
    const CodePoint c = decode_before(s->text, end);
    if (!in_set(c.value, characters)) {
      break;
    }
    end -= c.size;
  }
  return sub_str(rt.budget, s, begin, end);
}

StrRef replace(Runtime& rt, const StrRef& s, const Str& from, const Str& to, std::int64_t count) {
  const std::string& text = s->text;
  rt.budget.charge_search(text.size(), from.text.size());
  StrBuilder out;
  std::size_t done = 0;
  std::size_t at = 0;
  while (count != 0) {
    if (from.text.empty()) {  // Python puts `to` around every code point
      out.append(to);
      if (at >= text.size()) {
        break;
      }
      done = at + decode(text, at).size;
      out.append(*s, at, done);
      at = done;
    } else {
      at = text.find(from.text, done);
      if (at == kNone) {
        break;
      }
      out.append(*s, done, at);
      out.append(to);
      done = at + from.text.size();
    }
    rt.budget.charge(0);
    --count;
  }
  out.append(*s, done, text.size());
  return make_str(rt.budget, std::move(out));
}

std::vector<Value> split_lines(Runtime& rt, const StrRef& s) {
  std::vector<Value> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < s->text.size();) {
    const CodePoint c = decode(s->text, at);
    const bool ends = (c.value >= 0x0A && c.value <= 0x0D) ||
                      (c.value >= 0x1C && c.value <= 0x1E) || c.value == 0x85 ||
                      c.value == 0x2028 || c.value == 0x2029;
    std::size_t next = at + c.size;
    if (ends) {
      lines.push_back(piece(rt, s, begin, at));
      next += c.value == '\r' && next < s->text.size() && s->text[next] == '\n' ? 1 : 0;
      begin = next;
    }
    at = next;
  }
  if (begin < s->text.size()) {
    lines.push_back(piece(rt, s, begin, s->text.size()));
  }
  return lines;
}

Value join(Runtime& rt, const Str& separator, const std::vector<Value>& items) {
  StrBuilder out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].is(Kind::undefined)) {
      raise_undefined(items[i]);
    }
    if (!items[i].is(Kind::string)) {
      raise("sequence item " + std::to_string(i) + ": expected str instance, " +
            std::string(type_name(items[i])) + " found");
    }
    if (i > 0) {
      out.append(separator);
    }
    rt.budget.charge(0);
    out.append(*items[i].str);
  }
  return rt.text(std::move(out));
}

namespace {

Value strip_method(Runtime& rt, const Value& self, const Args& args, bool left, bool right) {
  ArgReader reader("strip", args);
  const StrRef characters = reader.string("chars");
  reader.finish();
  return make_string(strip(rt, self.str, characters.get(), left, right));
}

Value str_strip(Runtime& rt, const Value& self, const Args& args) {
  return strip_method(rt, self, args, true, true);
}
Value str_lstrip(Runtime& rt, const Value& self, const Args& args) {
  return strip_method(rt, self, args, true, false);
}
Value str_rstrip(Runtime& rt, const Value& self, const Args& args) {
  return strip_method(rt, self, args, false, true);
}

std::vector<Value> split_at(Runtime& rt, const StrRef& s, const Str& separator, std::int64_t most) {
  std::vector<Value> parts;
  std::size_t begin = 0;
  while (most != 0) {
    const std::size_t at = s->text.find(separator.text, begin);
    if (at == kNone) {
      break;
    }
    parts.push_back(piece(rt, s, begin, at));
    begin = at + separator.text.size();
    --most;
  }
  parts.push_back(piece(rt, s, begin, s->text.size()));
  return parts;
}

std::vector<Value> rsplit_at(Runtime& rt, const StrRef& s, const Str& separator,
                             std::int64_t most) {
  std::vector<Value> parts;
  std::size_t end = s->text.size();
  while (most != 0 && end >= separator.text.size()) {
    const std::size_t at = s->text.rfind(separator.text, end - separator.text.size());
    if (at == kNone) {
      break;
    }
    parts.push_back(piece(rt, s, at + separator.text.size(), end));
    end = at;
    --most;
  }
  parts.push_back(piece(rt, s, 0, end));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<Value> split_space(Runtime& rt, const StrRef& s, std::int64_t most) {
  const std::string_view text = s->text;
  std::vector<Value> parts;
  std::size_t at = lstrip_begin(text);
  while (at < text.size()) {
    if (most == 0) {  // the rest keeps its inner and trailing white space
      parts.push_back(piece(rt, s, at, text.size()));
      break;
    }
    std::size_t end = at;
    while (end < text.size() && !is_space(decode(text, end).value)) {
      end += decode(text, end).size;
    }
    parts.push_back(piece(rt, s, at, end));
    at = end + lstrip_begin(text.substr(end));
    --most;
  }
  return parts;
}

std::vector<Value> rsplit_space(Runtime& rt, const StrRef& s, std::int64_t most) {
  const std::string_view text = s->text;
  std::vector<Value> parts;
  std::size_t end = rstrip_end(text);
  while (end > 0) {
    if (most == 0) {
      parts.push_back(piece(rt, s, 0, end));
      break;
    }
    std::size_t begin = end;
    while (begin > 0 && !is_space(decode_before(text, begin).value)) {
      begin -= decode_before(text, begin).size;
    }
    parts.push_back(piece(rt, s, begin, end));
    end = rstrip_end(text.substr(0, begin));
    --most;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

Value split_method(Runtime& rt, const Value& self, const Args& args, bool from_right) {
  ArgReader reader("split", args);
  const StrRef separator = reader.string("sep");
  const std::int64_t most = reader.integer("maxsplit", -1);
  reader.finish();
  rt.budget.charge_search(self.str->text.size(), separator != nullptr ? separator->text.size() : 0);
  if (separator == nullptr) {
    return rt.heap.list(from_right ? rsplit_space(rt, self.str, most)
                                   : split_space(rt, self.str, most));
  }
  if (separator->text.empty()) {
    raise("empty separator");
  }
  return rt.heap.list(from_right ? rsplit_at(rt, self.str, *separator, most)
                                 : split_at(rt, self.str, *separator, most));
}

Value str_split(Runtime& rt, const Value& self, const Args& args) {
  return split_method(rt, self, args, false);
}
Value str_rsplit(Runtime& rt, const Value& self, const Args& args) {
  return split_method(rt, self, args, true);
}

Value str_splitlines(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("splitlines", args);
  reader.finish();
  return rt.heap.list(split_lines(rt, self.str));
}

Value partition_method(Runtime& rt, const Value& self, const Args& args, bool from_right) {
  ArgReader reader("partition", args);
  const Value& separator = reader.required("sep");
  reader.finish();
  if (!separator.is(Kind::string) || separator.str->text.empty()) {
    raise("partition() expects a separator that is a string and not empty");
  }
  const std::string& text = self.str->text;
  rt.budget.charge_search(text.size(), separator.str->text.size());
  const std::size_t at =
      from_right ? text.rfind(separator.str->text) : text.find(separator.str->text);
  const Value empty = rt.text(std::string());
  if (at == kNone) {
    return rt.heap.tuple(from_right ? std::vector<Value>{empty, empty, self}
                                    : std::vector<Value>{self, empty, empty});
  }
  const std::size_t end = at + separator.str->text.size();
  return rt.heap.tuple({piece(rt, self.str, 0, at), piece(rt, self.str, at, end),
                        piece(rt, self.str, end, text.size())});
}

Value str_partition(Runtime& rt, const Value& self, const Args& args) {
  return partition_method(rt, self, args, false);
}
Value str_rpartition(Runtime& rt, const Value& self, const Args& args) {
  return partition_method(rt, self, args, true);
}

bool has_affix(const std::string& text, const Value& affix, bool at_end) {
  if (!affix.is(Kind::string)) {
    raise(std::string(at_end ? "endswith" : "startswith") +
          " first arg must be str or a tuple of str, not " + std::string(type_name(affix)));
  }
  const std::string& part = affix.str->text;
  if (part.size() > text.size()) {
    return false;
  }
  return text.compare(at_end ? text.size() - part.size() : 0, part.size(), part) == 0;
}

Value affix_method(const Value& self, const Args& args, bool at_end) {
  ArgReader reader(at_end ? "endswith" : "startswith", args);
  const Value& affix = reader.required("prefix");
  reader.finish();
  if (affix.is(Kind::sequence) && affix.seq->kind == SeqKind::tuple) {
    const auto& items = affix.seq->items;
    return make_bool(std::any_of(items.begin(), items.end(), [&](const Value& item) {
      return has_affix(self.str->text, item, at_end);
    }));
  }
  return make_bool(has_affix(self.str->text, affix, at_end));
}

Value str_startswith(Runtime&, const Value& self, const Args& args) {
  return affix_method(self, args, false);
}
Value str_endswith(Runtime&, const Value& self, const Args& args) {
  return affix_method(self, args, true);
}

Value remove_affix(Runtime& rt, const Value& self, const Args& args, bool at_end) {
  ArgReader reader(at_end ? "removesuffix" : "removeprefix", args);
  const Value& affix = reader.required("prefix");
  reader.finish();
  if (!has_affix(self.str->text, affix, at_end)) {
    return self;
  }
  const std::size_t size = self.str->text.size();
  const std::size_t cut = affix.str->text.size();
  return at_end ? piece(rt, self.str, 0, size - cut) : piece(rt, self.str, cut, size);
}

Value str_removeprefix(Runtime& rt, const Value& self, const Args& args) {
  return remove_affix(rt, self, args, false);
}
Value str_removesuffix(Runtime& rt, const Value& self, const Args& args) {
  return remove_affix(rt, self, args, true);
}

Value str_replace(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("replace", args);
  const StrRef from = reader.string("old");
  const StrRef to = reader.string("new");
  const std::int64_t count = reader.integer("count", -1);
  reader.finish();
  if (from == nullptr || to == nullptr) {
    raise("replace() expects two strings");
  }
  return make_string(replace(rt, self.str, *from, *to, count));
}

Value str_upper(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("upper", args).finish();
  return make_string(upper(rt, *self.str));
}
Value str_lower(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("lower", args).finish();
  return make_string(lower(rt, *self.str));
}
Value str_title(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("title", args).finish();
  return make_string(title(rt, *self.str));
}
Value str_capitalize(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("capitalize", args).finish();
  return make_string(capitalize(rt, *self.str));
}

// Index of the first (or last) place in code points, -1 where there is none.
std::int64_t find_in(Runtime& rt, const Value& self, const Args& args, bool from_right) {
  ArgReader reader("find", args);
  const StrRef part = reader.string("sub");
  const std::int64_t from = reader.integer("start", 0);
  reader.finish();
  if (part == nullptr) {
    raise("find() expects a string");
  }
  rt.budget.charge_search(self.str->text.size(), part->text.size());
  const auto size = static_cast<std::int64_t>(count_code_points(*self.str));
  const std::int64_t start = std::max<std::int64_t>(0, from < 0 ? from + size : from);
  if (start > size) {
    return -1;
  }
  const std::size_t first = byte_offset(*self.str, static_cast<std::size_t>(start));
  const std::size_t at =
      from_right ? self.str->text.rfind(part->text) : self.str->text.find(part->text, first);
  if (at == kNone || at < first) {
    return -1;
  }
  return static_cast<std::int64_t>(code_point_index(*self.str, at));
}

Value str_find(Runtime& rt, const Value& self, const Args& args) {
  return make_int(find_in(rt, self, args, false));
}
Value str_rfind(Runtime& rt, const Value& self, const Args& args) {
  return make_int(find_in(rt, self, args, true));
}
Value must_find(Runtime& rt, const Value& self, const Args& args, bool from_right) {
  const std::int64_t at = find_in(rt, self, args, from_right);
  if (at < 0) {
    raise("substring not found");
  }
  return make_int(at);
}
Value str_index(Runtime& rt, const Value& self, const Args& args) {
  return must_find(rt, self, args, false);
}
Value str_rindex(Runtime& rt, const Value& self, const Args& args) {
  return must_find(rt, self, args, true);
}

Value str_count(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("count", args);
  const StrRef part = reader.string("sub");
  reader.finish();
  if (part == nullptr) {
    raise("count() expects a string");
  }
  rt.budget.charge_search(self.str->text.size(), part->text.size());
  if (part->text.empty()) {
    return make_int(count_code_points(*self.str) + 1);
  }
  std::int64_t count = 0;
  std::size_t at = self.str->text.find(part->text);
  while (at != kNone) {
    ++count;
    at = self.str->text.find(part->text, at + part->text.size());
  }
  return make_int(count);
}

Value str_join(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("join", args);
  const Value& items = reader.required("iterable");
  reader.finish();
  if (items.is(Kind::undefined)) {
    raise_undefined(items);
  }
  return join(rt, *self.str, iterate(rt, items));
}

Value str_format(Runtime& rt, const Value& self, const Args& args) {
  return brace_format(rt, self.str, args);
}

using CharTest = bool (*)(utf8proc_category_t category, std::uint32_t c);

Value all_of_text(Runtime& rt, const Value& self, const Args& args, CharTest test) {
  ArgReader("str test", args).finish();
  const std::string& text = self.str->text;
  rt.budget.charge_bytes(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode(text, at);
    if (!test(utf8proc_category(static_cast<utf8proc_int32_t>(c.value)), c.value)) {
      return make_bool(false);
    }
    at += c.size;
  }
  return make_bool(!text.empty());
}

bool is_letter(utf8proc_category_t c, std::uint32_t) {
  return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal(utf8proc_category_t c, std::uint32_t) {
  return c == UTF8PROC_CATEGORY_ND;
}
bool is_digit_char(utf8proc_category_t c, std::uint32_t value) {
  return c == UTF8PROC_CATEGORY_ND || value == 0xB2 || value == 0xB3 || value == 0xB9;
}
bool is_numeric(utf8proc_category_t c, std::uint32_t) {
  return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

Value str_isalpha(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args, is_letter);
}
Value str_isdecimal(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args, is_decimal);
}
Value str_isdigit(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args, is_digit_char);
}
Value str_isnumeric(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args, is_numeric);
}
Value str_isalnum(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args, [](utf8proc_category_t c, std::uint32_t value) {
    return is_letter(c, value) || is_numeric(c, value);
  });
}
Value str_isspace(Runtime& rt, const Value& self, const Args& args) {
  return all_of_text(rt, self, args,
                     [](utf8proc_category_t, std::uint32_t value) { return is_space(value); });
}

Value pad(Runtime& rt, const Value& self, const Args& args, bool left, bool right) {
  ArgReader reader("just", args);
  const std::int64_t width = reader.integer("width", 0);
  const StrRef fill_text = reader.string("fillchar");
  reader.finish();
  const auto size = static_cast<std::int64_t>(length(rt, self));
  const std::int64_t missing = std::max<std::int64_t>(0, width - size);
  if (missing > static_cast<std::int64_t>(kMaxTextBytes)) {
    raise("a text is longer than 64 MiB");
  }
  const std::int64_t before = left && right ? missing / 2 + (missing & width & 1)  // as CPython
                                            : (left ? missing : 0);
  const StrRef fill = fill_text != nullptr ? fill_text : constant_str(" ");
  if (count_code_points(*fill) != 1) {
    raise("the fill character must be exactly one character long");
  }
  StrBuilder out;
  for (std::int64_t i = 0; i < before; ++i) {
    out.append(*fill);
  }
  out.append(*self.str);
  for (std::int64_t i = before; i < missing; ++i) {
    out.append(*fill);
  }
  return rt.text(std::move(out));
}

Value str_center(Runtime& rt, const Value& self, const Args& args) {
  return pad(rt, self, args, true, true);
}
Value str_ljust(Runtime& rt, const Value& self, const Args& args) {
  return pad(rt, self, args, false, true);
}
Value str_rjust(Runtime& rt, const Value& self, const Args& args) {
  return pad(rt, self, args, true, false);
}

/// What a test of the template language says.
Value tested(Runtime& rt, const Value& self, const Args& args, const char* test) {
  ArgReader(test, args).finish();
  return make_bool(find_test(test)->call(rt, self, {}));
}
Value str_isupper(Runtime& rt, const Value& self, const Args& args) {
  return tested(rt, self, args, "upper");
}
Value str_islower(Runtime& rt, const Value& self, const Args& args) {
  return tested(rt, self, args, "lower");
}
Value str_isascii(Runtime&, const Value& self, const Args& args) {
  ArgReader("isascii", args).finish();
  return make_bool(self.str->ascii);
}

/// Zeros go behind a sign.
Value str_zfill(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("zfill", args);
  const Value& width = reader.required("width");
  reader.finish();
  const bool sign = self.str->text.starts_with('-') || self.str->text.starts_with('+');
  const std::array<Value, 2> bounds = {make_int(std::int64_t{0}),
                                       make_int(std::int64_t{sign ? 1 : 0})};
  const Value* head[3] = {bounds.data(), bounds.data() + 1, nullptr};
  const Value* tail[3] = {bounds.data() + 1, nullptr, nullptr};
  if (!width.is(Kind::integer)) {
    raise("zfill requires an integer");
  }
  Args rest;
  rest.positional = {make_int(width.i - (sign ? 1 : 0)), rt.text(std::string("0"))};
  const Value digits = pad(rt, get_slice(rt, self, tail), rest, true, false);
  StrBuilder out;
  out.append(*get_slice(rt, self, head).str);
  out.append(*digits.str);
  return rt.text(std::move(out));
}

constexpr std::array kMethods = {
    Method{"capitalize", str_capitalize},
    Method{"casefold", str_lower},
    Method{"center", str_center},
    Method{"count", str_count},
    Method{"endswith", str_endswith},
    Method{"find", str_find},
    Method{"format", str_format},
    Method{"index", str_index},
    Method{"isalnum", str_isalnum},
    Method{"isalpha", str_isalpha},
    Method{"isascii", str_isascii},
    Method{"isdecimal", str_isdecimal},
    Method{"isdigit", str_isdigit},
    Method{"islower", str_islower},
    Method{"isnumeric", str_isnumeric},
    Method{"isspace", str_isspace},
    Method{"isupper", str_isupper},
    Method{"join", str_join},
    Method{"ljust", str_ljust},
    Method{"lower", str_lower},
    Method{"lstrip", str_lstrip},
    Method{"partition", str_partition},
    Method{"removeprefix", str_removeprefix},
    Method{"removesuffix", str_removesuffix},
    Method{"replace", str_replace},
    Method{"rfind", str_rfind},
    Method{"rindex", str_rindex},
    Method{"rjust", str_rjust},
    Method{"rpartition", str_rpartition},
    Method{"rsplit", str_rsplit},
    Method{"rstrip", str_rstrip},
    Method{"split", str_split},
    Method{"splitlines", str_splitlines},
    Method{"startswith", str_startswith},
    Method{"strip", str_strip},
    Method{"title", str_title},
    Method{"upper", str_upper},
    Method{"zfill", str_zfill},
};

}  // namespace

const Method* find_string_method(std::string_view name) noexcept {
  const auto* found = std::find_if(kMethods.begin(), kMethods.end(),
                                   [name](const Method& m) { return m.name == name; });
  return found == kMethods.end() ? nullptr : found;
}

}  // namespace ottobit::jinja
