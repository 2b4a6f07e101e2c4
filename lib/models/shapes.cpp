// SPDX-License-Identifier: Apache-2.0
#include "models/shapes.hpp"

#include <string_view>

#include "ottobit/error.hpp"

#include "models/published_shapes.hpp"

namespace ottobit {

Json published_config(const std::string& shape) {
  std::string known;
  for (const Shape& candidate : kShapes) {
    if (candidate.name == shape) {
      Json config = parse_json(candidate.config, shape);
      if (candidate.like.empty()) {
        return config;
      }
      Json whole = published_config(std::string(candidate.like));
      for (const auto& [key, value] : config.items()) {
        whole[key] = value;
      }
      return whole;
    }
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  fail(ErrorCode::argument, "shape", "\"" + shape + "\" is not known; known are: " + known);
}

}  // namespace ottobit
