// SPDX-License-Identifier: Apache-2.0
// What the families with Mamba-2 layers read from config.json in the same way.
#pragma once

#include <vector>

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

/// The layer with the limits of `time_step_limit`, which may lie at infinity.
[[nodiscard]] MambaSpec within_time_limits(const Config& config, MambaSpec mamba);

/// `mamba_d_head`, or, where it is "auto" or absent, the widened model over the heads.
[[nodiscard]] Index state_head_dim(const Config& config, Index heads);

/// Which layers have states: as `layer_types` (or `layers_block_type`) says, all where it is
/// absent.
[[nodiscard]] std::vector<bool> state_layers(const Config& config, Index layers);

}  // namespace ottobit
