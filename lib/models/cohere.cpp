// SPDX-License-Identifier: Apache-2.0
// Cohere Command A and Command R7B (`cohere2`): attention and feed-forward network side by side on
// one norm, which takes the mean out; most layers in a window and rotated, the others neither; a
// factor of the logits. Keys and defaults: transformers `Cohere2Config`.
#include <variant>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {

DecoderSpec describe_cohere2(const Config& config) {
  require_flag(config, "use_parallel_block", true);
  require_flag(config, "use_gated_activation", true);
  require_flag(config, "use_qk_norm", false);
  require_text(config, "position_embedding_type", "rope_gptj");
  require_text(config, "order_of_interleaved_layers", "local_attn_first");
  require_number(config, "rotary_pct", 1.0);
  for (const char* key : {"use_embedding_sharing", "use_parallel_embedding", "layer_switch"}) {
    static_cast<void>(config.has(key));  // said again elsewhere, or a way to compute
  }
  GqaSpec attention =
      grouped_attention(config, {.heads = 64, .rope = RopeSpec{.layout = RopeLayout::interleaved}});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  DecoderSpec spec = equal_blocks(config, 8192, attention);
  spec.norm = NormSpec{.eps = config.number("layer_norm_eps", 1e-5), .centred = true};
  spec.tied_head = config.flag("tie_word_embeddings", true);
  spec.logit_scale = config.number("logit_scale", 0.0625);

  const auto layers = static_cast<Index>(spec.blocks.size());
  const std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention",
                                                  config.integer("sliding_window_pattern", 4));
  set_windows(spec, slides, static_cast<Index>(number_or_none(config, "sliding_window", 4096.0)));
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockSpec& block = spec.blocks[i];
    auto& mixer = std::get<GqaSpec>(block.mixer);
    mixer.rope.dim = slides[i] ? mixer.rope.dim : 0;
    block.norms.ffn_in = "";
    block.parallel = true;
  }
  return spec;
}

}  // namespace ottobit
