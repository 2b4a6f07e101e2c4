// SPDX-License-Identifier: Apache-2.0
// ByteDance Seed-OSS (`seed_oss`): a pre-norm decoder with grouped-query attention, biases on q, k
// and v, half-split RoPE over the whole head, SwiGLU. Keys and defaults: transformers
// `SeedOssConfig`.
#include <string>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_seed_oss(const Config& config) {
  require_text(config, "hidden_act", "silu");
  const Index head_dim = config.integer("head_dim", 128);
  const GqaSpec attention{.heads = config.integer("num_attention_heads"),
                          .kv_heads = config.integer("num_key_value_heads"),
                          .head_dim = head_dim,
                          .qkv_bias = config.flag("attention_bias", true),
                          .out_bias = config.flag("attention_out_bias", false),
                          .rope = rope_of(config, head_dim)};
  const MlpSpec mlp{.hidden = config.integer("intermediate_size"),
                    .bias = config.flag("mlp_bias", false)};
  DecoderSpec spec{.vocab = config.integer("vocab_size"),
                   .dim = config.integer("hidden_size"),
                   .context = config.integer("max_position_embeddings"),
                   .norm_eps = config.number("rms_norm_eps", 1e-6),
                   .tied_head = config.flag("tie_word_embeddings", false),
                   .blocks = {}};
  const Index layers = layer_count(config);
  for (Index i = 0; i < layers; ++i) {
    spec.blocks.push_back(
        {.scope = "model.layers." + std::to_string(i), .mixer = attention, .ffn = mlp});
  }
  return spec;
}

}  // namespace ottobit
