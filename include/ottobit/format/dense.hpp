// SPDX-License-Identifier: Apache-2.0
// f32, f16 and bf16: numbers of 32 and 16 bits, as they are in memory.
#pragma once

#include <string_view>

#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/f16.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

struct F32Format {
  static constexpr FormatId kId = FormatId::f32;
  static constexpr std::string_view kName = "F32";
  static constexpr Index kBits = 32;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = false;
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::f32; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return load_scalar_f32(row + 4 * k);
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const float* at = as_floats(p);
    return {{ottobit::load(at), ottobit::load(at + kLanes), ottobit::load(at + 2 * kLanes),
             ottobit::load(at + 3 * kLanes)}};
  }
};

struct F16Format {
  static constexpr FormatId kId = FormatId::f16;
  static constexpr std::string_view kName = "F16";
  static constexpr Index kBits = 16;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = false;
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::f16; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return F16::decode(load_scalar_u16(row + 2 * k));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const std::uint16_t* at = as_u16(p);
    return {{load_f16(at), load_f16(at + kLanes), load_f16(at + 2 * kLanes),
             load_f16(at + 3 * kLanes)}};
  }
};

struct Bf16Format {
  static constexpr FormatId kId = FormatId::bf16;
  static constexpr std::string_view kName = "BF16";
  static constexpr Index kBits = 16;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = true;
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::bf16; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return Bf16::decode(load_scalar_u16(row + 2 * k));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    const std::uint16_t* at = as_u16(p);
    return {{load_bf16(at), load_bf16(at + kLanes), load_bf16(at + 2 * kLanes),
             load_bf16(at + 3 * kLanes)}};
  }
};

OTTOBIT_ISA_END
