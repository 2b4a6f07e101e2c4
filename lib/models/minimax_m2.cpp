// SPDX-License-Identifier: Apache-2.0
// MiniMax M2, M2.1, M2.5, M2.7 (`minimax_m2`): grouped-query attention with a norm over all heads
// of queries and keys together, RoPE over half of each head, and experts chosen by sigmoids with a
// correction. Keys and defaults: transformers `MiniMaxM2Config`.
#include <algorithm>
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// All layers must be of full attention; the key remains from MiniMax M1.
void require_full_attention(const Config& config) {
  if (!config.has("attn_type_list")) {
    return;
  }
  const std::vector<Index> types = config.integers("attn_type_list");
  OTTOBIT_CHECK(std::all_of(types.begin(), types.end(), [](Index type) { return type == 1; }),
                ErrorCode::unsupported, config.subject(),
                "`attn_type_list` has a layer that is not 1, full attention");
}

}  // namespace

DecoderSpec describe_minimax_m2(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "scoring_func", "sigmoid");
  require_text(config, "qk_norm_type", "per_layer");
  require_flag(config, "use_routing_bias", true);
  require_full_attention(config);
  for (const char* key : {"use_mtp", "num_mtp_modules", "mtp_transformer_layers"}) {
    static_cast<void>(config.has(key));  // draft layers, which were never published
  }
  const Index head_dim = config.integer("head_dim", 128);
  const Index rotated = config.integer("rotary_dim", rotary_dim(config, head_dim, 1.0));
  const GqaSpec attention{
      .heads = config.integer("num_attention_heads", 48),
      .kv_heads = config.integer("num_key_value_heads", 8),
      .head_dim = head_dim,
      .qk_norm = config.flag("use_qk_norm", true) ? QkNorm::over_heads : QkNorm::none,
      .rope = rope_of(config, rotated)};
  const MoeSpec experts{.scope = "block_sparse_moe",
                        .names = MlpNames{.gate = "w1", .up = "w3", .down = "w2"},
                        .router = RouterSpec{.experts = config.integer("num_local_experts", 256),
                                             .chosen = config.integer("num_experts_per_tok", 8),
                                             .score = RouterScore::sigmoid,
                                             .correction_bias = "e_score_correction_bias"},
                        .hidden = config.integer("intermediate_size", 1536),
                        .shared = shared_expert(config.integer("shared_intermediate_size", 0))};
  const Index layers = layer_count(config);
  require_layer_type(config, layers, "full_attention");
  const std::vector<bool> sparse =
      sparse_as_listed(config, std::vector<bool>(static_cast<std::size_t>(layers), true));
  OTTOBIT_CHECK(std::find(sparse.begin(), sparse.end(), false) == sparse.end(),
                ErrorCode::unsupported, config.subject(), "`mlp_layer_types` has a dense layer");
  return equal_blocks(config, 196608, attention, experts);
}

}  // namespace ottobit
