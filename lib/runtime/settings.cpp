// SPDX-License-Identifier: Apache-2.0
#include "ottobit/settings.hpp"

#include "ottobit/error.hpp"

#include "io/json.hpp"

namespace ottobit {

std::vector<Setting> parse_settings(std::string_view json) {
  std::vector<Setting> settings;
  if (json.empty()) {
    return settings;
  }
  const Json object = parse_json(json, "settings_json", ErrorCode::argument);
  OTTOBIT_CHECK(object.is_object(), ErrorCode::argument, "settings_json",
                "is " + std::string(json_type_text(object)) + ", expected an object");
  for (const auto& [name, value] : object.items()) {
    settings.push_back({name, value.dump()});
  }
  return settings;
}

}  // namespace ottobit
