// SPDX-License-Identifier: Apache-2.0
// E8m0: a power of two in a byte, the block scale of the "OCP Microscaling Formats (MX)
// Specification", version 1.0 (2023), section 5.4.1: 2^(code - 127), code 255 is NaN; no sign, no
// zero, no infinity. Checkpoints call it UE8M0.
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"

namespace ottobit {

struct E8m0 {
  static constexpr std::uint8_t kNan = 0xFF;

  /// Exact; code 0 is 2^-127, a subnormal f32.
  OTTOBIT_INLINE static constexpr float decode(std::uint8_t code) noexcept {
    if (code == kNan) {
      return std::bit_cast<float>(0x7FC00000U);
    }
    return std::bit_cast<float>(code == 0 ? 0x00400000U : static_cast<std::uint32_t>(code) << 23);
  }

  /// The nearest power of two, ties (1.5 times a power of two) to the even code, clamped to
  /// [2^-127, 2^127]: 0 becomes 2^-127, infinity 2^127. NaN and negative numbers become NaN.
  OTTOBIT_INLINE static constexpr std::uint8_t encode(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (bits > 0x7F800000U && bits != 0x80000000U) {
      return kNan;
    }
    if (bits == 0x80000000U || bits <= 0x00600000U) {  // -0, and up to the tie 1.5 * 2^-127
      return 0;
    }
    if (bits < 0x00800000U) {
      return 1;
    }
    const std::uint32_t code = (bits + 0x3FFFFFU + ((bits >> 23) & 1U)) >> 23;
    return static_cast<std::uint8_t>(code < 254 ? code : 254);
  }
};

}  // namespace ottobit
