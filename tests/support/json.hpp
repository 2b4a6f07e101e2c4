// SPDX-License-Identifier: Apache-2.0
// Tests write and look at JSON with nlohmann's values; these are the library's.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "io/json.hpp"

namespace ottobit::test {

template <class AnyJson>
[[nodiscard]] Json value_of(const AnyJson& json) {
  return parse_json(json.dump(), "test");
}
template <class AnyJson>
[[nodiscard]] OrderedJson ordered_value_of(const AnyJson& json) {
  return parse_ordered_json(json.dump(), "test");
}
[[nodiscard]] inline OrderedJson ordered_of(std::string_view text) {
  return parse_ordered_json(text, "test");
}
/// And back.
template <class AnyJson>
[[nodiscard]] nlohmann::ordered_json plain(const AnyJson& json) {
  return nlohmann::ordered_json::parse(json.dump());
}

}  // namespace ottobit::test
