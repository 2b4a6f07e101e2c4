// SPDX-License-Identifier: Apache-2.0
// fp4_e2m1 and int4: two codes in a byte, the even column in the low half. E2M1 with a UE8M0 scale
// per 32 columns is MXFP4 (gpt-oss, DeepSeek V4), with an E4M3 scale per 16 columns and one of the
// whole matrix NVFP4. INT4 stores value + 8, eight to a 32-bit word (compressed-tensors,
// "pack-quantized"; Kimi K2 Thinking), which in little-endian words is the same order.
#pragma once

#include <array>
#include <string_view>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/fp4.hpp"
#include "ottobit/numeric/int4.hpp"
#include "ottobit/simd/nibbles.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// Code k of a row of packed pairs.
OTTOBIT_INLINE std::uint8_t nibble_at(const std::byte* row, Index k) noexcept {
  const auto pair = static_cast<unsigned>(row[k / 2]);
  return static_cast<std::uint8_t>((k % 2 == 0 ? pair : pair >> 4U) & 0xFU);
}

struct Fp4E2m1 {
  static constexpr FormatId kId = FormatId::fp4_e2m1;
  static constexpr std::string_view kName = "FP4 E2M1";
  static constexpr Index kBits = 4;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = true;
  static constexpr bool kHasZeros = false;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept {
    return dtype == DType::u8 || dtype == DType::i8 || dtype == DType::f4;
  }
  static constexpr NibbleTable kTable = make_nibble_table(E2m1::decode);

  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return E2m1::decode(nibble_at(row, k));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_nibbles(kTable, p); }
};

struct Int4 {
  static constexpr FormatId kId = FormatId::int4;
  static constexpr std::string_view kName = "INT4";
  static constexpr Index kBits = 4;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = true;
  static constexpr bool kHasZeros = true;
  static constexpr std::byte kZeros{0x88};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::i32; }
  static constexpr NibbleTable kTable = make_nibble_table(Int4Code::decode);

  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return Int4Code::decode(nibble_at(row, k));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_nibbles(kTable, p); }
};

OTTOBIT_ISA_END
