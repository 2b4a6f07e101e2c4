// SPDX-License-Identifier: Apache-2.0
// rednote dots.llm1 (`dots1`, arXiv:2506.05767) and Tencent Hy3 (`hy_v3`): grouped-query attention
// with a norm of each head's queries and keys, the first layers dense, then experts chosen by
// sigmoids with a correction, beside shared ones. Keys and defaults: transformers `Dots1Config`,
// `HYV3Config`.
#include <variant>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_dots1(const Config& config) {
  require_text(config, "scoring_func", "noaux_tc");  // sigmoids with a correction, in its words
  GqaSpec attention = grouped_attention(config, {.heads = 32, .kv_heads = 32});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 10944)};
  const MoeSpec sparse = deepseek_experts(
      config, {.router = RouterSpec{.score = RouterScore::sigmoid,
                                    .correction_bias = "gate.e_score_correction_bias",
                                    .normalised = false},
               .hidden = 1408,
               .shared = shared_expert(1)});
  DecoderSpec spec = sparse_blocks(config, 2048, attention, dense, sparse, 0);

  const auto window = static_cast<Index>(number_or_none(config, "sliding_window", 4096.0));
  const Index first = config.integer("max_window_layers", 62);
  const auto layers = static_cast<Index>(spec.blocks.size());
  std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 0);
  for (Index i = 0; i < layers && !config.has("layer_types"); ++i) {
    slides[static_cast<std::size_t>(i)] = i >= first;
  }
  set_windows(spec, slides, window);
  return spec;
}

DecoderSpec describe_hy_v3(const Config& config) {
  require_flag(config, "qk_norm", true);
  require_flag(config, "route_norm", true);
  require_flag(config, "moe_router_use_sigmoid", true);
  require_flag(config, "moe_router_enable_expert_bias", true);
  static_cast<void>(config.has("enable_moe_fp32_combine"));  // sums are of f32 here
  GqaSpec attention = grouped_attention(
      config, {.heads = 64, .kv_heads = 8, .head_dim = 128, .rope = RopeSpec{.theta = 11158840.0}});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.qk_norm = QkNorm::per_head;
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 13312),
                      .bias = config.flag("mlp_bias", false)};
  const Index width = config.integer("moe_intermediate_size", 1536);
  require_number(config, "expert_hidden_dim", static_cast<double>(width));
  const MoeSpec sparse{
      .router = RouterSpec{.experts = config.integer("num_experts", 192),
                           .chosen = config.integer("num_experts_per_tok", 8),
                           .score = RouterScore::sigmoid,
                           .correction_bias = "expert_bias",
                           .name = "router.gate",
                           .scale = config.number("router_scaling_factor", 2.826)},
      .hidden = width,
      .shared = shared_expert(width * config.integer("num_shared_experts", 1), "shared_mlp")};
  DecoderSpec spec = sparse_blocks(config, 131072, attention, dense, sparse, 1);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  return spec;
}

}  // namespace ottobit
