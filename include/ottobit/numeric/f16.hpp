// SPDX-License-Identifier: Apache-2.0
// F16: IEEE 754-2019 binary16: 1 sign, 5 exponent, 10 mantissa bits. Conversions follow the
// standard: round to nearest even, overflow to infinity, subnormals kept, NaN stays NaN (made
// quiet).
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/minifloat.hpp"

namespace ottobit {

struct F16 {
  using Mini = MiniFloat<5, 10>;
  static constexpr std::uint16_t kInfinity = 0x7C00;

  /// Exact; NaN keeps its sign and payload, made quiet.
  OTTOBIT_INLINE static constexpr float decode(std::uint16_t code) noexcept {
    const std::uint32_t magnitude = code & 0x7FFFU;
    if (magnitude < kInfinity) {
      return Mini::decode(code);
    }
    const std::uint32_t sign = (code & 0x8000U) << 16;
    const std::uint32_t quiet = magnitude > kInfinity ? 0x400000U : 0U;
    return std::bit_cast<float>(sign | 0x7F800000U | ((magnitude & 0x3FFU) << 13) | quiet);
  }

  /// Nearest, ties to even; from 65520 on infinity.
  OTTOBIT_INLINE static constexpr std::uint16_t encode(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t sign = Mini::encode_sign(x);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
      return static_cast<std::uint16_t>(sign | 0x7E00U | ((bits >> 13) & 0x3FFU));
    }
    return static_cast<std::uint16_t>(sign | Mini::encode_magnitude(x, kInfinity));
  }
};

}  // namespace ottobit
