// SPDX-License-Identifier: Apache-2.0
// Alibaba Qwen3 (`qwen3`, `qwen3_moe`): the Llama block with a norm of each head's queries and
// keys; in the second, experts chosen by a softmax. Keys and defaults: transformers `Qwen3Config`,
// `Qwen3MoeConfig`.
#include <string>
#include <variant>
#include <vector>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

GqaSpec attention_of(const Config& config, Index default_kv_heads, Index default_head_dim) {
  require_text(config, "hidden_act", "silu");
  const Index head_dim = config.integer("head_dim", default_head_dim);
  const bool bias = config.flag("attention_bias", false);
  return {.heads = config.integer("num_attention_heads", 32),
          .kv_heads = config.integer("num_key_value_heads", default_kv_heads),
          .head_dim = head_dim,
          .qkv_bias = bias,
          .out_bias = bias,
          .qk_norm = QkNorm::per_head,
          .rope = rope_of(config, head_dim)};
}

}  // namespace

DecoderSpec describe_qwen3(const Config& config) {
  DecoderSpec spec = equal_blocks(config, 32768, attention_of(config, 32, 128));
  // Layers from some on may be confined to a window, whose width is written even where none is.
  const Index width =
      config.integer("sliding_window", config.mentions("sliding_window") ? 0 : 4096);
  const Index window = config.flag("use_sliding_window", false) ? width : 0;
  const Index first = config.integer("max_window_layers", 28);
  const std::vector<std::string> types =
      layer_types(config, static_cast<Index>(spec.blocks.size()));
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const bool slides =
        types.empty() ? static_cast<Index>(i) >= first : types[i] == "sliding_attention";
    OTTOBIT_CHECK(types.empty() || slides || types[i] == "full_attention", ErrorCode::unsupported,
                  config.subject(),
                  "`layer_types` has \"" + printable(types[i]) +
                      "\", known are: sliding_attention, full_attention");
    std::get<GqaSpec>(spec.blocks[i].mixer).window = slides ? window : 0;
  }
  return spec;
}

DecoderSpec describe_qwen3_moe(const Config& config) {
  require_flag(config, "use_sliding_window", false);
  static_cast<void>(config.integer("sliding_window", 0));  // a width that is not used then
  require_layer_type(config, layer_count(config), "full_attention");
  const Index heads = config.integer("num_attention_heads", 32);
  const Index head_dim = heads == 0 ? 0 : config.integer("hidden_size") / heads;
  const GqaSpec attention = attention_of(config, 4, head_dim);
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 6144)};
  const MoeSpec sparse{.router = RouterSpec{.experts = config.integer("num_experts", 128),
                                            .chosen = config.integer("num_experts_per_tok", 8),
                                            .score = RouterScore::softmax,
                                            .normalised = config.flag("norm_topk_prob", false)},
                       .hidden = config.integer("moe_intermediate_size", 768)};
  DecoderSpec spec = outline(config, 32768);
  const Index layers = layer_count(config);
  const std::vector<bool> has_experts = sparse_layers(config, layers);
  for (Index i = 0; i < layers; ++i) {
    const bool is_sparse = has_experts[static_cast<std::size_t>(i)];
    spec.blocks.push_back({.scope = layer_scope(i),
                           .mixer = attention,
                           .ffn = is_sparse ? FfnSpec(sparse) : FfnSpec(dense)});
  }
  return spec;
}

}  // namespace ottobit
