// SPDX-License-Identifier: Apache-2.0
// Z.ai GLM-4 (`glm`, and `glm4` of 2025-04): the Llama block with gate and up in one matrix, half
// of each head rotated; in the second norms behind as well. GLM-4.5 to 4.7 (`glm4_moe`,
// arXiv:2508.06471): grouped-query attention, RoPE over half of each head, the experts of DeepSeek
// V3; GLM-4.7-Flash (`glm4_moe_lite`): the same with latent attention. Upstage Solar Open
// (`solar_open`): as the first, with experts in every layer and whole heads rotated. Keys and
// defaults: transformers `Glm4MoeConfig`, `Glm4MoeLiteConfig`, `SolarOpenConfig`.
#include <variant>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

MoeSpec experts_of(const Config& config, Index experts, Index chosen, Index hidden, double scale) {
  return deepseek_experts(config,
                          {.router = RouterSpec{.experts = experts,
                                                .chosen = chosen,
                                                .score = RouterScore::sigmoid,
                                                .correction_bias = "gate.e_score_correction_bias",
                                                .scale = scale},
                           .hidden = hidden,
                           .shared = shared_expert(1)});
}

DecoderSpec with_eps(const Config& config, DecoderSpec spec) {
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  return spec;
}

}  // namespace

DecoderSpec describe_glm4_moe(const Config& config) {
  GqaSpec attention = grouped_attention(
      config, {.heads = 96, .kv_heads = 8, .head_dim = 128, .rope = RopeSpec{.dim = 64}});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.qk_norm = config.flag("use_qk_norm", false) ? QkNorm::per_head : QkNorm::none;
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 10944)};
  const MoeSpec sparse = experts_of(config, 128, 8, 1408, 1.0);
  return with_eps(config, sparse_blocks(config, 131072, attention, dense, sparse, 1));
}

DecoderSpec describe_glm4_moe_lite(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "topk_method", "noaux_tc");
  static_cast<void>(rotary_dim(config, 64, 1.0));  // says nothing here
  const MlaSpec attention = latent_attention(config, {.heads = 20,
                                                      .q_rank = 768,
                                                      .kv_rank = 512,
                                                      .nope_dim = 192,
                                                      .value_dim = 256,
                                                      .rope = RopeSpec{.dim = 64}});
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 10240)};
  const MoeSpec sparse = experts_of(config, 64, 4, 1536, 1.8);
  return with_eps(config, sparse_blocks(config, 202752, attention, dense, sparse, 1));
}

namespace {

/// The dense generation: gate and up in one matrix, neighbours rotated together.
DecoderSpec describe_dense(const Config& config, const BlockNorms& norms) {
  GqaSpec attention =
      grouped_attention(config, {.heads = 32,
                                 .kv_heads = 2,
                                 .head_dim = 128,
                                 .rope = RopeSpec{.dim = 64, .layout = RopeLayout::interleaved}});
  attention.qkv_bias = config.flag("attention_bias", false);
  DecoderSpec spec = with_eps(config, equal_blocks(config, 131072, attention));
  for (BlockSpec& block : spec.blocks) {
    block.norms = norms;
    std::get<MlpSpec>(block.ffn).fused = "gate_up_proj";
  }
  return spec;
}

}  // namespace

DecoderSpec describe_glm(const Config& config) {
  return describe_dense(config, {});
}

DecoderSpec describe_glm4(const Config& config) {
  return describe_dense(config, {.mixer_in = "input_layernorm",
                                 .mixer_out = "post_self_attn_layernorm",
                                 .ffn_in = "post_attention_layernorm",
                                 .ffn_out = "post_mlp_layernorm"});
}

DecoderSpec describe_solar_open(const Config& config) {
  static_cast<void>(config.has("intermediate_size"));  // of no layer
  GqaSpec attention = grouped_attention(
      config, {.heads = 64, .kv_heads = 8, .head_dim = 128, .rope = RopeSpec{.theta = 1e6}});
  attention.qkv_bias = config.flag("attention_bias", false);
  const MoeSpec sparse = experts_of(config, 128, 8, 1280, 1.0);
  return with_eps(config, sparse_blocks(config, 131072, attention, {}, sparse, 0));
}

}  // namespace ottobit
