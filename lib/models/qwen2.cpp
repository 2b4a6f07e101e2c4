// SPDX-License-Identifier: Apache-2.0
// Alibaba Qwen2, Qwen2.5, QwQ and what was distilled into them (`qwen2`): the Llama block with
// biases on q, k and v. `qwen2_moe` has experts beside one that every token goes to as far as its
// gate lets it; `qwen2_vl` and `qwen2_5_vl` are multimodal models around `qwen2`. Keys and
// defaults: transformers `Qwen2Config`, `Qwen2MoeConfig`, `Qwen2VLTextConfig`.
#include <string>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_qwen2(const Config& config) {
  const GqaSpec attention =
      grouped_attention(config, {.heads = 32, .kv_heads = 32, .qkv_bias = true});
  DecoderSpec spec = equal_blocks(config, 32768, attention);
  set_late_windows(config, spec);
  return spec;
}

DecoderSpec describe_qwen2_moe(const Config& config) {
  require_flag(config, "use_sliding_window", false);
  static_cast<void>(config.has("sliding_window"));  // a width that is not used then
  const Index layers = layer_count(config);
  require_layer_type(config, layers, "full_attention");
  GqaSpec attention = grouped_attention(config, {.heads = 16, .kv_heads = 16});
  attention.qkv_bias = config.flag("qkv_bias", true);
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 5632)};
  MoeSpec sparse{.router = RouterSpec{.experts = config.integer("num_experts", 60),
                                      .chosen = config.integer("num_experts_per_tok", 4),
                                      .score = RouterScore::softmax,
                                      .normalised = config.flag("norm_topk_prob", false)},
                 .hidden = config.integer("moe_intermediate_size", 1408),
                 .shared = shared_expert(config.integer("shared_expert_intermediate_size", 5632),
                                         "shared_expert"),
                 .shared_gate = "shared_expert_gate"};
  return mixed_blocks(config, 32768, attention, dense, sparse, sparse_layers(config, layers));
}

DecoderSpec describe_qwen2_vl(const Config& config) {
  // The text's keys stand at the top, or in a section, as transformers 5 writes them.
  const Config text = config.section("text_config").value_or(config);
  return wrap(config, describe_qwen2(text), {"visual", "model.visual"});
}

}  // namespace ottobit
