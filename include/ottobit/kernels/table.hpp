// SPDX-License-Identifier: Apache-2.0
// KernelTable: the kernels of one instruction set level as plain function pointers. Layers call
// through it and so never see a vector type or a storage format. Every function is single-threaded,
// noexcept, allocates nothing and works on a range of output rows (or heads), so that a caller may
// split it over any number of threads and get the same bits. Definitions of meaning: reference.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "ottobit/isa.hpp"
#include "ottobit/spec.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

/// How a matrix product treats its activations; accumulation is f32 in all modes.
enum class Compute : std::int32_t {
  f32 = 1,   ///< activations stay f32, weights are dequantised exactly: the fidelity mode
  bf16 = 2,  ///< activations are rounded to bf16 (nearest even), block scales are applied in f32
  /// As bf16, but the activations of up to 16 tokens are kept as the sum of two bf16 numbers, exact
  /// to 17 bits: decoding follows the f32 model. It costs some percent of the rate at which few
  /// cores read weights.
  bf16x2 = 5,
  /// The same for any number of tokens, at half the rate of dot products for prompts.
  bf16x2_all = 6,
};

/// Tokens of a call that Compute::bf16x2 keeps exact to 17 bits. Up to 8 of them cost nothing, as
/// their two parts fit one vector of lanes; up to here the weights' way from memory hides the rest.
/// In every mode, a token among more than these has the same bits however many they are.
inline constexpr Index kSplitTokens = 16;

/// Whether prompts are rounded to bf16, as their makers do. Attention may then round likewise.
[[nodiscard]] constexpr bool rounds_prompts(Compute compute) noexcept {
  return compute == Compute::bf16 || compute == Compute::bf16x2;
}

/// Matrix products Y[T, N] = X[T, K] W[N, K]^T with block-scaled weights.
///
///   x (f32) --pack (once, split over K blocks)--> packed --linear (split over rows N)--> y (f32)
struct LinearKernels {
  /// True if Compute::bf16 runs on bf16 dot-product instructions; it is then the default mode.
  bool has_fast_bf16;

  /// out[r - rows.begin, k] = element (r, k), exactly, as f32. out_stride in floats, >= w.cols.
  void (*dequant_f32)(const WeightView& w, RowRange rows, float* out, Index out_stride) noexcept;
  /// The same, rounded to bf16 (nearest even). out_stride in elements.
  void (*dequant_bf16)(const WeightView& w, RowRange rows, std::uint16_t* out,
                       Index out_stride) noexcept;

  /// Bytes of the packed form of X [tokens, K]. The buffer must be 64-byte aligned.
  Index (*packed_bytes)(Compute compute, Index tokens, Index k) noexcept;
  /// Packs the columns of K blocks [blocks.begin, blocks.end), 128 columns each; all blocks of
  /// [0, ceil(K / 128)) must be packed, in any order and by any threads, before `linear`.
  /// x [tokens, K] with a stride in floats.
  void (*pack)(Compute compute, const float* x, Index x_stride, Index tokens, Index k,
               std::byte* packed, RowRange blocks) noexcept;

  /// Bytes of per-thread scratch that `linear` needs for that many tokens; 64-byte aligned.
  Index (*scratch_bytes)(Compute compute, Index tokens, Index k) noexcept;
  /// y[t, r] = sum_k element(r, k) * x[t, k] for r in rows and all tokens; `packed` was made with
  /// the same compute, tokens and K = w.cols. y_stride in floats. One token takes the GEMV road.
  void (*linear)(Compute compute, const WeightView& w, const std::byte* packed, Index tokens,
                 float* y, Index y_stride, RowRange rows, std::byte* scratch) noexcept;

  /// y[t, k - cols.begin] = sum_r x[t, r] element(r, k) for k in cols: the product with the
  /// transposed matrix. x [tokens, N] and y [tokens, size of cols] f32, strides in floats; nothing
  /// is rounded but the sums. cols.begin is a multiple of 8.
  void (*linear_transposed)(const WeightView& w, RowRange cols, const float* x, Index x_stride,
                            Index tokens, float* y, Index y_stride) noexcept;
};

/// The keys or the values of one layer: row j of KV head g begins at element g * head_stride +
/// j * row_stride, position p lies in row p % AttentionCall::ring. Heads and rows may overlap: with
/// head_stride 0 all heads share their rows.
struct KvRows {
  const std::byte* data = nullptr;
  Index row_stride = 0;
  Index head_stride = 0;
};

