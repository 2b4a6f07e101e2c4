// SPDX-License-Identifier: Apache-2.0
// ExpertWave: several experts' tokens worked off together. The rows of all experts' products are
// split over the threads in common regions:
//
//   gather and pack h -> gate, up, activation -> pack -> down -> weighted sum
#pragma once

#include <algorithm>
#include <array>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/gate_function.hpp"
#include "ottobit/layers/linear.hpp"

namespace ottobit {

/// The feed-forward network of one expert. Without a gate, the matrix of `up` stands in its place,
/// and `up` has no rows.
struct Expert {
  Linear gate, up, down;
};

/// A token at one of its experts.
struct ExpertRow {
  Index token;
  float weight;
};

/// What a wave holds at most. One expert with all tokens always fits, and 64 experts with one each:
/// enough rows to keep the threads busy.
struct WaveSize {
  Index dim;     ///< D
  Index hidden;  ///< F of an expert
  Index rows, hidden_bytes, activated_bytes, scratch_bytes;

  WaveSize(const LinearKernels& kernels, Compute compute, Index tokens, Index width, Index inner)
      : dim(width), hidden(inner) {
    constexpr Index kLeast = 64;
    const auto packed = [&](Index n, Index k) {
      return round_up(kernels.packed_bytes(compute, n, k), kAlignment);
    };
    const auto scratch = [&](Index n, Index k) {
      return round_up(kernels.scratch_bytes(compute, n, k), kAlignment);
    };
    rows = std::max(tokens, kLeast);
    hidden_bytes = std::max(packed(tokens, dim), kLeast * packed(1, dim));
    activated_bytes = std::max(packed(tokens, hidden), kLeast * packed(1, hidden));
    scratch_bytes = std::max(
        {scratch(tokens, dim), scratch(1, dim), scratch(tokens, hidden), scratch(1, hidden)});
  }
};

class ExpertWave {
 public:
  ExpertWave(ExecContext& ctx, const WaveSize& size, GateFunction function, bool weighs_input)
      : ctx_(ctx),
        kernels_(*ctx.kernels.linear),
        size_(size),
        gate_function_(function),
        weighs_input_(weighs_input) {
    x_ = ctx.arena.take<float>(size.rows * size.dim);
    gate_ = ctx.arena.take<float>(size.rows * size.hidden);
    up_ = ctx.arena.take<float>(size.rows * size.hidden);
    hidden_ = ctx.arena.take<std::byte>(size.hidden_bytes);
    activated_ = ctx.arena.take<std::byte>(size.activated_bytes);
    scratch_ = ctx.arena.take<std::byte>(size.scratch_bytes * ctx.parallel.threads());
    groups_ = ctx.arena.take<Group>(size.rows);
  }

  static void workspace(const WorkspaceFor& use, const WaveSize& size, ArenaSize& arena) {
    arena.take<float>(size.rows * size.dim);
    arena.take<float>(size.rows * size.hidden);
    arena.take<float>(size.rows * size.hidden);
    arena.take<std::byte>(size.hidden_bytes);
    arena.take<std::byte>(size.activated_bytes);
    arena.take<std::byte>(size.scratch_bytes * use.threads);
    arena.take<Group>(size.rows);
  }

  [[nodiscard]] bool fits(Index n) const noexcept {
    return rows_ + n <= size_.rows && hidden_used_ + bytes(n, size_.dim) <= size_.hidden_bytes &&
           activated_used_ + bytes(n, size_.hidden) <= size_.activated_bytes;
  }

  void add(const Expert& expert, Index first, Index n) noexcept {
    groups_[count_++] = {
        &expert, first, n, rows_, hidden_ + hidden_used_, activated_ + activated_used_};
    rows_ += n;
    hidden_used_ += bytes(n, size_.dim);
    activated_used_ += bytes(n, size_.hidden);
  }

  /// Adds the experts' weighted outputs to out [T, D] and empties the wave.
  void run(const float* h, const ExpertRow* rows, float* out) {
    gather(h, rows);
    pack(x_, size_.dim, &Group::hidden);
    activate();
    pack(gate_, size_.hidden, &Group::activated);
    project();
    scatter(rows, out);
    count_ = rows_ = hidden_used_ = activated_used_ = 0;
  }

 private:
  /// The tokens of one expert in a wave: rows [first, first + count) of the sorted assignments,
  /// at row `at` of the wave's buffers.
  struct Group {
    const Expert* expert;
    Index first, count, at;
    std::byte* hidden;     ///< their h, packed
    std::byte* activated;  ///< the same of the activations
  };

  /// The rows that a product reads: as they are, from the first of the wave, and a group's packed.
  struct Input {
    const float* x;
    const std::byte* packed;
  };

  [[nodiscard]] Index bytes(Index n, Index k) const noexcept {
    return round_up(kernels_.packed_bytes(ctx_.compute, n, k), kAlignment);
  }

  /// body(group, unit, worker) for each of `units` parts of the work of each group.
  template <class Body>
  void each(Index units, const Body& body) const {
    ctx_.parallel.for_rows(count_ * units, 1, [&](Index begin, Index end, int worker) noexcept {
      for (Index i = begin; i < end; ++i) {
        body(groups_[i / units], i % units, worker);
      }
    });
  }

