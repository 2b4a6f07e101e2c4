// SPDX-License-Identifier: Apache-2.0
#include "models/common.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "models/rotations.hpp"

namespace ottobit {

std::vector<std::string> layer_types(const Config& config, Index layers) {
  std::vector<std::string> types;
  if (!config.has("layer_types")) {
    return types;
  }
  types = config.texts("layer_types");
  const auto entries = static_cast<Index>(types.size());
  const Index drafts = entries > layers ? config.integer("num_nextn_predict_layers", 0) : 0;
  OTTOBIT_CHECK(entries == layers || entries == layers + drafts, ErrorCode::format,
                config.subject(),
                "`layer_types` has " + std::to_string(entries) + " entries for " +
                    std::to_string(layers) + " layers");
  types.resize(static_cast<std::size_t>(layers));
  for (std::string& type : types) {
    type = type == "attention" ? "full_attention" : type;  // names of earlier releases
    type = type == "mamba" ? "linear_attention" : type;
    type = type == "deepseek_sparse_attention" ? "indexed_attention" : type;
  }
  return types;
}

void require_layer_type(const Config& config, Index layers, std::string_view type) {
  for (const std::string& each : layer_types(config, layers)) {
    OTTOBIT_CHECK(each == type, ErrorCode::unsupported, config.subject(),
                  "`layer_types` has \"" + printable(each) + "\", this family knows \"" +
                      std::string(type) + "\"");
  }
}

std::vector<bool> layers_of_type(const Config& config, Index layers, std::string_view type,
                                 Index full_every) {
  std::vector<bool> of_type;
  for (Index i = 0; i < layers; ++i) {
    of_type.push_back(full_every == 0 || (i + 1) % full_every != 0);
  }
  const std::vector<std::string> types = layer_types(config, layers);
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(types[i] == type || types[i] == "full_attention", ErrorCode::unsupported,
                  config.subject(),
                  "`layer_types` has \"" + printable(types[i]) +
                      "\", known are: " + std::string(type) + ", full_attention");
    of_type[i] = types[i] == type;
  }
  return of_type;
}

std::vector<bool> nonzero_layers(const Config& config, const char* key,
                                 std::vector<bool> otherwise) {
  if (!config.has(key)) {
    return otherwise;
  }
  const std::vector<double> numbers = config.numbers(key);
  OTTOBIT_CHECK(numbers.size() == otherwise.size(), ErrorCode::format, config.subject(),
                "`" + std::string(key) + "` has " + std::to_string(numbers.size()) +
                    " entries for " + std::to_string(otherwise.size()) + " layers");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    otherwise[i] = numbers[i] != 0.0;
  }
  return otherwise;
}

std::vector<bool> sparse_as_listed(const Config& config, std::vector<bool> otherwise) {
  if (!config.has("mlp_layer_types")) {
    return otherwise;
  }
  const std::vector<std::string> types = config.texts("mlp_layer_types");
  OTTOBIT_CHECK(types.size() == otherwise.size(), ErrorCode::format, config.subject(),
                "`mlp_layer_types` has " + std::to_string(types.size()) + " entries for " +
                    std::to_string(otherwise.size()) + " layers");
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(
        types[i] == "sparse" || types[i] == "dense", ErrorCode::unsupported, config.subject(),
        "`mlp_layer_types` has \"" + printable(types[i]) + "\", known are: dense, sparse");
    otherwise[i] = types[i] == "sparse";
  }
  return otherwise;
}

std::vector<bool> sparse_layers(const Config& config, Index layers) {
  const Index step = config.integer("decoder_sparse_step", 1);
  const std::vector<Index> dense =
      config.has("mlp_only_layers") ? config.integers("mlp_only_layers") : std::vector<Index>{};
  std::vector<bool> sparse;
  for (Index i = 0; i < layers; ++i) {
    const bool listed = std::find(dense.begin(), dense.end(), i) != dense.end();
    sparse.push_back(!listed && step > 0 && (i + 1) % step == 0);
  }
  return sparse_as_listed(config, std::move(sparse));
}

