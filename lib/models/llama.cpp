// SPDX-License-Identifier: Apache-2.0
// Meta Llama 2, 3, 3.1, 3.2, 3.3 and models of their shape (`llama`): a pre-norm decoder with
// grouped-query attention, half-split RoPE over the whole head, SwiGLU. Keys and defaults:
// transformers `LlamaConfig`.
#include <string>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_llama(const Config& config) {
  require_text(config, "hidden_act", "silu");
  const Index dim = config.integer("hidden_size");
  const Index heads = config.integer("num_attention_heads");
  const bool bias = config.flag("attention_bias", false);
  const Index head_dim = config.integer("head_dim", heads == 0 ? 0 : dim / heads);
  const GqaSpec attention{.heads = heads,
                          .kv_heads = config.integer("num_key_value_heads", heads),
                          .head_dim = head_dim,
                          .qkv_bias = bias,
                          .out_bias = bias,
                          .rope = rope_of(config, head_dim)};
  const MlpSpec mlp{.hidden = config.integer("intermediate_size"),
                    .bias = config.flag("mlp_bias", false)};
  DecoderSpec spec{.vocab = config.integer("vocab_size"),
                   .dim = dim,
                   .context = config.integer("max_position_embeddings", 2048),
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
