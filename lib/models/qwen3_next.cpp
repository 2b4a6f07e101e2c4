// SPDX-License-Identifier: Apache-2.0
// Alibaba Qwen3-Next (`qwen3_next`) and Qwen3.5 and later (`qwen3_5`, `qwen3_5_moe`, and their text
// parts alone, `.._text`): gated delta nets, with gated attention in each fourth layer; norms with
// weights stored less one; experts beside one that every token goes to as far as its gate lets it,
// or a plain network. Keys and defaults: transformers `Qwen3NextConfig`, `Qwen3_5TextConfig`,
// `Qwen3_5MoeTextConfig`.
#include <optional>
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

GqaSpec attention_of(const Config& config, Index default_kv_heads) {
  require_text(config, "hidden_act", "silu");
  const Index head_dim = config.integer("head_dim", 256);
  const bool bias = config.flag("attention_bias", false);
  return {.heads = config.integer("num_attention_heads", 16),
          .kv_heads = config.integer("num_key_value_heads", default_kv_heads),
          .head_dim = head_dim,
          .qkv_bias = bias,
          .out_bias = bias,
          .qk_norm = QkNorm::per_head,
          .gated = config.flag("attn_output_gate", true),
          .rope = rope_of(config, rotary_dim(config, head_dim, 0.25))};
}

OutputGate output_gate(const Config& config) {
  const std::string type = config.text("output_gate_type", "swish");
  OTTOBIT_CHECK(type == "swish" || type == "silu" || type == "sigmoid", ErrorCode::unsupported,
                config.subject(),
                "`output_gate_type` is \"" + type + "\", known are: swish, silu, sigmoid");
  return type == "sigmoid" ? OutputGate::sigmoid : OutputGate::silu;
}

DeltaNetSpec delta_net_of(const Config& config, DeltaLayout layout) {
  // The state is f32 whatever `mamba_ssm_dtype` says.
  static_cast<void>(config.has("mamba_ssm_dtype"));
  return {.key_heads = config.integer("linear_num_key_heads", 16),
          .value_heads = config.integer("linear_num_value_heads", 32),
          .key_dim = config.integer("linear_key_head_dim", 128),
          .value_dim = config.integer("linear_value_head_dim", 128),
          .taps = config.integer("linear_conv_kernel_dim", 4),
          .layout = layout,
          .gate = output_gate(config),
          .norm_eps = config.number("rms_norm_eps", 1e-6)};
}

MoeSpec experts_of(const Config& config, Index experts, Index chosen) {
  MoeSpec moe{.router = RouterSpec{.experts = config.integer("num_experts", experts),
                                   .chosen = config.integer("num_experts_per_tok", chosen),
                                   .score = RouterScore::softmax,
                                   .normalised = config.flag("norm_topk_prob", true)},
              .hidden = config.integer("moe_intermediate_size", 512),
              .shared = shared_expert(config.integer("shared_expert_intermediate_size", 512),
                                      "shared_expert"),
              .shared_gate = "shared_expert_gate"};
  moe.names = ExpertHalves{};
  return moe;
}

DecoderSpec describe(const Config& config, const GqaSpec& attention, const DeltaNetSpec& net,
                     const std::optional<MoeSpec>& experts, Index default_hidden) {
  for (const char* key : {"mtp_num_hidden_layers", "mtp_use_dedicated_embeddings"}) {
    static_cast<void>(config.has(key));  // draft layers are left aside
  }
  DecoderSpec spec = outline(config, 32768);
  spec.norm.plus_one = true;
  spec.aside = {"mtp"};
  const MlpSpec mlp{.hidden = config.integer("intermediate_size", default_hidden)};
  const Index layers = layer_count(config);
  const std::vector<bool> recurrent = layers_of_type(config, layers, "linear_attention",
                                                     config.integer("full_attention_interval", 4));
  const std::vector<bool> sparse =
      experts ? sparse_layers(config, layers) : std::vector<bool>(static_cast<std::size_t>(layers));
  for (Index i = 0; i < layers; ++i) {
    const auto at = static_cast<std::size_t>(i);
    BlockSpec block{.scope = layer_scope(i),
                    .mixer = attention,
                    .ffn = sparse[at] ? FfnSpec(*experts) : FfnSpec(mlp)};
    if (recurrent[at]) {
      block.mixer_scope = "linear_attn";
      block.mixer = net;
    }
    spec.blocks.push_back(block);
  }
  return spec;
}

/// The multimodal model around a decoder.
DecoderSpec wrapped(const Config& config, const std::string& text_type,
                    DecoderSpec (*describe_text)(const Config&)) {
  const Config text = text_part(config);
  require_text(text, "model_type", text_type);
  return wrap(config, describe_text(text), {"model.visual", "visual"});
}

}  // namespace

DecoderSpec describe_qwen3_next(const Config& config) {
  return describe(config, attention_of(config, 2), delta_net_of(config, DeltaLayout::grouped),
                  experts_of(config, 512, 10), 5632);
}

DecoderSpec describe_qwen3_5_text(const Config& config) {
  return describe(config, attention_of(config, 4), delta_net_of(config, DeltaLayout::separate), {},
                  12288);
}

DecoderSpec describe_qwen3_5_moe_text(const Config& config) {
  return describe(config, attention_of(config, 2), delta_net_of(config, DeltaLayout::separate),
                  experts_of(config, 256, 8), 0);
}

DecoderSpec describe_qwen3_5(const Config& config) {
  return wrapped(config, "qwen3_5_text", describe_qwen3_5_text);
}

DecoderSpec describe_qwen3_5_moe(const Config& config) {
  return wrapped(config, "qwen3_5_moe_text", describe_qwen3_5_moe_text);
}

}  // namespace ottobit