  void gather(const float* h, const ExpertRow* rows) const {
    each(1, [&](const Group& g, Index, int) noexcept {
      for (Index i = 0; i < g.count; ++i) {
        const ExpertRow& row = rows[g.first + i];
        float* const to = x_ + (g.at + i) * size_.dim;
        std::copy_n(h + row.token * size_.dim, size_.dim, to);
        if (weighs_input_) {
          ctx_.kernels.elementwise->scale(to, row.weight, size_.dim);
        }
      }
    });
  }

  void pack(const float* x, Index k, std::byte* Group::*packed) const {
    each((k + Packed::kBlock - 1) / Packed::kBlock, [&](const Group& g, Index block, int) noexcept {
      kernels_.pack(ctx_.compute, x + g.at * k, k, g.count, k, g.*packed, {block, block + 1});
    });
  }

  /// Rows [unit * kGrain, ...) of y = w x + bias for the tokens of a group.
  RowRange multiply(const Linear& w, const Group& g, const Input& in, Index unit, float* y,
                    int worker) const noexcept {
    const RowRange rows{unit * Packed::kGrain, std::min(w.rows(), (unit + 1) * Packed::kGrain)};
    if (w.step == 2) {
      multiply_alternating(w, g, in, rows, y);
    } else if (w.is_transposed()) {
      const Index k = w.weight.rows;
      const RowRange columns{w.columns.begin + rows.begin, w.columns.begin + rows.end};
      kernels_.linear_transposed(w.weight, columns, in.x + g.at * k, k, g.count,
                                 y + g.at * w.rows() + rows.begin, w.rows());
    } else {
      kernels_.linear(ctx_.compute, w.weight, in.packed, g.count, y + g.at * w.rows(), w.rows(),
                      rows, scratch_ + worker * size_.scratch_bytes);
    }
    for (Index i = g.at; i < g.at + g.count && !w.bias.empty(); ++i) {
      ctx_.kernels.elementwise->add(y + i * w.rows() + rows.begin, w.bias.data() + rows.begin,
                                    rows.end - rows.begin);
    }
    return rows;
  }

  /// The same where the rows are each second column of the weight: with those between, some tokens
  /// at a time, of which then every second number counts.
  void multiply_alternating(const Linear& w, const Group& g, const Input& in, RowRange rows,
                            float* y) const noexcept {
    constexpr Index kTokens = 8;
    const Index k = w.weight.rows;
    const Index n = rows.end - rows.begin;
    const Index odd = w.columns.begin % 2;
    const RowRange columns{w.columns.begin - odd + 2 * rows.begin,
                           w.columns.begin - odd + 2 * rows.end};
    std::array<float, static_cast<std::size_t>(kTokens * 2 * Packed::kGrain)> both;
    for (Index first = g.at; first < g.at + g.count; first += kTokens) {
      const Index tokens = std::min(kTokens, g.at + g.count - first);
      kernels_.linear_transposed(w.weight, columns, in.x + first * k, k, tokens, both.data(),
                                 2 * n);
      for (Index t = 0; t < tokens; ++t) {
        for (Index r = 0; r < n; ++r) {
          y[(first + t) * w.rows() + rows.begin + r] =
              both[static_cast<std::size_t>(t * 2 * n + 2 * r + odd)];
        }
      }
    }
  }

  /// gate = f(Wg x, Wu x)
  void activate() const {
    const Index hidden = size_.hidden;
    each(units_of(hidden), [&](const Group& g, Index unit, int worker) noexcept {
      const Input in{x_, g.hidden};
      const RowRange rows = multiply(g.expert->gate, g, in, unit, gate_, worker);
      if (g.expert->up.rows() > 0) {
        multiply(g.expert->up, g, in, unit, up_, worker);
      }
      for (Index i = g.at; i < g.at + g.count; ++i) {
        float* const at = gate_ + i * hidden + rows.begin;
        gate_function_(ctx_.kernels, at, up_ + i * hidden + rows.begin, rows.end - rows.begin);
      }
    });
  }

  /// x = Wd gate; the gathered h is packed by now and gives its place.
  void project() const {
    each(units_of(size_.dim), [&](const Group& g, Index unit, int worker) noexcept {
      multiply(g.expert->down, g, {gate_, g.activated}, unit, x_, worker);
    });
  }

  void scatter(const ExpertRow* rows, float* out) const {
    const Index dim = size_.dim;
    ctx_.parallel.for_rows(dim, 256, [&](Index begin, Index end, int) noexcept {
      for (Index g = 0; g < count_; ++g) {
        for (Index i = 0; i < groups_[g].count; ++i) {
          const ExpertRow& row = rows[groups_[g].first + i];
          ctx_.kernels.elementwise->add_scaled(out + row.token * dim + begin,
                                               x_ + (groups_[g].at + i) * dim + begin,
                                               weighs_input_ ? 1.0F : row.weight, end - begin);
        }
      }
    });
  }

  static Index units_of(Index rows) noexcept {
    return (rows + Packed::kGrain - 1) / Packed::kGrain;
  }

  ExecContext& ctx_;
  const LinearKernels& kernels_;
  WaveSize size_;
  GateFunction gate_function_;
  bool weighs_input_;
  float* x_ = nullptr;     ///< [rows, D]: h, later the outputs
  float* gate_ = nullptr;  ///< [rows, F]
  float* up_ = nullptr;
  std::byte* hidden_ = nullptr;
  std::byte* activated_ = nullptr;
  std::byte* scratch_ = nullptr;
  Group* groups_ = nullptr;
  Index count_ = 0;
  Index rows_ = 0;
  Index hidden_used_ = 0;
  Index activated_used_ = 0;
};

}  // namespace ottobit
