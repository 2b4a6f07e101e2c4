// SPDX-License-Identifier: Apache-2.0
// Meta Muse Glimmer (`muse_glimmer`, around `muse_glimmer_text`): Gemma's four norms, those behind
// the parts with an eps of their own, the last one stored as it is; embeddings, queries and keys
// normed without weights; gates from a matrix of their own; windows with a rotation, and layers
// that see everything without. Keys and defaults: transformers `MuseGlimmerTextConfig`.
#include <cmath>
#include <string>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// Which layers have a window and a rotation, where the configuration is silent: all but each
/// fourth, counted from the last.
std::vector<bool> windowed(Index layers) {
  std::vector<bool> is;
  for (Index i = 0; i < layers; ++i) {
    is.push_back((layers - 1 - i) % 4 != 0);
  }
  return is;
}

}  // namespace

DecoderSpec describe_muse_glimmer_text(const Config& config) {
  require_text(config, "hidden_activation", "silu");
  require_flag(config, "attention_bias", false);
  DecoderSpec spec = outline(config, 131072, 202048);
  spec.norm = NormSpec{.eps = config.number("rms_norm_eps", 1e-5), .plus_one = true};
  spec.final_norm = NormSpec{.eps = spec.norm.eps};
  spec.embedding_eps = spec.norm.eps;
  spec.logit_scale = config.number("output_multiplier", 0.19611613513818404);
  spec.logit_cap = config.number("final_logit_softcapping", 20.0);

  const Index head_dim = config.integer("head_dim", 128);
  const double factor = config.number("qk_scale_factor", 3.87);
  GqaSpec attention{.heads = config.integer("num_attention_heads", 32),
                    .kv_heads = config.integer("num_key_value_heads", 2),
                    .head_dim = head_dim,
                    .qk_norm = QkNorm::plain,
                    .scale = factor / std::sqrt(static_cast<double>(head_dim)),
                    .gate = "gate_proj"};
  const RopeSpec rope = rope_of(config, head_dim, "", 5e5);
  const Index window = config.integer("sliding_window", 2048);
  const MlpSpec mlp{.hidden = config.integer("intermediate_size", 19968)};
  const Index layers = layer_count(config);
  const std::vector<bool> rotated = nonzero_layers(config, "layer_rope_theta", windowed(layers));
  std::vector<bool> slides = windowed(layers);
  const std::vector<std::string> types = layer_types(config, layers);
  for (std::size_t i = 0; i < types.size(); ++i) {
    slides[i] = types[i] == "sliding_attention";
  }
  for (Index i = 0; i < layers; ++i) {
    const auto at = static_cast<std::size_t>(i);
    attention.window = slides[at] ? window : 0;
    attention.rope = rotated[at] ? rope : RopeSpec{};
    spec.blocks.push_back({.scope = layer_scope(i),
                           .norms = BlockNorms{.mixer_in = "input_layernorm",
                                               .mixer_out = "post_attention_layernorm",
                                               .ffn_in = "pre_feedforward_layernorm",
                                               .ffn_out = "post_feedforward_layernorm",
                                               .out_eps = config.number("post_norm_eps", 1e-8)},
                           .mixer = attention,
                           .ffn = mlp});
  }
  return spec;
}

DecoderSpec describe_muse_glimmer(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "muse_glimmer_text");
  static_cast<void>(config.has("out_hidden_size"));  // of the encoder of images
  DecoderSpec spec =
      wrap(config, describe_muse_glimmer_text(text),
           {"model.vision_tower", "model.vision_adapter", "model.vision_projection"});
  spec.placeholders.ids =
      tokens_at(config, spec.vocab, {{"image_token_id", 200092}, {"video_token_id", 200091}});
  return spec;
}

}  // namespace ottobit
