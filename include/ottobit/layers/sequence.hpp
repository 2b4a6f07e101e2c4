// SPDX-License-Identifier: Apache-2.0
// A forward pass reads tokens of one or of several sequences, those of each side by side: rows
// [first, first + tokens) of everything that the pass computes. Products, norms and experts take
// all rows as one; attention and states are each sequence's own.
#pragma once

#include <algorithm>
#include <span>

#include "ottobit/kernels/table.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/rope.hpp"

namespace ottobit {

/// Where some tokens of a pass stand in their sequence.
struct Sequence {
  Index first;     ///< of the rows of the pass
  Index position;  ///< of the first token
  Index tokens;
  RopeRows rope;         ///< of these tokens
  const KvCache* cache;  ///< of the sequence

  [[nodiscard]] KvLayer layer(const ExecContext& ctx) const noexcept {
    return cache->layer(static_cast<std::size_t>(ctx.layer));
  }
  /// Its tokens [begin, begin + count) as a sequence of their own.
  [[nodiscard]] Sequence part(Index begin, Index count) const noexcept {
    return {first + begin, position + begin, count, rope.from(begin), cache};
  }
};

/// Rows of all.
/// Heads of a row and their width.
struct RowShape {
  Index heads;
  Index head_dim;
};

/// Tokens of x [T, heads, head_dim] to `part` of a layer of the cache; token 0 is at `position`.
inline void store_rows(const ExecContext& ctx, const float* x, const RowShape& shape,
                       RowRange tokens, Index position, const KvLayer& kv, DType dtype,
                       std::byte* part) noexcept {
  const Index stride = shape.heads * shape.head_dim;
  Index end = 0;
  for (Index t = tokens.begin; t < tokens.end; t = end) {
    const Index row = kv.ring == 0 ? position + t : (position + t) % kv.ring;
    end = std::min(tokens.end, t + kv.rows - row);  // of the token, or of the ring
    ctx.kernels.attention->store_kv(x + t * stride, stride, end - t, shape.head_dim, dtype, part,
                                    kv.rows, row, {0, shape.heads});
  }
}

[[nodiscard]] inline Index total_tokens(std::span<const Sequence> all) noexcept {
  return all.back().first + all.back().tokens;
}

/// visit(sequence, tokens of it) for the rows [begin, end) of the pass.
template <class Visit>
void each_sequence(std::span<const Sequence> all, RowRange rows, const Visit& visit) {
  for (const Sequence& sequence : all) {
    const Index begin = std::clamp<Index>(rows.begin - sequence.first, 0, sequence.tokens);
    const Index end = std::clamp<Index>(rows.end - sequence.first, 0, sequence.tokens);
    if (begin < end) {
      visit(sequence, RowRange{begin, end});
    }
  }
}

/// run(call, items, worker) for all items of all calls, in one parallel region.
template <class Call, class Run>
void for_items(const ExecContext& ctx, std::span<const Call> calls,
               Index (*items)(const Call&) noexcept, const Run& run) {
  Index total = 0;
  for (const Call& call : calls) {
    total += items(call);
  }
  ctx.parallel.for_rows(total, 1, [&](Index begin, Index end, int worker) noexcept {
    Index first = 0;
    for (const Call& call : calls) {
      const Index count = items(call);
      const RowRange mine{std::clamp<Index>(begin - first, 0, count),
                          std::clamp<Index>(end - first, 0, count)};
      if (mine.begin < mine.end) {
        run(call, mine, worker);
      }
      first += count;
    }
  });
}

}  // namespace ottobit
