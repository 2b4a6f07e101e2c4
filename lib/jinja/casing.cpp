// SPDX-License-Identifier: Apache-2.0
// Letter case, as Python's str methods give it: the simple mappings of Unicode plus the letters
// whose upper case is several (German sharp s, the Latin ligatures) and the Greek final sigma.
#include <utf8proc.h>

#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::uint32_t kSharpS = 0xDF;
constexpr std::uint32_t kDottedCapitalI = 0x130;
constexpr std::uint32_t kCapitalSigma = 0x3A3;
constexpr std::uint32_t kFinalSigma = 0x3C2;

utf8proc_int32_t cast(std::uint32_t c) noexcept {
  return static_cast<utf8proc_int32_t>(c);
}

// Letters whose upper case is more than one letter; empty for the rest.
std::string_view expanded_upper(std::uint32_t c) noexcept {
  switch (c) {
    case kSharpS:
      return "SS";
    case 0x149:
      return "\xCA\xBCN";
    case 0xFB00:
      return "FF";
    case 0xFB01:
      return "FI";
    case 0xFB02:
      return "FL";
    case 0xFB03:
      return "FFI";
    case 0xFB04:
      return "FFL";
    case 0xFB05:
    case 0xFB06:
      return "ST";
    default:
      return {};
  }
}

void put_upper(StrBuilder& out, std::uint32_t c, bool content) {
  const std::string_view expanded = expanded_upper(c);
  if (!expanded.empty()) {
    out.append(expanded, content);
  } else {
    out.append_code_point(static_cast<std::uint32_t>(utf8proc_toupper(cast(c))), content);
  }
}

void put_title(StrBuilder& out, std::uint32_t c, bool content) {
  const std::string_view expanded = expanded_upper(c);
  if (!expanded.empty() && c != 0x149) {  // only the first of the letters is a capital: "Ss", "Ffi"
    out.append(expanded.substr(0, 1), content);
    for (const char rest : expanded.substr(1)) {
      out.append_code_point(static_cast<unsigned char>(rest) | 0x20u, content);
    }
  } else if (!expanded.empty()) {
    out.append(expanded, content);
  } else {
    out.append_code_point(static_cast<std::uint32_t>(utf8proc_totitle(cast(c))), content);
  }
}

bool is_cased(std::uint32_t c) noexcept {
  switch (utf8proc_category(cast(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return false;
  }
}

// A sigma ends a word where a cased letter stands before it and none after it.
bool is_final(std::string_view text, std::size_t at, std::size_t size) noexcept {
  const bool before = at > 0 && is_cased(decode_before(text, at).value);
  const bool after = at + size < text.size() && is_cased(decode(text, at + size).value);
  return before && !after;
}

void put_lower(StrBuilder& out, std::string_view text, std::size_t at, CodePoint c, bool content) {
  if (c.value == kDottedCapitalI) {
    out.append("i\xCC\x87", content);
  } else if (c.value == kCapitalSigma && is_final(text, at, c.size)) {
    out.append_code_point(kFinalSigma, content);
  } else {
    out.append_code_point(static_cast<std::uint32_t>(utf8proc_tolower(cast(c.value))), content);
  }
}

}  // namespace

StrRef upper(Runtime& rt, const Str& s) {
  StrBuilder out;
  for (std::size_t at = 0; at < s.text.size();) {
    const CodePoint c = decode(s.text, at);
    put_upper(out, c.value, is_content(s, at));
    at += c.size;
  }
  return make_str(rt.budget, std::move(out));
}

StrRef lower(Runtime& rt, const Str& s) {
  StrBuilder out;
  for (std::size_t at = 0; at < s.text.size();) {
    const CodePoint c = decode(s.text, at);
    put_lower(out, s.text, at, c, is_content(s, at));
    at += c.size;
  }
  return make_str(rt.budget, std::move(out));
}

StrRef capitalize(Runtime& rt, const Str& s) {
  StrBuilder out;
  for (std::size_t at = 0; at < s.text.size();) {
    const CodePoint c = decode(s.text, at);
    if (at == 0) {
      put_title(out, c.value, is_content(s, at));
    } else {
      put_lower(out, s.text, at, c, is_content(s, at));
    }
    at += c.size;
  }
  return make_str(rt.budget, std::move(out));
}

StrRef title(Runtime& rt, const Str& s) {
  StrBuilder out;
  bool in_word = false;
  for (std::size_t at = 0; at < s.text.size();) {
    const CodePoint c = decode(s.text, at);
    if (in_word) {
      put_lower(out, s.text, at, c, is_content(s, at));
    } else {
      put_title(out, c.value, is_content(s, at));
    }
    in_word = is_cased(c.value);
    at += c.size;
  }
  return make_str(rt.budget, std::move(out));
}

}  // namespace ottobit::jinja
