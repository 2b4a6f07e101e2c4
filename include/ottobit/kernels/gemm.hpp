// SPDX-License-Identifier: Apache-2.0
// Many tokens: Y[t, r] = sum_k W[r, k] X[t, k]. The weights are the broadcast operand and the
// tokens are the lanes, so the rows of W are used in their natural order and nothing is transposed
// but the activations, once (pack.hpp).
//
//   strip: kStripRows rows of W
//     piece: kPieceK columns of the strip, converted once, [block of 128][row][128], unscaled
//       panel of tokens x block of 128 columns: tiles of some rows x 1 to 3 vectors of tokens,
//         accumulated in registers; then one fma with the block's scale into the strip's sums (f32)
//
// Each element of Y: products in the order of k within a block, blocks in order by one fma each;
// rows and tokens never meet, so its bits depend on neither the row range nor the other tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/integer_dots.hpp"
#include "ottobit/kernels/pack.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

inline constexpr Index kStripRows = 64;
inline constexpr Index kPieceBlocks = 4;
inline constexpr Index kPieceK = kPieceBlocks * kBlockK;
/// 8 x 3 sums, 3 vectors of tokens and a broadcast fill 28 of 32 registers; 4 x 3 of 16.
inline constexpr Index kVectorRows = kLanes == 16 ? 8 : 4;

/// What an engine sets up for the length of a product: nothing.
struct NoSetup {};

/// Scratch of one thread: a piece, its scales, the strip's sums.
template <class Element>
struct GemmScratch {
  Element* piece;  ///< [kPieceBlocks][kStripRows][kBlockK]
  float* scales;   ///< [kPieceBlocks][kStripRows]
  float* sums;     ///< panels of [kStripRows][tokens of the panel]

  explicit GemmScratch(std::byte* scratch) noexcept
      : piece(reinterpret_cast<Element*>(scratch)),
        scales(reinterpret_cast<float*>(scratch + sizeof(Element) * kStripRows * kPieceK)),
        sums(scales + kStripRows * kPieceBlocks) {}
};

#if defined(OTTOBIT_HAS_BF16_DOT)

/// Pairs of bf16 weights against pairs of bf16 activations.
struct DotEngine {
  using Weight = std::uint16_t;
  using Setup = NoSetup;
  static constexpr Index kTileRows = kVectorRows;
  static constexpr Index kColumnBytes = 2;  ///< of a packed activation

  /// kBlockK weights at p, less their zero point.
  template <class F>
  OTTOBIT_INLINE static void convert(const std::byte* p, [[maybe_unused]] float zero_point,
                                     Weight* out) noexcept {
    if constexpr (std::is_same_v<F, Bf16Format>) {
      std::memcpy(out, p, kBlockK * sizeof(Weight));
    } else if constexpr (!std::is_same_v<F, Fp8E4m3>) {
      integers_to_bf16<F>(p, zero_point, out);
    } else {
      const E4m3Converter converter;
      for (Index i = 0; i < kBlockK; i += 64) {
        const Bf16x64 values = converter.natural(_mm512_loadu_si512(p + i));
        _mm512_store_si512(out + i, values.first);
        _mm512_store_si512(out + i + 32, values.second);
      }
    }
  }

  /// sums[i][j] += scales[i] * (row i of w . token j of x) over `columns` columns.
  template <Index W>
  OTTOBIT_INLINE static void tile(const Weight* w, const std::byte* x, Index columns,
                                  const float* scales, float* sums) noexcept {
    __m512 acc[kTileRows][W];
    OTTOBIT_UNROLL
    for (Index i = 0; i < kTileRows; ++i) {
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        acc[i][j] = _mm512_setzero_ps();
      }
    }
    for (Index k = 0; k < columns; k += 2, w += 2, x += W * 64) {
      __m512i tokens[W];
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        tokens[j] = _mm512_load_si512(x + j * 64);
      }
      OTTOBIT_UNROLL
      for (Index i = 0; i < kTileRows; ++i) {
        std::int32_t pair = 0;
        std::memcpy(&pair, w + i * kBlockK, sizeof(pair));
        const __m512i weight = _mm512_set1_epi32(pair);
        OTTOBIT_UNROLL
        for (Index j = 0; j < W; ++j) {
          acc[i][j] = dot_bf16(acc[i][j], tokens[j], weight);
        }
      }
    }
    OTTOBIT_UNROLL
    for (Index i = 0; i < kTileRows; ++i) {
      const __m512 scale = _mm512_set1_ps(scales[i]);
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        float* const at = sums + (i * W + j) * kLanes;
        _mm512_store_ps(at, _mm512_fmadd_ps(acc[i][j], scale, _mm512_load_ps(at)));
      }
    }
  }
};

