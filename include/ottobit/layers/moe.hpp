// SPDX-License-Identifier: Apache-2.0
// Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): each token's sum of the gated
// feed-forward networks of its experts, weighted by the router, plus that of the shared expert.
//
// Tokens are sorted by expert, so that each chosen expert's weights are read once. The experts are
// worked off in waves that fit the workspace; within a wave the rows of all experts' products are
// split over the threads together:
//
//   gather and pack h -> gate, up, activation -> pack -> down -> weighted sum
//
// An output element receives its experts in ascending order, whatever the waves and threads.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mlp.hpp"
#include "ottobit/layers/router.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Moe {
 public:
  [[nodiscard]] static Moe bind(const MoeSpec& spec, Index dim, const WeightScope& scope) {
    Moe moe(dim, spec.hidden, Router::bind(spec.router, dim, scope));
    const WeightScope experts = scope("experts");
    for (Index e = 0; e < spec.router.experts; ++e) {
      const WeightScope expert = experts(std::to_string(e));
      moe.experts_.push_back({Linear::bind(expert(spec.names.gate), {spec.hidden, dim}, false),
                              Linear::bind(expert(spec.names.up), {spec.hidden, dim}, false),
                              Linear::bind(expert(spec.names.down), {dim, spec.hidden}, false)});
    }
    if (spec.shared_hidden > 0) {
      moe.shared_ = Mlp::bind({.hidden = spec.shared_hidden}, dim, scope("shared_experts"));
    }
    return moe;
  }

  /// out [T, D] of h [T, D], both contiguous.
  void forward(ExecContext& ctx, const float* h, Index tokens, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index count = tokens * router_.spec().chosen;
    auto* assignments = ctx.arena.take<Assignment>(count);
    auto* rows = ctx.arena.take<Row>(count);
    auto* first = ctx.arena.take<Index>(experts() + 1);
    router_.forward(ctx, h, tokens, assignments);
    sort_by_expert(assignments, tokens, rows, first);
    if (shared_) {
      shared_->forward(ctx, h, tokens, out);
    } else {
      std::fill_n(out, tokens * dim_, 0.0F);
    }
    const WaveSize size(*ctx.kernels.linear, ctx.compute, tokens, dim_, hidden_);
    Wave wave(ctx, size, *this);
    for (Index e = 0; e < experts(); ++e) {
      const Index n = first[e + 1] - first[e];
      if (n == 0) {
        continue;
      }
      if (!wave.fits(n)) {
        wave.run(h, rows, out);
      }
      wave.add(experts_[static_cast<std::size_t>(e)], first[e], n);
    }
    wave.run(h, rows, out);
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index count = use.tokens * router_.spec().chosen;
    size.take<Assignment>(count);
    size.take<Row>(count);
    size.take<Index>(experts() + 1);
    ArenaSize router;
    router_.workspace(use, router);
    ArenaSize shared;
    if (shared_) {
      shared_->workspace(use, shared);
    }
    ArenaSize wave;
    Wave::workspace(use, WaveSize(*use.kernels.linear, use.compute, use.tokens, dim_, hidden_),
                    *this, wave);
    size.take<std::byte>(std::max({router.bytes(), shared.bytes(), wave.bytes()}));
  }

  /// see(const Linear&, share) for each, with the share of it that a token reads on average.
  template <class See>
  void each_linear(See&& see) const {
    const double share = static_cast<double>(chosen()) / static_cast<double>(experts());
    see(router_.gate(), 1.0);
    for (const Expert& expert : experts_) {
      see(expert.gate, share);
      see(expert.up, share);
      see(expert.down, share);
    }
    if (shared_) {
      shared_->each_linear(see);
    }
  }
  [[nodiscard]] Index experts() const noexcept { return router_.spec().experts; }
  [[nodiscard]] Index chosen() const noexcept { return router_.spec().chosen; }

 private:
  struct Expert {
    Linear gate, up, down;
  };
  /// A token at one of its experts.
  struct Row {
    Index token;
    float weight;
  };
  /// The tokens of one expert in a wave: rows [first, first + count) of the sorted assignments,
  /// at row `at` of the wave's buffers.
  struct Group {
    const Expert* expert;
    Index first, count, at;
    std::byte* hidden;     ///< their h, packed
    std::byte* activated;  ///< the same of the activations
  };

  /// What a wave holds at most. One expert with all tokens always fits.
  struct WaveSize {
    Index rows, hidden_bytes, activated_bytes, scratch_bytes;

    WaveSize(const LinearKernels& kernels, Compute compute, Index tokens, Index dim, Index hidden) {
      constexpr Index kLeast = 64;  // rows: enough experts in a wave to keep the threads busy
      rows = std::max(tokens, kLeast);
      const auto most = [&](auto bytes, Index k) {
        return round_up(std::max(bytes(compute, tokens, k), bytes(compute, 1, k)), kAlignment);
      };
      hidden_bytes = std::max(most(kernels.packed_bytes, dim),
                              kLeast * round_up(kernels.packed_bytes(compute, 1, dim), kAlignment));
      activated_bytes =
          std::max(most(kernels.packed_bytes, hidden),
                   kLeast * round_up(kernels.packed_bytes(compute, 1, hidden), kAlignment));
      scratch_bytes =
          std::max(most(kernels.scratch_bytes, dim), most(kernels.scratch_bytes, hidden));
    }
  };

  class Wave {
   public:
    Wave(ExecContext& ctx, const WaveSize& size, const Moe& moe)
        : ctx_(ctx), kernels_(*ctx.kernels.linear), size_(size), moe_(moe) {
      x_ = ctx.arena.take<float>(size.rows * moe.dim_);
      gate_ = ctx.arena.take<float>(size.rows * moe.hidden_);
      up_ = ctx.arena.take<float>(size.rows * moe.hidden_);
      hidden_ = ctx.arena.take<std::byte>(size.hidden_bytes);
      activated_ = ctx.arena.take<std::byte>(size.activated_bytes);
      scratch_ = ctx.arena.take<std::byte>(size.scratch_bytes * ctx.parallel.threads());
      groups_ = ctx.arena.take<Group>(moe.experts());
    }

    static void workspace(const WorkspaceFor& use, const WaveSize& size, const Moe& moe,
                          ArenaSize& arena) {
      arena.take<float>(size.rows * moe.dim_);
      arena.take<float>(size.rows * moe.hidden_);
      arena.take<float>(size.rows * moe.hidden_);
      arena.take<std::byte>(size.hidden_bytes);
      arena.take<std::byte>(size.activated_bytes);
      arena.take<std::byte>(size.scratch_bytes * use.threads);
      arena.take<Group>(moe.experts());
    }

    [[nodiscard]] bool fits(Index n) const noexcept {
      return rows_ + n <= size_.rows && hidden_used_ + bytes(n, moe_.dim_) <= size_.hidden_bytes &&
             activated_used_ + bytes(n, moe_.hidden_) <= size_.activated_bytes;
    }

    void add(const Expert& expert, Index first, Index n) noexcept {
      groups_[count_++] = {
          &expert, first, n, rows_, hidden_ + hidden_used_, activated_ + activated_used_};
      rows_ += n;
      hidden_used_ += bytes(n, moe_.dim_);
      activated_used_ += bytes(n, moe_.hidden_);
    }

    /// Adds the experts' weighted outputs to out [T, D] and empties the wave.
    void run(const float* h, const Row* rows, float* out) noexcept {
      gather(h, rows);
      pack(x_, moe_.dim_, &Group::hidden);
      activate();
      pack(gate_, moe_.hidden_, &Group::activated);
      project();
      scatter(rows, out);
      count_ = rows_ = hidden_used_ = activated_used_ = 0;
    }

   private:
    [[nodiscard]] Index bytes(Index n, Index k) const noexcept {
      return round_up(kernels_.packed_bytes(ctx_.compute, n, k), kAlignment);
    }

    /// body(group, unit, worker) for each of `units` parts of the work of each group.
    template <class Body>
    void each(Index units, const Body& body) const noexcept {
      ctx_.parallel.for_rows(count_ * units, 1, [&](Index begin, Index end, int worker) noexcept {
        for (Index i = begin; i < end; ++i) {
          body(groups_[i / units], i % units, worker);
        }
      });
    }

    void gather(const float* h, const Row* rows) const noexcept {
      each(1, [&](const Group& g, Index, int) noexcept {
        for (Index i = 0; i < g.count; ++i) {
          std::copy_n(h + rows[g.first + i].token * moe_.dim_, moe_.dim_,
                      x_ + (g.at + i) * moe_.dim_);
        }
      });
    }

    void pack(const float* x, Index k, std::byte* Group::*packed) const noexcept {
      each((k + Packed::kBlock - 1) / Packed::kBlock, [&](const Group& g, Index block,
                                                          int) noexcept {
        kernels_.pack(ctx_.compute, x + g.at * k, k, g.count, k, g.*packed, {block, block + 1});
      });
    }

    /// Rows [unit * kGrain, ...) of y = w x for the tokens of a group.
    RowRange multiply(const Linear& w, const Group& g, const std::byte* packed, Index unit,
                      float* y, int worker) const noexcept {
      const RowRange rows{unit * Packed::kGrain, std::min(w.rows(), (unit + 1) * Packed::kGrain)};
      kernels_.linear(ctx_.compute, w.weight, packed, g.count, y + g.at * w.rows(), w.rows(), rows,
                      scratch_ + worker * size_.scratch_bytes);
      return rows;
    }

    /// gate = silu(Wg x) * (Wu x)
    void activate() const noexcept {
      const Index hidden = moe_.hidden_;
      each(units_of(hidden), [&](const Group& g, Index unit, int worker) noexcept {
        multiply(g.expert->gate, g, g.hidden, unit, gate_, worker);
        const RowRange rows = multiply(g.expert->up, g, g.hidden, unit, up_, worker);
        for (Index i = g.at; i < g.at + g.count; ++i) {
          float* const at = gate_ + i * hidden + rows.begin;
          ctx_.kernels.elementwise->silu_mul(at, up_ + i * hidden + rows.begin, at,
                                             rows.end - rows.begin);
        }
      });
    }

    /// x = Wd gate; the gathered h is packed by now and gives its place.
    void project() const noexcept {
      each(units_of(moe_.dim_), [&](const Group& g, Index unit, int worker) noexcept {
        multiply(g.expert->down, g, g.activated, unit, x_, worker);
      });
    }

    void scatter(const Row* rows, float* out) const noexcept {
      const Index dim = moe_.dim_;
      ctx_.parallel.for_rows(dim, 256, [&](Index begin, Index end, int) noexcept {
        for (Index g = 0; g < count_; ++g) {
          for (Index i = 0; i < groups_[g].count; ++i) {
            const Row& row = rows[groups_[g].first + i];
            ctx_.kernels.elementwise->add_scaled(out + row.token * dim + begin,
                                                 x_ + (groups_[g].at + i) * dim + begin, row.weight,
                                                 end - begin);
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
    const Moe& moe_;
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

  Moe(Index dim, Index hidden, Router router)
      : dim_(dim), hidden_(hidden), router_(std::move(router)) {}

  /// rows: the assignments by expert, tokens ascending; those of expert e are [first[e],
  /// first[e + 1]).
  void sort_by_expert(const Assignment* assignments, Index tokens, Row* rows,
                      Index* first) const noexcept {
    const Index count = tokens * chosen();
    std::fill_n(first, experts() + 1, Index{0});
    for (Index i = 0; i < count; ++i) {
      ++first[assignments[i].expert + 1];
    }
    for (Index e = 0; e < experts(); ++e) {
      first[e + 1] += first[e];
    }
    for (Index i = 0; i < count; ++i) {
      rows[first[assignments[i].expert]++] = {i / chosen(), assignments[i].weight};
    }
    for (Index e = experts(); e > 0; --e) {  // first[e] ran to the end of its expert
      first[e] = first[e - 1];
    }
    first[0] = 0;
  }

  Index dim_;
  Index hidden_;
  Router router_;
  std::vector<Expert> experts_;
  std::optional<Mlp> shared_;
};

}  // namespace ottobit
