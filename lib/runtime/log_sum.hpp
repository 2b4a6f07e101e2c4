// SPDX-License-Identifier: Apache-2.0
// From scores to log-probabilities.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "ottobit/kernels/table.hpp"

namespace ottobit {

/// log(sum of exp(logits)), from the probability of the likeliest, exp(max) / sum. `scratch` has
/// room for as many numbers.
inline float log_sum_exp(const ElementwiseKernels& kernels, std::span<const float> logits,
                         float* scratch) noexcept {
  const auto vocab = static_cast<Index>(logits.size());
  std::copy(logits.begin(), logits.end(), scratch);
  kernels.softmax(scratch, vocab);
  const Index likeliest = kernels.argmax(logits.data(), vocab);
  return logits[static_cast<std::size_t>(likeliest)] - std::log(scratch[likeliest]);
}

}  // namespace ottobit
