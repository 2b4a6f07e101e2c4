// SPDX-License-Identifier: Apache-2.0
// Huawei openPangu: Embedded (`PanguEmbedded`, 1B and 7B), the Llama block with biases on q, k, v
// and the output; Ultra-MoE (`pangu_ultra_moe`, 718B, arXiv:2505.04519), DeepSeek V3's attention
// and experts with norms before and behind. Keys and defaults: the makers' `PanguEmbeddedConfig`
// and `OpenPanguMoEConfig`.
#include <utility>
#include <variant>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_pangu_embedded(const Config& config) {
  GqaSpec attention =
      grouped_attention(config, {.heads = 32, .kv_heads = 8, .rope = RopeSpec{.theta = 16e6}});
  attention.qkv_bias = config.flag("bias", true);
  attention.out_bias = attention.qkv_bias;
  DecoderSpec spec = equal_blocks(config, 32768, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  return spec;
}

DecoderSpec describe_pangu_ultra_moe(const Config& config) {
  require_text(config, "hidden_act", "silu");
  const double eps = config.number("rms_norm_eps", 1e-5);
  MlaSpec attention = latent_attention(config, {.heads = 128,
                                                .q_rank = 1536,
                                                .kv_rank = 512,
                                                .nope_dim = 128,
                                                .value_dim = 128,
                                                .rope = RopeSpec{.dim = 64, .theta = 25.6e6}});
  attention.norm.eps = eps;
  RouterSpec router{.experts = 256, .chosen = 8, .score = RouterScore::sigmoid, .scale = 2.5};
  if (config.flag("router_enable_expert_bias", false)) {
    router.correction_bias = "gate.e_score_correction_bias";
  }
  const MoeSpec sparse =
      deepseek_experts(config, {.router = router, .hidden = 2048, .shared = shared_expert(1)});
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 18432)};
  DecoderSpec spec = sparse_blocks(config, 131072, attention, dense, sparse, 3);
  spec.norm.eps = eps;
  if (config.flag("sandwich_norm", false)) {
    for (BlockSpec& block : spec.blocks) {
      block.norms = BlockNorms{.mixer_out = "post_attention_layernorm",
                               .ffn_in = "pre_mlp_layernorm",
                               .ffn_out = "post_mlp_layernorm"};
    }
  }
  return spec;
}

}  // namespace ottobit
