// SPDX-License-Identifier: Apache-2.0
#include "grammar/inlining.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ottobit::grammar {

namespace {

constexpr std::size_t kSmall = 200;
constexpr std::size_t kLarge = std::size_t{1} << 40U;  // beyond all sums that matter

/// The rules that an expression calls.
std::vector<std::size_t> calls_of(const Expr& expr) {
  std::vector<std::size_t> calls;
  for_each(expr, [&](const Expr& e) {
    if (e.kind == Expr::Kind::rule) {
      calls.push_back(e.rule);
    }
  });
  return calls;
}

/// All rules, those that a rule calls before it, but for circles.
std::vector<std::size_t> called_first(const Rules& rules) {
  std::vector<std::vector<std::size_t>> calls(rules.rules.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i] = calls_of(rules.rules[i]);
  }
  std::vector<std::size_t> order;
  std::vector<bool> seen(calls.size());
  std::vector<std::pair<std::size_t, std::size_t>> way;  // a rule, and the next of its calls
  for (std::size_t root = 0; root < calls.size(); ++root) {
    if (!seen[root]) {
      seen[root] = true;
      way.emplace_back(root, 0);
    }
    while (!way.empty()) {
      auto& [rule, next] = way.back();
      if (next == calls[rule].size()) {
        order.push_back(rule);
        way.pop_back();
        continue;
      }
      const std::size_t called = calls[rule][next++];
      if (!seen[called]) {
        seen[called] = true;
        way.emplace_back(called, 0);
      }
    }
  }
  return order;
}

}  // namespace

std::optional<std::size_t> weight(const Expr& expr) {
  using Weight = std::optional<std::size_t>;
  return fold<Weight>(expr, [](const Expr& e, std::span<const Weight> parts) -> Weight {
    std::size_t sum = 1 + e.text.size() + 2 * e.chars.size();
    for (const Weight& part : parts) {
      sum = std::min(sum + part.value_or(kLarge), kLarge);
    }
    if (e.kind == Expr::Kind::rule ||
        !std::all_of(parts.begin(), parts.end(),
                     [](const Weight& part) { return part.has_value(); })) {
      return std::nullopt;
    }
    const std::size_t copies = e.kind != Expr::Kind::repeat ? 1
                               : e.max == kUnbounded        ? e.min + 1
                                                            : std::max<std::size_t>(e.max, 1);
    return std::min(sum * std::min(copies, kLarge / sum), kLarge);
  });
}

Rules inlined(Rules rules, Work& work) {
  std::vector<bool> small(rules.rules.size());
  for (const std::size_t rule : called_first(rules)) {
    Expr& expr = rules.rules[rule];
    for_each(expr, [&](Expr& e) {
      if (e.kind == Expr::Kind::rule && small[e.rule]) {
        e = Expr(rules.rules[e.rule]);
      }
    });
    small[rule] = weight(expr).value_or(kLarge) <= kSmall;
    work.spend(1);
  }
  return rules;
}

}  // namespace ottobit::grammar
