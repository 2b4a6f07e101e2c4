// SPDX-License-Identifier: Apache-2.0
// Causal grouped-query attention against the cache, softmax(scale * q k^T) v, with the softmax
// folded into one pass over the keys (Milakov and Gimelshein 2018, arXiv:1805.02867; blocked as in
// Dao et al. 2022, arXiv:2205.14135).
//
// A work item is one KV head and a block of queries. All query heads of the group come as rows of
// one matrix, so that each block of 64 keys is read and converted once for all of them:
//
//   for each block of keys:   S = Q K^T           [rows, 64]
//                             P = exp(S - max)                 new maximum and sum of each row
//                             O = O * alpha + P V [rows, A]
//
// Where the call allows rounding to bf16 and the processor multiplies pairs of them, panels,
// queries and P are such pairs: half the instructions. Otherwise all is f32. With many rows
// (prompts) the block is first converted into f32 panels; with few (decoding) the cache is
// converted in registers, each time it is read: a panel would cost more than it saves. Both make
// the same sums in the same order.
//
// Sums run over dimensions and keys in ascending order, blocks start at multiples of 64: a query's
// result does not depend on the other queries of the call, nor on how calls or items are split.
#pragma once

#include "ottobit/kernels/activation.hpp"
#include "ottobit/kernels/attention_tile.hpp"
#include "ottobit/kernels/softmax.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/simd/math.hpp"

OTTOBIT_ISA_BEGIN

/// Rows of queries (tokens x heads of a group) that share a converted block of keys.
inline constexpr Index kQueryRows = 96;

/// Sizes of a call. Queries are split into `blocks` blocks of nearly equal length.
struct AttentionShape {
  Index group;    ///< query heads per KV head
  Index width;    ///< value_dim rounded up to whole vectors
  Index q_width;  ///< head_dim rounded up to two vectors, the most that a step over it takes
  Index blocks;   ///< of queries

  /// Rows for which scratch is needed, whatever the number of tokens.
  [[nodiscard]] OTTOBIT_INLINE Index most_rows() const noexcept {
    return most_tokens(group) * group;
  }

  OTTOBIT_INLINE static Index round_up_to(Index n, Index multiple) noexcept {
    return (n + multiple - 1) / multiple * multiple;
  }
  OTTOBIT_INLINE static Index most_tokens(Index group) noexcept {
    return group < kQueryRows ? kQueryRows / group : 1;
  }
  OTTOBIT_INLINE static AttentionShape of(const AttentionCall& call) noexcept {
    const Index group = call.heads / call.kv_heads;
    const Index tokens = most_tokens(group);
    return {group, round_up_to(call.value_dim, kLanes), round_up_to(call.head_dim, 2 * kLanes),
            (call.tokens + tokens - 1) / tokens};
  }
};

/// The per-thread scratch of attention, cut into its arrays; all 64-byte aligned.
struct AttentionScratch {
  float* q;       ///< [rows, q_width] queries times scale
  float* keys;    ///< [q_width, kKeyBlock] transposed block of keys
  float* values;  ///< [kKeyBlock, width]
  float* scores;  ///< [rows, kKeyBlock] S, then P
  float* out;     ///< [rows, width] O
  float* sums;    ///< [rows, kLanes] partial sums of P
  float* maxima;  ///< [rows]
  float* alpha;   ///< [rows] factor of the block's old O
  Index floats;   ///< all together

  OTTOBIT_INLINE static AttentionScratch of(const AttentionShape& shape, float* base) noexcept {
    AttentionScratch s{};
    const Index rows = shape.most_rows();
    const auto take = [&](Index n) noexcept {
      float* at = base == nullptr ? nullptr : base + s.floats;
      s.floats += (n + 15) / 16 * 16;
      return at;
    };
    s.q = take(rows * shape.q_width);
    s.keys = take(shape.q_width * kKeyBlock);
    s.values = take(kKeyBlock * shape.width);
    s.scores = take(rows * kKeyBlock);
    s.out = take(rows * shape.width);
    s.sums = take(rows * kLanes);
    s.maxima = take(rows);
    s.alpha = take(rows);
    return s;
  }
};

