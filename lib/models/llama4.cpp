// SPDX-License-Identifier: Apache-2.0
// The decoder of Meta Llama 4 (`llama4_text` and, around it, `llama4`): attention within chunks in
// the layers that rotate, over everything and tempered by position in those that do not; experts in
// transposed stacks whose weights multiply what goes in. Keys and defaults: transformers
// `Llama4TextConfig`, `Llama4Config`.
#include <algorithm>
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// `no_rope_layers` has a 1 for each layer that rotates; without it, all but every fourth do.
std::vector<bool> rotating_layers(const Config& config, Index layers) {
  constexpr const char* kKey = "no_rope_layers";
  const Index interval = config.integer("no_rope_layer_interval", 4);
  std::vector<Index> list;
  if (config.has(kKey)) {
    list = config.integers(kKey);
  }
  OTTOBIT_CHECK(list.empty() || static_cast<Index>(list.size()) == layers, ErrorCode::format,
                config.subject(),
                "`" + std::string(kKey) + "` has " + std::to_string(list.size()) + " entries for " +
                    std::to_string(layers) + " layers");
  std::vector<bool> rotates;
  for (Index i = 0; i < layers; ++i) {
    rotates.push_back(list.empty() ? interval == 0 || (i + 1) % interval != 0
                                   : list[static_cast<std::size_t>(i)] != 0);
  }
  return rotates;
}

std::vector<bool> expert_layers(const Config& config, Index layers) {
  const Index step = std::max<Index>(config.integer("interleave_moe_layer_step", 1), 1);
  std::vector<bool> sparse(static_cast<std::size_t>(layers));
  if (!config.has("moe_layers")) {
    for (Index i = step - 1; i < layers; i += step) {
      sparse[static_cast<std::size_t>(i)] = true;
    }
    return sparse;
  }
  for (const Index layer : config.integers("moe_layers")) {
    OTTOBIT_CHECK(
        layer < layers, ErrorCode::format, config.subject(),
        "`moe_layers` has " + std::to_string(layer) + " of " + std::to_string(layers) + " layers");
    sparse[static_cast<std::size_t>(layer)] = true;
  }
  return sparse;
}

/// `attn_temperature_tuning` is a flag; older files have a number that is not 0.
bool is_tempered(const Config& config) {
  constexpr const char* kKey = "attn_temperature_tuning";
  if (config.has(kKey) && config.raw().at(kKey).is_number()) {
    return config.number(kKey) != 0.0;
  }
  return config.flag(kKey, true);
}

}  // namespace

DecoderSpec describe_llama4_text(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_flag(config, "attention_bias", false);
  DecoderSpec spec = outline(config, 131072, 202048);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  const Index heads = config.integer("num_attention_heads", 40);
  const Index head_dim =
      config.integer("head_dim", heads == 0 ? 0 : config.integer("hidden_size") / heads);
  RopeSpec rope = rope_of(config, head_dim, "", 500000.0);
  rope.layout = RopeLayout::interleaved;
  RopeSpec none;
  none.dim = 0;
  const GqaSpec full{.heads = heads,
                     .kv_heads = config.integer("num_key_value_heads", 8),
                     .head_dim = head_dim,
                     .rope = none};
  GqaSpec rotating = full;
  rotating.rope = rope;
  rotating.qk_norm = config.flag("use_qk_norm", true) ? QkNorm::rotated : QkNorm::none;
  rotating.chunk =
      config.integer("attention_chunk_size", config.mentions("attention_chunk_size") ? 0 : 8192);
  GqaSpec still = full;
  const TemperatureSpec temperature{.scale = config.number("attn_scale", 0.1),
                                    .step = config.integer("floor_scale", 8192)};
  if (is_tempered(config)) {
    still.temperature = temperature;
  }

  const Index width = config.integer("intermediate_size", 8192);
  const MlpSpec dense{.hidden = config.integer("intermediate_size_mlp", 16384),
                      .scope = "feed_forward"};
  const MoeSpec sparse{.scope = "feed_forward",
                       .names = ExpertColumns{},
                       .router = RouterSpec{.experts = config.integer("num_local_experts", 16),
                                            .chosen = config.integer("num_experts_per_tok", 1),
                                            .score = RouterScore::sigmoid,
                                            .name = "router",
                                            .normalised = false},
                       .hidden = width,
                       .shared = shared_expert(width, "shared_expert"),
                       .weighs_input = true};
  const Index layers = layer_count(config);
  const std::vector<bool> rotates = rotating_layers(config, layers);
  const std::vector<bool> has_experts = sparse_as_listed(config, expert_layers(config, layers));
  for (std::size_t i = 0; i < rotates.size(); ++i) {
    spec.blocks.push_back({.scope = layer_scope(static_cast<Index>(i)),
                           .mixer = rotates[i] ? rotating : still,
                           .ffn = has_experts[i] ? FfnSpec(sparse) : FfnSpec(dense)});
  }
  const std::vector<std::string> types = layer_types(config, layers);
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(types[i] == (rotates[i] ? "chunked_attention" : "full_attention"),
                  ErrorCode::unsupported, config.subject(),
                  "`layer_types` has \"" + types[i] + "\" for layer " + std::to_string(i) +
                      ", which `no_rope_layers` contradicts");
  }
  return spec;
}

DecoderSpec describe_llama4(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "llama4_text");
  return wrap(config, describe_llama4_text(text), {"vision_model", "multi_modal_projector"});
}

}  // namespace ottobit
