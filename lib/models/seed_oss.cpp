// SPDX-License-Identifier: Apache-2.0
// ByteDance Seed-OSS (`seed_oss`): a pre-norm decoder with grouped-query attention, biases on q, k
// and v, half-split RoPE over the whole head, SwiGLU. Keys and defaults: transformers
// `SeedOssConfig`.
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {

DecoderSpec describe_seed_oss(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_layer_type(config, layer_count(config), "full_attention");
  const Index head_dim = config.integer("head_dim", 128);
  const GqaSpec attention{.heads = config.integer("num_attention_heads"),
                          .kv_heads = config.integer("num_key_value_heads"),
                          .head_dim = head_dim,
                          .qkv_bias = config.flag("attention_bias", true),
                          .out_bias = config.flag("attention_out_bias", false),
                          .rope = rope_of(config, head_dim)};
  return equal_blocks(config, 524288, attention);
}

}  // namespace ottobit
