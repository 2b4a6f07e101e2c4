// SPDX-License-Identifier: Apache-2.0
// MiniMax M3 (`minimax_m3_vl`; pictures are set aside): grouped-query attention with a norm of each
// head and RoPE over half of it, in most layers over blocks of keys that an indexer chooses, and
// experts as in M2 with the limited activation of gpt-oss. Keys and defaults: transformers
// `MiniMaxM3VLTextConfig`, and the makers' own, which that translates (`sparse_attention_config`).
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// Which layers have an indexer: as `layer_types` says, else the makers' own list; else none.
std::vector<bool> indexed_layers(const Config& config, Index layers) {
  std::vector<bool> indexed(static_cast<std::size_t>(layers), false);
  if (const std::optional<Config> sparse = config.section("sparse_attention_config")) {
    indexed = nonzero_layers(*sparse, "sparse_attention_freq", indexed);
    if (!sparse->flag("use_sparse_attention", true)) {
      indexed.assign(indexed.size(), false);
    }
  }
  const std::vector<std::string> types = layer_types(config, layers);
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(types[i] == "minimax_m3_sparse" || types[i] == "full_attention",
                  ErrorCode::unsupported, config.subject(),
                  "`layer_types` has \"" + printable(types[i]) +
                      "\", known are: minimax_m3_sparse, full_attention");
    indexed[i] = types[i] == "minimax_m3_sparse";
  }
  return indexed;
}

BlockIndexerSpec indexer_of(const Config& config, Index kv_heads) {
  BlockIndexerSpec indexer{.head_dim = config.integer("index_head_dim", 128),
                           .block = config.integer("index_block_size", 128),
                           .top = config.integer("index_topk_blocks", 16),
                           .local = config.integer("index_local_blocks", 1)};
  Index heads = config.integer("index_n_heads", 4);
  if (const std::optional<Config> sparse = config.section("sparse_attention_config")) {
    require_text(*sparse, "sparse_score_type", "max");
    static_cast<void>(sparse->has("sparse_disable_index_value"));  // values that nobody published
    heads = sparse->integer("sparse_num_index_heads", heads);
    indexer.head_dim = sparse->integer("sparse_index_dim", indexer.head_dim);
    indexer.block = sparse->integer("sparse_block_size", indexer.block);
    indexer.top = sparse->integer("sparse_topk_blocks", indexer.top);
    indexer.local = sparse->integer("sparse_local_block", indexer.local);
    indexer.initial = sparse->integer("sparse_init_block", 0);
  }
  OTTOBIT_CHECK(heads == kv_heads, ErrorCode::unsupported, config.subject(),
                "the indexer has " + std::to_string(heads) + " heads for " +
                    std::to_string(kv_heads) + " key/value heads, expected one for each");
  return indexer;
}

}  // namespace

DecoderSpec describe_minimax_m3_text(const Config& config) {
  if (config.text("hidden_act", "silu") != "silu") {  // as transformers calls what the limit makes
    require_text(config, "hidden_act", "swigluoai");
  }
  require_text(config, "scoring_func", "sigmoid");
  require_text(config, "qk_norm_type", "per_head");
  require_number(config, "swiglu_alpha", 1.702);
  for (const char* key : {"num_mtp_modules", "num_nextn_predict_layers", "rotary_dim"}) {
    static_cast<void>(config.has(key));  // draft layers, and what `partial_rotary_factor` says
  }
  const Index head_dim = config.integer("head_dim", 128);
  GqaSpec attention{.heads = config.integer("num_attention_heads", 64),
                    .kv_heads = config.integer("num_key_value_heads", 4),
                    .head_dim = head_dim,
                    .qk_norm = config.flag("use_qk_norm", true) ? QkNorm::per_head : QkNorm::none,
                    .rope = rope_of(config, rotary_dim(config, head_dim, 1.0), "", 5e6)};
  const double limit = config.number("swiglu_limit", 7.0);
  MlpSpec dense{.hidden = config.integer("dense_intermediate_size", 12288),
                .activation = Activation::swiglu_limited,
                .limit = limit};
  MoeSpec experts{.scope = "block_sparse_moe",
                  .names = MlpNames{.gate = "w1", .up = "w3", .down = "w2"},
                  .router = RouterSpec{.experts = config.integer("num_local_experts", 128),
                                       .chosen = config.integer("num_experts_per_tok", 4),
                                       .score = RouterScore::sigmoid,
                                       .scale = config.number("routed_scaling_factor", 2.0)},
                  .hidden = config.integer("intermediate_size", 3072),
                  .shared = shared_expert(config.integer("shared_intermediate_size", 3072) *
                                          config.integer("n_shared_experts", 1)),
                  .activation = Activation::swiglu_limited,
                  .limit = limit};
  experts.shared.activation = experts.activation;
  experts.shared.limit = limit;
  if (config.flag("use_routing_bias", true)) {
    experts.router.correction_bias = "e_score_correction_bias";
  }
  const Index layers = layer_count(config);
  std::vector<bool> sparse(static_cast<std::size_t>(layers), true);
  for (std::size_t i = 0; i < std::min<std::size_t>(3, sparse.size()); ++i) {
    sparse[i] = false;
  }
  sparse = sparse_as_listed(config, nonzero_layers(config, "moe_layer_freq", std::move(sparse)));
  const std::vector<bool> indexed = indexed_layers(config, layers);
  DecoderSpec spec = mixed_blocks(config, 524288, attention, dense, experts, sparse);
  spec.norm.plus_one = config.flag("use_gemma_norm", true);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    if (indexed[i]) {
      attention.indexer = indexer_of(config, attention.kv_heads);
      spec.blocks[i].mixer = attention;
    }
  }
  spec.aside.push_back("model.mtp");
  return spec;
}

DecoderSpec describe_minimax_m3(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "minimax_m3_vl_text");
  return wrap(config, describe_minimax_m3_text(text),
              {"vision_tower", "multi_modal_projector", "patch_merge_mlp"});
}

}  // namespace ottobit
