// SPDX-License-Identifier: Apache-2.0
// E4m3 and E5m2: the 8-bit formats of the "OCP 8-bit Floating Point Specification (OFP8)", revision
// 1.0 (2023), sections 5.1 and 5.2, in the variants safetensors calls F8_E4M3 and F8_E5M2. Encoding
// is the specification's saturating conversion: round to nearest even, then clamp to the largest
// finite number, infinities included; NaN stays NaN.
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/minifloat.hpp"

namespace ottobit {

/// 1 sign, 4 exponent (bias 7), 3 mantissa bits. No infinities; S.1111.111 is NaN; largest 448.
struct E4m3 {
  using Mini = MiniFloat<4, 3>;
  static constexpr std::uint8_t kLargest = 0x7E;
  static constexpr std::uint8_t kNan = 0x7F;

  OTTOBIT_INLINE static constexpr bool is_nan(std::uint8_t code) noexcept {
    return (code & 0x7FU) == kNan;
  }
  /// Exact; a NaN keeps its sign.
  OTTOBIT_INLINE static constexpr float decode(std::uint8_t code) noexcept {
    return is_nan(code) ? std::bit_cast<float>(((code & 0x80U) << 24) | 0x7FC00000U)
                        : Mini::decode(code);
  }
  OTTOBIT_INLINE static constexpr std::uint8_t encode(float x) noexcept {
    const std::uint32_t sign = Mini::encode_sign(x);
    const bool nan = (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU) > 0x7F800000U;
    return static_cast<std::uint8_t>(sign | (nan ? kNan : Mini::encode_magnitude(x, kLargest)));
  }
};

/// 1 sign, 5 exponent (bias 15), 2 mantissa bits. IEEE-like infinities and NaN; largest 57344.
struct E5m2 {
  using Mini = MiniFloat<5, 2>;
  static constexpr std::uint8_t kLargest = 0x7B;
  static constexpr std::uint8_t kInfinity = 0x7C;
  static constexpr std::uint8_t kNan = 0x7E;

  OTTOBIT_INLINE static constexpr bool is_nan(std::uint8_t code) noexcept {
    return (code & 0x7FU) > kInfinity;
  }
  /// Exact; NaN keeps its sign and payload, made quiet.
  OTTOBIT_INLINE static constexpr float decode(std::uint8_t code) noexcept {
    const std::uint32_t magnitude = code & 0x7FU;
    if (magnitude < kInfinity) {
      return Mini::decode(code);
    }
    const std::uint32_t sign = (code & 0x80U) << 24;
    const std::uint32_t quiet = magnitude > kInfinity ? 0x400000U : 0U;
    return std::bit_cast<float>(sign | 0x7F800000U | ((magnitude & 3U) << 21) | quiet);
  }
  OTTOBIT_INLINE static constexpr std::uint8_t encode(float x) noexcept {
    const std::uint32_t sign = Mini::encode_sign(x);
    const bool nan = (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU) > 0x7F800000U;
    return static_cast<std::uint8_t>(sign | (nan ? kNan : Mini::encode_magnitude(x, kLargest)));
  }
};

}  // namespace ottobit
