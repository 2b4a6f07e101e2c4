// SPDX-License-Identifier: Apache-2.0
// Moonshot Kimi Linear (`kimi_linear`, arXiv:2510.26692): Kimi delta attention, with latent
// attention without rotation in each fourth layer; experts as DeepSeek V3 has them. Keys and
// defaults: transformers `KimiLinearConfig`.
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

/// Which layers have Kimi delta attention: as the lists of the section say, which count from 1, or
/// `layer_types`; else all but each fourth of those behind the first.
std::vector<bool> delta_layers(const Config& config, const Config& section, Index layers) {
  std::vector<bool> delta = layers_of_type(config, layers, "linear_attention", 0);
  if (section.has("full_attn_layers")) {
    delta.assign(static_cast<std::size_t>(layers), true);
    for (const Index number : section.integers("full_attn_layers")) {
      OTTOBIT_CHECK(number >= 1 && number <= layers, ErrorCode::format, section.subject(),
                    "`full_attn_layers` has a " + std::to_string(number) + ", expected 1 to " +
                        std::to_string(layers));
      delta[static_cast<std::size_t>(number - 1)] = false;
    }
  } else if (!config.has("layer_types")) {
    for (std::size_t i = 4; i < delta.size(); i += 4) {
      delta[i] = false;
    }
  }
  return delta;
}

}  // namespace

DecoderSpec describe_kimi_linear(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "moe_router_activation_func", "sigmoid");
  require_flag(config, "mla_use_nope", true);
  for (const char* key : {"use_grouped_topk", "rope_theta", "rope_scaling", "rope_parameters"}) {
    static_cast<void>(config.has(key));  // what the other keys say; of what is not rotated
  }
  const Config section = config.section("linear_attn_config").value_or(config);
  const bool is_apart = config.has("linear_attn_config");
  const double eps = config.number("rms_norm_eps", 1e-5);
  const KdaSpec delta{
      .heads = section.integer(is_apart ? "num_heads" : "linear_num_heads", 32),
      .head_dim = section.integer(is_apart ? "head_dim" : "linear_head_dim", 128),
      .taps = section.integer(is_apart ? "short_conv_kernel_size" : "linear_conv_kernel_dim", 4),
      .norm_eps = eps};
  MlaSpec attention = latent_attention(config, {.heads = 32,
                                                .kv_rank = 512,
                                                .nope_dim = 128,
                                                .value_dim = 128,
                                                .rope = RopeSpec{.dim = 64}});
  attention.rotates = false;
  const MoeSpec sparse = deepseek_experts(
      config, {.scope = "block_sparse_moe",
               .names = MlpNames{.gate = "w1", .up = "w3", .down = "w2"},
               .router = RouterSpec{.experts = 256,
                                    .chosen = 8,
                                    .score = RouterScore::sigmoid,
                                    .correction_bias = "gate.e_score_correction_bias",
                                    .scale = 2.446},
               .hidden = 1024,
               .shared = shared_expert(1)});
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 9216),
                      .other_scope = "block_sparse_moe"};
  DecoderSpec spec = sparse_blocks(config, 1048576, attention, dense, sparse, 1);
  spec.norm.eps = eps;
  const std::vector<bool> is_delta = delta_layers(config, section, layer_count(config));
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    if (is_delta[i]) {
      spec.blocks[i].mixer = delta;
    }
  }
  static_cast<void>(section.has("kda_layers"));  // all others
  return spec;
}

}  // namespace ottobit
