// SPDX-License-Identifier: Apache-2.0
// Bf16: the upper half of an IEEE 754 binary32: 1 sign, 8 exponent, 7 mantissa bits (Intel,
// "BFLOAT16
// - Hardware Numerics Definition", 2018; unlike the instructions described there, subnormals are
// kept).
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"

namespace ottobit {

struct Bf16 {
  /// Exact for every code; NaN keeps its bits.
  OTTOBIT_INLINE static constexpr float decode(std::uint16_t code) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
  }

  /// Nearest, ties to even; overflow to infinity; NaN keeps sign and upper payload, made quiet.
  OTTOBIT_INLINE static constexpr std::uint16_t encode(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
      return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
    }
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
  }
};

}  // namespace ottobit
