// SPDX-License-Identifier: Apache-2.0
// Int4Code: integers of 4 bits with an offset, value + 8, as compressed-tensors packs symmetric
// INT4 weights (https://github.com/vllm-project/compressed-tensors, pack_quantized). One code in
// the low half of a byte; how codes are packed in pairs belongs to the weight formats.
#pragma once

#include <cstdint>

#include "ottobit/isa.hpp"

namespace ottobit {

struct Int4Code {
  /// Exact, -8 to 7; the upper half of the byte is ignored.
  OTTOBIT_INLINE static constexpr float decode(std::uint8_t code) noexcept {
    return static_cast<float>(static_cast<int>(code & 0xFU) - 8);
  }
  /// Nearest, ties to even, clamped to -8 and 7; NaN becomes 0.
  OTTOBIT_INLINE static constexpr std::uint8_t encode(float x) noexcept {
    if (x != x) {
      return 8;
    }
    if (x <= -8.0F) {
      return 0;
    }
    if (x >= 7.0F) {
      return 15;
    }
    const int towards_zero = static_cast<int>(x);
    const int below = towards_zero - (x < static_cast<float>(towards_zero) ? 1 : 0);
    const float rest = x - static_cast<float>(below);  // exact wherever it decides
    const bool up = rest > 0.5F || (rest == 0.5F && (below & 1) != 0);
    return static_cast<std::uint8_t>(below + 8 + (up ? 1 : 0));
  }
};

}  // namespace ottobit