#endif

/// One column of packed f32 activations.
struct FloatColumns {
  static constexpr Index kColumnBytes = 4;
  template <Index W>
  OTTOBIT_INLINE static Vf at(const std::byte* x, Index k, Index j) noexcept {
    return load(as_floats(x) + (k * W + j) * kLanes);
  }
};
/// One column of packed pairs of bf16, widened.
struct PairColumns {
  static constexpr Index kColumnBytes = 2;
  template <Index W>
  OTTOBIT_INLINE static Vf at(const std::byte* x, Index k, Index j) noexcept {
    const Vu pair = to_bits(load(as_floats(x) + (k / 2 * W + j) * kLanes));
    return from_bits((k & 1) == 0 ? pair << 16 : pair & Vu(0xFFFF0000U));
  }
};

/// f32 weights against activations widened to f32; any format on every level.
template <class Columns>
struct FmaEngine {
  using Weight = float;
  using Setup = NoSetup;
  static constexpr Index kTileRows = kVectorRows;
  static constexpr Index kColumnBytes = Columns::kColumnBytes;

  template <class F>
  OTTOBIT_INLINE static void convert(const std::byte* p, float zero_point, Weight* out) noexcept {
    dequant_block<F>(p, out);
    if constexpr (F::kHasZeros) {
      for (Index i = 0; i < kBlockK; i += kLanes) {
        store(out + i, load(out + i) - broadcast(zero_point));
      }
    }
  }

  template <Index W>
  OTTOBIT_INLINE static void tile(const Weight* w, const std::byte* x, Index columns,
                                  const float* scales, float* sums) noexcept {
    Vf acc[kTileRows][W];
    OTTOBIT_UNROLL
    for (Index i = 0; i < kTileRows; ++i) {
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        acc[i][j] = zero();
      }
    }
    for (Index k = 0; k < columns; ++k) {
      Vf tokens[W];
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        tokens[j] = Columns::template at<W>(x, k, j);
      }
      OTTOBIT_UNROLL
      for (Index i = 0; i < kTileRows; ++i) {
        const Vf weight = broadcast(w[i * kBlockK + k]);
        OTTOBIT_UNROLL
        for (Index j = 0; j < W; ++j) {
          acc[i][j] = fma(tokens[j], weight, acc[i][j]);
        }
      }
    }
    OTTOBIT_UNROLL
    for (Index i = 0; i < kTileRows; ++i) {
      const Vf scale = broadcast(scales[i]);
      OTTOBIT_UNROLL
      for (Index j = 0; j < W; ++j) {
        float* const at = sums + (i * W + j) * kLanes;
        store(at, fma(acc[i][j], scale, load(at)));
      }
    }
  }
};

/// The strip and the piece a thread works on.
struct Strip {
  Index row;         ///< first row
  Index rows;        ///< rows that exist
  Index tile_rows;   ///< rounded up to whole tiles
  Index column = 0;  ///< of the piece
  Index blocks = 0;  ///< of the piece
};

/// Converts one piece and decodes its scales; rows beyond the strip become 0.
template <class Engine, class F, bool Scaled>
inline void convert_piece(const WeightView& w, const Strip& strip,
                          const GemmScratch<typename Engine::Weight>& scratch) noexcept {
  BlockCopy<F> copy;
  for (Index i = 0; i < strip.rows; ++i) {
    const Index r = strip.row + i;
    for (Index b = 0; b < strip.blocks; ++b) {
      const Index k = strip.column + b * kBlockK;
      typename Engine::Weight* const out = scratch.piece + (b * kStripRows + i) * kBlockK;
      float& scale = scratch.scales[b * kStripRows + i];
      if constexpr (Scaled) {
        dequant_scaled_block<F>(w, r, k, least(kBlockK, w.cols - k), out);
        scale = 1.0F;
      } else {
        const std::byte* const p = w.data + r * w.row_bytes + bytes_of<F>(k);
        Engine::template convert<F>(whole_block<F>(p, w.cols - k, copy), stored_zero(w, r, k), out);
        const float stored = stored_scale(w, r, k);
        scale = w.scale_inverse ? 1.0F / stored : stored;
      }
    }
  }
  for (Index b = 0; b < strip.blocks; ++b) {
    for (Index i = strip.rows; i < strip.tile_rows; ++i) {
      typename Engine::Weight* const out = scratch.piece + (b * kStripRows + i) * kBlockK;
      std::memset(out, 0, kBlockK * sizeof(*out));
      scratch.scales[b * kStripRows + i] = 0.0F;
    }
  }
}

