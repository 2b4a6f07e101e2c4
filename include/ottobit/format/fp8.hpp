// SPDX-License-Identifier: Apache-2.0
// fp8_e4m3, fp8_e5m2 and e8m0: one code in a byte. E4M3 with a scale per block of 128 x 128 is what
// DeepSeek V3, Kimi K2 and Qwen3 publish, with a scale per row or per matrix the Llama conversions,
// with a UE8M0 scale per 32 columns MXFP8. Scales are the WeightView's; a format describes codes.
#pragma once

#include <string_view>

#include "ottobit/format/dense.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/e8m0.hpp"
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
  static constexpr bool kHasZeros = false;
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
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::f8_e5m2; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return E5m2::decode(static_cast<std::uint8_t>(row[k]));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_e5m2(p); }
};

/// Powers of two. Checkpoints store scales so, never weights; callers may bring such matrices.
struct E8m0Format {
  static constexpr FormatId kId = FormatId::e8m0;
  static constexpr std::string_view kName = "UE8M0";
  static constexpr Index kBits = 8;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = false;
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};  // there is no zero: the least, 2^-127

  static constexpr bool stored_as(DType /*dtype*/) noexcept { return false; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return E8m0::decode(static_cast<std::uint8_t>(row[k]));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept {
    float values[kGroup];
    for (Index i = 0; i < kGroup; ++i) {
      values[i] = at(p, i);
    }
    return F32Format::load(static_cast<const std::byte*>(static_cast<const void*>(values)));
  }
};

OTTOBIT_ISA_END
