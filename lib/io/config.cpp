// SPDX-License-Identifier: Apache-2.0
// Getters of Config. Types are never converted silently: "8" is no integer, 1 is no flag.
#include "io/config.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "io/printable.hpp"

namespace ottobit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Index kMaxInteger = Index{1} << 40;  // no dimension or count of a model comes near

/// `value` as the list it is or stands for.
template <class T, class Convert>
std::vector<T> as_list(const Json& value, const Convert& convert) {
  std::vector<T> list;
  if (value.is_array()) {
    list.reserve(value.size());
    for (const Json& item : value) {
      list.push_back(convert(item));
    }
  } else {
    list.push_back(convert(value));
  }
  return list;
}

/// The text with quotes around Infinity, -Infinity and NaN where they stand for numbers.
std::string with_quoted_numbers(std::string text) {
  constexpr std::string_view kWords[] = {"-Infinity", "Infinity", "NaN"};
  if (text.find("Infinity") == std::string::npos && text.find("NaN") == std::string::npos) {
    return text;
  }
  std::string quoted;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const auto* const word =
        std::find_if(std::begin(kWords), std::end(kWords),
                     [&](std::string_view each) { return !in_string && rest.starts_with(each); });
    if (word != std::end(kWords)) {
      quoted += '"' + std::string(*word) + '"';
      i += word->size();
      continue;
    }
    const std::size_t length = in_string && text[i] == '\\' && rest.size() > 1 ? 2 : 1;
    in_string = in_string != (text[i] == '"');
    quoted += rest.substr(0, length);
    i += length;
  }
  return quoted;
}

}  // namespace

struct Config::State {
  State(Json made_of, std::string called)
      : object(std::move(made_of)), subject(std::move(called)) {}

  Json object;
  std::string subject;
  std::set<std::string, std::less<>> read;
  std::map<std::string, std::shared_ptr<State>, std::less<>> sections;
  std::vector<std::pair<std::string, std::string>> spellings;  // of the same meaning

  /// nullptr if it is absent or null.
  const Json* at(std::string_view key) {
    read.emplace(key);
    const auto found = object.find(std::string(key));
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
};

Config Config::parse(Json object, std::string subject) {
  OTTOBIT_CHECK(object.is_object(), ErrorCode::format, subject,
                "holds " + std::string(json_type_text(object)) + ", expected an object");
  return Config(std::make_shared<State>(std::move(object), std::move(subject)));
}

Config Config::open(const std::filesystem::path& file) {
  const std::string subject = file_name_text(file);
  return parse(parse_json(with_quoted_numbers(read_text_file(file)), subject), subject);
}

const Json* Config::lookup(std::string_view key) const {
  const Json* found = state_->at(key);
  for (const auto& [one, other] : state_->spellings) {
    if (one != key && other != key) {
      continue;
    }
    const std::string& twin = one == key ? other : one;
    const Json* const there = state_->at(twin);
    OTTOBIT_CHECK(
        found == nullptr || there == nullptr || *found == *there, ErrorCode::format, subject(),
        in_backticks(key) + " is " + printable(found->dump(), 80) + " and " + in_backticks(twin) +
            ", which means the same, " + printable(there->dump(), 80));
    found = found == nullptr ? there : found;
  }
  return found;
}

void Config::also(std::string_view key, std::string_view other) {
  state_->spellings.emplace_back(key, other);
}

const Json& Config::required(std::string_view key) const {
  const Json* const value = lookup(key);
  OTTOBIT_CHECK(value != nullptr, ErrorCode::format, subject(), in_backticks(key) + " is missing");
  return *value;
}

void Config::fail_type(std::string_view key, const Json& value, const char* expected) const {
  fail(ErrorCode::format, subject(),
       in_backticks(key) + " is " + std::string(json_type_text(value)) + ", expected " + expected);
}

Index Config::as_integer(std::string_view key, const Json& value) const {
  if (!value.is_number()) {
    fail_type(key, value, "an integer");
  }
  bool right = false;
  Index result = 0;
  if (value.is_number_float()) {
    const double number = value.get<double>();
    right =
        number >= 0.0 && number <= static_cast<double>(kMaxInteger) && std::trunc(number) == number;
    result = right ? static_cast<Index>(number) : 0;
  } else if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    right = number <= static_cast<std::uint64_t>(kMaxInteger);
    result = right ? static_cast<Index>(number) : 0;
  } else {
    result = static_cast<Index>(value.get<std::int64_t>());
    right = result >= 0 && result <= kMaxInteger;
    result = right ? result : 0;
  }
  OTTOBIT_CHECK(right, ErrorCode::format, subject(),
                in_backticks(key) + " is " + value.dump() + ", expected an integer from 0 to 2^40");
  return result;
}