Index rotary_dim(const Config& config, Index head_dim, double default_factor) {
  double factor = config.number("partial_rotary_factor", default_factor);
  if (const std::optional<Config> rope = rope_section(config)) {
    factor = rope->number("partial_rotary_factor", factor);
  }
  OTTOBIT_CHECK(factor > 0.0 && factor <= 1.0, ErrorCode::format, config.subject(),
                "`partial_rotary_factor` is " + std::to_string(factor) + ", expected 0 to 1");
  return static_cast<Index>(static_cast<double>(head_dim) * factor);
}

Config text_part(const Config& config) {
  std::optional<Config> text = config.section("text_config");
  OTTOBIT_CHECK(text.has_value(), ErrorCode::format, config.subject(), "`text_config` is missing");
  return *text;
}

DecoderSpec wrap(const Config& config, DecoderSpec spec, std::vector<std::string> aside) {
  spec.wrapped = true;
  spec.tied_head = config.flag("tie_word_embeddings", spec.tied_head);
  spec.aside.insert(spec.aside.end(), std::make_move_iterator(aside.begin()),
                    std::make_move_iterator(aside.end()));
  return spec;
}

std::vector<Index> tokens_at(const Config& config, Index vocab, const std::vector<TokenKey>& keys) {
  std::vector<Index> tokens;
  for (const TokenKey& each : keys) {
    const double id = config.number(each.key, static_cast<double>(each.otherwise));
    const bool is_token = id >= 0.0 && id < static_cast<double>(vocab);
    tokens.push_back(is_token ? static_cast<Index>(id) : -1);
  }
  return tokens;
}

double number_or_none(const Config& config, std::string_view key, double absent) {
  return config.number(key, config.mentions(key) ? 0.0 : absent);
}

DecoderSpec outline(const Config& config, Index default_context, Index default_vocab) {
  return {.vocab = default_vocab == 0 ? config.integer("vocab_size")
                                      : config.integer("vocab_size", default_vocab),
          .dim = config.integer("hidden_size"),
          .context = context_of(config, default_context),
          .norm = NormSpec{.eps = config.number("rms_norm_eps", 1e-6)},
          .tied_head = config.flag("tie_word_embeddings", false)};
}

std::string layer_scope(Index layer) {
  return "model.layers." + std::to_string(layer);
}

DecoderSpec equal_blocks(const Config& config, Index default_context, const GqaSpec& attention) {
  const MlpSpec mlp{.hidden = config.integer("intermediate_size"),
                    .bias = config.flag("mlp_bias", false)};
  return equal_blocks(config, default_context, attention, mlp);
}

DecoderSpec equal_blocks(const Config& config, Index default_context, const MixerSpec& mixer,
                         const FfnSpec& ffn) {
  DecoderSpec spec = outline(config, default_context);
  const Index layers = layer_count(config);
  for (Index i = 0; i < layers; ++i) {
    spec.blocks.push_back({.scope = layer_scope(i), .mixer = mixer, .ffn = ffn});
  }
  return spec;
}

DecoderSpec mixed_blocks(const Config& config, Index default_context, const MixerSpec& mixer,
                         const MlpSpec& dense, const MoeSpec& sparse,
                         const std::vector<bool>& has_experts) {
  DecoderSpec spec = equal_blocks(config, default_context, mixer, dense);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    if (has_experts[i]) {
      spec.blocks[i].ffn = sparse;
    }
  }
  return spec;
}

GqaSpec grouped_attention(const Config& config, GqaSpec otherwise) {
  require_text(config, "hidden_act", "silu");
  GqaSpec attention = otherwise;
  attention.heads = otherwise.heads == 0 ? config.integer("num_attention_heads")
                                         : config.integer("num_attention_heads", otherwise.heads);
  attention.kv_heads = config.integer(
      "num_key_value_heads", otherwise.kv_heads == 0 ? attention.heads : otherwise.kv_heads);
  const Index even = attention.heads == 0 ? 0 : config.integer("hidden_size") / attention.heads;
  attention.head_dim =
      config.integer("head_dim", otherwise.head_dim == 0 ? even : otherwise.head_dim);
  const double part =
      otherwise.rope.dim == 0 || otherwise.head_dim == 0
          ? 1.0
          : static_cast<double>(otherwise.rope.dim) / static_cast<double>(otherwise.head_dim);
  attention.rope =
      rope_of(config, rotary_dim(config, attention.head_dim, part), "", otherwise.rope.theta);
  attention.rope.layout = otherwise.rope.layout;
  return attention;
}

