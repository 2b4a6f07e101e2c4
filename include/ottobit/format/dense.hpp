// SPDX-License-Identifier: Apache-2.0
// The dense storage formats f32, f16 and bf16: each says how wide an element is and how a group of
// consecutive elements becomes f32 vectors. Reading is exact, at any alignment, and touches exactly
// the elements named.
#pragma once

#include "ottobit/isa.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

struct F32Format {
  static constexpr FormatId kId = FormatId::f32;
  static constexpr Index kBytes = 4;
  /// `load` gives elements times kUnit, a power of two.
  static constexpr float kUnit = 1.0F;
  /// True if every value is a bf16 number, so that bf16 dot products take it as it is.
  static constexpr bool kFitsBf16 = false;

  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const float* at = as_floats(p);
    return {{ottobit::load(at), ottobit::load(at + kLanes), ottobit::load(at + 2 * kLanes),
             ottobit::load(at + 3 * kLanes)}};
  }
};

struct F16Format {
  static constexpr FormatId kId = FormatId::f16;
  static constexpr Index kBytes = 2;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kFitsBf16 = false;

  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const std::uint16_t* at = as_u16(p);
    return {{load_f16(at), load_f16(at + kLanes), load_f16(at + 2 * kLanes),
             load_f16(at + 3 * kLanes)}};
  }
};

struct Bf16Format {
  static constexpr FormatId kId = FormatId::bf16;
  static constexpr Index kBytes = 2;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kFitsBf16 = true;

  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const std::uint16_t* at = as_u16(p);
    return {{load_bf16(at), load_bf16(at + kLanes), load_bf16(at + 2 * kLanes),
             load_bf16(at + 3 * kLanes)}};
  }
};

OTTOBIT_ISA_END
