// SPDX-License-Identifier: Apache-2.0
// fp8_e4m3 and fp8_e5m2: one code in a byte. E4M3 with a scale per block of 128 x 128 is what
// DeepSeek V3, Kimi K2 and Qwen3 publish, with a scale per row or per matrix the Llama conversions,
// with a UE8M0 scale per 32 columns MXFP8. Scales are the WeightView's; a format describes codes.
#pragma once

#include <string_view>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/fp8.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

struct Fp8E4m3 {
  static constexpr FormatId kId = FormatId::fp8_e4m3;
  static constexpr std::string_view kName = "FP8 E4M3";
  static constexpr Index kBits = 8;
  static constexpr float kUnit = kE4m3Unit;
  static constexpr bool kHasDot = true;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::f8_e4m3; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return E4m3::decode(static_cast<std::uint8_t>(row[k]));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_e4m3(p); }
};

struct Fp8E5m2 {
  static constexpr FormatId kId = FormatId::fp8_e5m2;
  static constexpr std::string_view kName = "FP8 E5M2";
  static constexpr Index kBits = 8;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::f8_e5m2; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return E5m2::decode(static_cast<std::uint8_t>(row[k]));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_e5m2(p); }
};

OTTOBIT_ISA_END