/// One item at work: queries [begin, end) of KV head `head`. Row r is query begin + r / group, head
/// r % group of the group.
struct AttentionItem {
  const AttentionCall& call;
  AttentionShape shape;
  AttentionScratch s;
  Index head;
  Index begin;
  Index end;

  [[nodiscard]] OTTOBIT_INLINE Index rows() const noexcept { return (end - begin) * shape.group; }
  [[nodiscard]] OTTOBIT_INLINE Index tiles() const noexcept {
    return (rows() + kTileRows - 1) / kTileRows;
  }
  [[nodiscard]] OTTOBIT_INLINE Index position(Index r) const noexcept {
    return call.position + begin + r / shape.group;
  }
  /// The end of the keys that the query of row r sees.
  [[nodiscard]] OTTOBIT_INLINE Index visible(Index r) const noexcept { return position(r) + 1; }
  /// Where row r lies in q, or with value_dim and out_stride in out.
  [[nodiscard]] OTTOBIT_INLINE Index row_at(Index r, Index dim, Index stride) const noexcept {
    return (begin + r / shape.group) * stride + (head * shape.group + r % shape.group) * dim;
  }

  /// The choice of row r among blocks of keys; only where there is one.
  [[nodiscard]] OTTOBIT_INLINE const std::uint8_t* choice_of(Index r) const noexcept {
    return call.chosen + ((begin + r / shape.group) * call.kv_heads + head) * call.blocks;
  }
  /// Whether any of the rows [from, to) may see any of the keys [first, last].
  [[nodiscard]] OTTOBIT_INLINE bool may_see(Index from, Index to, Index first,
                                            Index last) const noexcept {
    if (call.chosen == nullptr) {
      return true;
    }
    for (Index r = from; r < to; r += shape.group - r % shape.group) {
      const std::uint8_t* const its = choice_of(r);
      for (Index b = first / call.block; b <= last / call.block; ++b) {
        if (its[b] != 0) {
          return true;
        }
      }
    }
    return false;
  }
  /// Scores of the keys from `first` on that row r does not see become -inf.
  OTTOBIT_INLINE void hide(Index r, Index first) const noexcept {
    const Index seen = visible(r) - first;
    const Index n = seen < kKeyBlock ? seen : kKeyBlock;
    float* const row = s.scores + r * kKeyBlock;
    const std::uint8_t* const its = choice_of(r);
    for (Index j = 0; j < n;) {
      const Index b = (first + j) / call.block;
      const Index next = (b + 1) * call.block - first;
      for (; j < next && j < n; ++j) {
        row[j] = its[b] != 0 ? row[j] : kMinusInfinity;
      }
    }
  }

  template <class Multiply>
  OTTOBIT_INLINE void load_queries() const noexcept {
    for (Index r = 0; r < rows(); ++r) {
      const float* from = call.q + row_at(r, call.head_dim, call.q_stride);
      for (Index d = 0; d < shape.q_width; d += kLanes) {
        const Index left = call.head_dim - d;
        const Index n = left < 0 ? 0 : (left < kLanes ? left : kLanes);
        store(s.q + r * shape.q_width + d, load_partial(from + d, n) * broadcast(call.scale));
      }
      Multiply::prepare(s.q + r * shape.q_width, shape.q_width);
      store(s.sums + r * kLanes, zero());
      s.maxima[r] = kMinusInfinity;
      for (Index d = 0; call.chosen != nullptr && d < shape.width; d += kLanes) {
        store(s.out + r * shape.width + d, zero());
      }
    }
  }

