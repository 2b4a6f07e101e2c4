// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/spec.hpp"

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

constexpr int kMaxDepth = 16;

[[noreturn]] void fail_member(const std::string& where, const char* key, const Json* found,
                              const char* expected) {
  fail(ErrorCode::format, where,
       "`" + std::string(key) + "` is " +
           (found == nullptr ? "missing" : std::string(json_type_text(*found))) + ", expected " +
           expected);
}

const Json* member(const Json& spec, const char* key) {
  const auto found = spec.find(key);
  return found == spec.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::string spec_type(const Json& spec, const std::string& subject, int depth) {
  OTTOBIT_CHECK(depth < kMaxDepth, ErrorCode::format, subject,
                "parts nested more than " + std::to_string(kMaxDepth) + " deep");
  OTTOBIT_CHECK(spec.is_object(), ErrorCode::format, subject,
                "a part is " + std::string(json_type_text(spec)) + ", expected an object");
  return spec_text(spec, "type", subject);
}

const Json& spec_list(const Json& spec, const char* key, const std::string& where) {
  const Json* list = member(spec, key);
  if (list == nullptr || !list->is_array()) {
    fail_member(where, key, list, "an array");
  }
  return *list;
}

std::string spec_text(const Json& spec, const char* key, const std::string& where) {
  const Json* text = member(spec, key);
  if (text == nullptr || !text->is_string()) {
    fail_member(where, key, text, "a string");
  }
  return text->get<std::string>();
}

bool spec_flag(const Json& spec, const char* key, bool fallback, const std::string& where) {
  const Json* flag = member(spec, key);
  if (flag != nullptr && !flag->is_boolean()) {
    fail_member(where, key, flag, "true or false");
  }
  return flag == nullptr ? fallback : flag->get<bool>();
}

SplitPattern spec_pattern(const Json& spec, const std::string& where) {
  const Json* pattern = member(spec, "pattern");
  if (pattern == nullptr || !pattern->is_object()) {
    fail_member(where, "pattern", pattern, "an object");
  }
  const bool is_regex = pattern->contains("Regex");
  SplitPattern result{spec_text(*pattern, is_regex ? "Regex" : "String", where), is_regex};
  OTTOBIT_CHECK(!result.text.empty(), ErrorCode::format, where, "an empty `pattern`");
  return result;
}

void fail_unknown(const std::string& subject, const char* what, const std::string& type) {
  fail(ErrorCode::unsupported, subject,
       std::string(what) + " " + in_backticks(type) + " is not known");
}

}  // namespace ottobit
