// SPDX-License-Identifier: Apache-2.0
#include "grammar/inlining.hpp"

#include <algorithm>
#include <optional>

namespace ottobit::grammar {

namespace {

constexpr std::size_t kSmall = 200;
constexpr std::size_t kLarge = std::size_t{1} << 40U;  // beyond all sums that matter

/// About how many states an expression takes; nullopt where it calls rules.
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

/// True if something was replaced.
bool replace(Expr& expr, const std::vector<bool>& small, const Rules& rules) {
  if (expr.kind == Expr::Kind::rule && small[expr.rule]) {
    expr = Expr(rules.rules[expr.rule]);
    return true;
  }
  bool changed = false;
  for (Expr& part : expr.parts) {
    changed = replace(part, small, rules) || changed;
  }
  return changed;
}

}  // namespace

Rules inlined(Rules rules) {
  for (bool more = true; more;) {
    std::vector<bool> small;
    for (const Expr& expr : rules.rules) {
      small.push_back(weight(expr).value_or(kLarge) <= kSmall);
    }
    more = false;
    for (Expr& expr : rules.rules) {
      more = replace(expr, small, rules) || more;
    }
  }
  return rules;
}

}  // namespace ottobit::grammar