  /// Scores of row r to weights: P = exp(S - max) for its keys [from, n), 0 for the rest.
  OTTOBIT_INLINE void weigh(Index r, Index from, Index n) const noexcept {
    float* row = s.scores + r * kKeyBlock;
    for (Index j = 0; j < from && j < kKeyBlock; ++j) {
      row[j] = kMinusInfinity;
    }
    Vf x[kKeyBlock / kLanes];
    Vf top = broadcast(kMinusInfinity);
    OTTOBIT_UNROLL
    for (Index i = 0; i < kKeyBlock / kLanes; ++i) {
      const Index left = n - i * kLanes;
      x[i] = load(row + i * kLanes);
      if (left < kLanes) {
        x[i] = keep_first(x[i], left < 0 ? 0 : left, broadcast(kMinusInfinity));
      }
      top = max(x[i], top);
    }
    const float before = s.maxima[r];
    const float largest_here = reduce_max(top);
    const float now = largest_here > before ? largest_here : before;
    const float shift = now > kMinusInfinity ? now : 0.0F;  // no key so far: all weights are 0
    Vf sum = zero();
    OTTOBIT_UNROLL
    for (Index i = 0; i < kKeyBlock / kLanes; ++i) {
      x[i] = exp(x[i] - broadcast(shift));
      sum = sum + x[i];
      store(row + i * kLanes, x[i]);
    }
    const Vf alpha = exp(broadcast(before) - broadcast(shift));
    store(s.sums + r * kLanes, fma(load(s.sums + r * kLanes), alpha, sum));
    s.maxima[r] = now;
    store_partial(s.alpha + r, alpha, 1);
  }

  /// Rows [from, to), at most kTileRows, against the block of keys at `first`. Block is how they
  /// are read, straight from the cache or from panels; `fresh`: it is the first one.
  template <class Block>
  OTTOBIT_INLINE void add_block(const Block& block, Index from, Index to, Index first,
                                bool fresh) const noexcept {
    const Index seen = visible(to - 1) - first;  // by the last row, which sees the most
    if (seen <= 0) {
      return;
    }
    const Index keys = seen < kKeyBlock ? seen : kKeyBlock;
    if (!may_see(from, to, first, first + keys - 1)) {
      return;
    }
    float* scores = s.scores + from * kKeyBlock;
    with_rows(to - from, [&](auto rows) noexcept {
      block.template score<rows.value>(s.q + from * shape.q_width, shape.q_width, keys, scores);
    });
    for (Index r = from; r < to; ++r) {
      if (call.cap > 0.0F) {
        soft_cap(s.scores + r * kKeyBlock, call.cap, kKeyBlock);
      }
      if (call.chosen != nullptr) {
        hide(r, first);
      }
      weigh(r, call.first_key(position(r)) - first, visible(r) - first);
      Block::Multiply::prepare(s.scores + r * kKeyBlock, kKeyBlock);
    }
    const Weighted sum{scores, keys, s.out + from * shape.width, shape.width,
                       fresh ? nullptr : s.alpha + from};
    with_rows(to - from, [&](auto rows) noexcept { block.template mix<rows.value>(sum); });
  }

  /// What the sum of row r, weighted by exp(-maximum), is multiplied by.
  [[nodiscard]] OTTOBIT_INLINE Vf factor_of(Index r) const noexcept {
    const Vf sum = broadcast(reduce_add(load(s.sums + r * kLanes)));
    if (call.sinks == nullptr) {
      return broadcast(1.0F) / sum;
    }
    const Vf largest = broadcast(s.maxima[r]);
    const Vf sink = broadcast(call.sinks[head * shape.group + r % shape.group]);
    const Vf top = max(largest, sink);
    const Vf rest = exp(largest - top);
    return rest / (sum * rest + exp(sink - top));
  }

  OTTOBIT_INLINE void store_result() const noexcept {
    for (Index r = 0; r < rows(); ++r) {
      const Vf factor = factor_of(r);
      float* to = call.out + row_at(r, call.value_dim, call.out_stride);
      for (Index d = 0; d < call.value_dim; d += kLanes) {
        const Index n = call.value_dim - d < kLanes ? call.value_dim - d : kLanes;
        store_partial(to + d, load(s.out + r * shape.width + d) * factor, n);
      }
    }
  }

