// SPDX-License-Identifier: Apache-2.0
// IBM Granite 3 and 4, dense and with experts (`granite`, `granitemoe`): the Llama block with
// factors of the embedding, of scores, of what a block adds, and of the logits; the experts of all
// in two tensors, chosen by a softmax. Keys and defaults: transformers `GraniteConfig`,
// `GraniteMoeConfig`.
#include <string>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

double positive(const Config& config, const char* key) {
  const double value = config.number(key, 1.0);
  OTTOBIT_CHECK(
      value > 0.0 && value < 1e6, ErrorCode::format, config.subject(),
      "`" + std::string(key) + "` is " + std::to_string(value) + ", expected a positive number");
  return value;
}

DecoderSpec describe(const Config& config, Index default_context) {
  GqaSpec attention = grouped_attention(config, {.heads = 32});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.scale = positive(config, "attention_multiplier");
  DecoderSpec spec = equal_blocks(config, default_context, attention);
  spec.embedding_scale = positive(config, "embedding_multiplier");
  spec.logit_scale = 1.0 / positive(config, "logits_scaling");
  const ResidualSpec residual{.add = positive(config, "residual_multiplier")};
  for (BlockSpec& block : spec.blocks) {
    block.mixer_residual = residual;
    block.ffn_residual = residual;
  }
  return spec;
}

}  // namespace

DecoderSpec describe_granite(const Config& config) {
  return describe(config, 2048);
}

DecoderSpec describe_granitemoe(const Config& config) {
  DecoderSpec spec = describe(config, 2048);
  const MoeSpec experts{
      .scope = "block_sparse_moe",
      .experts = "",
      .names = ExpertHalves{.gate_up = "input_linear.weight", .down = "output_linear.weight"},
      .router = RouterSpec{.experts = config.integer("num_local_experts", 8),
                           .chosen = config.integer("num_experts_per_tok", 2),
                           .score = RouterScore::softmax,
                           .name = "router.layer"},
      .hidden = config.integer("intermediate_size", 11008)};
  for (BlockSpec& block : spec.blocks) {
    block.ffn = experts;
  }
  return spec;
}

}  // namespace ottobit
