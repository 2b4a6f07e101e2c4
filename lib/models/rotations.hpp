// SPDX-License-Identifier: Apache-2.0
// How config.json says that queries and keys are rotated by their positions.
#pragma once

#include <optional>
#include <string_view>

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

/// Half-split RoPE over `dim` elements: `rope_theta`, which stands at the top level or, since
/// transformers 5, in `rope_parameters`, and the scaling. Error{unsupported} for a `rope_type`
/// other than default, linear, llama3 and yarn.
[[nodiscard]] RopeSpec rope_of(const Config& config, Index dim);

/// Error{format} unless it is a base that rotations may have.
void require_theta(const Config& config, std::string_view key, double theta);

/// The same for the layers of one type, where `rope_parameters` has a member for each type.
[[nodiscard]] RopeSpec rope_of(const Config& config, Index dim, std::string_view layer_type,
                               double default_theta);

/// How the angles of `dim` elements are scaled, for the layers of one type.
[[nodiscard]] RopeScaling scaling_of(const Config& config, Index dim, std::string_view layer_type);

/// The section that scales rotations: `rope_scaling`, or `rope_parameters` as transformers 5 writes
/// it; of it, the member for a type of layer, where it has some. Nobody reads these keys otherwise.
[[nodiscard]] std::optional<Config> rope_section(const Config& config,
                                                 std::string_view layer_type = "");

/// Such a section says more than that there is nothing to scale.
[[nodiscard]] bool is_stretched(const Config& section);

/// YaRN's correction of attention for a context `factor` times as long: 0.1 strength ln(factor)
/// + 1.
[[nodiscard]] double yarn_correction(double factor, double strength);

/// Positions a model has: what it declares, else `fallback`; with yarn, whose factor people raise
/// in the published file to get more, at least so many times what it was trained on.
[[nodiscard]] Index context_of(const Config& config, Index fallback);

}  // namespace ottobit
