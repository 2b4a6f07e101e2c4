// SPDX-License-Identifier: Apache-2.0
// Elementary functions on vectors, one text for all levels.
#pragma once

#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

/// e^x, within 2 units in the last place of the result; +inf above 88.72283, 0 below -87.33654
/// (where the result would be subnormal: slow to compute with, and of no weight in any sum here).
/// NaN gives NaN; exp(0) is exactly 1.
///
/// x = n ln 2 + r with n an integer and |r| <= ln 2 / 2 (Cody and Waite 1980, ch. 6). e^r = 1 + r +
/// r^2 p(r); p is the minimax polynomial of degree 4 (Remez exchange), relative error of the whole
/// 3.7e-9 with the coefficients rounded to f32. n is added to the exponent of e^r as an integer.
OTTOBIT_INLINE Vf exp(Vf x) noexcept {
  constexpr float kLog2E = 0x1.715476p+0F;
  constexpr float kLn2High = 0x1.62ep-1F;  // 12 significant bits: n * kLn2High is exact
  constexpr float kLn2Low = 0x1.0bfbe8p-15F;
  constexpr float kRound = 0x1.8p+23F;  // adding it leaves an integer, in the low mantissa bits
  const Vf shifted = fma(x, broadcast(kLog2E), broadcast(kRound));
  const Vf n = shifted - broadcast(kRound);
  const Vf r = fma(n, broadcast(-kLn2Low), fma(n, broadcast(-kLn2High), x));
  Vf p = broadcast(0x1.6a23dp-10F);
  p = fma(p, r, broadcast(0x1.123a2p-7F));
  p = fma(p, r, broadcast(0x1.5558f2p-5F));
  p = fma(p, r, broadcast(0x1.555492p-3F));
  p = fma(p, r, broadcast(0x1.fffffcp-2F));
  p = fma(fma(p, r, broadcast(1.0F)), r, broadcast(1.0F));
  // The upper bits of kRound and the sign of n fall off the left end; n stays as an exponent.
  const Vf scaled = from_bits(to_bits(p) + (to_bits(shifted) << 23));
  constexpr float kInfinity = __builtin_inff();
  const Vf small = xsimd::select(x < broadcast(-0x1.5d58ap+6F), zero(), scaled);
  // Not x > limit, so that NaN takes the other road, too.
  return xsimd::select(x <= broadcast(0x1.62e43p+6F), small, x + broadcast(kInfinity));
}

/// The hyperbolic tangent, within 1e-6 of the result; NaN gives NaN.
///
/// 1 - 2 / (e^2x + 1), or near 0, where that cancels, x - x^3/3 + 2 x^5/15 - 17 x^7/315.
OTTOBIT_INLINE Vf tanh(Vf x) noexcept {
  const Vf square = x * x;
  Vf p = broadcast(-17.0F / 315.0F);
  p = fma(p, square, broadcast(2.0F / 15.0F));
  p = fma(p, square, broadcast(-1.0F / 3.0F));
  p = fma(p * square, x, x);
  const Vf far = broadcast(1.0F) - broadcast(2.0F) / (exp(x + x) + broadcast(1.0F));
  return xsimd::select(square < broadcast(0.125F * 0.125F), p, far);
}

OTTOBIT_ISA_END
