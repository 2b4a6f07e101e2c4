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

namespace ottobit {

namespace {

double positive(const Config& section, const char* key) {
  const double value = section.number(key);
  OTTOBIT_CHECK(
      value > 0.0 && value < 1e12, ErrorCode::format, section.subject(),
      "`" + std::string(key) + "` is " + std::to_string(value) + ", expected a positive number");
  return value;
}

/// Positions a model was trained on before it was stretched.
double original_context(const Config& config, const Config& section) {
  const double declared = config.number("max_position_embeddings", 0.0);
  return config.number("original_max_position_embeddings",
                       section.number("original_max_position_embeddings", declared));
}

/// The magnitude is `attention_factor` where it stands, else the quotient of two corrections, else
/// the plain one (transformers `_compute_yarn_parameters`).
RopeYarn yarn(const Config& config, const Config& section) {
  const double original = original_context(config, section);
  const double quotient = config.number("max_position_embeddings", 0.0) / original;
  RopeYarn yarn{.factor = section.has("factor") ? positive(section, "factor") : quotient,
                .beta_fast = section.number("beta_fast", 32.0),
                .beta_slow = section.number("beta_slow", 1.0),
                .original = original,
                .truncate = section.flag("truncate", true),
                .magnitude = 1.0};
  OTTOBIT_CHECK(yarn.factor > 0.0 && yarn.factor < 1e12, ErrorCode::format, section.subject(),
                "`factor` is missing, and does not follow from `max_position_embeddings`");
  OTTOBIT_CHECK(yarn.original >= 1.0, ErrorCode::format, section.subject(),
                "`original_max_position_embeddings` is " + std::to_string(yarn.original) +
                    ", expected 1 or more");
  OTTOBIT_CHECK(yarn.beta_slow > 0.0 && yarn.beta_fast >= yarn.beta_slow, ErrorCode::format,
                section.subject(),
                "`beta_fast` is " + std::to_string(yarn.beta_fast) + " and `beta_slow` " +
                    std::to_string(yarn.beta_slow) + ", expected beta_fast >= beta_slow > 0");
  const double mscale = section.number("mscale", 0.0);
  const double all_dim = section.number("mscale_all_dim", 0.0);
  const double magnitude =
      mscale != 0.0 && all_dim != 0.0
          ? yarn_correction(yarn.factor, mscale) / yarn_correction(yarn.factor, all_dim)
          : yarn_correction(yarn.factor, 1.0);
  yarn.magnitude = section.number("attention_factor", magnitude);
  return yarn;
}

/// Two lists of factors; the magnitude is `attention_factor` where it stands, else follows from how
/// much longer the context is (transformers `_compute_longrope_parameters`).
RopeLong long_rope(const Config& config, const Config& section) {
  RopeLong rope{.short_factors = section.numbers("short_factor"),
                .long_factors = section.numbers("long_factor"),
                .original = original_context(config, section)};
  OTTOBIT_CHECK(rope.original > 1.0, ErrorCode::format, section.subject(),
                "`original_max_position_embeddings` is missing");
  for (const std::vector<double>* factors : {&rope.short_factors, &rope.long_factors}) {
    OTTOBIT_CHECK(std::all_of(factors->begin(), factors->end(),
                              [](double factor) { return factor > 0.0 && factor < 1e12; }),
                  ErrorCode::format, section.subject(),
                  "`short_factor` or `long_factor` has a number that is not positive");
  }
  const double stretched = config.number("max_position_embeddings", rope.original) / rope.original;
  const double factor = section.number("factor", stretched);
  rope.magnitude = section.number(
      "attention_factor",
      factor <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(factor) / std::log(rope.original)));
  return rope;
}

/// Keys of one type that stand beside another do nothing.
void leave_other_types(const Config& section) {
  for (const char* key :
       {"factor", "beta_fast", "beta_slow", "truncate", "mscale", "mscale_all_dim",
        "attention_factor", "low_freq_factor", "high_freq_factor", "short_factor", "long_factor",
        "original_max_position_embeddings", "partial_rotary_factor", "rope_theta", "type",
        "short_mscale", "long_mscale",
        // How positions of images lie on three axes, which are one and the same for text.
        "mrope_section", "mrope_interleaved"}) {
    static_cast<void>(section.has(key));
  }
}

std::string rope_type(const Config& section) {
  return section.text("rope_type", section.text("type", "default"));
}

RopeScaling rope_scaling(const Config& config, const Config& section) {
  leave_other_types(section);
  const std::string type = rope_type(section);
  if (type == "default" || type == "mrope" || type == "dynamic") {
    return {};  // the last stretches only beyond the context that is declared
  }
  if (type == "linear") {
    return RopeLinear{positive(section, "factor")};
  }
  if (type == "llama3") {
    const RopeLlama3 scaling{.factor = positive(section, "factor"),
                             .low_freq_factor = positive(section, "low_freq_factor"),
                             .high_freq_factor = positive(section, "high_freq_factor"),
                             .original = original_context(config, section)};
    OTTOBIT_CHECK(scaling.original >= 1.0, ErrorCode::format, section.subject(),
                  "`original_max_position_embeddings` is missing");
    OTTOBIT_CHECK(scaling.high_freq_factor >= scaling.low_freq_factor, ErrorCode::format,
                  section.subject(), "`high_freq_factor` is less than `low_freq_factor`");
    return scaling;
  }
  if (type == "yarn") {
    return yarn(config, section);
  }
  if (type == "longrope" || type == "su") {
    return long_rope(config, section);
  }
  fail(ErrorCode::unsupported, section.subject(),
       "`rope_type` is \"" + type +
           "\", known are: default, dynamic, mrope, linear, llama3, yarn, longrope");
}

}  // namespace

