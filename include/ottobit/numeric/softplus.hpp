// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace ottobit {

/// ln(1 + e^x); beyond 20, where the two are the same in f32, x itself.
[[nodiscard]] inline float softplus(float x) noexcept {
  return x > 20.0F ? x : std::log1p(std::exp(x));
}

}  // namespace ottobit