/// The piece against one panel of W vectors of tokens. `x`: the panel's columns of the piece.
template <class Engine, Index W>
inline void multiply_panel(const Strip& strip, Index k, const std::byte* x,
                           const GemmScratch<typename Engine::Weight>& scratch,
                           float* sums) noexcept {
  for (Index b = 0; b < strip.blocks; ++b) {
    const Index left = k - (strip.column + b * kBlockK);
    const Index columns = left < kBlockK ? (left + 1) / 2 * 2 : kBlockK;
    for (Index i = 0; i < strip.tile_rows; i += Engine::kTileRows) {
      Engine::template tile<W>(scratch.piece + (b * kStripRows + i) * kBlockK, x, columns,
                               scratch.scales + b * kStripRows + i, sums + i * W * kLanes);
    }
    x += kBlockK * W * kLanes * Engine::kColumnBytes;
  }
}

/// y[t, r] from the sums of the strip, those of both parts of a token added.
inline void store_strip(const Strip& strip, const float* sums, Index tokens, bool split, float* y,
                        Index y_stride) noexcept {
  const Index vectors = lane_vectors(split ? 2 * tokens : tokens);
  Index width = 0;
  for (Index v = 0; v < vectors; v += width) {
    width = panel_width(vectors - v);
    const Index lanes = width * kLanes;
    const float* const panel = sums + v * kLanes * kStripRows;
    const Index most = split ? lanes / 2 : lanes;  // tokens of the panel
    const Index first = split ? v * kLanes / 2 : v * kLanes;
    const Index count = least(most, tokens - first);
    for (Index t = 0; t < count; ++t) {
      float* const out = y + (first + t) * y_stride + strip.row;
      for (Index i = 0; i < strip.rows; ++i) {
        const float* const at = panel + i * lanes + t;
        out[i] = split ? at[0] + at[most] : at[0];
      }
    }
  }
}

/// `Scaled`: weights are scaled before the product, for blocks that hold several scales. `split`:
/// the tokens were packed in two parts.
template <class Engine, class F, bool Scaled>
inline void gemm(const WeightView& w, const std::byte* packed, Index tokens, bool split, float* y,
                 Index y_stride, RowRange rows, std::byte* scratch_bytes) noexcept {
  [[maybe_unused]] const typename Engine::Setup setup;
  const GemmScratch<typename Engine::Weight> scratch(scratch_bytes);
  const Index vectors = lane_vectors(split ? 2 * tokens : tokens);
  const Index columns = blocks_of(w.cols) * kBlockK;
  for (Index r = rows.begin; r < rows.end; r += kStripRows) {
    Strip strip{.row = r, .rows = least(kStripRows, rows.end - r), .tile_rows = 0};
    strip.tile_rows = (strip.rows + Engine::kTileRows - 1) / Engine::kTileRows * Engine::kTileRows;
    std::memset(scratch.sums, 0,
                sizeof(float) * static_cast<std::size_t>(kStripRows * vectors * kLanes));
    for (; strip.column < w.cols; strip.column += kPieceK) {
      strip.blocks = least(kPieceBlocks, blocks_of(w.cols - strip.column));
      convert_piece<Engine, F, Scaled>(w, strip, scratch);
      Index width = 0;
      for (Index v = 0; v < vectors; v += width) {
        width = panel_width(vectors - v);
        const Index first = v * kLanes;
        const std::byte* const x =
            packed + (first * columns + width * kLanes * strip.column) * Engine::kColumnBytes;
        float* const sums = scratch.sums + first * kStripRows;
        switch (width) {
          case 1:
            multiply_panel<Engine, 1>(strip, w.cols, x, scratch, sums);
            break;
          case 2:
            multiply_panel<Engine, 2>(strip, w.cols, x, scratch, sums);
            break;
          default:
            multiply_panel<Engine, 3>(strip, w.cols, x, scratch, sums);
            break;
        }
      }
    }
    store_strip(strip, scratch.sums, tokens, split, y, y_stride);
  }
}

OTTOBIT_ISA_END
