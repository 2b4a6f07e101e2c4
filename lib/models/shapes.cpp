// SPDX-License-Identifier: Apache-2.0
#include "models/shapes.hpp"

#include <string_view>

#include "ottobit/error.hpp"

namespace ottobit {
namespace {

struct Shape {
  std::string_view name;
  std::string_view config;
};

constexpr Shape kShapes[] = {
    {"seed-oss-36b", R"({
      "model_type": "seed_oss", "hidden_size": 5120, "intermediate_size": 27648,
      "num_hidden_layers": 64, "num_attention_heads": 80, "num_key_value_heads": 8,
      "head_dim": 128, "vocab_size": 155136, "max_position_embeddings": 524288,
      "rope_theta": 10000000.0, "rms_norm_eps": 1e-6, "attention_bias": true})"},
};

}  // namespace

Json published_config(const std::string& shape) {
  std::string known;
  for (const Shape& candidate : kShapes) {
    if (candidate.name == shape) {
      return parse_json(candidate.config, shape);
    }
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  fail(ErrorCode::argument, "shape", "\"" + shape + "\" is not known; known are: " + known);
}

}  // namespace ottobit
