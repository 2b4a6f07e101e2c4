// SPDX-License-Identifier: Apache-2.0
// Linear: y = W x + b with W [N, K] in any storage format. Several products of one input share the
// packing of that input and one parallel region (`Packed`).
//
//   Packed packed(ctx, x, K, T);            x rounded and laid out for the kernels, once
//   packed.multiply({{q, yq}, {k, yk}});    rows of all products split over the threads
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/arena.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

struct Linear {
  WeightView weight;  ///< [N, K]
  Floats bias;        ///< [N] or empty
  /// Not empty, of experts only: the weight is [K, ..], and the rows of the product are these
  /// columns of it, or each second of them.
  RowRange columns;
  Index step = 1;

  [[nodiscard]] static Linear bind(const WeightScope& scope, Shape2 shape, bool has_bias) {
    Linear linear;
    linear.weight = scope.matrix("", shape);
    if (has_bias) {
      linear.bias = scope.vector("bias", shape.rows);
    }
    return linear;
  }
  /// Matrices of those names and rows, each by itself, or the parts of one named `fused`.
  [[nodiscard]] static std::vector<Linear> bind_rows(std::string_view fused,
                                                     const std::vector<std::string_view>& names,
                                                     const std::vector<Index>& rows, Index cols,
                                                     bool has_bias, const WeightScope& scope) {
    std::vector<Linear> parts;
    Linear whole;
    if (!fused.empty()) {
      whole =
          bind(scope(fused), {std::accumulate(rows.begin(), rows.end(), Index{0}), cols}, has_bias);
    }
    Index first = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (fused.empty()) {
        parts.push_back(bind(scope(names[i]), {rows[i], cols}, has_bias));
        continue;
      }
      Linear part;
      part.weight = slice(whole.weight, {first, first + rows[i]});
      if (has_bias) {
        part.bias.assign(whole.bias.begin() + first, whole.bias.begin() + first + rows[i]);
      }
      first += rows[i];
      parts.push_back(std::move(part));
    }
    return parts;
  }
  [[nodiscard]] Index rows() const noexcept {
    return is_transposed() ? (columns.end - columns.begin + step - 1) / step : weight.rows;
  }
  [[nodiscard]] bool is_transposed() const noexcept { return columns.end > 0; }
};

/// One output of a packed input: y [T, N] with a stride in floats.
struct Product {
  const Linear& linear;
  float* y;
  Index y_stride;
};

class Packed {
 public:
  /// Rows a thread takes at a time: the weight piece of the GEMM kernels, and short enough for a
  /// fair split of the smallest matrices in the GEMV.
  static constexpr Index kGrain = 64;
  static constexpr Index kBlock = 128;  ///< columns of one unit of LinearKernels::pack

  /// Packs x [T, K] (stride in floats); the memory comes from the context's arena.
  Packed(ExecContext& ctx, const float* x, Index x_stride, Index tokens, Index k)
      : ctx_(ctx), tokens_(tokens) {
    const LinearKernels& kernels = *ctx.kernels.linear;
    packed_ = ctx.arena.take<std::byte>(kernels.packed_bytes(ctx.compute, tokens, k));
    scratch_stride_ = scratch_stride(kernels, ctx.compute, tokens, k);
    scratch_ = ctx.arena.take<std::byte>(scratch_stride_ * ctx.parallel.threads());
    const Index blocks = (k + kBlock - 1) / kBlock;
    const Index grain = tokens == 1 ? blocks : 1;  // one token: not worth waking a thread
    ctx.parallel.for_rows(blocks, grain, [&](Index begin, Index end, int) noexcept {
      kernels.pack(ctx.compute, x, x_stride, tokens, k, packed_, {begin, end});
    });
  }

  static void workspace(const WorkspaceFor& use, Index k, ArenaSize& size) {
    const LinearKernels& kernels = *use.kernels.linear;
    size.take<std::byte>(kernels.packed_bytes(use.compute, use.tokens, k));
    size.take<std::byte>(scratch_stride(kernels, use.compute, use.tokens, k) * use.threads);
  }

  /// Rows [rows.begin, rows.end) of one product on the calling thread, bias included.
  void rows(const Product& product, RowRange rows, int worker) const noexcept {
    ctx_.kernels.linear->linear(ctx_.compute, product.linear.weight, packed_, tokens_, product.y,
                                product.y_stride, rows, scratch_ + worker * scratch_stride_);
    if (!product.linear.bias.empty()) {
      for (Index t = 0; t < tokens_; ++t) {
        ctx_.kernels.elementwise->add(product.y + t * product.y_stride + rows.begin,
                                      product.linear.bias.data() + rows.begin,
                                      rows.end - rows.begin);
      }
    }
  }

  /// All products in one parallel region, their rows laid end to end in units of kGrain.
  void multiply(std::initializer_list<Product> products) const {
    Index grains = 0;
    for (const Product& product : products) {
      grains += grains_of(product);
    }
    ctx_.parallel.for_rows(grains, 1, [&](Index begin, Index end, int worker) noexcept {
      Index first = 0;  // grain at which the product starts
      for (const Product& product : products) {
        const Index count = grains_of(product);
        const Index from = std::clamp<Index>(begin - first, 0, count) * kGrain;
        const Index to = std::clamp<Index>(end - first, 0, count) * kGrain;
        if (from < to) {
          rows(product, {from, std::min(to, product.linear.rows())}, worker);
        }
        first += count;
      }
    });
  }

 private:
  static Index grains_of(const Product& product) noexcept {
    return (product.linear.rows() + kGrain - 1) / kGrain;
  }
  static Index scratch_stride(const LinearKernels& kernels, Compute compute, Index tokens,
                              Index k) noexcept {
    return round_up(kernels.scratch_bytes(compute, tokens, k), kAlignment);
  }

  ExecContext& ctx_;
  Index tokens_;
  Index scratch_stride_ = 0;
  std::byte* packed_ = nullptr;
  std::byte* scratch_ = nullptr;
};

}  // namespace ottobit
