// SPDX-License-Identifier: Apache-2.0
// UTF-8 and the bookkeeping of which bytes came from the caller.
#include "jinja/text.hpp"

#include <algorithm>
#include <utility>

#include <utf8proc.h>

namespace ottobit::jinja {

void raise(std::string message) {
  throw RenderError{std::move(message), false};
}

Str::~Str() {
  if (budget != nullptr) {
    budget->release(text.size() + content.size() * sizeof(TextSpan) + sizeof(Str));
  }
}

namespace {

bool all_ascii(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0x80u) != 0; });
}

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

std::size_t sequence_size(unsigned lead) noexcept {
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xE0) {
    return 2;
  }
  return lead < 0xF0 ? 3 : 4;
}

}  // namespace

StrRef constant_str(std::string text) {
  auto s = std::make_shared<Str>();
  s->ascii = all_ascii(text);
  s->text = std::move(text);
  return s;
}

void StrBuilder::mark(std::size_t begin, std::size_t end) {
  if (begin == end) {
    return;
  }
  if (!content_.empty() && content_.back().end == begin) {
    content_.back().end = end;
  } else {
    content_.push_back({begin, end});
  }
}

void StrBuilder::append(std::string_view plain) {
  if (plain.size() > kMaxTextBytes - text_.size()) {
    raise("a text is longer than 64 MiB");
  }
  text_.append(plain);
}

void StrBuilder::append_content(std::string_view from_caller) {
  const std::size_t begin = text_.size();
  append(from_caller);
  mark(begin, text_.size());
}

void StrBuilder::append(const Str& s, std::size_t begin, std::size_t end) {
  const std::size_t base = text_.size();
  append(std::string_view(s.text).substr(begin, end - begin));
  auto span = std::partition_point(s.content.begin(), s.content.end(),
                                   [begin](const TextSpan& t) { return t.end <= begin; });
  for (; span != s.content.end() && span->begin < end; ++span) {
    mark(base + std::max(span->begin, begin) - begin, base + std::min(span->end, end) - begin);
  }
}

void StrBuilder::append_code_point(std::uint32_t code_point, bool from_caller) {
  std::string bytes;
  encode(code_point, bytes);
  append(bytes, from_caller);
}

void StrBuilder::truncate(std::size_t size) {
  text_.resize(size);
  while (!content_.empty() && content_.back().begin >= size) {
    content_.pop_back();
  }
  if (!content_.empty()) {
    content_.back().end = std::min(content_.back().end, size);
  }
}

StrRef make_str(Budget& budget, StrBuilder builder) {
  auto s = std::make_shared<Str>();
  std::string text = builder.take_text();
  std::vector<TextSpan> content = builder.take_content();
  budget.charge_bytes(text.size() + content.size());
  budget.allocate(text.size() + content.size() * sizeof(TextSpan) + sizeof(Str));
  s->ascii = all_ascii(text);
  s->text = std::move(text);
  s->content = std::move(content);
  s->budget = &budget;
  return s;
}

StrRef make_str(Budget& budget, std::string_view plain) {
  StrBuilder builder;
  builder.append(plain);
  return make_str(budget, std::move(builder));
}

StrRef sub_str(Budget& budget, const StrRef& s, std::size_t begin, std::size_t end) {
  if (begin == 0 && end == s->text.size()) {
    return s;
  }
  StrBuilder builder;
  builder.append(*s, begin, std::max(begin, end));
  return make_str(budget, std::move(builder));
}

bool is_content(const Str& s, std::size_t at) noexcept {
  const auto span = std::partition_point(s.content.begin(), s.content.end(),
                                         [at](const TextSpan& t) { return t.end <= at; });
  return span != s.content.end() && span->begin <= at;
}

CodePoint decode(std::string_view text, std::size_t at) noexcept {
  const unsigned lead = byte_at(text, at);
  const std::size_t size = std::min(sequence_size(lead), text.size() - at);
  if (size == 1) {
    return {lead, 1};
  }
  std::uint32_t value = lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    value = (value << 6) | (byte_at(text, at + i) & 0x3Fu);
  }
  return {value, size};
}

CodePoint decode_before(std::string_view text, std::size_t end) noexcept {
  std::size_t begin = end - 1;
  while (begin > 0 && end - begin < 4 && is_continuation(text[begin])) {
    --begin;
  }
  return decode(text, begin);
}

void encode(std::uint32_t code_point, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0u | (code_point >> 6));
    put(0x80u | (code_point & 0x3Fu));
  } else if (code_point < 0x10000) {
    put(0xE0u | (code_point >> 12));
    put(0x80u | ((code_point >> 6) & 0x3Fu));
    put(0x80u | (code_point & 0x3Fu));
  } else {
    put(0xF0u | (code_point >> 18));
    put(0x80u | ((code_point >> 12) & 0x3Fu));
    put(0x80u | ((code_point >> 6) & 0x3Fu));
    put(0x80u | (code_point & 0x3Fu));
  }
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned lead = byte_at(text, at);
    const std::size_t size = sequence_size(lead);
    if (size > text.size() - at || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4) {
      return at;
    }
    for (std::size_t i = 1; i < size; ++i) {
      if (!is_continuation(text[at + i])) {
        return at;
      }
    }
    const std::uint32_t value = decode(text, at).value;
    const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      return at;
    }
    at += size;
  }
  return std::string_view::npos;
}

std::size_t code_point_index(const Str& s, std::size_t bytes) noexcept {
  if (s.ascii) {
    return bytes;
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    count += is_continuation(s.text[i]) ? 0 : 1;
  }
  return count;
}

std::size_t count_code_points(const Str& s) noexcept {
  return code_point_index(s, s.text.size());
}

std::size_t byte_offset(const Str& s, std::size_t index) noexcept {
  if (s.ascii) {
    return std::min(index, s.text.size());
  }
  std::size_t at = 0;
  while (at < s.text.size() && index > 0) {
    at += decode(s.text, at).size;
    --index;
  }
  return at;
}

bool is_word(std::uint32_t c) noexcept {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return c == '_' || (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool is_space(std::uint32_t c) noexcept {
  if (c < 0x80) {
    return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  }
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::size_t rstrip_end(std::string_view text) noexcept {
  std::size_t end = text.size();
  while (end > 0) {
    const CodePoint c = decode_before(text, end);
    if (!is_space(c.value)) {
      break;
    }
    end -= c.size;
  }
  return end;
}

std::size_t lstrip_begin(std::string_view text) noexcept {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const CodePoint c = decode(text, begin);
    if (!is_space(c.value)) {
      break;
    }
    begin += c.size;
  }
  return begin;
}

}  // namespace ottobit::jinja
