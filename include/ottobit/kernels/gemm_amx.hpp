// SPDX-License-Identifier: Apache-2.0
// The products of many tokens on the tile registers of AMX (Intel, "Intel Architecture Instruction
// Set Extensions Programming Reference", chapter 3): TDPBF16PS multiplies 16 rows of 32 weights
// with 16 tokens at a time. Packed activations lie as it wants them (rows of pairs), and so do the
// converted weights, so that only the engine of gemm.hpp is another one.
//
//   tmm0 to tmm5   sums of 2 x 16 rows and 1 to 3 vectors of 16 tokens
//   tmm6           16 rows of weights, 32 columns
//   tmm7           the same columns of 16 tokens
//
// The instructions are written as such: no flag of the compiler is needed, and none would let it
// use them by itself. They round to nearest and flush subnormals, whatever MXCSR says.
#pragma once

#include "ottobit/kernels/linear.hpp"

#if defined(OTTOBIT_HAS_BF16_DOT)

OTTOBIT_ISA_BEGIN

/// Tiles of 16 rows of 64 bytes while it lives; the state is given up at its end, so that switches
/// of threads do not carry it.
struct TileSetup {
  struct alignas(64) Config {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::uint8_t reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  static_assert(sizeof(Config) == 64);

  TileSetup() noexcept {
    constexpr static Config kConfig;
    __asm__ volatile("ldtilecfg %0" : : "m"(kConfig));
  }
  ~TileSetup() { __asm__ volatile("tilerelease"); }
  TileSetup(const TileSetup&) = delete;
  TileSetup& operator=(const TileSetup&) = delete;
};

#define OTTOBIT_TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile ::)
#define OTTOBIT_TILE_LOAD(tile, from, stride) \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile : : "r"(from), "r"(stride) : "memory")
#define OTTOBIT_TILE_STORE(tile, to, stride) \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" : : "r"(to), "r"(stride) : "memory")
/// sums += weights in tmm6 . tokens in tmm7
#define OTTOBIT_TILE_DOT(sums) __asm__ volatile("tdpbf16ps %%tmm7, %%tmm6, %%tmm" #sums ::)

struct AmxEngine : DotEngine {
  using Setup = TileSetup;
  static constexpr Index kTileRows = 32;

  /// As DotEngine's. What lies behind `columns` in the last block is zero on both sides.
  template <Index W>
  OTTOBIT_INLINE static void tile(const Weight* w, const std::byte* x, Index columns,
                                  const float* scales, float* sums) noexcept {
    constexpr Index kWeightStride = kBlockK * static_cast<Index>(sizeof(Weight));
    constexpr Index kTokenStride = W * 64;
    const Weight* const below = w + 16 * kBlockK;
    OTTOBIT_TILE_ZERO(0);
    OTTOBIT_TILE_ZERO(3);
    if constexpr (W > 1) {
      OTTOBIT_TILE_ZERO(1);
      OTTOBIT_TILE_ZERO(4);
    }
    if constexpr (W > 2) {
      OTTOBIT_TILE_ZERO(2);
      OTTOBIT_TILE_ZERO(5);
    }
    for (Index k = 0; k < columns; k += 32, x += 16 * kTokenStride) {
      OTTOBIT_TILE_LOAD(6, w + k, kWeightStride);
      OTTOBIT_TILE_LOAD(7, x, kTokenStride);
      OTTOBIT_TILE_DOT(0);
      if constexpr (W > 1) {
        OTTOBIT_TILE_LOAD(7, x + 64, kTokenStride);
        OTTOBIT_TILE_DOT(1);
      }
      if constexpr (W > 2) {
        OTTOBIT_TILE_LOAD(7, x + 128, kTokenStride);
        OTTOBIT_TILE_DOT(2);
      }
      OTTOBIT_TILE_LOAD(6, below + k, kWeightStride);
      if constexpr (W > 2) {
        OTTOBIT_TILE_DOT(5);
        OTTOBIT_TILE_LOAD(7, x + 64, kTokenStride);
      }
      if constexpr (W > 1) {
        OTTOBIT_TILE_DOT(4);
        OTTOBIT_TILE_LOAD(7, x, kTokenStride);
      }
      OTTOBIT_TILE_DOT(3);
    }
    alignas(64) float products[kTileRows * W * kLanes];
    float* const lower = products + 16 * W * kLanes;
    OTTOBIT_TILE_STORE(0, products, kTokenStride);
    OTTOBIT_TILE_STORE(3, lower, kTokenStride);
    if constexpr (W > 1) {
      OTTOBIT_TILE_STORE(1, products + kLanes, kTokenStride);
      OTTOBIT_TILE_STORE(4, lower + kLanes, kTokenStride);
    }
    if constexpr (W > 2) {
      OTTOBIT_TILE_STORE(2, products + 2 * kLanes, kTokenStride);
      OTTOBIT_TILE_STORE(5, lower + 2 * kLanes, kTokenStride);
    }
    for (Index i = 0; i < kTileRows; ++i) {
      const Vf scale = broadcast(scales[i]);
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        float* const at = sums + (i * W + j) * kLanes;
        store(at, fma(load(products + (i * W + j) * kLanes), scale, load(at)));
      }
    }
  }
};

#undef OTTOBIT_TILE_ZERO
#undef OTTOBIT_TILE_LOAD
#undef OTTOBIT_TILE_STORE
#undef OTTOBIT_TILE_DOT

/// `linear` of this level, but for the products that tiles take.
inline void linear_amx(Compute compute, const WeightView& w, const std::byte* packed, Index tokens,
                       float* y, Index y_stride, RowRange rows, std::byte* scratch) noexcept {
  if (tokens <= kFewTokens || !packs_bf16(compute) || !one_scale_per_block(w)) {
    return linear(compute, w, packed, tokens, y, y_stride, rows, scratch);
  }
  with_format(w.format, [&](auto format) noexcept {
    using F = decltype(format);
    if constexpr (F::kHasDot) {
      gemm<AmxEngine, F, false>(w, packed, tokens, packs_split(compute, tokens), y, y_stride, rows,
                                scratch);
    } else {
      linear(compute, w, packed, tokens, y, y_stride, rows, scratch);
    }
  });
}

/// The matrix products of this level, on processors that have AMX with bf16 and in processes that
/// may use it.
[[nodiscard]] constexpr LinearKernels with_amx(LinearKernels kernels) noexcept {
  kernels.linear = linear_amx;
  return kernels;
}

OTTOBIT_ISA_END

#endif