MoeSpec deepseek_experts(const Config& config, MoeSpec otherwise) {
  MoeSpec moe = std::move(otherwise);
  RouterSpec& router = moe.router;
  router.experts = router.experts == 0 ? config.integer("n_routed_experts")
                                       : config.integer("n_routed_experts", router.experts);
  router.chosen = router.chosen == 0 ? config.integer("num_experts_per_tok")
                                     : config.integer("num_experts_per_tok", router.chosen);
  router.groups = config.integer("n_group", router.groups);
  router.chosen_groups = config.integer("topk_group", router.chosen_groups);
  router.normalised = config.flag("norm_topk_prob", router.normalised);
  router.scale = config.number("routed_scaling_factor", router.scale);
  moe.hidden = config.integer("moe_intermediate_size", moe.hidden);
  moe.shared.hidden = moe.hidden * config.integer("n_shared_experts", moe.shared.hidden);
  return moe;
}

DecoderSpec sparse_blocks(const Config& config, Index default_context, const MixerSpec& mixer,
                          const MlpSpec& dense, const MoeSpec& sparse, Index first_sparse) {
  const Index layers = layer_count(config);
  const Index first = config.integer("first_k_dense_replace", first_sparse);
  const Index step = config.integer("moe_layer_freq", 1);
  std::vector<bool> has_experts;
  for (Index i = 0; i < layers; ++i) {
    has_experts.push_back(i >= first && step > 0 && i % step == 0);
  }
  has_experts = sparse_as_listed(config, std::move(has_experts));
  DecoderSpec spec = mixed_blocks(config, default_context, mixer, dense, sparse, has_experts);
  const Index draft_layers = config.integer("num_nextn_predict_layers", 0);
  for (Index i = 0; i < std::min<Index>(draft_layers, layers); ++i) {
    spec.aside.push_back(layer_scope(layers + i));
  }
  return spec;
}

void set_windows(DecoderSpec& spec, const std::vector<bool>& slides, Index width) {
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    std::get<GqaSpec>(spec.blocks[i].mixer).window = slides[i] ? width : 0;
  }
}

void set_late_windows(const Config& config, DecoderSpec& spec) {
  // A width is written even where there are no windows.
  const Index width = static_cast<Index>(number_or_none(config, "sliding_window", 4096.0));
  const Index first = config.integer("max_window_layers", 28);
  const auto layers = static_cast<Index>(spec.blocks.size());
  std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 0);
  for (Index i = 0; i < layers && !config.has("layer_types"); ++i) {
    slides[static_cast<std::size_t>(i)] = i >= first;
  }
  set_windows(spec, slides, config.flag("use_sliding_window", false) ? width : 0);
}

Index layer_count(const Config& config) {
  const Index layers = config.integer("num_hidden_layers");
  OTTOBIT_CHECK(layers >= 1 && layers <= 4096, ErrorCode::format, config.subject(),
                "`num_hidden_layers` is " + std::to_string(layers) + ", expected 1 to 4096");
  return layers;
}

void require_text(const Config& config, std::string_view key, std::string_view expected) {
  const std::string found = config.text(key, std::string(expected));
  OTTOBIT_CHECK(found == expected, ErrorCode::unsupported, config.subject(),
                "`" + std::string(key) + "` is \"" + found + "\", this family knows \"" +
                    std::string(expected) + "\"");
}

void require_number(const Config& config, std::string_view key, double expected) {
  const double found = config.number(key, expected);
  OTTOBIT_CHECK(std::abs(found - expected) <= 1e-6 * std::abs(expected), ErrorCode::unsupported,
                config.subject(),
                "`" + std::string(key) + "` is " + std::to_string(found) + ", this family knows " +
                    std::to_string(expected));
}

void require_flag(const Config& config, std::string_view key, bool expected) {
  OTTOBIT_CHECK(config.flag(key, expected) == expected, ErrorCode::unsupported, config.subject(),
                "`" + std::string(key) + "` is " + (expected ? "false" : "true") +
                    ", which this family does not know yet");
}

}  // namespace ottobit
