// SPDX-License-Identifier: Apache-2.0
#include "models/common.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>

#include "ottobit/error.hpp"

namespace ottobit {

namespace {

double positive(const Config& section, const char* key) {
  const double value = section.number(key);
  OTTOBIT_CHECK(
      value > 0.0 && value < 1e12, ErrorCode::format, section.subject(),
      "`" + std::string(key) + "` is " + std::to_string(value) + ", expected a positive number");
  return value;
}

/// The magnitude is `attention_factor` where it stands, else the quotient of two corrections, else
/// the plain one (transformers `_compute_yarn_parameters`).
RopeYarn yarn(const Config& section, double context) {
  RopeYarn yarn{.factor = positive(section, "factor"),
                .beta_fast = section.number("beta_fast", 32.0),
                .beta_slow = section.number("beta_slow", 1.0),
                .original = section.number("original_max_position_embeddings", context),
                .truncate = section.flag("truncate", true),
                .magnitude = 1.0};
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

/// `context`: what the model declares.
RopeScaling rope_scaling(const Config& section, double context) {
  const std::string type = section.text("rope_type", section.text("type", "default"));
  if (type == "default") {
    return {};
  }
  if (type == "linear") {
    return RopeLinear{positive(section, "factor")};
  }
  if (type == "llama3") {
    const RopeLlama3 scaling{.factor = positive(section, "factor"),
                             .low_freq_factor = positive(section, "low_freq_factor"),
                             .high_freq_factor = positive(section, "high_freq_factor"),
                             .original = positive(section, "original_max_position_embeddings")};
    OTTOBIT_CHECK(scaling.high_freq_factor >= scaling.low_freq_factor, ErrorCode::format,
                  section.subject(), "`high_freq_factor` is less than `low_freq_factor`");
    return scaling;
  }
  if (type == "yarn") {
    return yarn(section, context);
  }
  fail(ErrorCode::unsupported, section.subject(),
       "`rope_type` is \"" + type + "\", known are: default, linear, llama3, yarn");
}

}  // namespace

double yarn_correction(double factor, double strength) {
  return factor <= 1.0 ? 1.0 : 0.1 * strength * std::log(factor) + 1.0;
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
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    std::optional<Config> section = config.section(key);
    if (section && !layer_type.empty() && section->has(layer_type)) {
      section = section->section(layer_type);
    }
    if (!section) {
      continue;
    }
    rope.scaling = rope_scaling(*section, config.number("max_position_embeddings", 0.0));
    rope.theta = section->number("rope_theta", rope.theta);
    const std::vector<std::string> unknown = unknown_keys(*section);
    OTTOBIT_CHECK(unknown.empty(), ErrorCode::unsupported, section->subject(),
                  "`" + unknown.front() + "` is not known, and may change what the model computes");
  }
  require_theta(config, "rope_theta", rope.theta);
  return rope;
}

void require_theta(const Config& config, std::string_view key, double theta) {
  OTTOBIT_CHECK(
      theta > 1.0 && theta < 1e12, ErrorCode::format, config.subject(),
      "`" + std::string(key) + "` is " + std::to_string(theta) + ", expected a number above 1");
}

std::vector<bool> layers_of_type(const Config& config, Index layers, std::string_view type,
                                 Index full_every) {
  std::vector<bool> of_type;
  for (Index i = 0; i < layers; ++i) {
    of_type.push_back(full_every == 0 || (i + 1) % full_every != 0);
  }
  if (!config.has("layer_types")) {
    return of_type;
  }
  const std::vector<std::string> types = config.texts("layer_types");
  OTTOBIT_CHECK(static_cast<Index>(types.size()) == layers, ErrorCode::format, config.subject(),
                "`layer_types` has " + std::to_string(types.size()) + " entries for " +
                    std::to_string(layers) + " layers");
  for (std::size_t i = 0; i < types.size(); ++i) {
    OTTOBIT_CHECK(types[i] == type || types[i] == "full_attention", ErrorCode::unsupported,
                  config.subject(),
                  "`layer_types` has \"" + types[i] + "\", known are: " + std::string(type) +
                      ", full_attention");
    of_type[i] = types[i] == type;
  }
  return of_type;
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
  return sparse;
}

Index rotary_dim(const Config& config, Index head_dim, double default_factor) {
  double factor = config.number("partial_rotary_factor", default_factor);
  if (const std::optional<Config> rope = config.section("rope_parameters")) {
    factor = rope->number("partial_rotary_factor", factor);
  }
  OTTOBIT_CHECK(factor > 0.0 && factor <= 1.0, ErrorCode::format, config.subject(),
                "`partial_rotary_factor` is " + std::to_string(factor) + ", expected 0 to 1");
  return static_cast<Index>(static_cast<double>(head_dim) * factor);
}

Config text_part(const Config& config, std::initializer_list<const char*> others) {
  for (const char* key : others) {
    static_cast<void>(config.has(key));
  }
  std::optional<Config> text = config.section("text_config");
  OTTOBIT_CHECK(text.has_value(), ErrorCode::format, config.subject(), "`text_config` is missing");
  return *text;
}

double number_or_none(const Config& config, std::string_view key, double absent) {
  return config.number(key, config.mentions(key) ? 0.0 : absent);
}

DecoderSpec outline(const Config& config, Index default_context, Index default_vocab) {
  return {.vocab = default_vocab == 0 ? config.integer("vocab_size")
                                      : config.integer("vocab_size", default_vocab),
          .dim = config.integer("hidden_size"),
          .context = config.integer("max_position_embeddings", default_context),
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

void require_flag(const Config& config, std::string_view key, bool expected) {
  OTTOBIT_CHECK(config.flag(key, expected) == expected, ErrorCode::unsupported, config.subject(),
                "`" + std::string(key) + "` is " + (expected ? "false" : "true") +
                    ", which this family does not know yet");
}

std::vector<std::string> unknown_keys(const Config& config) {
  constexpr std::string_view kHarmless[] = {"_attn_implementation",
                                            "_name_or_path",
                                            "architectures",
                                            "auto_map",
                                            "chunk_size_feed_forward",
                                            "dtype",
                                            "gradient_checkpointing",
                                            "id2label",
                                            "initializer_range",
                                            "is_decoder",
                                            "is_encoder_decoder",
                                            "max_window_layers",
                                            "label2id",
                                            "output_attentions",
                                            "output_hidden_states",
                                            "pretraining_tp",
                                            "output_router_logits",
                                            "problem_type",
                                            "return_dict",
                                            "router_aux_loss_coef",
                                            "tokenizer_class",
                                            "torch_dtype",
                                            "torchscript",
                                            "transformers_version",
                                            "use_bfloat16",
                                            "use_cache"};
  constexpr std::string_view kHarmlessEnds[] = {"_dropout", "_token_id", "_token_index", "_pdrop"};
  std::vector<std::string> unknown;
  for (const std::string& key : config.unread_keys()) {
    const bool harmless =
        !config.has(key) || key == "dropout" ||
        std::find(std::begin(kHarmless), std::end(kHarmless), key) != std::end(kHarmless) ||
        std::any_of(std::begin(kHarmlessEnds), std::end(kHarmlessEnds),
                    [&](std::string_view end) { return key.ends_with(end); });
    if (!harmless) {
      unknown.push_back(key);
    }
  }
  return unknown;
}

}  // namespace ottobit
