// SPDX-License-Identifier: Apache-2.0
// Manifold-constrained hyper-connections (Xie et al. 2025, arXiv:2512.24880), as DeepSeek V4 has
// them: n residual streams in place of one. What a part of a block takes is a mixture of them, and
// what it makes is added to each, which are mixed among themselves by a doubly stochastic matrix:
//
//   m = (F X) / rms(X),  X the streams end to end
//   a_i = sigmoid(m_i s_0 + b_i) + eps;  p_i = 2 sigmoid(m_(n+i) s_1 + b_(n+i))
//   C = sinkhorn(softmax(m_(2n+ni+j) s_2 + b_(2n+ni+j)))
//   u = sum_i a_i x_i;  x_k = p_k part(u) + sum_j C_jk x_j
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Hyper {
 public:
  /// The tensors `<name>_fn`, `<name>_base` and `<name>_scale`. `parts`: 3, or 1 of a mixture that
  /// nothing is added to.
  [[nodiscard]] static Hyper bind(const HyperSpec& spec, Index dim, double eps, Index parts,
                                  const std::string& name, const WeightScope& scope) {
    const Index n = spec.streams;
    const Index rows = parts == 1 ? n : (2 + n) * n;
    Hyper hyper(spec, dim, static_cast<float>(eps));
    hyper.mixer_ = Linear::bind(scope(name + "_fn"), {rows, n * dim}, false);
    hyper.base_ = scope.vector(name + "_base", rows);
    hyper.scale_ = scope.vector(name + "_scale", parts);
    return hyper;
  }

  /// What the mixtures of T tokens are made of, rows() each.
  [[nodiscard]] float* coefficients(ExecContext& ctx, Index tokens) const {
    return ctx.arena.take<float>(tokens * mixer_.rows());
  }
  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    WorkspaceFor exact = use;
    exact.compute = Compute::f32;
    size.take<float>(use.tokens * mixer_.rows());
    ArenaSize joined;
    joined.take<float>(mixer_.weight.cols * use.threads);
    ArenaSize taken;
    Packed::workspace(exact, mixer_.weight.cols, taken);
    size.take<std::byte>(std::max(joined.bytes(), taken.bytes()));
  }

  /// out [T, D] = the mixture of x [T, n, D]; sets the coefficients of this and of join().
  void take(ExecContext& ctx, const float* x, Index tokens, float* coefficients, float* out) const {
    const Index n = spec_.streams;
    const Index width = n * dim_;
    {
      const Arena::Mark mark(ctx.arena);
      ExecContext exact = ctx;
      exact.compute = Compute::f32;
      const Packed packed(exact, x, width, tokens, width);
      packed.multiply({{mixer_, coefficients, mixer_.rows()}});
    }
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        float* const m = coefficients + t * mixer_.rows();
        const float* const streams = x + t * width;
        finish(streams, m);
        float* const to = out + t * dim_;
        std::fill_n(to, dim_, 0.0F);
        for (Index i = 0; i < n; ++i) {
          ctx.kernels.elementwise->add_scaled(to, streams + i * dim_, m[i], dim_);
        }
      }
    });
  }

  /// x [T, n, D] with what a part made of its mixture, y [T, D].
  void join(ExecContext& ctx, float* x, Index tokens, const float* coefficients,
            const float* y) const {
    const Arena::Mark mark(ctx.arena);
    const Index n = spec_.streams;
    const Index width = n * dim_;
    auto* const before = ctx.arena.take<float>(width * ctx.parallel.threads());
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int worker) noexcept {
      float* const old = before + worker * width;
      for (Index t = begin; t < end; ++t) {
        const float* const post = coefficients + t * mixer_.rows() + n;
        const float* const c = post + n;
        float* const streams = x + t * width;
        std::copy_n(streams, width, old);
        std::fill_n(streams, width, 0.0F);
        for (Index k = 0; k < n; ++k) {
          float* const stream = streams + k * dim_;
          ctx.kernels.elementwise->add_scaled(stream, y + t * dim_, post[k], dim_);
          for (Index j = 0; j < n; ++j) {
            ctx.kernels.elementwise->add_scaled(stream, old + j * dim_, c[j * n + k], dim_);
          }
        }
      }
    });
  }

  template <class See>
  void each_linear(See&& see) const {
    see(mixer_, 1.0);
  }

 private:
  Hyper(const HyperSpec& spec, Index dim, float eps) : spec_(spec), dim_(dim), eps_(eps) {}

  static float sigmoid(float x) noexcept { return 1.0F / (1.0F + std::exp(-x)); }

  /// Products of one token with the rows of the mixer to coefficients.
  void finish(const float* streams, float* m) const noexcept {
    const Index n = spec_.streams;
    double squares = 0.0;
    for (Index i = 0; i < n * dim_; ++i) {
      squares += static_cast<double>(streams[i]) * static_cast<double>(streams[i]);
    }
    const auto mean = static_cast<float>(squares / static_cast<double>(n * dim_));
    const float factor = 1.0F / std::sqrt(mean + eps_);
    for (Index i = 0; i < mixer_.rows(); ++i) {
      const auto part = static_cast<std::size_t>(std::min<Index>(i / n, 2));
      m[i] = m[i] * factor * scale_[part] + base_[static_cast<std::size_t>(i)];
    }
    const auto eps = static_cast<float>(spec_.eps);
    for (Index i = 0; i < n; ++i) {
      m[i] = sigmoid(m[i]) + eps;
    }
    if (mixer_.rows() > n) {
      for (Index i = n; i < 2 * n; ++i) {
        m[i] = 2.0F * sigmoid(m[i]);
      }
      sinkhorn(m + 2 * n);
    }
  }

  /// c [n, n]: softmax of each row, then rows and columns in turn made to sum to 1, columns last
  /// (Sinkhorn and Knopp 1967).
  void sinkhorn(float* c) const noexcept {
    const Index n = spec_.streams;
    const auto eps = static_cast<float>(spec_.eps);
    const auto divide = [&](Index first, Index step, float by) {
      for (Index i = 0; i < n; ++i) {
        c[first + i * step] /= by;
      }
    };
    const auto sum = [&](Index first, Index step) {
      float total = 0.0F;
      for (Index i = 0; i < n; ++i) {
        total += c[first + i * step];
      }
      return total;
    };
    for (Index r = 0; r < n; ++r) {
      float* const row = c + r * n;
      const float most = *std::max_element(row, row + n);
      std::transform(row, row + n, row, [&](float x) { return std::exp(x - most); });
      divide(r * n, 1, sum(r * n, 1));
      std::transform(row, row + n, row, [&](float x) { return x + eps; });
    }
    for (Index round = 0; round < spec_.rounds; ++round) {
      for (Index r = 0; r < n && round > 0; ++r) {
        divide(r * n, 1, sum(r * n, 1) + eps);
      }
      for (Index k = 0; k < n; ++k) {
        divide(k, n, sum(k, n) + eps);
      }
    }
  }

  HyperSpec spec_;
  Index dim_;  ///< D
  float eps_;  ///< of the root mean square
  Linear mixer_;
  Floats base_;
  Floats scale_;
};

}  // namespace ottobit
