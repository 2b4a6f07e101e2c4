// SPDX-License-Identifier: Apache-2.0
// Microsoft Phi-3, Phi-3.5, Phi-4 and Phi-4-mini (`phi3`, arXiv:2404.14219): the Llama block with
// queries, keys and values in one matrix, gate and up in another, in a window where there is one;
// long contexts by LongRoPE. Keys and defaults: transformers `Phi3Config`.
#include <variant>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_phi3(const Config& config) {
  GqaSpec attention = grouped_attention(config, {.heads = 32});
  attention.fused = "qkv_proj";
  attention.window = static_cast<Index>(number_or_none(config, "sliding_window", 0.0));
  require_flag(config, "attention_bias", false);
  static_cast<void>(config.has("original_max_position_embeddings"));  // of LongRoPE, if there is
  DecoderSpec spec = equal_blocks(config, 4096, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  for (BlockSpec& block : spec.blocks) {
    std::get<MlpSpec>(block.ffn).fused = "gate_up_proj";
  }
  return spec;
}

}  // namespace ottobit
