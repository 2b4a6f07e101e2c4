// SPDX-License-Identifier: Apache-2.0
#include "grammar/expr.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "tokenizer/utf8.hpp"

namespace ottobit::grammar {

namespace {

// Sums and products that stay at kUnbounded.
std::size_t sum(std::size_t a, std::size_t b) {
  return a > kUnbounded - b ? kUnbounded : a + b;
}

std::size_t product(std::size_t a, std::size_t b) {
  return b != 0 && a > kUnbounded / b ? kUnbounded : a * b;
}

}  // namespace

Parts::Parts(std::vector<Expr> parts) : std::vector<Expr>(std::move(parts)) {}

Parts::Parts(const Parts& other) : std::vector<Expr>() {
  std::vector<std::pair<const Parts*, Parts*>> open = {{&other, this}};
  while (!open.empty()) {
    const auto [from, to] = open.back();
    open.pop_back();
    to->reserve(from->size());
    for (const Expr& e : *from) {
      to->push_back({e.kind, e.chars, e.text, {}, e.min, e.max, e.rule});
      if (!e.parts.empty()) {
        open.emplace_back(&e.parts, &to->back().parts);
      }
    }
  }
}

Parts& Parts::operator=(const Parts& other) {
  Parts copy(other);
  swap(copy);
  return *this;
}

// What was here goes after the new ones are: they may be among its own.
Parts& Parts::operator=(Parts&& other) noexcept {
  Parts moved(std::move(other));
  swap(moved);
  return *this;
}

// Down to where nothing is within, and up again by the way back, which stands in the number that
// rules are called by.
Parts::~Parts() {
  Expr* owner = nullptr;  // of the list at hand; null: this one
  while (owner != nullptr || !empty()) {
    std::vector<Expr>& list = owner == nullptr ? *this : owner->parts;
    if (list.empty()) {
      owner = reinterpret_cast<Expr*>(owner->rule);
    } else if (list.back().parts.empty()) {
      list.pop_back();
    } else {
      list.back().rule = reinterpret_cast<std::size_t>(owner);
      owner = &list.back();
    }
  }
}

std::size_t append(Rules& rules, Rules others) {
  const std::size_t first = rules.rules.size();
  for (std::size_t i = 0; i < others.rules.size(); ++i) {
    for_each(others.rules[i], [first](Expr& expr) { expr.rule += first; });
    rules.add(std::move(others.names[i]), std::move(others.rules[i]));
  }
  return first;
}

LengthRange lengths(const Expr& expr) {
  return fold<LengthRange>(expr, [](const Expr& e, std::span<const LengthRange> parts) {
    constexpr LengthRange nothing{kUnbounded, 0};
    LengthRange range;
    switch (e.kind) {
      case Expr::Kind::chars:
        return e.chars.empty() ? nothing : LengthRange{1, 1};
      case Expr::Kind::text:
        range.min = static_cast<std::size_t>(
            std::count_if(e.text.begin(), e.text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
        return LengthRange{range.min, range.min};
      case Expr::Kind::all:
        for (const LengthRange& one : parts) {
          range = {sum(range.min, one.min), sum(range.max, one.max)};
        }
        return range;
      case Expr::Kind::any:
        range = nothing;
        for (const LengthRange& one : parts) {
          range = {std::min(range.min, one.min), std::max(range.max, one.max)};
        }
        return range;
      case Expr::Kind::repeat:
        return LengthRange{product(parts[0].min, e.min), product(parts[0].max, e.max)};
      case Expr::Kind::rule:
        break;
    }
    return LengthRange{0, kUnbounded};
  });
}

Expr without(Expr expr, char32_t c) {
  std::string bytes;
  utf8::append(bytes, c);
  for_each(expr, [&](Expr& e) {
    if (e.kind == Expr::Kind::chars) {
      CharSet rest = inverted(e.chars);
      rest.push_back({c, c});
      e.chars = inverted(normalised(std::move(rest)));
    } else if (e.kind == Expr::Kind::text && e.text.find(bytes) != std::string::npos) {
      e = any({});
    }
  });
  return expr;
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
