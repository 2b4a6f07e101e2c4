// SPDX-License-Identifier: Apache-2.0
// Alibaba Qwen3 (`qwen3`): the Llama block with a norm of each head's queries and keys. Keys and
// defaults: transformers `Qwen3Config`.
#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_qwen3(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_flag(config, "use_sliding_window", false);
  static_cast<void>(config.integer("sliding_window", 0));  // a width that is not used then
  const Index head_dim = config.integer("head_dim", 128);
  const bool bias = config.flag("attention_bias", false);
  const Index heads = config.integer("num_attention_heads", 32);
  const GqaSpec attention{.heads = heads,
                          .kv_heads = config.integer("num_key_value_heads", 32),
                          .head_dim = head_dim,
                          .qkv_bias = bias,
                          .out_bias = bias,
                          .qk_norm = QkNorm::per_head,
                          .rope = rope_of(config, head_dim)};
  return equal_blocks(config, 32768, attention);
}

}  // namespace ottobit
