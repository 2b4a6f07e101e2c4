// SPDX-License-Identifier: Apache-2.0
#include "models/mamba.hpp"

#include <string>

#include "ottobit/error.hpp"

#include "models/common.hpp"

namespace ottobit {

MambaSpec within_time_limits(const Config& config, MambaSpec mamba) {
  if (config.has("time_step_limit")) {
    const std::vector<double> limits = config.numbers_or_infinite("time_step_limit");
    OTTOBIT_CHECK(limits.size() == 2, ErrorCode::format, config.subject(),
                  "`time_step_limit` has " + std::to_string(limits.size()) +
                      " entries, expected the least and the most");
    mamba.least_step = limits[0];
    mamba.most_step = limits[1];
  }
  return mamba;
}

Index state_head_dim(const Config& config, Index heads) {
  const Index wide = config.integer("mamba_expand", 2) * config.integer("hidden_size");
  const Index even = heads == 0 ? 0 : wide / heads;
  return config.is_text("mamba_d_head") ? even : config.integer("mamba_d_head", even);
}

std::vector<bool> state_layers(const Config& config, Index layers) {
  return layers_of_type(config, layers, "linear_attention", 0);
}

}  // namespace ottobit
