// SPDX-License-Identifier: Apache-2.0
// Google Gemma 4 (`gemma4` and `gemma4_unified`, around `gemma4_text` and `gemma4_unified_text`):
// Gemma's four norms and GeGLU network; layers that see everything have heads of their own width
// and number and rotate a quarter of their pairs. In the larger models keys serve as values there;
// in the E models the last layers have no keys of their own, and each layer has inputs. The 26B-A4B
// has experts beside its network. Keys and defaults: transformers `Gemma4TextConfig`,
// `Gemma4Config`.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// What `per_layer_config` says of a layer, where it is there.
std::optional<Config> config_of_layer(const Config& config, Index layer) {
  const std::optional<Config> each = config.section("per_layer_config");
  return each ? each->section(std::to_string(layer)) : std::nullopt;
}

/// The rotation of one type of layer.
RopeSpec rotation(const Config& config, Index head_dim, bool slides) {
  if (slides) {
    return rope_of(config, head_dim, "sliding_attention", 1e4);
  }
  RopeSpec rope = rope_of(config, head_dim, "full_attention", 1e6);
  if (!rope_section(config, "full_attention")) {
    rope.scaling = RopeProportional{.part = 0.25};
  }
  return rope;
}

/// Attention of a layer. What is wider in layers that see everything stands in keys of their own,
/// or in a section for each layer, as transformers 5 saves it.
GqaSpec attention_of(const Config& config, Index layer, bool slides) {
  GqaSpec attention{.heads = config.integer("num_attention_heads", 8),
                    .kv_heads = config.integer("num_key_value_heads", 4),
                    .head_dim = config.integer("head_dim", 256),
                    .qk_norm = QkNorm::per_head,
                    .value_norm = true,
                    .values_of_keys = !slides && config.flag("attention_k_eq_v", false),
                    .scale = 1.0,
                    .window = slides ? config.integer("sliding_window", 512) : 0};
  const Index global_heads = config.integer("num_global_key_value_heads", attention.kv_heads);
  const Index global_dim = config.integer("global_head_dim", 512);
  if (!slides && !config.has("per_layer_config")) {
    attention.head_dim = global_dim;
    attention.kv_heads = attention.values_of_keys ? global_heads : attention.kv_heads;
  }
  if (const std::optional<Config> own = config_of_layer(config, layer)) {
    attention.head_dim = own->integer("head_dim", attention.head_dim);
    attention.kv_heads = own->integer("num_key_value_heads", attention.kv_heads);
  }
  attention.rope = rotation(config, attention.head_dim, slides);
  return attention;
}

/// The last layers that share keys and values: those of the last layer before them that sees as
/// much.
void share_keys(DecoderSpec& spec, Index shared, const Config& config) {
  const auto attention_at = [&](Index layer) -> GqaSpec& {
    return std::get<GqaSpec>(spec.blocks[static_cast<std::size_t>(layer)].mixer);
  };
  const auto layers = static_cast<Index>(spec.blocks.size());
  const Index first = std::max<Index>(layers - shared, 0);
  for (Index i = first; i < layers; ++i) {
    GqaSpec& attention = attention_at(i);
    Index of = first - 1;
    while (of >= 0 && attention_at(of).window != attention.window) {
      --of;
    }
    OTTOBIT_CHECK(of >= 0, ErrorCode::format, config.subject(),
                  "`num_kv_shared_layers` is " + std::to_string(shared) +
                      ", and no layer of the type of layer " + std::to_string(i) +
                      " is left to share from");
    OTTOBIT_CHECK(attention_at(of).head_dim == attention.head_dim &&
                      attention_at(of).kv_heads == attention.kv_heads,
                  ErrorCode::format, config.subject(),
                  "layer " + std::to_string(i) + " has other key/value heads than layer " +
                      std::to_string(of) + ", whose keys and values it shares");
    attention.kv_of = of;
    for (const char* unused : {"k_proj", "v_proj", "k_norm", "v_norm"}) {
      spec.aside.push_back(layer_scope(i) + ".self_attn." + unused);
    }
  }
}

