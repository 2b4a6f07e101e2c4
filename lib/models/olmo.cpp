// SPDX-License-Identifier: Apache-2.0
// Ai2 OLMo 2 and 3 (`olmo2`, arXiv:2501.00656; `olmo3`): norms behind attention and feed-forward
// network, none before them, and of all heads of queries and keys together; in the second most
// layers in a window, and only the others stretched. OLMoE (`olmoe`, arXiv:2409.02060) has norms
// before, and experts. LG EXAONE 4 (`exaone4`, arXiv:2507.11407): as the first, with norms of each
// head; where some layers have windows, the others do not rotate. Keys and defaults: the classes of
// these names in transformers.
#include <algorithm>
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

GqaSpec attention_of(const Config& config, QkNorm qk_norm, double theta = 10000.0) {
  GqaSpec attention = grouped_attention(config, {.heads = 32, .rope = RopeSpec{.theta = theta}});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.qk_norm = qk_norm;
  return attention;
}

DecoderSpec normed_behind(const Config& config, const GqaSpec& attention, Index default_context) {
  DecoderSpec spec = equal_blocks(config, default_context, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  for (BlockSpec& block : spec.blocks) {
    block.norms = BlockNorms{.mixer_in = "",
                             .mixer_out = "post_attention_layernorm",
                             .ffn_in = "",
                             .ffn_out = "post_feedforward_layernorm"};
  }
  return spec;
}

/// "LLLG": the layers repeat such a word, whose letters are local and global; or 4: each fourth is
/// global; or null: all are.
std::vector<bool> local_layers(const Config& config, Index layers) {
  std::string word;
  if (config.is_text("sliding_window_pattern")) {
    word = config.text("sliding_window_pattern");
  } else {
    const Index absent = config.mentions("sliding_window_pattern") ? 1 : 4;
    const Index every = config.integer("sliding_window_pattern", absent);
    const Index locals = std::clamp<Index>(every - 1, 0, layers);
    word = std::string(static_cast<std::size_t>(locals), 'L') + "G";
  }
  OTTOBIT_CHECK(!word.empty() && word.find_first_not_of("LG") == std::string::npos,
                ErrorCode::unsupported, config.subject(),
                "`sliding_window_pattern` is not a word of L and G");
  if (config.has("layer_types")) {
    return layers_of_type(config, layers, "sliding_attention", 0);
  }
  std::vector<bool> local;
  for (std::size_t i = 0; i < static_cast<std::size_t>(layers); ++i) {
    local.push_back(word[i % word.size()] == 'L');
  }
  return local;
}

}  // namespace

DecoderSpec describe_olmo2(const Config& config) {
  require_layer_type(config, layer_count(config), "full_attention");
  return normed_behind(config, attention_of(config, QkNorm::over_heads), 2048);
}

DecoderSpec describe_olmo3(const Config& config) {
  constexpr double kTheta = 500000.0;
  const GqaSpec attention = attention_of(config, QkNorm::over_heads, kTheta);
  DecoderSpec spec = normed_behind(config, attention, 2048);
  const auto layers = static_cast<Index>(spec.blocks.size());
  const std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 4);
  set_windows(spec, slides, config.integer("sliding_window", 4096));
  const std::optional<Config> each = config.section("rope_parameters");
  RopeSpec windowed = rope_of(config, attention.rope.dim, "sliding_attention", kTheta);
  if (!each || !each->has("sliding_attention")) {  // what scales rotations is for the others
    windowed.scaling = {};
  }
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    auto& mixer = std::get<GqaSpec>(spec.blocks[i].mixer);
    mixer.rope =
        slides[i] ? windowed : rope_of(config, attention.rope.dim, "full_attention", kTheta);
  }
  return spec;
}

DecoderSpec describe_olmoe(const Config& config) {
  OTTOBIT_CHECK(!config.has("clip_qkv"), ErrorCode::unsupported, config.subject(),
                "`clip_qkv` is set, which this family does not know yet");
  GqaSpec attention = attention_of(config, QkNorm::over_heads);
  const MoeSpec experts{.router = RouterSpec{.experts = config.integer("num_experts", 64),
                                             .chosen = config.integer("num_experts_per_tok", 8),
                                             .score = RouterScore::softmax,
                                             .normalised = config.flag("norm_topk_prob", false)},
                        .hidden = config.integer("intermediate_size", 2048)};
  DecoderSpec spec = equal_blocks(config, 4096, attention, experts);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  return spec;
}

DecoderSpec describe_exaone4(const Config& config) {
  DecoderSpec spec = normed_behind(config, attention_of(config, QkNorm::per_head), 2048);
  const auto layers = static_cast<Index>(spec.blocks.size());
  const std::vector<bool> local = local_layers(config, layers);
  const auto window = static_cast<Index>(number_or_none(config, "sliding_window", 4096.0));
  if (window == 0) {
    return spec;
  }
  set_windows(spec, local, window);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    auto& mixer = std::get<GqaSpec>(spec.blocks[i].mixer);
    mixer.rope.dim = local[i] ? mixer.rope.dim : 0;
  }
  return spec;
}

}  // namespace ottobit
