// SPDX-License-Identifier: Apache-2.0
// NVIDIA Nemotron-H, Nano 2 and Nemotron 3 (`nemotron_h`; arXiv:2504.03624, arXiv:2512.20848):
// each layer is one thing, a state, attention without rotation, a network or experts, none of which
// has a gate. The experts of the larger ones work in latents. Keys and defaults: transformers
// `NemotronHConfig`.
#include <string>
#include <utility>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/mamba.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// A layer's kind in the letters of `hybrid_override_pattern`: M, a state; *, attention; -, a
/// network; E, experts.
char letter_of(const std::string& type) {
  if (type == "linear_attention" || type == "mamba") {
    return 'M';
  }
  if (type == "full_attention" || type == "attention") {
    return '*';
  }
  return type == "mlp" ? '-' : type == "moe" ? 'E' : '?';
}

std::string letters(const Config& config) {
  const char* const key = "hybrid_override_pattern";
  std::string pattern;
  if (config.has("layer_types")) {
    for (const std::string& type : config.texts("layer_types")) {
      pattern.push_back(letter_of(type));
      OTTOBIT_CHECK(pattern.back() != '?', ErrorCode::unsupported, config.subject(),
                    "`layer_types` has \"" + printable(type) +
                        "\", known are: linear_attention, full_attention, mlp, moe");
    }
    static_cast<void>(config.has(key));
  } else {
    pattern = config.text(key);
    const std::size_t other = pattern.find_first_not_of("M*-E");
    OTTOBIT_CHECK(other == std::string::npos, ErrorCode::unsupported, config.subject(),
                  "`" + std::string(key) + "` has the letter \"" +
                      printable(pattern.substr(other, 1)) + "\", known are: M, *, -, E");
  }
  OTTOBIT_CHECK(!pattern.empty() && pattern.size() <= 4096, ErrorCode::format, config.subject(),
                "names " + std::to_string(pattern.size()) + " layers, expected 1 to 4096");
  return pattern;
}

MambaSpec state_of(const Config& config, double eps) {
  require_text(config, "mamba_hidden_act", "silu");
  const Index groups = config.integer("n_groups", 8);
  const MambaSpec mamba{.heads = config.integer("mamba_num_heads", 128),
                        .head_dim = config.integer("mamba_head_dim", 64),
                        .groups = groups,
                        .state = config.integer("ssm_state_size", 128),
                        .taps = config.integer("conv_kernel", 4),
                        .conv_bias = config.flag("use_conv_bias", true),
                        .bias = config.flag("use_bias", false),
                        .norm_parts = groups,
                        .norm_eps = eps};
  return within_time_limits(config, mamba);
}

GqaSpec attention_of(const Config& config) {
  const Index heads = config.integer("num_attention_heads", 32);
  const Index head_dim = config.integer("head_dim", 128);
  const bool bias = config.flag("attention_bias", false);
  static_cast<void>(rope_of(config, head_dim));  // said, and not done
  return {.heads = heads,
          .kv_heads = config.integer("num_key_value_heads", 8),
          .head_dim = head_dim,
          .qkv_bias = bias,
          .out_bias = bias};
}

MlpSpec network(const Config& config, Index width, const std::string& scope) {
  MlpSpec mlp{.hidden = width,
              .bias = config.flag("mlp_bias", false),
              .activation = Activation::relu_squared,
              .scope = scope};
  mlp.names.gate.clear();
  return mlp;
}

MoeSpec experts_of(const Config& config) {
  const Index shared = config.integer("moe_shared_expert_intermediate_size", 7688);
  const RouterSpec router{.experts = 8,
                          .chosen = 2,
                          .score = RouterScore::sigmoid,
                          .correction_bias = "gate.e_score_correction_bias"};
  MoeSpec moe = deepseek_experts(config, {.router = router, .hidden = 7688});
  moe.scope = "mixer";
  MlpNames names;
  names.gate.clear();
  moe.names = names;
  moe.activation = Activation::relu_squared;
  moe.latent = config.integer("moe_latent_size", 0);
  const bool has_shared = config.integer("n_shared_experts", 1) > 0;
  moe.shared = network(config, has_shared ? shared : 0, "shared_experts");
  return moe;
}

}  // namespace

DecoderSpec describe_nemotron_h(const Config& config) {
  require_text(config, "mlp_hidden_act", "relu2");
  for (const char* key : {"expand",
                          "chunk_size",
                          "hidden_act",
                          "mamba_proj_bias",
                          "mamba_ssm_cache_dtype",
                          "moe_shared_expert_overlap",
                          "mtp_hybrid_override_pattern",
                          "mtp_layers_block_type",
                          "norm_eps",
                          "num_hidden_layers",
                          "num_logits_to_keep",
                          "num_nextn_predict_layers",
                          "partial_rotary_factor",
                          "rescale_prenorm_residual",
                          "residual_in_fp32",
                          "rms_norm_eps",
                          "sliding_window",
                          "time_step_floor",
                          "time_step_max",
                          "time_step_min",
                          "use_mamba_kernels"}) {
    static_cast<void>(config.has(key));  // of training, of ways to compute, of draft layers
  }
  DecoderSpec spec = outline(config, 4096);
  spec.norm.eps = config.number("layer_norm_epsilon", 1e-5);
  spec.names = DecoderNames{.embedding = "backbone.embeddings", .norm = "backbone.norm_f"};
  spec.aside = {"mtp"};
  const std::string pattern = letters(config);
  const MambaSpec state = state_of(config, spec.norm.eps);
  const GqaSpec attention = attention_of(config);
  const MlpSpec mlp = network(config, config.integer("intermediate_size", 21504), "mixer");
  const MoeSpec experts = experts_of(config);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    BlockSpec block{.scope = "backbone.layers." + std::to_string(i),
                    .norms = BlockNorms{.mixer_in = "norm", .ffn_in = ""},
                    .mixer_scope = "mixer",
                    .mixer = std::monostate(),
                    .ffn = std::monostate()};
    if (pattern[i] == 'M') {
      block.mixer = state;
    } else if (pattern[i] == '*') {
      block.mixer = attention;
    } else {
      std::swap(block.norms.mixer_in, block.norms.ffn_in);
      block.ffn = pattern[i] == 'E' ? FfnSpec(experts) : mlp;
    }
    spec.blocks.push_back(block);
  }
  return spec;
}

}  // namespace ottobit
