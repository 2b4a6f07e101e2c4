// SPDX-License-Identifier: Apache-2.0
#include "models/rotations.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <variant>
#include <vector>

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
  if (type == "proportional") {
    const double part = section.number("partial_rotary_factor", 1.0);
    OTTOBIT_CHECK(part >= 0.0 && part <= 1.0, ErrorCode::format, section.subject(),
                  "`partial_rotary_factor` is " + std::to_string(part) + ", expected 0 to 1");
    return RopeProportional{.factor = section.has("factor") ? positive(section, "factor") : 1.0,
                            .part = part};
  }
  fail(ErrorCode::unsupported, section.subject(),
       "`rope_type` is \"" + type +
           "\", known are: default, dynamic, mrope, linear, llama3, yarn, longrope, proportional");
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

RopeScaling scaling_of(const Config& config, Index dim, std::string_view layer_type) {
  const std::optional<Config> section = rope_section(config, layer_type);
  if (!section) {
    return {};
  }
  RopeScaling scaling = rope_scaling(config, *section);
  if (const auto* longer = std::get_if<RopeLong>(&scaling)) {
    const auto pairs = static_cast<std::size_t>(dim / 2);
    OTTOBIT_CHECK(longer->short_factors.size() == pairs && longer->long_factors.size() == pairs,
                  ErrorCode::format, section->subject(),
                  "`short_factor` has " + std::to_string(longer->short_factors.size()) +
                      " numbers and `long_factor` " + std::to_string(longer->long_factors.size()) +
                      ", expected " + std::to_string(pairs));
  }
  return scaling;
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
  rope.scaling = scaling_of(config, dim, layer_type);
  if (const std::optional<Config> section = rope_section(config, layer_type)) {
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

}  // namespace ottobit
