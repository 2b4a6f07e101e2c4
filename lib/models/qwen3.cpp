// SPDX-License-Identifier: Apache-2.0
// Alibaba Qwen3 (`qwen3`, `qwen3_moe`): the Llama block with a norm of each head's queries and
// keys; in the second, experts chosen by a softmax. `qwen3_vl` and `qwen3_vl_moe` are multimodal
// models around them. Keys and defaults: transformers `Qwen3Config`, `Qwen3MoeConfig`,
// `Qwen3VLMoeTextConfig`.
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

GqaSpec attention_of(const Config& config, Index default_kv_heads, Index default_head_dim) {
  GqaSpec attention = grouped_attention(
      config, {.heads = 32, .kv_heads = default_kv_heads, .head_dim = default_head_dim});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  return attention;
}

}  // namespace

DecoderSpec describe_qwen3(const Config& config) {
  DecoderSpec spec = equal_blocks(config, 32768, attention_of(config, 32, 128));
  set_late_windows(config, spec);
  return spec;
}

DecoderSpec describe_qwen3_moe(const Config& config) {
  require_flag(config, "use_sliding_window", false);
  static_cast<void>(config.integer("sliding_window", 0));  // a width that is not used then
  const Index layers = layer_count(config);
  require_layer_type(config, layers, "full_attention");
  const GqaSpec attention = attention_of(config, 4, 0);
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 6144)};
  const MoeSpec sparse{.router = RouterSpec{.experts = config.integer("num_experts", 128),
                                            .chosen = config.integer("num_experts_per_tok", 8),
                                            .score = RouterScore::softmax,
                                            .normalised = config.flag("norm_topk_prob", false)},
                       .hidden = config.integer("moe_intermediate_size", 768)};
  return mixed_blocks(config, 32768, attention, dense, sparse, sparse_layers(config, layers));
}

DecoderSpec describe_qwen3_vl(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "qwen3_vl_text");
  return wrap(config, describe_qwen3(text), {"model.visual", "visual"});
}

DecoderSpec describe_qwen3_vl_moe(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "qwen3_vl_moe_text");
  DecoderSpec spec = describe_qwen3_moe(text);
  for (BlockSpec& block : spec.blocks) {
    if (auto* experts = std::get_if<MoeSpec>(&block.ffn)) {
      experts->names = ExpertColumns{};
    }
  }
  return wrap(config, std::move(spec), {"model.visual", "visual"});
}

}  // namespace ottobit