  /// All rows against the block of keys at `first`, in tiles of nearly equal height.
  template <class Block>
  OTTOBIT_INLINE void add_tiles(const Block& block, Index first, bool fresh) const noexcept {
    for (Index i = 0; i < tiles(); ++i) {
      add_block(block, i * rows() / tiles(), (i + 1) * rows() / tiles(), first, fresh);
    }
  }

  template <class Cache, class Multiply>
  OTTOBIT_INLINE void run() const noexcept {
    using Element = typename Cache::Element;
    const auto elements = [](const std::byte* p) noexcept {
      return static_cast<const Element*>(static_cast<const void*>(p));
    };
    const CacheRows<Cache> keys{elements(call.k.data) + head * call.k.head_stride,
                                call.k.row_stride, call.head_dim};
    const CacheRows<Cache> values{elements(call.v.data) + head * call.v.head_stride,
                                  call.v.row_stride, call.value_dim};
    load_queries<Multiply>();
    const Index all = visible(rows() - 1);
    const Index start = call.first_key(position(0)) / kKeyBlock * kKeyBlock;
    for (Index first = start; first < all; first += kKeyBlock) {
      const Index n = all - first < kKeyBlock ? all - first : kKeyBlock;
      if (!may_see(0, rows(), first, first + n - 1)) {
        continue;
      }
      const bool fresh = first == start && call.chosen == nullptr;  // else O is 0 at first
      const Index row = call.ring == 0 ? first : first % call.ring;
      const bool turns = call.ring != 0 && row + 2 * kKeyBlock > call.ring;
      const Index ahead = first + 2 * kKeyBlock <= all && !turns ? kKeyBlock : 0;
      const CacheBlock<Cache> cached{keys.from(row), values.from(row), ahead, n};
      if (Multiply::kPerWord == 1 && tiles() <= kDirectTiles) {
        add_tiles(cached, first, fresh);
      } else {
        Multiply::pack_keys(cached.keys, ahead, n, s.keys);
        Multiply::pack_values(cached.values, ahead, n, shape.width, s.values);
        const PanelBlock<Multiply> panels{s.keys, s.values, call.head_dim, shape.width};
        add_tiles(panels, first, fresh);
      }
    }
    store_result();
  }
};

inline Index attention_items(const AttentionCall& call) noexcept {
  return AttentionShape::of(call).blocks * call.kv_heads;
}

inline Index attention_scratch_bytes(const AttentionCall& call) noexcept {
  const AttentionShape shape = AttentionShape::of(call);
  return AttentionScratch::of(shape, nullptr).floats * static_cast<Index>(sizeof(float));
}

/// Computes the items of [items.begin, items.end); see AttentionKernels. A NaN in a query, or in a
/// key that it sees, makes that query's result NaN; so do scores that are all -inf, or +inf. A
/// value that is not finite spoils the queries that see it, and may spoil earlier queries of the
/// same call.
inline void attention(const AttentionCall& call, RowRange items, std::byte* scratch) noexcept {
  const AttentionShape shape = AttentionShape::of(call);
  auto* base = static_cast<float*>(static_cast<void*>(scratch));
  const AttentionScratch s = AttentionScratch::of(shape, base);
  for (Index item = items.begin; item < items.end; ++item) {
    // Later blocks see more keys. Taking them from both ends in turn makes neighbouring items equal
    // in pairs, so that contiguous ranges of items are about equal, too.
    const Index step = item % shape.blocks;
    const Index block = step % 2 == 0 ? step / 2 : shape.blocks - 1 - step / 2;
    const AttentionItem work{call,
                             shape,
                             s,
                             item / shape.blocks,
                             block * call.tokens / shape.blocks,
                             (block + 1) * call.tokens / shape.blocks};
    with_cache_type(call.kv_dtype, [&](auto type) noexcept {
      using Cache = decltype(type);
#if defined(OTTOBIT_HAS_BF16_DOT)
      if (call.may_round) {
        return work.run<Cache, MultiplyPairs>();
      }
#endif
      work.run<Cache, MultiplyFloats>();
    });
  }
}

OTTOBIT_ISA_END