double Config::as_number(std::string_view key, const Json& value) const {
  if (!value.is_number()) {
    fail_type(key, value, "a number");
  }
  return value.get<double>();
}

bool Config::as_flag(std::string_view key, const Json& value) const {
  if (!value.is_boolean()) {
    fail_type(key, value, "true or false");
  }
  return value.get<bool>();
}

std::string Config::as_text(std::string_view key, const Json& value) const {
  if (!value.is_string()) {
    fail_type(key, value, "a string");
  }
  return value.text();
}

bool Config::has(std::string_view key) const {
  return lookup(key) != nullptr;
}

bool Config::is_text(std::string_view key) const {
  const Json* value = lookup(key);
  return value != nullptr && value->is_string();
}

bool Config::mentions(std::string_view key) const {
  return state_->object.contains(std::string(key));
}

Index Config::integer(std::string_view key) const {
  return as_integer(key, required(key));
}

Index Config::integer(std::string_view key, Index fallback) const {
  const Json* const value = lookup(key);
  return value == nullptr ? fallback : as_integer(key, *value);
}

double Config::number(std::string_view key) const {
  return as_number(key, required(key));
}

double Config::number(std::string_view key, double fallback) const {
  const Json* const value = lookup(key);
  return value == nullptr ? fallback : as_number(key, *value);
}

bool Config::flag(std::string_view key) const {
  return as_flag(key, required(key));
}

bool Config::flag(std::string_view key, bool fallback) const {
  const Json* const value = lookup(key);
  return value == nullptr ? fallback : as_flag(key, *value);
}

std::string Config::text(std::string_view key) const {
  return as_text(key, required(key));
}

std::string Config::text(std::string_view key, std::string_view fallback) const {
  const Json* const value = lookup(key);
  return value == nullptr ? std::string(fallback) : as_text(key, *value);
}

std::vector<Index> Config::integers(std::string_view key) const {
  return as_list<Index>(required(key), [&](const Json& item) { return as_integer(key, item); });
}

std::vector<double> Config::numbers(std::string_view key) const {
  return as_list<double>(required(key), [&](const Json& item) { return as_number(key, item); });
}

std::vector<double> Config::numbers_or_infinite(std::string_view key) const {
  return as_list<double>(required(key), [&](const Json& item) {
    const Json* text = &item;
    if (item.is_object() && item.size() == 1 && item.find("__float__") != item.end()) {
      text = &*item.find("__float__");
    }
    for (const auto& [word, value] :
         {std::pair{"Infinity", kInfinity}, {"-Infinity", -kInfinity}}) {
      if (text->is_string() && text->text() == word) {
        return value;
      }
    }
    return as_number(key, item);
  });
}

std::vector<std::string> Config::texts(std::string_view key) const {
  return as_list<std::string>(required(key), [&](const Json& item) { return as_text(key, item); });
}

std::optional<Config> Config::section(std::string_view key) const {
  const Json* const value = lookup(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto known = state_->sections.find(key);
  if (known != state_->sections.end()) {
    return Config(known->second);
  }
  if (!value->is_object()) {
    fail_type(key, *value, "an object");
  }
  Config nested = parse(*value, subject() + ": " + printable(key));
  nested.state_->spellings = state_->spellings;
  state_->sections.emplace(key, nested.state_);
  return nested;
}

const Json& Config::raw() const noexcept {
  return state_->object;
}

const std::string& Config::subject() const noexcept {
  return state_->subject;
}

std::vector<std::string> Config::unread_keys() const {
  std::vector<std::string> unread;
  for (const auto& [key, value] : state_->object.items()) {
    if (state_->read.find(key) == state_->read.end()) {
      unread.push_back(key);
    }
  }
  return unread;
}

std::vector<std::pair<std::string, Config>> Config::read_sections() const {
  std::vector<std::pair<std::string, Config>> sections;
  for (const auto& [key, state] : state_->sections) {
    sections.emplace_back(key, Config(state));
  }
  return sections;
}

}  // namespace ottobit
