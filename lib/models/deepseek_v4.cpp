// SPDX-License-Identifier: Apache-2.0
// DeepSeek V4 (`deepseek_v4`): four residual streams, attention to a window and to compressed
// entries, experts that the first layers choose by the token itself. Keys and defaults: the makers'
// config.json, and transformers `DeepseekV4Config`, which writes some of them in other words.
#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

constexpr const char* kOverlapping = "compressed_sparse_attention";  // with an indexer
constexpr const char* kApart = "heavily_compressed_attention";

/// Tokens of an entry in each layer, 0 where there are none: `compress_ratios`, in which draft
/// layers may follow, or `layer_types` and `compress_rates`.
std::vector<Index> ratios(const Config& config, Index layers) {
  const auto count = static_cast<std::size_t>(layers);
  if (config.has("compress_ratios")) {
    std::vector<Index> all = config.integers("compress_ratios");
    OTTOBIT_CHECK(all.size() >= count, ErrorCode::format, config.subject(),
                  "`compress_ratios` has " + std::to_string(all.size()) + " entries for " +
                      std::to_string(layers) + " layers");
    all.resize(count);
    return all;
  }
  const std::optional<Config> rates = config.section("compress_rates");
  const auto rate = [&](const char* type, Index otherwise) {
    return rates ? rates->integer(type, otherwise) : otherwise;
  };
  const Index overlapping = rate(kOverlapping, 4);
  const Index apart = rate(kApart, 128);
  std::vector<Index> all;
  for (const std::string& type : layer_types(config, layers)) {
    OTTOBIT_CHECK(type == kOverlapping || type == kApart || type == "sliding_attention",
                  ErrorCode::unsupported, config.subject(),
                  "`layer_types` has \"" + printable(type) + "\", known are: " + kOverlapping +
                      ", " + kApart + ", sliding_attention");
    all.push_back(type == kOverlapping ? overlapping : type == kApart ? apart : 0);
  }
  OTTOBIT_CHECK(!all.empty(), ErrorCode::format, config.subject(), "`compress_ratios` is missing");
  return all;
}

/// The rotation of layers with entries; that of the others has no scaling.
RopeSpec rope_of_layer(const Config& config, bool has_entries) {
  const Index dim = rotary_dim(config, config.integer("head_dim", 512), 0.125);
  RopeSpec rope = rope_of(config, config.integer("qk_rope_head_dim", dim),
                          has_entries ? "compress" : "main", 1e4);
  rope.layout = RopeLayout::interleaved;
  const double theta = config.number("compress_rope_theta", 160000.0);
  if (!has_entries) {
    rope.scaling = {};
    return rope;
  }
  if (auto* yarn = std::get_if<RopeYarn>(&rope.scaling)) {
    yarn->magnitude = 1.0;
  }
  const std::optional<Config> saved = config.section("rope_parameters");
  if (!saved || !saved->has("compress")) {
    rope.theta = theta;
    require_theta(config, "compress_rope_theta", theta);
  }
  return rope;
}

CsaSpec attention_of(const Config& config, Index ratio) {
  // Entries of few tokens overlap and are chosen, those of many are not.
  constexpr Index kMostOverlapping = 4;
  CsaSpec attention{.heads = config.integer("num_attention_heads", 64),
                    .head_dim = config.integer("head_dim", 512),
                    .q_rank = config.integer("q_lora_rank", 1024),
                    .out_rank = config.integer("o_lora_rank", 1024),
                    .groups = config.integer("o_groups", 8),
                    .window = config.integer("sliding_window", 128),
                    .ratio = ratio,
                    .overlaps = ratio > 0 && ratio <= kMostOverlapping,
                    .norm = NormSpec{.eps = config.number("rms_norm_eps", 1e-6)},
                    .rope = rope_of_layer(config, ratio > 0)};
  const IndexerSpec indexer{.heads = config.integer("index_n_heads", 64),
                            .head_dim = config.integer("index_head_dim", 128),
                            .top = config.integer("index_topk", 512)};
  if (attention.overlaps) {
    attention.indexer = indexer;
  }
  return attention;
}

