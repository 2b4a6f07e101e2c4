// SPDX-License-Identifier: Apache-2.0
#include "grammar/inlining.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace ottobit::grammar {

namespace {

constexpr std::size_t kSmall = 200;
constexpr std::size_t kLarge = std::size_t{1} << 40U;  // beyond all sums that matter

/// The rules that an expression calls.
void add_calls(const Expr& expr, std::vector<std::size_t>& calls) {
  if (expr.kind == Expr::Kind::rule) {
    calls.push_back(expr.rule);
  }
  for (const Expr& part : expr.parts) {
    add_calls(part, calls);
  }
}

void replace(Expr& expr, const std::vector<bool>& small, const Rules& rules) {
  if (expr.kind == Expr::Kind::rule && small[expr.rule]) {
    expr = Expr(rules.rules[expr.rule]);
    return;
  }
  for (Expr& part : expr.parts) {
    replace(part, small, rules);
  }
}

/// All rules, those that a rule calls before it, but for circles.
std::vector<std::size_t> called_first(const Rules& rules) {
  std::vector<std::vector<std::size_t>> calls(rules.rules.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    add_calls(rules.rules[i], calls[i]);
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
  if (expr.kind == Expr::Kind::rule) {
    return std::nullopt;
  }
  std::size_t sum = 1 + expr.text.size() + 2 * expr.chars.size();
  for (const Expr& part : expr.parts) {
    const std::optional<std::size_t> one = weight(part);
    if (!one) {
      return std::nullopt;
    }
    sum = std::min(sum + *one, kLarge);
  }
  const std::size_t copies = expr.kind != Expr::Kind::repeat ? 1
                             : expr.max == kUnbounded        ? expr.min + 1
                                                             : std::max<std::size_t>(expr.max, 1);
  return std::min(sum * std::min(copies, kLarge / sum), kLarge);
}

Rules inlined(Rules rules, Work& work) {
  std::vector<bool> small(rules.rules.size());
  for (const std::size_t rule : called_first(rules)) {
    Expr& expr = rules.rules[rule];
    replace(expr, small, rules);
    small[rule] = weight(expr).value_or(kLarge) <= kSmall;
    work.spend(1);
  }
  return rules;
}

}  // namespace ottobit::grammar