/// One call of attention: T new queries against the cached keys and values of their sequence.
///   q [T, H, A], out [T, H, B] f32, row strides in floats
///   k rows of A, v rows of B elements of kv_dtype (f32, f16, bf16) for G heads
/// Query t sits at position p = position + t and sees the keys up to p: all of them, the last
/// `window`, or those of its chunk, that is from p - p % chunk on. Query head h reads KV head
/// h / (H / G).
struct AttentionCall {
  const float* q = nullptr;
  float* out = nullptr;
  Index q_stride = 0;
  Index out_stride = 0;
  Index tokens = 0;     ///< T
  Index heads = 0;      ///< H, a multiple of kv_heads
  Index kv_heads = 0;   ///< G
  Index head_dim = 0;   ///< A, of queries and keys
  Index value_dim = 0;  ///< B, of values and results
  KvRows k;
  KvRows v;
  DType kv_dtype = DType::bf16;
  Index position = 0;  ///< cached keys before query 0
  /// Rows of a KV head, a multiple of kKeyAlignment, enough for all keys that the queries see; 0:
  /// row p holds position p.
  Index ring = 0;
  Index window = 0;              ///< keys that a query sees at most; 0: all
  Index chunk = 0;               ///< positions of a chunk; 0: one chunk
  float scale = 1.0F;            ///< multiplies q.k before the softmax
  float cap = 0.0F;              ///< then s becomes cap * tanh(s / cap); 0: it does not
  const float* sinks = nullptr;  ///< [H] or null: a score without a value that joins the softmax
  /// Which of the keys that a query would see it does see, in blocks of `block` keys from 0 on: [T,
  /// G, blocks] of 0 or 1, of each KV head; null: all. Every query sees a key.
  const std::uint8_t* chosen = nullptr;
  Index block = 0;
  Index blocks = 0;  ///< at least those that the queries would see
  /// Queries times scale, keys, weights exp(s - max) and values may be rounded to bf16, where that
  /// is faster; sums are f32 in any case.
  bool may_round = false;

  static constexpr Index kKeyAlignment = 64;

  /// The first key that a query at this position sees.
  [[nodiscard]] Index first_key(Index at) const noexcept {
    const Index of_window = window == 0 || at < window ? 0 : at + 1 - window;
    const Index of_chunk = chunk == 0 ? 0 : at - at % chunk;
    return of_window > of_chunk ? of_window : of_chunk;
  }
};

struct AttentionKernels {
  /// Work items of a call: item i covers one KV head and one block of queries. The split depends on
  /// the call's sizes only.
  Index (*items)(const AttentionCall& call) noexcept;
  /// Bytes of per-thread scratch; 64-byte aligned; depends on head_dim, value_dim and heads /
  /// kv_heads only.
  Index (*scratch_bytes)(const AttentionCall& call) noexcept;
  /// Computes the items [items.begin, items.end): softmax(scale * q k^T) v with an online softmax
  /// (Milakov and Gimelshein 2018, arXiv:1805.02867), accumulating in f32.
  void (*attention)(const AttentionCall& call, RowRange items, std::byte* scratch) noexcept;
  /// Stores x [tokens, G, A] (f32, stride in floats) as cache rows [position, position + tokens) of
  /// every KV head g in heads: cache[g, position + t] = round(x[t, g]), nearest even; in F16,
  /// numbers beyond its range become its largest.
  void (*store_kv)(const float* x, Index x_stride, Index tokens, Index head_dim, DType kv_dtype,
                   std::byte* cache, Index capacity, Index position, RowRange heads) noexcept;
};

/// Vectors of several heads of several tokens, f32.
struct HeadRows {
  const float* data = nullptr;
  Index token_stride = 0;  ///< in floats
  Index head_stride = 0;

  [[nodiscard]] const float* of(Index token, Index head) const noexcept {
    return data + token * token_stride + head * head_stride;
  }
};

/// One call of a linear recurrence: T new tokens after those that the states S [H, A, B] hold.
///   S = decay S;  d = beta (v - S^T k);  S += k d^T;  out = S^T q
/// for each token and head; without beta, d = v.
///   q, k [T, G, A], v [T, H, B], out [T, H, B]
/// Head h takes q and k of head h / (H / G).
struct RecurrenceCall {
  HeadRows q;
  HeadRows k;
  HeadRows v;
  const float* decay = nullptr;  ///< of token t and head h at t * decay_stride + h
  Index decay_stride = 0;        ///< 0: all tokens have the same
  /// Rows of S decay each by itself: row r of head h by what is at t * decay_stride + h A + r.
  bool decays_by_channel = false;
  const float* beta = nullptr;  ///< [T, H] or null
  float* state = nullptr;       ///< [H, A, B], read and written
  float* out = nullptr;
  Index out_stride = 0;  ///< of a token, in floats
  Index tokens = 0;      ///< T
  Index heads = 0;       ///< H, a multiple of key_heads
  Index key_heads = 0;   ///< G
  Index key_dim = 0;     ///< A
  Index value_dim = 0;   ///< B
};

