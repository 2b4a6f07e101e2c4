// SPDX-License-Identifier: Apache-2.0
// MiniFloat: sign, exponent and mantissa of a small IEEE-like binary format, to and from f32 by bit
// arithmetic. The common ground of F16, E5M2, E4M3 and E2M1, which differ in their widths and in
// what they do with the codes beyond the largest number; those rules stay with each type.
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"

namespace ottobit {

template <int ExponentBits, int MantissaBits>
struct MiniFloat {
  static constexpr int kBias = (1 << (ExponentBits - 1)) - 1;
  static constexpr std::uint32_t kSignBit = 1U << (ExponentBits + MantissaBits);

  /// 2^e for exponents of normal f32 numbers.
  OTTOBIT_INLINE static constexpr float power_of_two(int e) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(e + 127) << 23);
  }

  /// The value of a finite code; exact.
  OTTOBIT_INLINE static constexpr float decode(std::uint32_t code) noexcept {
    const std::uint32_t magnitude = code & (kSignBit - 1);
    float value = 0.0F;
    if (magnitude < (1U << MantissaBits)) {
      value = static_cast<float>(magnitude) * power_of_two(1 - kBias - MantissaBits);
    } else {
      constexpr std::uint32_t kRebias = static_cast<std::uint32_t>(127 - kBias) << 23;
      value = std::bit_cast<float>((magnitude << (23 - MantissaBits)) + kRebias);
    }
    return (code & kSignBit) != 0 ? -value : value;
  }

  /// The code nearest to the magnitude of x (not NaN), ties to the even code, as if there were
  /// codes beyond the largest; at most `largest`. Without the sign.
  OTTOBIT_INLINE static constexpr std::uint32_t encode_magnitude(float x,
                                                                 std::uint32_t largest) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU;
    const float magnitude = std::bit_cast<float>(bits);
    if (magnitude < power_of_two(1 - kBias)) {
      // In units of the smallest subnormal; adding 2^23 rounds to an integer, ties to even, and
      // leaves it in the mantissa.
      const float units = magnitude * power_of_two(kBias - 1 + MantissaBits);
      return std::bit_cast<std::uint32_t>(units + 0x1p23F) & 0x7FFFFFU;
    }
    constexpr int kShift = 23 - MantissaBits;
    constexpr std::uint32_t kRebias = static_cast<std::uint32_t>(127 - kBias) << 23;
    const std::uint32_t half = (1U << (kShift - 1)) - 1U;
    const std::uint32_t code = (bits - kRebias + half + ((bits >> kShift) & 1U)) >> kShift;
    return code < largest ? code : largest;
  }

  /// The sign of x in its place in a code.
  OTTOBIT_INLINE static constexpr std::uint32_t encode_sign(float x) noexcept {
    return (std::bit_cast<std::uint32_t>(x) >> 31) != 0 ? kSignBit : 0U;
  }
};

}  // namespace ottobit
