// SPDX-License-Identifier: Apache-2.0
#include "common.hpp"

#include "ottobit/settings.hpp"

namespace ottobit::capi {

void check_flags(std::uint32_t flags, std::uint32_t known, const char* name) {
  OTTOBIT_CHECK(
      (flags & ~known) == 0, ErrorCode::argument, name,
      "has unknown bits: " + std::to_string(flags) + ", known are " + std::to_string(known));
}

std::string_view text_in(const char* text, std::size_t length, const char* name) {
  if (text == nullptr) {
    OTTOBIT_CHECK(length == 0, ErrorCode::argument, name, "is NULL");
    return {};
  }
  if (length == OTTOBIT_NUL) {
    return text;
  }
  OTTOBIT_CHECK(length <= PTRDIFF_MAX, ErrorCode::argument, name,
                "has a length of " + std::to_string(length) + " bytes");
  return {text, length};
}

void refuse_settings(const char* settings_json) {
  for (const Setting& setting : parse_settings(optional_text(settings_json))) {
    fail(ErrorCode::unsupported, "settings_json", "unknown setting \"" + setting.name + "\"");
  }
}

void fail_struct_size(const char* name, std::size_t size, std::size_t known) {
  fail(ErrorCode::structure, name,
       "struct_size is " + std::to_string(size) + ", this library knows " + std::to_string(known) +
           " bytes; expected the sizeof of the struct in the header compiled with");
}

}  // namespace ottobit::capi
