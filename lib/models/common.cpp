// SPDX-License-Identifier: Apache-2.0
#include "models/common.hpp"

#include <optional>
#include <string>

#include "ottobit/error.hpp"

namespace ottobit {

RopeSpec rope_of(const Config& config, Index dim) {
  double theta = config.number("rope_theta", 10000.0);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const std::optional<Config> section = config.section(key);
    if (!section) {
      continue;
    }
    const std::string type = section->text("rope_type", section->text("type", "default"));
    OTTOBIT_CHECK(type == "default", ErrorCode::unsupported, section->subject(),
                  "`rope_type` is \"" + type + "\", this family knows \"default\"");
    theta = section->number("rope_theta", theta);
  }
  OTTOBIT_CHECK(theta > 1.0 && theta < 1e12, ErrorCode::format, config.subject(),
                "`rope_theta` is " + std::to_string(theta) + ", expected a number above 1");
  return {.dim = dim, .theta = theta, .layout = RopeLayout::half};
}

Index layer_count(const Config& config) {
  const Index layers = config.integer("num_hidden_layers");
  OTTOBIT_CHECK(layers >= 1 && layers <= 4096, ErrorCode::format, config.subject(),
                "`num_hidden_layers` is " + std::to_string(layers) + ", expected 1 to 4096");
  return layers;
}

void require_text(const Config& config, std::string_view key, std::string_view expected) {
  const std::string found = config.text(key, std::string(expected));
  OTTOBIT_CHECK(found == expected, ErrorCode::unsupported, config.subject(),
                "`" + std::string(key) + "` is \"" + found + "\", this family knows \"" +
                    std::string(expected) + "\"");
}

}  // namespace ottobit