double yarn_correction(double factor, double strength) {
  return factor <= 1.0 ? 1.0 : 0.1 * strength * std::log(factor) + 1.0;
}

std::optional<Config> rope_section(const Config& config, std::string_view layer_type) {
  std::optional<Config> chosen;
  for (const char* key : {"rope_parameters", "rope_scaling"}) {  // the second counts more
    std::optional<Config> section = config.section(key);
    // A section for each type of layer, where it is not one for all.
    for (const std::string_view type : {layer_type, std::string_view("full_attention")}) {
      if (section && !type.empty() && section->has(type)) {
        section = section->section(type);
        break;
      }
    }
    if (section && !section->raw().empty()) {
      chosen = section;
    }
  }
  return chosen;
}

bool is_stretched(const Config& section) {
  const std::string type = rope_type(section);
  return type != "default" && type != "mrope" && type != "dynamic";
}

RopeSpec rope_of(const Config& config, Index dim) {
  return rope_of(config, dim, "", 10000.0);
}

RopeSpec rope_of(const Config& config, Index dim, std::string_view layer_type,
                 double default_theta) {
  RopeSpec rope{.dim = dim,
                .theta = config.number("rope_theta", default_theta),
                .layout = RopeLayout::half,
                .scaling = {}};
  if (const std::optional<Config> saved = config.section("rope_parameters")) {
    rope.theta = saved->number("rope_theta", rope.theta);
  }
  if (const std::optional<Config> section = rope_section(config, layer_type)) {
    rope.scaling = rope_scaling(config, *section);
    if (const auto* longer = std::get_if<RopeLong>(&rope.scaling)) {
      const auto pairs = static_cast<std::size_t>(dim / 2);
      OTTOBIT_CHECK(longer->short_factors.size() == pairs && longer->long_factors.size() == pairs,
                    ErrorCode::format, section->subject(),
                    "`short_factor` has " + std::to_string(longer->short_factors.size()) +
                        " numbers and `long_factor` " +
                        std::to_string(longer->long_factors.size()) + ", expected " +
                        std::to_string(pairs));
    }
    rope.theta = section->number("rope_theta", rope.theta);
  }
  require_theta(config, "rope_theta", rope.theta);
  return rope;
}

void require_theta(const Config& config, std::string_view key, double theta) {
  OTTOBIT_CHECK(
      theta > 1.0 && theta < 1e12, ErrorCode::format, config.subject(),
      "`" + std::string(key) + "` is " + std::to_string(theta) + ", expected a number above 1");
}

std::vector<std::string> layer_types(const Config& config, Index layers) {
  std::vector<std::string> types;
  if (!config.has("layer_types")) {
    return types;
  }
  types = config.texts("layer_types");
  OTTOBIT_CHECK(static_cast<Index>(types.size()) == layers, ErrorCode::format, config.subject(),
                "`layer_types` has " + std::to_string(types.size()) + " entries for " +
                    std::to_string(layers) + " layers");
  for (std::string& type : types) {
    type = type == "attention" ? "full_attention" : type;  // names of earlier releases
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

double number_or_none(const Config& config, std::string_view key, double absent) {
  return config.number(key, config.mentions(key) ? 0.0 : absent);
}

namespace {

/// What a model declares; with yarn, whose factor people raise in the published file to get more,
/// at least so many times what it was trained on.
Index context_of(const Config& config, Index fallback) {
  const Index declared = config.integer("max_position_embeddings", fallback);
  const std::optional<Config> section = rope_section(config);
  if (!section || rope_type(*section) != "yarn") {
    return declared;
  }
  const double stretched = section->number("factor", 1.0) * original_context(config, *section);
  constexpr double kMost = 1 << 30;
  return std::max(declared, static_cast<Index>(std::clamp(stretched, 0.0, kMost)));
}

}  // namespace

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
  DecoderSpec spec = outline(config, default_context);
  const Index layers = layer_count(config);
  for (Index i = 0; i < layers; ++i) {
    spec.blocks.push_back({.scope = layer_scope(i), .mixer = attention, .ffn = mlp});
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
  moe.shared_hidden = moe.hidden * config.integer("n_shared_experts", moe.shared_hidden);
  return moe;
}

DecoderSpec sparse_blocks(const Config& config, Index default_context, const MixerSpec& mixer,
                          const MlpSpec& dense, const MoeSpec& sparse, Index first_sparse) {
  DecoderSpec spec = outline(config, default_context);
  const Index layers = layer_count(config);
  const Index first = config.integer("first_k_dense_replace", first_sparse);
  const Index step = config.integer("moe_layer_freq", 1);
  std::vector<bool> has_experts;
  for (Index i = 0; i < layers; ++i) {
    has_experts.push_back(i >= first && step > 0 && i % step == 0);
  }
  has_experts = sparse_as_listed(config, std::move(has_experts));
  for (Index i = 0; i < layers; ++i) {
    const bool is_sparse = has_experts[static_cast<std::size_t>(i)];
    spec.blocks.push_back({.scope = layer_scope(i),
                           .mixer = mixer,
                           .ffn = is_sparse ? FfnSpec(sparse) : FfnSpec(dense)});
  }
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