/// Layers whose experts the token itself chooses: the first `num_hash_layers`, or as
/// `mlp_layer_types` says.
std::vector<bool> hashed_layers(const Config& config, Index layers) {
  std::vector<bool> hashed(static_cast<std::size_t>(layers), false);
  const Index first = std::min(config.integer("num_hash_layers", 3), layers);
  std::fill_n(hashed.begin(), first, true);
  if (config.has("mlp_layer_types")) {
    const std::vector<std::string> types = config.texts("mlp_layer_types");
    OTTOBIT_CHECK(types.size() >= hashed.size(), ErrorCode::format, config.subject(),
                  "`mlp_layer_types` has " + std::to_string(types.size()) + " entries for " +
                      std::to_string(layers) + " layers");
    for (std::size_t i = 0; i < hashed.size(); ++i) {
      OTTOBIT_CHECK(
          types[i] == "hash_moe" || types[i] == "moe", ErrorCode::unsupported, config.subject(),
          "`mlp_layer_types` has \"" + printable(types[i]) + "\", known are: hash_moe, moe");
      hashed[i] = types[i] == "hash_moe";
    }
  }
  return hashed;
}

MoeSpec experts_of(const Config& config, Index vocab) {
  const MlpNames names{.gate = "w1", .up = "w3", .down = "w2"};
  MoeSpec moe = deepseek_experts(config, {.scope = "ffn",
                                          .names = names,
                                          .router = RouterSpec{.experts = 256,
                                                               .chosen = 6,
                                                               .score = RouterScore::sqrt_softplus,
                                                               .correction_bias = "gate.bias",
                                                               .vocab = vocab,
                                                               .scale = 1.5},
                                          .hidden = 2048,
                                          .shared = shared_expert(1),
                                          .activation = Activation::silu_limited,
                                          .limit = config.number("swiglu_limit", 10.0)});
  moe.shared.names = names;
  moe.shared.activation = moe.activation;
  moe.shared.limit = moe.limit;
  return moe;
}

}  // namespace

DecoderSpec describe_deepseek_v4(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "scoring_func", "sqrtsoftplus");
  require_text(config, "topk_method", "noaux_tc");
  require_number(config, "num_key_value_heads", 1.0);
  require_flag(config, "attention_bias", false);
  for (const char* key : {"expert_dtype", "num_nextn_predict_layers"}) {
    static_cast<void>(config.has(key));  // which the files say; draft layers
  }
  const Index layers = layer_count(config);
  const Index vocab = config.integer("vocab_size", 129280);
  const std::vector<Index> ratio = ratios(config, layers);
  const std::vector<bool> hashed = hashed_layers(config, layers);
  DecoderSpec spec = equal_blocks(config, 1 << 20, std::monostate(), experts_of(config, vocab));
  spec.hyper = HyperSpec{.streams = config.integer("hc_mult", 4),
                         .rounds = config.integer("hc_sinkhorn_iters", 20),
                         .eps = config.number("hc_eps", 1e-6)};
  spec.names = DecoderNames{.embedding = "embed", .norm = "norm", .head = "head"};
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockSpec& block = spec.blocks[i];
    block.scope = "layers." + std::to_string(i);
    block.norms.mixer_in = "attn_norm";
    block.norms.ffn_in = "ffn_norm";
    block.mixer_scope = "attn";
    block.mixer = attention_of(config, ratio[i]);
    if (hashed[i]) {
      RouterSpec& router = std::get<MoeSpec>(block.ffn).router;
      router.table = "gate.tid2eid";
      router.correction_bias.clear();
    }
  }
  spec.aside.push_back("mtp");
  return spec;
}

}  // namespace ottobit
