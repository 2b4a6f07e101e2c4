// SPDX-License-Identifier: Apache-2.0
#include "grammar/string_schema.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ottobit/error.hpp"

#include "grammar/json_format.hpp"
#include "grammar/regex.hpp"
#include "grammar/scanner.hpp"

namespace ottobit::grammar {

namespace {

/// Bounds what is repeated, everywhere alike.
Expr repeated_at_most(Expr expr, std::size_t times) {
  for_each(expr, [times](Expr& e) {
    if (e.kind == Expr::Kind::repeat) {
      e.max = std::min(e.max, std::max(e.min, times));
    }
  });
  return expr;
}

/// Takes texts out until none is longer than `most`, if that can be done by repeating less.
void shorten(Expr& expr, std::size_t most) {
  std::size_t times = std::min<std::size_t>(most, kMostRepeats);
  while (lengths(repeated_at_most(expr, times)).max > most && times > 0) {
    times /= 2;
  }
  expr = repeated_at_most(std::move(expr), times);
}

}  // namespace

std::size_t read_count(const OrderedJson& schema, const char* key, std::size_t otherwise,
                       const std::string& subject) {
  const auto it = schema.find(key);
  if (it == schema.end()) {
    return otherwise;
  }
  OTTOBIT_CHECK(it->is_number_unsigned(), ErrorCode::grammar, subject,
                std::string(key) + " is not a number of zero or more");
  return it->get<std::size_t>();
}

StringSchema read_string_schema(const OrderedJson& schema, const std::string& subject) {
  const auto check = [&](bool good, const std::string& why) {
    OTTOBIT_CHECK(good, ErrorCode::grammar, subject, why);
  };
  StringSchema read{.texts = std::nullopt,
                    .min = read_count(schema, "minLength", 0, subject),
                    .max = read_count(schema, "maxLength", kUnbounded, subject)};
  check(read.min <= read.max, "minLength is above maxLength");
  const auto text_at = [&](const char* key) {
    const auto it = schema.find(key);
    check(it == schema.end() || it->is_string(), std::string(key) + " is not a string");
    return it == schema.end() ? std::string() : it->get<std::string>();
  };
  const std::string pattern = text_at("pattern");
  const std::string_view format = format_pattern(text_at("format"));  // others only tell people
  if (!schema.contains("pattern") && format.empty()) {
    return read;
  }
  const bool by_pattern = schema.contains("pattern");
  try {
    read.texts = read_regex(by_pattern ? std::string_view(pattern) : format,
                            subject + (by_pattern ? ": pattern" : ": format"), by_pattern);
  } catch (const Error&) {
    // Schemas that are made from types write a format's own pattern beside it.
    if (!by_pattern || format.empty()) {
      throw;
    }
    read.texts = read_regex(format, subject + ": format", false);
  }
  if (lengths(*read.texts).max > read.max) {
    shorten(*read.texts, read.max);
  }
  const LengthRange length = lengths(*read.texts);
  check(read.min <= length.min && length.max <= read.max,
        "the pattern or format allows lengths that minLength and maxLength do not");
  return read;
}

}  // namespace ottobit::grammar
