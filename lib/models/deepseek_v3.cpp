// SPDX-License-Identifier: Apache-2.0
// DeepSeek V3, R1 and V3.1 (`deepseek_v3`, arXiv:2412.19437) and Moonshot Kimi K2 (`kimi_k2`):
// multi-head latent attention, the first layers dense, then experts chosen by sigmoids with a
// correction from a limited number of groups, beside one that all tokens share. DeepSeek V3.2
// (`deepseek_v32`, arXiv:2512.02556) adds an indexer to each layer; Z.ai GLM-5 (`glm_moe_dsa`) has
// one in some layers, whose choice the next ones take; DeepSeek V2 (`deepseek_v2`,
// arXiv:2405.04434) chose by a softmax; Tencent Youtu-LLM (`youtu`,
// arXiv:2512.24618) has no experts. Keys and defaults: transformers `DeepseekV3Config`,
// `DeepseekV32Config`, `YoutuConfig`.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

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

}  // namespace

MlaSpec latent_attention(const Config& config, const MlaSpec& otherwise) {
  RopeSpec rope = rope_of(config, config.integer("qk_rope_head_dim", otherwise.rope.dim), "",
                          otherwise.rope.theta);
  rope.layout = config.flag("rope_interleave", true) ? RopeLayout::interleaved : RopeLayout::half;
  for (const char* key : {"head_dim", "qk_head_dim"}) {
    static_cast<void>(config.has(key));  // said again elsewhere
  }
  const Index nope = config.integer("qk_nope_head_dim", otherwise.nope_dim);
  const Index heads = config.integer("num_attention_heads", otherwise.heads);
  OTTOBIT_CHECK(config.integer("num_key_value_heads", heads) == heads, ErrorCode::unsupported,
                config.subject(),
                "`num_key_value_heads` is not `num_attention_heads`, as latent attention has it");
  const Index no_q_rank = config.mentions("q_lora_rank") ? 0 : otherwise.q_rank;
  return {.heads = heads,
          .q_rank = config.integer("q_lora_rank", no_q_rank),  // null says that there is none
          .kv_rank = config.integer("kv_lora_rank", otherwise.kv_rank),
          .nope_dim = nope,
          .value_dim = config.integer("v_head_dim", otherwise.value_dim),
          .bias = config.flag("attention_bias", false),
          .scale = softmax_scale(config, nope + rope.dim),
          .norm = NormSpec{.eps = 1e-6},  // whatever `rms_norm_eps` says
          .rope = rope};
}

namespace {

/// Which layers take what the last indexer before them chose: as `indexer_types` says ("full",
/// "shared"), or `index_topk_pattern` ("FSSF"), or all but each `index_topk_freq`-th from some on.
std::vector<bool> layers_without_indexer(const Config& config, std::size_t layers) {
  std::vector<bool> shares;
  const Index every = std::max<Index>(config.integer("index_topk_freq", 1), 1);
  const Index offset = config.integer("index_skip_topk_offset", 2);
  for (Index i = 0; i < static_cast<Index>(layers); ++i) {
    shares.push_back(std::max<Index>(i - offset + 1, 0) % every != 0);
  }
  const auto check = [&](std::size_t count, const char* key) {
    OTTOBIT_CHECK(count == layers, ErrorCode::format, config.subject(),
                  "`" + std::string(key) + "` has " + std::to_string(count) + " entries for " +
                      std::to_string(layers) + " layers");
  };
  if (config.has("index_topk_pattern")) {
    const std::string pattern = config.text("index_topk_pattern");
    check(pattern.size(), "index_topk_pattern");
    std::transform(pattern.begin(), pattern.end(), shares.begin(),
                   [](char letter) { return letter == 'S'; });
  }
  if (config.has("indexer_types")) {
    const std::vector<std::string> types = config.texts("indexer_types");
    check(types.size(), "indexer_types");
    std::transform(types.begin(), types.end(), shares.begin(),
                   [](const std::string& type) { return type == "shared"; });
  }
  OTTOBIT_CHECK(shares.empty() || !shares.front(), ErrorCode::format, config.subject(),
                "the first layer has no indexer before it whose choice it could take");
  return shares;
}

DecoderSpec describe(const Config& config, std::string_view layer_type) {
  require_text(config, "hidden_act", "silu");
  require_layer_type(config, layer_count(config), layer_type);
  require_text(config, "scoring_func", "sigmoid");
  require_text(config, "topk_method", "noaux_tc");
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 18432)};
  const MoeSpec sparse = deepseek_experts(
      config, {.router = RouterSpec{.experts = 256,
                                    .chosen = 8,
                                    .score = RouterScore::sigmoid,
                                    .correction_bias = "gate.e_score_correction_bias",
                                    .groups = 8,
                                    .chosen_groups = 4,
                                    .scale = 2.5},
               .hidden = 2048,
               .shared = shared_expert(1)});
  const MlaSpec attention = latent_attention(config, {.heads = 128,
                                                      .q_rank = 1536,
                                                      .kv_rank = 512,
                                                      .nope_dim = 128,
                                                      .value_dim = 128,
                                                      .rope = RopeSpec{.dim = 64}});
  return sparse_blocks(config, 4096, attention, dense, sparse, 3);
}

}  // namespace

