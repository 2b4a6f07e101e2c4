// SPDX-License-Identifier: Apache-2.0
// DeepSeek V3, R1 and V3.1 (`deepseek_v3`, arXiv:2412.19437) and Moonshot Kimi K2 (`kimi_k2`):
// multi-head latent attention, the first layers dense, then experts chosen by sigmoids with a
// correction from a limited number of groups, beside one that all tokens share. DeepSeek V3.2
// (`deepseek_v32`, arXiv:2512.02556) adds an indexer to each layer. Keys and defaults: transformers
// `DeepseekV3Config`, `DeepseekV32Config`.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"

namespace ottobit {
namespace {

/// Scores are divided by the root of a head's width, and corrected for a stretched context.
double softmax_scale(const Config& config, Index query_dim) {
  double correction = 1.0;
  if (const std::optional<Config> scaling = rope_section(config);
      scaling && is_stretched(*scaling)) {
    const double strength = scaling->number("mscale_all_dim", 0.0);
    correction = yarn_correction(scaling->number("factor", 1.0), strength);
  }
  return correction * correction / std::sqrt(static_cast<double>(query_dim));
}

MlaSpec attention_of(const Config& config) {
  RopeSpec rope = rope_of(config, config.integer("qk_rope_head_dim", 64));
  rope.layout = config.flag("rope_interleave", true) ? RopeLayout::interleaved : RopeLayout::half;
  const Index nope = config.integer("qk_nope_head_dim", 128);
  const Index heads = config.integer("num_attention_heads", 128);
  OTTOBIT_CHECK(config.integer("num_key_value_heads", heads) == heads, ErrorCode::unsupported,
                config.subject(),
                "`num_key_value_heads` is not `num_attention_heads`, as latent attention has it");
  return {.heads = heads,
          // Null, unlike absent, says that there is no latent of queries.
          .q_rank = config.integer("q_lora_rank", config.mentions("q_lora_rank") ? 0 : 1536),
          .kv_rank = config.integer("kv_lora_rank", 512),
          .nope_dim = nope,
          .value_dim = config.integer("v_head_dim", 128),
          .bias = config.flag("attention_bias", false),
          .scale = softmax_scale(config, nope + rope.dim),
          .norm = NormSpec{.eps = 1e-6},  // whatever `rms_norm_eps` says
          .rope = rope};
}

MoeSpec experts_of(const Config& config) {
  const Index width = config.integer("moe_intermediate_size", 2048);
  return {.router = RouterSpec{.experts = config.integer("n_routed_experts", 256),
                               .chosen = config.integer("num_experts_per_tok", 8),
                               .score = RouterScore::sigmoid,
                               .correction_bias = "gate.e_score_correction_bias",
                               .groups = config.integer("n_group", 8),
                               .chosen_groups = config.integer("topk_group", 4),
                               .normalised = config.flag("norm_topk_prob", true),
                               .scale = config.number("routed_scaling_factor", 2.5)},
          .hidden = width,
          .shared_hidden = width * config.integer("n_shared_experts", 1)};
}

}  // namespace

namespace {

DecoderSpec describe(const Config& config, std::string_view layer_type) {
  require_text(config, "hidden_act", "silu");
  require_layer_type(config, layer_count(config), layer_type);
  require_text(config, "scoring_func", "sigmoid");
  require_text(config, "topk_method", "noaux_tc");
  for (const char* key : {"head_dim", "qk_head_dim"}) {
    static_cast<void>(config.has(key));  // said again elsewhere
  }
  const MlaSpec attention = attention_of(config);
  const MoeSpec sparse = experts_of(config);
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 18432)};
  const Index first_sparse = config.integer("first_k_dense_replace", 3);
  const Index step = config.integer("moe_layer_freq", 1);
  DecoderSpec spec = outline(config, 4096);
  const Index layers = layer_count(config);
  std::vector<bool> has_experts;
  for (Index i = 0; i < layers; ++i) {
    has_experts.push_back(i >= first_sparse && step > 0 && i % step == 0);
  }
  has_experts = sparse_as_listed(config, std::move(has_experts));
  for (Index i = 0; i < layers; ++i) {
    const bool is_sparse = has_experts[static_cast<std::size_t>(i)];
    spec.blocks.push_back({.scope = layer_scope(i),
                           .mixer = attention,
                           .ffn = is_sparse ? FfnSpec(sparse) : FfnSpec(dense)});
  }
  // Layers behind the last predict further tokens, for drafts.
  const Index draft_layers = config.integer("num_nextn_predict_layers", 0);
  for (Index i = 0; i < std::min<Index>(draft_layers, layers); ++i) {
    spec.aside.push_back(layer_scope(layers + i));
  }
  return spec;
}

}  // namespace

DecoderSpec describe_deepseek_v3(const Config& config) {
  return describe(config, "full_attention");
}

DecoderSpec describe_deepseek_v32(const Config& config) {
  const IndexerSpec indexer{.heads = config.integer("index_n_heads", 64),
                            .head_dim = config.integer("index_head_dim", 128),
                            .top = config.integer("index_topk", 2048)};
  require_flag(config, "indexer_rope_interleave", false);
  DecoderSpec spec = describe(config, "indexed_attention");
  for (BlockSpec& block : spec.blocks) {
    std::get<MlaSpec>(block.mixer).indexer = indexer;
  }
  return spec;
}

DecoderSpec describe_kimi_k25(const Config& config) {
  for (const char* key : {"use_unified_vision_chunk", "ignore_index"}) {
    static_cast<void>(config.has(key));  // of images
  }
  const Config text = text_part(config);
  if (text.text("model_type") != "deepseek_v3") {  // as transformers 5 saves it
    require_text(text, "model_type", "kimi_k2");
  }
  return wrap(config, describe_deepseek_v3(text), {"vision_tower", "mm_projector"});
}

}  // namespace ottobit
