// SPDX-License-Identifier: Apache-2.0
// Grammars as their authors see them: rules over Unicode characters. GBNF, regular expressions and
// JSON schemas are all read into this form, and automaton.hpp makes of it what runs.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ottobit::grammar {

/// Code points [first, last].
struct CharRange {
  char32_t first = 0;
  char32_t last = 0;

  friend bool operator==(const CharRange& a, const CharRange& b) noexcept {
    return a.first == b.first && a.last == b.last;
  }
};

/// Ranges in ascending order that neither overlap nor touch.
using CharSet = std::vector<CharRange>;

inline constexpr char32_t kLastChar = 0x10FFFF;
/// No upper bound of a repetition.
inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

struct Expr;

/// What an expression consists of. It may be deep: neither its copy nor its end calls itself, and
/// the end takes no memory.
class Parts : public std::vector<Expr> {
 public:
  Parts() = default;
  explicit Parts(std::vector<Expr> parts);
  Parts(const Parts& other);
  Parts(Parts&&) noexcept = default;
  Parts& operator=(const Parts& other);
  Parts& operator=(Parts&& other) noexcept;
  ~Parts();
};

/// One expression. Which members have a meaning depends on the kind.
struct Expr {
  enum class Kind {
    chars,   ///< one character of `chars`
    text,    ///< the UTF-8 text `text`, which may be empty
    all,     ///< the `parts` one after another
    any,     ///< one of the `parts`; without parts nothing matches
    repeat,  ///< parts[0], `min` to `max` times
    rule,    ///< what rule number `rule` matches
  };

  Kind kind = Kind::text;
  CharSet chars{};
  std::string text{};
  Parts parts{};
  std::size_t min = 0;
  std::size_t max = 0;
  std::size_t rule = 0;
};

// Expressions are as deep as their authors' brackets, and the host's stack may be small: what walks
// through one keeps a list of where it is and does not call itself.

/// Calls visit(e) with the expression and all within it, each before its parts, which are those
/// that it has after the call.
template <class E, class Visit>
void for_each(E& expr, const Visit& visit) {
  std::vector<E*> open = {&expr};
  while (!open.empty()) {
    E& next = *open.back();
    open.pop_back();
    visit(next);
    for (auto part = next.parts.rbegin(); part != next.parts.rend(); ++part) {
      open.push_back(&*part);
    }
  }
}

/// make(expr, what was made of its parts), from the inside outwards.
template <class T, class Make>
[[nodiscard]] T fold(const Expr& expr, const Make& make) {
  struct Open {
    const Expr* expr;
    std::vector<T> parts;
  };
  std::vector<Open> open = {{&expr, {}}};
  while (true) {
    Open& inner = open.back();
    if (inner.parts.size() < inner.expr->parts.size()) {
      open.push_back({&inner.expr->parts[inner.parts.size()], {}});
      continue;
    }
    T made = make(*inner.expr, std::span<const T>(inner.parts));
    open.pop_back();
    if (open.empty()) {
      return made;
    }
    open.back().parts.push_back(std::move(made));
  }
}

/// A grammar: rule 0 is what a text must match from its beginning to its end.
struct Rules {
  std::vector<std::string> names;  ///< for messages
  std::vector<Expr> rules;

  /// A new rule, whose expression may be set later.
  std::size_t add(std::string name, Expr expr = {}) {
    names.push_back(std::move(name));
    rules.push_back(std::move(expr));
    return rules.size() - 1;
  }
};

/// Adds the rules of another grammar; returns the number that its rule 0 has now.
std::size_t append(Rules& rules, Rules others);

/// How many characters the texts of an expression have; a `min` of kUnbounded if there is no text.
struct LengthRange {
  std::size_t min = 0;
  std::size_t max = 0;
};
/// Of an expression without rules.
[[nodiscard]] LengthRange lengths(const Expr& expr);
/// Those texts of an expression without rules in which `c` does not stand.
[[nodiscard]] Expr without(Expr expr, char32_t c);

/// Sorts and merges.
[[nodiscard]] CharSet normalised(CharSet chars);
/// All characters that are not in `chars`; surrogates are in neither.
[[nodiscard]] CharSet inverted(const CharSet& chars);

[[nodiscard]] inline Expr chars(CharSet set) {
  return {.kind = Expr::Kind::chars, .chars = normalised(std::move(set))};
}
[[nodiscard]] inline Expr text(std::string value) {
  return {.kind = Expr::Kind::text, .text = std::move(value)};
}
/// Parts one by one into a list, which initialiser lists would copy.
template <class... Part>
[[nodiscard]] std::vector<Expr> parts_of(Part&&... part) {
  std::vector<Expr> parts;
  parts.reserve(sizeof...(Part));
  (parts.push_back(std::forward<Part>(part)), ...);
  return parts;
}
template <class... Part>
concept Exprs = sizeof...(Part) > 0 && (std::same_as<std::remove_cvref_t<Part>, Expr> && ...);

[[nodiscard]] inline Expr all(std::vector<Expr> parts) {
  return {.kind = Expr::Kind::all, .parts = Parts(std::move(parts))};
}
template <class... Part>
requires Exprs<Part...>
[[nodiscard]] Expr all(Part&&... part) {
  return all(parts_of(std::forward<Part>(part)...));
}
[[nodiscard]] inline Expr any(std::vector<Expr> parts) {
  return {.kind = Expr::Kind::any, .parts = Parts(std::move(parts))};
}
template <class... Part>
requires Exprs<Part...>
[[nodiscard]] Expr any(Part&&... part) {
  return any(parts_of(std::forward<Part>(part)...));
}
[[nodiscard]] inline Expr repeat(Expr part, std::size_t min, std::size_t max) {
  Expr expr{.kind = Expr::Kind::repeat, .min = min, .max = max};
  expr.parts.push_back(std::move(part));
  return expr;
}
[[nodiscard]] inline Expr optional(Expr part) {
  return repeat(std::move(part), 0, 1);
}
[[nodiscard]] inline Expr rule(std::size_t number) {
  return {.kind = Expr::Kind::rule, .rule = number};
}

}  // namespace ottobit::grammar
