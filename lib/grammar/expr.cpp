// SPDX-License-Identifier: Apache-2.0
#include "grammar/expr.hpp"

#include <algorithm>
#include <utility>

namespace ottobit::grammar {

namespace {

void renumber(Expr& expr, std::size_t by) {
  expr.rule += by;
  for (Expr& part : expr.parts) {
    renumber(part, by);
  }
}

}  // namespace

std::size_t append(Rules& rules, Rules others) {
  const std::size_t first = rules.rules.size();
  for (std::size_t i = 0; i < others.rules.size(); ++i) {
    renumber(others.rules[i], first);
    rules.add(std::move(others.names[i]), std::move(others.rules[i]));
  }
  return first;
}

CharSet normalised(CharSet chars) {
  std::sort(chars.begin(), chars.end(),
            [](const CharRange& a, const CharRange& b) { return a.first < b.first; });
  CharSet merged;
  for (const CharRange& range : chars) {
    if (!merged.empty() && range.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

CharSet inverted(const CharSet& chars) {
  CharSet taken = chars;
  taken.push_back({0xD800, 0xDFFF});
  CharSet rest;
  char32_t next = 0;
  for (const CharRange& range : normalised(std::move(taken))) {
    if (range.first > next) {
      rest.push_back({next, range.first - 1});
    }
    next = range.last + 1;
  }
  if (next <= kLastChar) {
    rest.push_back({next, kLastChar});
  }
  return rest;
}

}  // namespace ottobit::grammar
