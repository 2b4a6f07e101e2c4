// SPDX-License-Identifier: Apache-2.0
// Google Gemma 2 (`gemma2`, arXiv:2408.00118) and Gemma 3 (`gemma3_text` and, around it, `gemma3`,
// arXiv:2503.19786): norms before and behind each part, with weights stored less one; a GeGLU
// network; a window in most layers; scores and logits capped (2), or queries and keys normed and
// windows with a rotation of their own (3). Keys and defaults: transformers `Gemma2Config`,
// `Gemma3TextConfig`, `Gemma3Config`.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// What the two generations do differently.
struct Generation {
  QkNorm qk_norm;
  Index full_every;      ///< each so manieth layer sees everything
  double attention_cap;  ///< where the configuration is silent
  double logit_cap;
  Index context;
  Index vocab;
};

GqaSpec attention_of(const Config& config, const Generation& generation) {
  require_flag(config, "attention_bias", false);
  const double scalar = config.number("query_pre_attn_scalar", 256.0);
  OTTOBIT_CHECK(
      scalar > 0.0, ErrorCode::format, config.subject(),
      "`query_pre_attn_scalar` is " + std::to_string(scalar) + ", expected a positive number");
  return {.heads = config.integer("num_attention_heads", 8),
          .kv_heads = config.integer("num_key_value_heads", 4),
          .head_dim = config.integer("head_dim", 256),
          .qk_norm = generation.qk_norm,
          .scale = 1.0 / std::sqrt(scalar),
          .cap = number_or_none(config, "attn_logit_softcapping", generation.attention_cap)};
}

DecoderSpec describe(const Config& config, const Generation& generation, const RopeSpec& full,
                     const RopeSpec& windowed) {
  require_text(config, "hidden_activation", "gelu_pytorch_tanh");
  for (const char* key : {"hidden_act", "cache_implementation"}) {
    static_cast<void>(config.has(key));  // left from other generations
  }
  require_flag(config, "use_bidirectional_attention", false);
  DecoderSpec spec = outline(config, generation.context, generation.vocab);
  spec.norm.plus_one = true;
  spec.tied_head = config.flag("tie_word_embeddings", true);
  spec.embedding_scale = std::sqrt(static_cast<double>(spec.dim));
  spec.logit_cap = number_or_none(config, "final_logit_softcapping", generation.logit_cap);

  GqaSpec attention = attention_of(config, generation);
  const Index window = config.integer("sliding_window", 4096);
  const MlpSpec mlp{.hidden = config.integer("intermediate_size", 9216),
                    .activation = Activation::gelu_tanh};
  const Index layers = layer_count(config);
  const std::vector<bool> sliding =
      layers_of_type(config, layers, "sliding_attention", generation.full_every);
  for (Index i = 0; i < layers; ++i) {
    const bool slides = sliding[static_cast<std::size_t>(i)];
    attention.window = slides ? window : 0;
    attention.rope = slides ? windowed : full;
    spec.blocks.push_back({.scope = layer_scope(i),
                           .norms = BlockNorms{.mixer_in = "input_layernorm",
                                               .mixer_out = "post_attention_layernorm",
                                               .ffn_in = "pre_feedforward_layernorm",
                                               .ffn_out = "post_feedforward_layernorm"},
                           .mixer = attention,
                           .ffn = mlp});
  }
  return spec;
}

}  // namespace

DecoderSpec describe_gemma2(const Config& config) {
  const Generation generation{.qk_norm = QkNorm::none,
                              .full_every = 2,
                              .attention_cap = 50.0,
                              .logit_cap = 30.0,
                              .context = 8192,
                              .vocab = 256000};
  const RopeSpec rope = rope_of(config, config.integer("head_dim", 256));
  return describe(config, generation, rope, rope);
}

DecoderSpec describe_gemma3_text(const Config& config) {
  const Index every = config.integer("sliding_window_pattern", 6);
  const Generation generation{.qk_norm = QkNorm::per_head,
                              .full_every = every,
                              .attention_cap = 0.0,
                              .logit_cap = 0.0,
                              .context = 131072,
                              .vocab = 262208};
  constexpr double kTheta = 1e6;
  const Index head_dim = config.integer("head_dim", 256);
  const RopeSpec full = rope_of(config, head_dim, "full_attention", kTheta);
  RopeSpec windowed = rope_of(config, head_dim, "sliding_attention", kTheta);
  if (const std::optional<Config> each = config.section("rope_parameters");
      !each || !each->has("sliding_attention")) {
    windowed.theta = config.number("rope_local_base_freq", 10000.0);
    require_theta(config, "rope_local_base_freq", windowed.theta);
    windowed.scaling = {};
  }
  return describe(config, generation, full, windowed);
}

DecoderSpec describe_gemma3(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "gemma3_text");
  return wrap(config, describe_gemma3_text(text),
              {"vision_tower", "multi_modal_projector", "model.vision_tower",
               "model.multi_modal_projector"});
}

}  // namespace ottobit