/// Experts beside the dense network, of the 26B-A4B.
BesideSpec experts_of(const Config& config) {
  return {.experts = MoeSpec{.scope = "",
                             .names = ExpertHalves(),
                             .router = RouterSpec{.experts = config.integer("num_experts"),
                                                  .chosen = config.integer("top_k_experts"),
                                                  .name = "router.proj",
                                                  .scales = "router.per_expert_scale",
                                                  .norm = "router.scale"},
                             .hidden = config.integer("moe_intermediate_size"),
                             .activation = Activation::gelu_tanh}};
}

/// Inputs of each layer's own, of the E2B and E4B.
std::optional<LayerInputSpec> layer_inputs_of(const Config& config, Index vocab) {
  const LayerInputSpec inputs{.vocab = config.integer("vocab_size_per_layer_input", 262144),
                              .dim = config.integer("hidden_size_per_layer_input", 256)};
  if (inputs.dim == 0) {
    return std::nullopt;
  }
  OTTOBIT_CHECK(inputs.vocab >= vocab, ErrorCode::unsupported, config.subject(),
                "`vocab_size_per_layer_input` is " + std::to_string(inputs.vocab) +
                    ", expected no less than `vocab_size`, " + std::to_string(vocab));
  return inputs;
}

}  // namespace

DecoderSpec describe_gemma4_text(const Config& config) {
  require_text(config, "hidden_activation", "gelu_pytorch_tanh");
  static_cast<void>(config.has("hidden_act"));  // left from other generations
  require_flag(config, "attention_bias", false);
  // "vision": pictures are seen whole; the words of a text see those before them.
  require_text(config, "use_bidirectional_attention", "vision");
  DecoderSpec spec = outline(config, 131072, 262144);
  spec.tied_head = config.flag("tie_word_embeddings", true);
  spec.embedding_scale = std::sqrt(static_cast<double>(spec.dim));
  spec.logit_cap = number_or_none(config, "final_logit_softcapping", 0.0);
  spec.layer_inputs = layer_inputs_of(config, spec.vocab);

  const Index width = config.integer("intermediate_size", 9216);
  const Index layers = layer_count(config);
  const Index shared = config.integer("num_kv_shared_layers", 0);
  const Index wider = config.flag("use_double_wide_mlp", false) ? layers - shared : layers;
  std::optional<BesideSpec> experts;
  if (config.flag("enable_moe_block", false)) {
    experts = experts_of(config);
  }
  std::vector<bool> sliding = layers_of_type(config, layers, "sliding_attention",
                                             config.integer("sliding_window_pattern", 6));
  sliding.back() = false;  // whatever the configuration says
  for (Index i = 0; i < layers; ++i) {
    spec.blocks.push_back({.scope = layer_scope(i),
                           .norms = BlockNorms{.mixer_in = "input_layernorm",
                                               .mixer_out = "post_attention_layernorm",
                                               .ffn_in = "pre_feedforward_layernorm",
                                               .ffn_out = "post_feedforward_layernorm"},
                           .mixer = attention_of(config, i, sliding[static_cast<std::size_t>(i)]),
                           .ffn = MlpSpec{.hidden = i < wider ? width : 2 * width,
                                          .activation = Activation::gelu_tanh},
                           .beside = experts,
                           .scalar = "layer_scalar"});
  }
  share_keys(spec, shared, config);
  return spec;
}

DecoderSpec describe_gemma4(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "gemma4_text");
  return wrap(
      config, describe_gemma4_text(text),
      {"model.vision_tower", "model.embed_vision", "model.audio_tower", "model.embed_audio"});
}

DecoderSpec describe_gemma4_unified(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "gemma4_unified_text");
  DecoderSpec spec = wrap(config, describe_gemma4_text(text),
                          {"model.vision_embedder", "model.embed_vision", "model.embed_audio"});
  spec.placeholders.ids = tokens_at(
      config, spec.vocab,
      {{"image_token_id", 258880}, {"video_token_id", 258884}, {"audio_token_id", 258881}});
  spec.placeholders.as =
      std::max<Index>(tokens_at(text, spec.vocab, {{"pad_token_id", 0}}).front(), 0);
  return spec;
}

}  // namespace ottobit
