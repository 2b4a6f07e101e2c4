// SPDX-License-Identifier: Apache-2.0
// Xiaomi MiMo-V2-Flash (`mimo_v2_flash`): values narrower than keys, and scaled; layers with a
// window have twice the key/value heads, sinks and a rotation of their own; experts as in DeepSeek
// V3, without shared ones. Keys and defaults: transformers `MiMoV2FlashConfig`, and the makers'
// own, which that does not read (`hybrid_layer_pattern`, `moe_layer_freq`, `swa_*`).
#include <optional>
#include <string>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// Which layers have a window: all but the first and each sixth, unless one of two keys says.
std::vector<bool> windowed(const Config& config, Index layers) {
  std::vector<bool> slides;
  for (Index i = 0; i < layers; ++i) {
    slides.push_back(i != 0 && (i + 1) % 6 != 0);
  }
  slides = nonzero_layers(config, "hybrid_layer_pattern", std::move(slides));
  const std::vector<std::string> types = layer_types(config, layers);
  for (std::size_t i = 0; i < types.size(); ++i) {
    slides[i] = types[i] == "sliding_attention";
  }
  return slides;
}

/// What layers with a window have of their own; the makers' file repeats the rest.
GqaSpec attention_of(const Config& config, bool slides) {
  GqaSpec attention{.heads = config.integer("num_attention_heads", 64),
                    .kv_heads = config.integer("num_key_value_heads", 4),
                    .head_dim = config.integer("head_dim", 192),
                    .value_dim = config.integer("v_head_dim", 128),
                    .value_scale = config.number("attention_value_scale", 1.0)};
  double theta = config.number("rope_theta", 5e6);
  const double window_theta = config.number("swa_rope_theta", 1e4);
  const bool full_sinks = config.flag("add_full_attention_sink_bias", false);
  const bool window_sinks = config.flag("add_swa_attention_sink_bias", true);
  const Index window = config.has("sliding_window_size")
                           ? config.integer("sliding_window_size") + 1  // and the token itself
                           : config.integer("sliding_window", 129);
  const Index window_heads = config.integer("swa_num_attention_heads", attention.heads);
  const Index window_kv = config.integer("swa_num_key_value_heads", 2 * attention.kv_heads);
  const Index window_dim = config.integer("swa_head_dim", attention.head_dim);
  const Index window_values = config.integer("swa_v_head_dim", attention.value_dim);
  if (slides) {
    attention.heads = window_heads;
    attention.kv_heads = window_kv;
    attention.head_dim = window_dim;
    attention.value_dim = window_values;
    attention.window = window;
    theta = window_theta;
  }
  attention.sinks = (slides ? window_sinks : full_sinks) ? "attention_sink_bias" : "";
  const char* const type = slides ? "sliding_attention" : "full_attention";
  attention.rope = rope_of(config, rotary_dim(config, attention.head_dim, 0.334), type, theta);
  if (const std::optional<Config> each = config.section("rope_parameters");
      slides && (!each || !each->has(type))) {
    attention.rope.theta = theta;  // one section for all is that of the others
    require_theta(config, "swa_rope_theta", theta);
  }
  return attention;
}

}  // namespace

DecoderSpec describe_mimo_v2_flash(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_flag(config, "attention_bias", false);
  require_text(config, "scoring_func", "sigmoid");
  require_text(config, "topk_method", "noaux_tc");
  for (const char* unused : {"attention_chunk_size", "hybrid_block_size", "sliding_window"}) {
    static_cast<void>(config.has(unused));
  }
  const MoeSpec experts = deepseek_experts(
      config, {.router = RouterSpec{.experts = 256,
                                    .chosen = 8,
                                    .score = RouterScore::sigmoid,
                                    .correction_bias = "gate.e_score_correction_bias"},
               .hidden = 2048});
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 16384)};
  const Index layers = layer_count(config);
  std::vector<bool> sparse(static_cast<std::size_t>(layers), true);
  sparse.front() = false;
  sparse = sparse_as_listed(config, nonzero_layers(config, "moe_layer_freq", std::move(sparse)));
  DecoderSpec spec =
      mixed_blocks(config, 131072, attention_of(config, false), dense, experts, sparse);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  const std::vector<bool> slides = windowed(config, layers);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    if (slides[i]) {
      spec.blocks[i].mixer = attention_of(config, true);
    }
  }
  spec.aside.push_back("model.mtp");
  return spec;
}

}  // namespace ottobit
