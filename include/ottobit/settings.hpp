// SPDX-License-Identifier: Apache-2.0
// Settings: the experimental knobs that the C interface takes as one JSON object, split into its
// members. Which names are known is the business of whoever asks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ottobit {

struct Setting {
  std::string name;
  std::string json;  ///< its value, as JSON text
};

/// The members of a JSON object, in the order of their names; an empty text has none.
/// Error{argument} if it is anything else than an object.
[[nodiscard]] std::vector<Setting> parse_settings(std::string_view json);

}  // namespace ottobit
