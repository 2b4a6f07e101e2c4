// SPDX-License-Identifier: Apache-2.0
// E2m1: the 4-bit format of the "OCP Microscaling Formats (MX) Specification", version 1.0 (2023),
// section 5.3.3: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. One code in the low half of a
// byte; how codes are packed in pairs belongs to the weight formats.
#pragma once

#include <bit>
#include <cstdint>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/minifloat.hpp"

namespace ottobit {

struct E2m1 {
  using Mini = MiniFloat<2, 1>;
  static constexpr std::uint8_t kLargest = 0x7;

  /// Exact; the upper half of the byte is ignored.
  OTTOBIT_INLINE static constexpr float decode(std::uint8_t code) noexcept {
    return Mini::decode(code & 0xFU);
  }
  /// Nearest, ties to the even code, clamped to 6 in magnitude. There is no NaN to keep (the
  /// specification leaves it to the implementation): it becomes +6, as in CUDA's conversion.
  OTTOBIT_INLINE static constexpr std::uint8_t encode(float x) noexcept {
    if ((std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU) > 0x7F800000U) {
      return kLargest;
    }
    return static_cast<std::uint8_t>(Mini::encode_sign(x) | Mini::encode_magnitude(x, kLargest));
  }
};

}  // namespace ottobit
