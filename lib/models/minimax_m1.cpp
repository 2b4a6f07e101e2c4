// SPDX-License-Identifier: Apache-2.0
// MiniMax-Text-01 (`minimax_text_01`, arXiv:2501.08313, which transformers calls `minimax`) and M1
// (`minimax_m1`, arXiv:2506.13585): lightning attention, with softmax attention in each
// eighth layer, and experts chosen by a softmax; what a block adds joins its normed input, by
// factors. Keys and defaults: the makers' `MiniMaxM1Config`,
// transformers `MiniMaxConfig`.
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

bool is_makers(const Config& config) {
  return config.text("model_type") != "minimax";
}

/// Which layers have softmax attention: those with a 1 in `attn_type_list`, 0 being lightning
/// attention; all where it is absent.
std::vector<bool> softmax_layers(const Config& config, Index layers) {
  std::vector<bool> softmax(static_cast<std::size_t>(layers), true);
  if (config.has("layer_types")) {
    softmax = layers_of_type(config, layers, "linear_attention", 0);
    softmax.flip();
  } else if (!is_makers(config)) {  // every other layer
    softmax = layers_of_type(config, layers, "linear_attention", 2);
  }
  if (!config.has("attn_type_list")) {
    return softmax;
  }
  const std::vector<Index> types = config.integers("attn_type_list");
  OTTOBIT_CHECK(static_cast<Index>(types.size()) == layers, ErrorCode::format, config.subject(),
                "`attn_type_list` has " + std::to_string(types.size()) + " entries for " +
                    std::to_string(layers) + " layers");
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(types[i] == 0 || types[i] == 1, ErrorCode::unsupported, config.subject(),
                  "`attn_type_list` has a " + std::to_string(types[i]) + ", known are: 0, 1");
    softmax[i] = types[i] == 1;
  }
  return softmax;
}

/// The factors of a part as the makers write them, or as transformers does, where its normed input
/// always is what is kept.
ResidualSpec residual(const Config& config, const std::string& part) {
  if (is_makers(config)) {
    return {.keep = config.number("layernorm_" + part + "_alpha", 1.0),
            .add = config.number("layernorm_" + part + "_beta", 1.0),
            .normed = config.flag("postnorm", false)};
  }
  const std::string name = part == "mlp" ? part : part.substr(0, part.find('_')) + "_attn";
  return {.keep = config.number(name + "_alpha_factor", 1.0),
          .add = config.number(name + "_beta_factor", 1.0),
          .normed = true};
}

/// The decay grows slower from layer to layer.
double slope(Index layer, Index layers) {
  constexpr double kSmall = 1e-5;
  return 1.0 - static_cast<double>(layer) / (static_cast<double>(layers - 1) + kSmall) + kSmall;
}

}  // namespace

DecoderSpec describe_minimax_m1(const Config& config) {
  require_text(config, "hidden_act", "silu");
  OTTOBIT_CHECK(config.integer("shared_intermediate_size", 0) == 0, ErrorCode::unsupported,
                config.subject(), "`shared_intermediate_size` is not 0: there is no shared expert");
  for (const char* key : {"shared_moe_mode", "block_size"}) {
    static_cast<void>(config.has(key));  // of shared experts; of a way to compute
  }
  const Index heads = config.integer("num_attention_heads", 32);
  const Index head_dim =
      config.integer("head_dim", heads == 0 ? 0 : config.integer("hidden_size") / heads);
  const Index rotated = config.integer("rotary_dim", rotary_dim(config, head_dim, 1.0));
  const GqaSpec attention{.heads = heads,
                          .kv_heads = config.integer("num_key_value_heads", 8),
                          .head_dim = head_dim,
                          .rope = rope_of(config, rotated, "", is_makers(config) ? 10000.0 : 1e6)};
  const MoeSpec experts{.scope = "block_sparse_moe",
                        .names = MlpNames{.gate = "w1", .up = "w3", .down = "w2"},
                        .router = RouterSpec{.experts = config.integer("num_local_experts", 8),
                                             .chosen = config.integer("num_experts_per_tok", 2),
                                             .score = RouterScore::softmax},
                        .hidden = config.integer("intermediate_size", 14336)};
  const ResidualSpec of_softmax = residual(config, "full_attention");
  const ResidualSpec of_lightning = residual(config, "linear_attention");
  const ResidualSpec of_experts = residual(config, "mlp");
  DecoderSpec spec = outline(config, 32768);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  const Index layers = layer_count(config);
  const std::vector<bool> softmax = softmax_layers(config, layers);
  for (Index i = 0; i < layers; ++i) {
    BlockSpec block{.scope = layer_scope(i),
                    .mixer = attention,
                    .mixer_residual = of_softmax,
                    .ffn = experts,
                    .ffn_residual = of_experts};
    if (!softmax[static_cast<std::size_t>(i)]) {
      block.mixer = LightningSpec{.heads = heads, .head_dim = head_dim, .slope = slope(i, layers)};
      block.mixer_residual = of_lightning;
    }
    spec.blocks.push_back(block);
  }
  return spec;
}

}  // namespace ottobit
