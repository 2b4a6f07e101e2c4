// SPDX-License-Identifier: Apache-2.0
// Mistral (`mistral`: 7B to Small 3.2, Magistral, Devstral) and Mixtral (`mixtral`,
// arXiv:2401.04088): the Llama block, in a window where the configuration has one; in the second
// with experts chosen by a softmax. Ministral 3 and Devstral 2 (`ministral3`): queries of late
// positions weigh more; Mistral Small 4 (`mistral4`): that on latent attention, with experts.
// `mistral3` is the multimodal model around one of them. Keys and defaults: transformers
// `MistralConfig`, `Mistral3Config`, `MixtralConfig`, `Ministral3Config`, `Mistral4Config`.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

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

namespace {

/// The factor of queries of late positions, as Llama 4 has it, but one position later.
std::optional<TemperatureSpec> temperature_of(const Config& config) {
  const std::optional<Config> rope = rope_section(config);
  const double scale = rope ? rope->number("llama_4_scaling_beta", 0.0) : 0.0;
  if (scale == 0.0) {
    return std::nullopt;
  }
  return TemperatureSpec{
      .scale = scale, .step = rope->integer("original_max_position_embeddings"), .first = 0};
}

}  // namespace

DecoderSpec describe_ministral3(const Config& config) {
  GqaSpec attention = attention_of(config, 1e6, 0.0);
  attention.temperature = temperature_of(config);
  return equal_blocks(config, 262144, attention);
}

DecoderSpec describe_mistral4(const Config& config) {
  require_text(config, "hidden_act", "silu");
  MlaSpec attention = latent_attention(config, {.heads = 32,
                                                .q_rank = 1024,
                                                .kv_rank = 256,
                                                .nope_dim = 64,
                                                .value_dim = 128,
                                                .rope = RopeSpec{.dim = 64}});
  attention.temperature = temperature_of(config);
  MoeSpec sparse = deepseek_experts(config, {.router = RouterSpec{.experts = 128, .chosen = 4},
                                             .hidden = 2048,
                                             .shared = shared_expert(1)});
  sparse.names = ExpertHalves{};
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 12288)};
  return sparse_blocks(config, 1048576, attention, dense, sparse, 0);
}

DecoderSpec describe_mistral3(const Config& config) {
  const Config text = text_part(config);
  const std::string type = text.text("model_type");
  DecoderSpec spec;
  if (type == "ministral3") {
    spec = describe_ministral3(text);
  } else if (type == "mistral4") {
    spec = describe_mistral4(text);
  } else {
    require_text(text, "model_type", "mistral");
    spec = describe_mistral(text);
  }
  return wrap(config, std::move(spec),
              {"vision_tower", "multi_modal_projector", "model.vision_tower",
               "model.multi_modal_projector"});
}

DecoderSpec describe_mixtral(const Config& config) {
  const GqaSpec attention = attention_of(config, 1e6, 0.0);
  // A softmax over the chosen only is one over all, normalised again.
  const MoeSpec experts{.scope = "block_sparse_moe",
                        .names = MlpNames{.gate = "w1", .up = "w3", .down = "w2"},
                        .router = RouterSpec{.experts = config.integer("num_local_experts", 8),
                                             .chosen = config.integer("num_experts_per_tok", 2),
                                             .score = RouterScore::softmax},
                        .hidden = config.integer("intermediate_size", 14336)};
  DecoderSpec spec = equal_blocks(config, 131072, attention, experts);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  return spec;
}

}  // namespace ottobit
