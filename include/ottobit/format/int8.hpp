// SPDX-License-Identifier: Apache-2.0
// int8 and int8_offset: integers of 8 bits, two's complement (compressed-tensors "int-quantized",
// W8A8), or stored as value + 128 (four to a 32-bit word, "pack-quantized"; GPTQ of 8 bits).
#pragma once

#include <string_view>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

struct Int8 {
  static constexpr FormatId kId = FormatId::int8;
  static constexpr std::string_view kName = "INT8";
  static constexpr Index kBits = 8;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = true;
  static constexpr bool kHasZeros = true;
  static constexpr std::byte kZeros{0};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::i8; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return static_cast<float>(static_cast<std::int8_t>(row[k]));
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_i8(p, 0); }
};

struct Int8Offset {
  static constexpr FormatId kId = FormatId::int8_offset;
  static constexpr std::string_view kName = "INT8";
  static constexpr Index kBits = 8;
  static constexpr float kUnit = 1.0F;
  static constexpr bool kHasDot = true;
  static constexpr bool kHasZeros = true;
  static constexpr std::byte kZeros{0x80};

  static constexpr bool stored_as(DType dtype) noexcept { return dtype == DType::i32; }
  OTTOBIT_INLINE static float at(const std::byte* row, Index k) noexcept {
    return static_cast<float>(static_cast<int>(row[k]) - 128);
  }
  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_i8(p, 0x80); }
};

OTTOBIT_ISA_END
