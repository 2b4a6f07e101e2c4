// SPDX-License-Identifier: Apache-2.0
// Mistral (`mistral`: 7B to Small 3.2, Magistral, Devstral; `mistral3`, the multimodal model around
// it) and Mixtral (`mixtral`, arXiv:2401.04088): the Llama block, in a window where the
// configuration has one; in the last with experts chosen by a softmax. Keys and defaults:
// transformers `MistralConfig`, `Mistral3Config`, `MixtralConfig`.
#include <string>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

GqaSpec attention_of(const Config& config, double theta, double window) {
  GqaSpec attention =
      grouped_attention(config, {.heads = 32, .kv_heads = 8, .rope = RopeSpec{.theta = theta}});
  attention.window = static_cast<Index>(number_or_none(config, "sliding_window", window));
  return attention;
}

}  // namespace

DecoderSpec describe_mistral(const Config& config) {
  return equal_blocks(config, 131072, attention_of(config, 10000.0, 4096.0));
}

DecoderSpec describe_mistral3(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "mistral");
  return wrap(config, describe_mistral(text),
              {"vision_tower", "multi_modal_projector", "model.vision_tower",
               "model.multi_modal_projector"});
}

DecoderSpec describe_mixtral(const Config& config) {
  const GqaSpec attention = attention_of(config, 1e6, 0.0);
  // A softmax over the chosen only is one over all, normalised again.
  const MoeSpec experts{.scope = "block_sparse_moe",
                        .names = ExpertNames{.gate = "w1", .up = "w3", .down = "w2"},
                        .router = RouterSpec{.experts = config.integer("num_local_experts", 8),
                                             .chosen = config.integer("num_experts_per_tok", 2),
                                             .score = RouterScore::softmax},
                        .hidden = config.integer("intermediate_size", 14336)};
  DecoderSpec spec = outline(config, 131072);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  const Index layers = layer_count(config);
  for (Index i = 0; i < layers; ++i) {
    spec.blocks.push_back({.scope = layer_scope(i), .mixer = attention, .ffn = experts});
  }
  return spec;
}

}  // namespace ottobit
