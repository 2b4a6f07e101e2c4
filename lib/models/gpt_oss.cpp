// SPDX-License-Identifier: Apache-2.0
// OpenAI gpt-oss (`gpt_oss`, arXiv:2508.10925): grouped-query attention with sinks and biases,
// every other layer in a window; experts in stacked tensors, MXFP4 as published, whose gate and up
// rows alternate. Keys and defaults: transformers `GptOssConfig`.
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {

DecoderSpec describe_gpt_oss(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_number(config, "swiglu_alpha", 1.702);
  static_cast<void>(config.has("initial_context_length"));  // said again by the rotation
  DecoderSpec spec = outline(config, 131072, 201088);
  const bool bias = config.flag("attention_bias", true);
  const Index head_dim = config.integer("head_dim", 64);
  GqaSpec attention{.heads = config.integer("num_attention_heads", 64),
                    .kv_heads = config.integer("num_key_value_heads", 8),
                    .head_dim = head_dim,
                    .qkv_bias = bias,
                    .out_bias = bias,
                    .sinks = "sinks",
                    .rope = rope_of(config, head_dim, "", 150000.0)};
  // A softmax over the chosen only is one over all, normalised again.
  const MoeSpec experts{.names = ExpertStack{.bias = true},
                        .router = RouterSpec{.experts = config.integer("num_local_experts", 128),
                                             .chosen = config.integer("num_experts_per_tok", 4),
                                             .score = RouterScore::softmax,
                                             .name = "router",
                                             .bias = true},
                        .hidden = config.integer("intermediate_size", 2880),
                        .activation = Activation::swiglu_limited,
                        .limit = config.number("swiglu_limit", 7.0)};
  const Index window = config.integer("sliding_window", 128);
  const Index layers = layer_count(config);
  const std::vector<bool> sliding = layers_of_type(config, layers, "sliding_attention", 2);
  for (Index i = 0; i < layers; ++i) {
    attention.window = sliding[static_cast<std::size_t>(i)] ? window : 0;
    spec.blocks.push_back({.scope = layer_scope(i), .mixer = attention, .ffn = experts});
  }
  return spec;
}

}  // namespace ottobit
