// SPDX-License-Identifier: Apache-2.0
// Liquid AI LFM2 and LFM2.5, dense, with experts and the text part of those that see (`lfm2`,
// `lfm2_moe`, `lfm2_vl`; arXiv:2511.23404): gated short convolutions, with attention in some
// layers. Keys and defaults: transformers `Lfm2Config`, `Lfm2MoeConfig`.
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

MlpNames names() {
  return {.gate = "w1", .up = "w3", .down = "w2"};
}

/// The width of the dense networks, which `block_auto_adjust_ff_dim` makes two thirds of what
/// stands there, rounded up.
Index dense_width(const Config& config) {
  const Index stated = config.integer("block_ff_dim", config.integer("intermediate_size", 12288));
  const bool adjusted = config.flag("block_auto_adjust_ff_dim", true);
  const double factor = number_or_none(config, "block_ffn_dim_multiplier", 1.0);
  const Index multiple = config.integer("block_multiple_of", 256);
  OTTOBIT_CHECK(
      stated >= 1 && stated <= 1 << 24 && factor >= 0.0 && factor <= 64.0 && multiple >= 1 &&
          multiple <= 1 << 20,
      ErrorCode::format, config.subject(),
      "`block_ff_dim`, `block_ffn_dim_multiplier` or `block_multiple_of` is out of range");
  if (!adjusted) {
    return stated;
  }
  const Index width = 2 * stated / 3;
  if (factor == 0.0) {  // null
    return width;
  }
  const auto scaled = static_cast<Index>(factor * static_cast<double>(width));
  return (scaled + multiple - 1) / multiple * multiple;
}

/// Which layers have convolutions: as `layer_types` says, or all but those of `full_attn_idxs`.
std::vector<bool> conv_layers(const Config& config, Index layers) {
  std::vector<bool> conv = layers_of_type(config, layers, "conv", 1);
  if (!config.has("layer_types") && config.has("full_attn_idxs")) {
    conv.assign(static_cast<std::size_t>(layers), true);
    for (const Index i : config.integers("full_attn_idxs")) {
      if (i >= 0 && i < layers) {
        conv[static_cast<std::size_t>(i)] = false;
      }
    }
  }
  return conv;
}

DecoderSpec describe(const Config& config, const MlpSpec& dense) {
  for (const char* key :
       {"block_dim", "block_mlp_init_scale", "block_norm_eps", "block_out_init_scale",
        "block_use_swiglu", "block_use_xavier_init", "conv_dim", "conv_dim_out",
        "conv_use_xavier_init", "num_heads", "use_pos_enc", "rms_norm_eps"}) {
    static_cast<void>(config.has(key));  // of training, or said twice
  }
  GqaSpec attention =
      grouped_attention(config, {.heads = 32, .kv_heads = 8, .rope = RopeSpec{.theta = 1000000.0}});
  attention.qk_norm = QkNorm::per_head;
  attention.names = GqaNames{.q_norm = "q_layernorm", .k_norm = "k_layernorm", .out = "out_proj"};
  const ShortConvSpec conv{.taps = config.integer("conv_L_cache", 3),
                           .bias = config.flag("conv_bias", false)};
  DecoderSpec spec = equal_blocks(config, 128000, attention, dense);
  spec.norm.eps = config.number("norm_eps", 1e-5);
  spec.names.norm = "model.embedding_norm";
  spec.tied_head = config.flag("tie_embedding", config.flag("tie_word_embeddings", true));
  const std::vector<bool> convolves = conv_layers(config, layer_count(config));
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockSpec& block = spec.blocks[i];
    block.norms.mixer_in = "operator_norm";
    block.norms.ffn_in = "ffn_norm";
    if (convolves[i]) {
      block.mixer = conv;
      block.mixer_scope = "conv";
    }
  }
  return spec;
}

}  // namespace

DecoderSpec describe_lfm2(const Config& config) {
  return describe(config,
                  {.hidden = dense_width(config), .scope = "feed_forward", .names = names()});
}

DecoderSpec describe_lfm2_moe(const Config& config) {
  DecoderSpec spec = describe(config, {.hidden = config.integer("intermediate_size", 7168),
                                       .scope = "feed_forward",
                                       .names = names()});
  const MoeSpec experts{
      .scope = "feed_forward",
      .names = names(),
      .router =
          RouterSpec{.experts = config.integer("num_experts", 32),
                     .chosen = config.integer("num_experts_per_tok", 4),
                     .score = RouterScore::sigmoid,
                     .correction_bias = config.flag("use_expert_bias", true) ? "expert_bias" : "",
                     .normalised = config.flag("norm_topk_prob", true),
                     .scale = config.number("routed_scaling_factor", 1.0)},
      .hidden = config.integer("moe_intermediate_size", 1792)};
  const auto dense =
      static_cast<std::size_t>(std::max<Index>(config.integer("num_dense_layers", 2), 0));
  for (std::size_t i = dense; i < spec.blocks.size(); ++i) {
    spec.blocks[i].ffn = experts;
  }
  return spec;
}

DecoderSpec describe_lfm2_vl(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "lfm2");
  return wrap(config, describe_lfm2(text),
              {"model.vision_tower", "model.multi_modal_projector", "vision_tower",
               "multi_modal_projector"});
}

}  // namespace ottobit
