// SPDX-License-Identifier: Apache-2.0
// fp8_e4m3_block: E4M3 codes with one scale per block of the matrix, 128 x 128 in the checkpoints
// of DeepSeek V3, Kimi K2, Qwen3 and Seed-OSS conversions. A format describes the bare codes; where
// the scales of a block lie is in the WeightView, and the kernels apply them once per block in f32.
#pragma once

#include "ottobit/isa.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

struct Fp8Block {
  static constexpr FormatId kId = FormatId::fp8_e4m3_block;
  static constexpr Index kBytes = 1;
  static constexpr float kUnit = kE4m3Unit;
  static constexpr bool kFitsBf16 = true;

  OTTOBIT_INLINE static Group load(const std::byte* p) noexcept { return load_e4m3(p); }
};

OTTOBIT_ISA_END
