// SPDX-License-Identifier: Apache-2.0
// The experts of a layer from the ways in which they are published: matrices of their own, or those
// of all experts in one tensor.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ottobit/layers/expert_wave.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// `count` experts of `hidden` rows over `dim` columns, under `scope`.
[[nodiscard]] inline LargeVector<Expert> bind_experts(const MlpNames& names, Index count,
                                                      Index hidden, Index dim,
                                                      const WeightScope& scope) {
  LargeVector<Expert> experts(scope.memory());
  for (Index e = 0; e < count; ++e) {
    const WeightScope expert = scope(std::to_string(e));
    Linear up = Linear::bind(expert(names.up), {hidden, dim}, false);
    Linear down = Linear::bind(expert(names.down), {dim, hidden}, false);
    if (names.gate.empty()) {
      experts.push_back({std::move(up), Linear(), std::move(down)});
      continue;
    }
    experts.push_back(
        {Linear::bind(expert(names.gate), {hidden, dim}, false), std::move(up), std::move(down)});
  }
  return experts;
}

[[nodiscard]] inline LargeVector<Expert> bind_experts(const ExpertStack& names, Index count,
                                                      Index hidden, Index dim,
                                                      const WeightScope& scope) {
  // As published in blocks, rows are outputs; saved as numbers of 16 or 32 bits, they are inputs.
  const bool in_blocks = scope.has(names.gate_up + "_blocks");
  const WeightView gate_up = scope.stack(
      names.gate_up, count, in_blocks ? Shape2{2 * hidden, dim} : Shape2{dim, 2 * hidden});
  const WeightView down =
      scope.stack(names.down, count, in_blocks ? Shape2{dim, hidden} : Shape2{hidden, dim});
  Floats gate_up_bias;
  Floats down_bias;
  if (names.bias) {
    gate_up_bias = scope.table(names.gate_up + "_bias", {count, 2 * hidden});
    down_bias = scope.table(names.down + "_bias", {count, dim});
  }
  /// Every `step`-th of the n numbers of row e, from `first` on; none without a bias.
  const auto bias_of = [](const Floats& table, Index e, Index n, Index first, Index step) {
    Floats bias;
    for (Index i = first; i < n && !table.empty(); i += step) {
      bias.push_back(table[static_cast<std::size_t>(e * n + i)]);
    }
    return bias;
  };
  LargeVector<Expert> experts(scope.memory());
  for (Index e = 0; e < count; ++e) {
    if (!in_blocks) {
      const WeightView pairs = slice(gate_up, {e * dim, (e + 1) * dim});
      experts.push_back({{pairs, bias_of(gate_up_bias, e, 2 * hidden, 0, 2), {0, 2 * hidden}, 2},
                         {pairs, bias_of(gate_up_bias, e, 2 * hidden, 1, 2), {1, 2 * hidden}, 2},
                         {slice(down, {e * hidden, (e + 1) * hidden}),
                          bias_of(down_bias, e, dim, 0, 1),
                          {0, dim}}});
      continue;
    }
    const WeightView pairs = slice(gate_up, {e * 2 * hidden, (e + 1) * 2 * hidden});
    experts.push_back({{every_second_row(pairs, false), bias_of(gate_up_bias, e, 2 * hidden, 0, 2)},
                       {every_second_row(pairs, true), bias_of(gate_up_bias, e, 2 * hidden, 1, 2)},
                       {slice(down, {e * dim, (e + 1) * dim}), bias_of(down_bias, e, dim, 0, 1)}});
  }
  return experts;
}

[[nodiscard]] inline LargeVector<Expert> bind_experts(const ExpertHalves& names, Index count,
                                                      Index hidden, Index dim,
                                                      const WeightScope& scope) {
  if (!scope.has(names.gate_up)) {
    return bind_experts(names.names, count, hidden, dim, scope);
  }
  const WeightView gate_up = scope.stack(names.gate_up, count, {2 * hidden, dim});
  const WeightView down = scope.stack(names.down, count, {dim, hidden});
  LargeVector<Expert> experts(scope.memory());
  for (Index e = 0; e < count; ++e) {
    const WeightView both = slice(gate_up, {e * 2 * hidden, (e + 1) * 2 * hidden});
    experts.push_back({{slice(both, {0, hidden}), {}},
                       {slice(both, {hidden, 2 * hidden}), {}},
                       {slice(down, {e * dim, (e + 1) * dim}), {}}});
  }
  return experts;
}

[[nodiscard]] inline LargeVector<Expert> bind_experts(const ExpertColumns& names, Index count,
                                                      Index hidden, Index dim,
                                                      const WeightScope& scope) {
  if (!scope.has(names.gate_up)) {
    return bind_experts(names.names, count, hidden, dim, scope);
  }
  // Square matrices do not tell; of the two kinds one at most is square.
  if (dim != hidden ? scope.has(names.down, {count, dim, hidden})
                    : scope.has(names.gate_up, {count, 2 * hidden, dim})) {
    const ExpertHalves upright{.gate_up = names.gate_up, .down = names.down};
    return bind_experts(upright, count, hidden, dim, scope);
  }
  const WeightView gate_up = scope.stack(names.gate_up, count, {dim, 2 * hidden});
  const WeightView down = scope.stack(names.down, count, {hidden, dim});
  LargeVector<Expert> experts(scope.memory());
  for (Index e = 0; e < count; ++e) {
    const WeightView both = slice(gate_up, {e * dim, (e + 1) * dim});
    experts.push_back({{both, {}, {0, hidden}},
                       {both, {}, {hidden, 2 * hidden}},
                       {slice(down, {e * hidden, (e + 1) * hidden}), {}, {0, dim}}});
  }
  return experts;
}

[[nodiscard]] inline LargeVector<Expert> bind_experts(const ExpertKinds& kinds, Index count,
                                                      Index hidden, Index dim,
                                                      const WeightScope& scope) {
  const MlpNames& names = kinds.names;
  if (!scope.has(names.down + ".weight")) {
    return bind_experts(names, count, hidden, dim, scope);
  }
  const WeightView gate = scope.stack(names.gate + ".weight", count, {hidden, dim});
  const WeightView up = scope.stack(names.up + ".weight", count, {hidden, dim});
  const WeightView down = scope.stack(names.down + ".weight", count, {dim, hidden});
  LargeVector<Expert> experts(scope.memory());
  for (Index e = 0; e < count; ++e) {
    const RowRange rows{e * hidden, (e + 1) * hidden};
    experts.push_back({{slice(gate, rows), {}},
                       {slice(up, rows), {}},
                       {slice(down, {e * dim, (e + 1) * dim}), {}}});
  }
  return experts;
}

}  // namespace ottobit
