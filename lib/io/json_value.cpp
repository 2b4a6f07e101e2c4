// SPDX-License-Identifier: Apache-2.0
#include "io/json_value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace ottobit {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// The character at the beginning of a text that is not empty, and its bytes; what is no UTF-8 is
/// one byte and U+FFFD.
struct Decoded {
  char32_t code = kReplacement;
  std::size_t size = 1;
};

Decoded first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  char32_t code = first & (size == 2 ? 0x1FU : size == 3 ? 0x0FU : 0x07U);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {};
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool valid = first >= 0xC2 && first <= 0xF4 && code >= kLeast[size] && code <= 0x10FFFF &&
                     (code < 0xD800 || code > 0xDFFF);
  return valid ? Decoded{code, size} : Decoded{};
}

void append_unit(std::string& out, char32_t unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out += kDigits[unit >> static_cast<unsigned>(shift) & 0xFU];
  }
}

void append_escape(std::string& out, char32_t code) {
  constexpr std::string_view kLetters = "\b\f\n\r\t\"\\";
  constexpr std::string_view kNames = "bfnrt\"\\";
  const std::size_t known =
      code < 0x80 ? kLetters.find(static_cast<char>(code)) : std::string_view::npos;
  if (known != std::string_view::npos) {
    out += '\\';
    out += kNames[known];
  } else if (code >= 0x10000) {
    append_unit(out, 0xD800 + ((code - 0x10000) >> 10U));
    append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FFU));
  } else {
    append_unit(out, code);
  }
}

void append_string(std::string& out, std::string_view text, JsonText form) {
  out += '"';
  while (!text.empty()) {
    const Decoded c = first_character(text);
    const bool escaped = c.code < 0x20 || c.code == '"' || c.code == '\\' ||
                         (form == JsonText::ascii && c.code > 0x7E);
    if (escaped) {
      append_escape(out, c.code);
    } else if (c.code == kReplacement) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(c.size);
  }
  out += '"';
}

/// The shortest digits that read back the same, with a point or an exponent; null where JSON has no
/// number for it.
void append_real(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const double size = std::abs(number);
  const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e15);
  std::array<char, 40> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), number,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
  out += digits;
  if (plain && digits.find('.') == std::string_view::npos) {
    out += ".0";
  }
}

template <bool kSorted>
void append(std::string& out, const BasicJson<kSorted>& json, JsonText form) {
  switch (json.type()) {
    case JsonType::null:
      out += "null";
      return;
    case JsonType::boolean:
      out += json.template get<bool>() ? "true" : "false";
      return;
    case JsonType::number_integer:
      out += std::to_string(json.template get<std::int64_t>());
      return;
    case JsonType::number_unsigned:
      out += std::to_string(json.template get<std::uint64_t>());
      return;
    case JsonType::number_float:
      append_real(out, json.template get<double>());
      return;
    case JsonType::string:
      append_string(out, json.text(), form);
      return;
    case JsonType::array:
      out += '[';
      for (const BasicJson<kSorted>& element : json.elements()) {
        out += &element == &json.elements().front() ? "" : ",";
        append(out, element, form);
      }
      out += ']';
      return;
    case JsonType::object:
      out += '{';
      for (const auto& member : json.items()) {
        out += &member == &json.items().front() ? "" : ",";
        append_string(out, member.first, form);
        out += ':';
        append(out, member.second, form);
      }
      out += '}';
      return;
  }
}

}  // namespace

template <bool kSorted>
std::string BasicJson<kSorted>::dump(JsonText text) const {
  std::string out;
  append(out, *this, text);
  return out;
}

template class BasicJson<true>;
template class BasicJson<false>;

}  // namespace ottobit