DecoderSpec describe_deepseek_v3(const Config& config) {
  return describe(config, "full_attention");
}

DecoderSpec describe_glm_moe_dsa(const Config& config) {
  DecoderSpec spec = describe(config, "indexed_attention");
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  IndexerSpec indexer{.heads = config.integer("index_n_heads", 32),
                      .head_dim = config.integer("index_head_dim", 128),
                      .top = config.integer("index_topk", 2048)};
  indexer.layout =
      config.flag("indexer_rope_interleave", true) ? RopeLayout::interleaved : RopeLayout::half;
  const std::vector<bool> shares = layers_without_indexer(config, spec.blocks.size());
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    indexer.shared = shares[i];
    std::get<MlaSpec>(spec.blocks[i].mixer).indexer = indexer;
  }
  return spec;
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

DecoderSpec describe_deepseek_v2(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "scoring_func", "softmax");
  const std::string method = config.text("topk_method", "greedy");
  OTTOBIT_CHECK(
      method == "greedy" || method == "group_limited_greedy", ErrorCode::unsupported,
      config.subject(),
      "`topk_method` is \"" + printable(method) + "\", known are: greedy, group_limited_greedy");
  const MlaSpec attention = latent_attention(config, {.heads = 32,
                                                      .q_rank = 1536,
                                                      .kv_rank = 512,
                                                      .nope_dim = 128,
                                                      .value_dim = 128,
                                                      .rope = RopeSpec{.dim = 64}});
  MoeSpec sparse = deepseek_experts(
      config,
      {.router = RouterSpec{.experts = 64, .chosen = 6, .group_counts = 1, .normalised = false},
       .hidden = 1407,
       .shared = shared_expert(2)});
  sparse.router.normalised = false;  // whatever `norm_topk_prob` says
  if (method == "greedy") {
    sparse.router.groups = sparse.router.chosen_groups = 1;
  }
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 11008)};
  return sparse_blocks(config, 2048, attention, dense, sparse, 0);
}

DecoderSpec describe_youtu(const Config& config) {
  require_text(config, "hidden_act", "silu");
  const MlaSpec attention = latent_attention(config, {.heads = 16,
                                                      .q_rank = 1536,
                                                      .kv_rank = 512,
                                                      .nope_dim = 128,
                                                      .value_dim = 128,
                                                      .rope = RopeSpec{.dim = 64}});
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 6144)};
  const Index layers = layer_count(config);
  DecoderSpec spec = sparse_blocks(config, 131072, attention, dense, {}, layers);
  spec.tied_head = config.flag("tie_word_embeddings", true);
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
