// SPDX-License-Identifier: Apache-2.0
// IBM Granite 3 and 4, dense and with experts (`granite`, `granitemoe`, `granitemoeshared`), and
// with states in most layers (`granitemoehybrid`): the Llama block with factors of the embedding,
// of scores, of what a block adds, and of the logits; the experts of all in two tensors, chosen by
// a softmax, beside one for every token. Keys and defaults: transformers `GraniteConfig`,
// `GraniteMoeConfig`, `GraniteMoeSharedConfig`, `GraniteMoeHybridConfig`.
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/mamba.hpp"

namespace ottobit {
namespace {

double positive(const Config& config, const char* key) {
  const double value = config.number(key, 1.0);
  OTTOBIT_CHECK(
      value > 0.0 && value < 1e6, ErrorCode::format, config.subject(),
      "`" + std::string(key) + "` is " + std::to_string(value) + ", expected a positive number");
  return value;
}

DecoderSpec describe(const Config& config, const FfnSpec& ffn) {
  GqaSpec attention = grouped_attention(config, {.heads = 32});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  attention.scale = positive(config, "attention_multiplier");
  DecoderSpec spec = equal_blocks(config, 2048, attention, ffn);
  spec.embedding_scale = positive(config, "embedding_multiplier");
  spec.logit_scale = 1.0 / positive(config, "logits_scaling");
  const ResidualSpec residual{.add = positive(config, "residual_multiplier")};
  for (BlockSpec& block : spec.blocks) {
    block.mixer_residual = residual;
    block.ffn_residual = residual;
  }
  return spec;
}

/// The network of every token; 0 wide: there is none.
MlpSpec shared_network(const Config& config, Index default_width) {
  MlpSpec mlp =
      shared_expert(config.integer("shared_intermediate_size", default_width), "shared_mlp");
  mlp.names.down = "output_linear";
  mlp.fused = "input_linear";
  return mlp;
}

MoeSpec experts(const Config& config, const MlpSpec& shared) {
  return {.scope = "",
          .experts = "block_sparse_moe",
          .names = ExpertHalves{.gate_up = "input_linear.weight", .down = "output_linear.weight"},
          .router = RouterSpec{.experts = config.integer("num_local_experts", 8),
                               .chosen = config.integer("num_experts_per_tok", 2),
                               .score = RouterScore::softmax,
                               .name = "block_sparse_moe.router.layer"},
          .hidden = config.integer("intermediate_size", 11008),
          .shared = shared};
}

}  // namespace

DecoderSpec describe_granite(const Config& config) {
  return describe(config, MlpSpec{.hidden = config.integer("intermediate_size"),
                                  .bias = config.flag("mlp_bias", false)});
}

DecoderSpec describe_granitemoe(const Config& config) {
  return describe(config, experts(config, MlpSpec()));
}

DecoderSpec describe_granitemoeshared(const Config& config) {
  return describe(config, experts(config, shared_network(config, 0)));
}

DecoderSpec describe_granitemoehybrid(const Config& config) {
  for (const char* key :
       {"init_method", "mamba_chunk_size", "mlp_bias", "normalization_function"}) {
    static_cast<void>(
        config.has(key));  // of training, of a way to compute, of matrices without a bias
  }
  const MlpSpec shared = shared_network(config, 1024);
  const bool is_dense = config.integer("num_local_experts", 8) == 0;
  const MoeSpec sparse = experts(config, shared);
  DecoderSpec spec = describe(config, is_dense ? FfnSpec(shared) : sparse);
  const std::string positions = config.text("position_embedding_type", "nope");
  OTTOBIT_CHECK(positions == "nope" || positions == "rope", ErrorCode::unsupported,
                config.subject(),
                "`position_embedding_type` is \"" + positions + "\", known are: nope, rope");
  const Index heads = config.integer("mamba_n_heads", 128);
  const Index groups = config.integer("mamba_n_groups", 1);
  const MambaSpec mamba{.heads = heads,
                        .head_dim = state_head_dim(config, heads),
                        .groups = groups,
                        .state = config.integer("mamba_d_state", 256),
                        .taps = config.integer("mamba_d_conv", 4),
                        .conv_bias = config.flag("mamba_conv_bias", true),
                        .bias = config.flag("mamba_proj_bias", false),
                        .norm_parts = groups,
                        .norm_eps = spec.norm.eps};
  const MixerSpec limited = within_time_limits(config, mamba);
  const std::vector<bool> recurs = state_layers(config, layer_count(config));
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockSpec& block = spec.blocks[i];
    if (recurs[i]) {
      block.mixer = limited;
      block.mixer_scope = "mamba";
    } else if (positions == "nope") {
      std::get<GqaSpec>(block.mixer).rope = RopeSpec();
    }
  }
  return spec;
}

}  // namespace ottobit
