// SPDX-License-Identifier: Apache-2.0
// Meta Llama 2, 3, 3.1, 3.2, 3.3 and models of their shape (`llama`): a pre-norm decoder with
// grouped-query attention, half-split RoPE over the whole head, SwiGLU. Keys and defaults:
// transformers `LlamaConfig`.
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {

DecoderSpec describe_llama(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_layer_type(config, layer_count(config), "full_attention");
  const Index heads = config.integer("num_attention_heads");
  const bool bias = config.flag("attention_bias", false);
  const Index head_dim =
      config.integer("head_dim", heads == 0 ? 0 : config.integer("hidden_size") / heads);
  const GqaSpec attention{.heads = heads,
                          .kv_heads = config.integer("num_key_value_heads", heads),
                          .head_dim = head_dim,
                          .qkv_bias = bias,
                          .out_bias = bias,
                          .rope = rope_of(config, head_dim)};
  return equal_blocks(config, 2048, attention);
}

}  // namespace ottobit