/// One call of a causal convolution of each channel:
///   out[t, c] = f(bias[c] + sum_j weight[j, c] x[t + j, c]), j < taps
/// where the first taps - 1 rows of x are those before token 0.
struct ShortConvCall {
  const float* x = nullptr;       ///< [taps - 1 + T, channels], contiguous, as all are
  const float* weight = nullptr;  ///< [taps, channels]
  const float* bias = nullptr;    ///< [channels] or null
  float* out = nullptr;           ///< [T, channels]
  Index taps = 0;
  Index channels = 0;
  bool silu = true;  ///< f; else out is the sum itself
};

struct RecurrentKernels {
  /// Work items of a call: some columns of one head's state each. The split depends on the call's
  /// sizes only.
  Index (*items)(const RecurrenceCall& call) noexcept;
  /// Computes the items [items.begin, items.end).
  void (*recurrence)(const RecurrenceCall& call, RowRange items) noexcept;
  /// Computes the rows of these tokens.
  void (*short_conv)(const ShortConvCall& call, RowRange tokens) noexcept;
};

struct ScoredToken {
  std::int32_t id = 0;
  float score = 0.0F;
};

/// How far the parts of a gated activation may go.
struct GateLimits {
  float gate = std::numeric_limits<float>::infinity();
  float activated = std::numeric_limits<float>::infinity();
  float up = std::numeric_limits<float>::infinity();
};

struct ElementwiseKernels {
  /// out[t] = x[t] / sqrt(mean(x[t]^2) + eps) * weight, rows of `dim` floats; out may be x.
  void (*rms_norm)(const float* x, Index x_stride, const float* weight, float eps, Index dim,
                   float* out, Index out_stride, RowRange tokens) noexcept;
  /// Rotates the first 2 * half_dim elements of each head in place. x [T, heads, head_dim];
  /// cosines and sines [T, half_dim] of the tokens' own positions.
  void (*rope)(float* x, Index x_stride, Index heads, Index head_dim, const float* cosines,
               const float* sines, Index half_dim, RopeLayout layout, RowRange tokens) noexcept;
  /// out[i] = silu(gate[i]) * up[i]; silu(z) = z / (1 + exp(-z)); out may be gate or up.
  void (*silu_mul)(const float* gate, const float* up, float* out, Index n) noexcept;
  /// out[i] = gelu(gate[i]) * up[i] with the tanh form of gelu; out may be gate or up.
  void (*gelu_mul)(const float* gate, const float* up, float* out, Index n) noexcept;
  /// out[i] = g sigmoid(1.702 g) (u + 1), where g = min(gate[i], limit) and u = up[i] within
  /// +-limit; out may be gate or up.
  void (*swiglu_limited)(const float* gate, const float* up, float limit, float* out,
                         Index n) noexcept;
  /// out[i] = min(silu(min(gate[i], limits.gate)), limits.activated) * u, where u = up[i] within
  /// +-limits.up; out may be gate or up.
  void (*silu_mul_limited)(const float* gate, const float* up, const GateLimits& limits, float* out,
                           Index n) noexcept;
  /// out[i] = sigmoid(gate[i]) * up[i]; out may be gate or up.
  void (*sigmoid_mul)(const float* gate, const float* up, float* out, Index n) noexcept;
  /// In place: x[i] = max(x[i], 0)^2
  void (*relu_squared)(float* x, Index n) noexcept;
  /// In place: x[i] = cap * tanh(x[i] / cap), cap > 0.
  void (*soft_cap)(float* x, float cap, Index n) noexcept;
  /// x[i] *= factor
  void (*scale)(float* x, float factor, Index n) noexcept;
  /// x[i] *= y[i]
  void (*multiply)(float* x, const float* y, Index n) noexcept;
  /// x[i] += y[i]
  void (*add)(float* x, const float* y, Index n) noexcept;
  /// x[i] += factor * y[i], rounded once or twice.
  void (*add_scaled)(float* x, const float* y, float factor, Index n) noexcept;
  /// In place, stable: x[i] = exp(x[i] - max) / sum. -inf gives 0.
  void (*softmax)(float* x, Index n) noexcept;
  /// Index of the largest element, the first of equals; NaN never wins; n >= 1 (all NaN: 0).
  Index (*argmax)(const float* x, Index n) noexcept;
  /// The k largest in descending order, ties by lower index first; NaN last. out [k], 1 <= k <= n.
  void (*top_k)(const float* x, Index n, Index k, ScoredToken* out) noexcept;
};

struct KernelTable {
  const char* isa;  ///< "baseline", "avx2", "avx512", "avx512_bf16", "amx_bf16"
  const LinearKernels* linear;
  const AttentionKernels* attention;
  const ElementwiseKernels* elementwise;
  const RecurrentKernels* recurrent;
};

/// Tables compiled in that this CPU and operating system can run, best first; never empty.
[[nodiscard]] std::span<const KernelTable* const> supported_kernel_tables() noexcept;
/// The best of them, or nullptr if none has that name; an empty name means the best.
[[nodiscard]] const KernelTable* find_kernel_table(std::string_view isa) noexcept;

}  // namespace ottobit
