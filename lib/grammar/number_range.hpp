// SPDX-License-Identifier: Apache-2.0
// Numbers between bounds, as JSON writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "grammar/expr.hpp"
#include "io/json.hpp"

namespace ottobit::grammar {

/// A decimal number of up to 19 digits before its point.
struct Decimal {
  bool negative = false;
  std::uint64_t whole = 0;
  std::string fraction;  ///< the digits behind the point, the last of them not 0

  friend bool operator==(const Decimal&, const Decimal&) = default;
};
[[nodiscard]] bool operator<(const Decimal& a, const Decimal& b) noexcept;

/// Nothing for what is no number, or one of more than 15 digits with a fraction, of which a double
/// tells each from the next. A larger integer than 19 digits write is the largest of those.
[[nodiscard]] std::optional<Decimal> decimal_of(const OrderedJson& number);
inline constexpr std::uint64_t kMostWhole = 9'999'999'999'999'999'999U;

/// The tightest of the bounds that were given.
class NumberBounds {
 public:
  struct Bound {
    Decimal value;
    bool open = false;  ///< it is not itself within
  };
  void at_least(const Bound& bound);
  void at_most(const Bound& bound);

  [[nodiscard]] const std::optional<Bound>& min() const noexcept { return min_; }
  [[nodiscard]] const std::optional<Bound>& max() const noexcept { return max_; }

 private:
  std::optional<Bound> min_;
  std::optional<Bound> max_;
};

/// Numbers without exponent, with fractions or without. Where there is none, `lengths` says so.
[[nodiscard]] Expr json_number_between(const NumberBounds& bounds);
[[nodiscard]] Expr json_integer_between(const NumberBounds& bounds);
/// The multiples of 10^power between bounds, and, for a power below 0, between integers: with up to
/// -power digits behind the point. Nothing for bounds that are not supported with it.
[[nodiscard]] std::optional<Expr> json_multiples(int power, const NumberBounds& bounds);
/// k where the number is 10^k.
[[nodiscard]] std::optional<int> power_of_ten(const OrderedJson& number);

}  // namespace ottobit::grammar
