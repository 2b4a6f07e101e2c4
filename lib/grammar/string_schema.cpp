// SPDX-License-Identifier: Apache-2.0
#include "grammar/string_schema.hpp"

#include <string_view>

#include "ottobit/error.hpp"

#include "grammar/json_format.hpp"
#include "grammar/regex.hpp"

namespace ottobit::grammar {

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
  const bool pattern = schema.contains("pattern");
  const bool format = schema.contains("format");
  check(!pattern || !format, "only one of pattern and format is supported");
  if (!pattern && !format) {
    return read;
  }
  const std::string key = pattern ? "pattern" : "format";
  check(schema[key].is_string(), key + " is not a string");
  const std::string value = schema[key];
  const std::string_view expression = pattern ? std::string_view(value) : format_pattern(value);
  check(!expression.empty() || pattern, "the format \"" + value + "\" is not supported");
  read.texts = read_regex(expression, subject + ": " + key, pattern);
  const LengthRange length = lengths(*read.texts);
  check(read.min <= length.min && length.max <= read.max,
        "the " + key + " allows lengths that minLength and maxLength do not");
  return read;
}

}  // namespace ottobit::grammar
