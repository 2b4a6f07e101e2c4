// SPDX-License-Identifier: Apache-2.0
#include "grammar/number_range.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "grammar/json_text.hpp"

namespace ottobit::grammar {

namespace {

constexpr std::size_t kDoubleDigits = std::numeric_limits<double>::digits10;

/// Integers of as many digits as both texts have, between them.
Expr same_length_between(std::string_view low, std::string_view high) {
  if (low.empty()) {
    return text("");
  }
  const int first = low[0] - '0';
  const int last = high[0] - '0';
  const std::size_t rest = low.size() - 1;
  if (first == last) {
    return all(digit(first, first), same_length_between(low.substr(1), high.substr(1)));
  }
  const std::string zeros(rest, '0');
  const std::string nines(rest, '9');
  std::vector<Expr> parts;
  int begin = first;
  int end = last;
  if (low.substr(1) != zeros) {
    parts.push_back(all(digit(first, first), same_length_between(low.substr(1), nines)));
    ++begin;
  }
  if (high.substr(1) != nines) {
    parts.push_back(all(digit(last, last), same_length_between(zeros, high.substr(1))));
    --end;
  }
  if (begin <= end) {
    parts.push_back(all(digit(begin, end), digits(rest, rest)));
  }
  return any(std::move(parts));
}

/// Integers without sign from `low` to `high`; those that are longer than usual only to reach it.
Expr whole_between(std::uint64_t low, std::optional<std::uint64_t> high) {
  if (high && *high < low) {
    return any({});
  }
  std::vector<Expr> parts;
  const std::string from = std::to_string(low);
  const std::string to =
      high ? std::to_string(*high) : std::string(std::max(kMostDigits, from.size()), '9');
  for (std::size_t size = from.size(); size <= to.size(); ++size) {
    const std::string smallest = size == 1 ? "0" : "1" + std::string(size - 1, '0');
    parts.push_back(same_length_between(size == from.size() ? from : smallest,
                                        size == to.size() ? to : std::string(size, '9')));
  }
  return any(std::move(parts));
}

/// Fractions by their digits: what these may still be where those before equalled the bounds'.
/// Without a bound, or behind digits that leave it, every digit will do.
struct Fractions {
  struct Bound {
    std::string_view digits;
    bool open = false;
    [[nodiscard]] int next() const { return digits.empty() ? 0 : digits[0] - '0'; }
    [[nodiscard]] Bound rest() const { return {digits.substr(digits.empty() ? 0 : 1), open}; }
  };
  std::optional<Bound> low;
  std::optional<Bound> high;

  /// Whether there may be no more digits, which is as if only zeros followed.
  [[nodiscard]] bool may_end() const {
    return !(low && (low->open || !low->digits.empty())) &&
           !(high && high->open && high->digits.empty());
  }
  /// One digit to `most` of them.
  [[nodiscard]] Expr some(std::size_t most) const {
    const int first = low ? low->next() : -1;
    const int last = high ? high->next() : 10;
    if (first == last) {
      return all(digit(first, first), Fractions{low->rest(), high->rest()}.rest(most - 1));
    }
    std::vector<Expr> ways;
    if (first > last) {
      return any({});
    }
    if (low) {
      ways.push_back(all(digit(first, first), Fractions{low->rest(), {}}.rest(most - 1)));
    }
    if (high) {
      ways.push_back(all(digit(last, last), Fractions{{}, high->rest()}.rest(most - 1)));
    }
    if (first + 1 < last) {
      ways.push_back(all(digit(first + 1, last - 1), digits(0, most - 1)));
    }
    return any(std::move(ways));
  }
  [[nodiscard]] Expr rest(std::size_t most) const {
    std::vector<Expr> ways;
    if (may_end()) {
      ways.push_back(text(""));
    }
    if (most > 0) {
      ways.push_back(some(most));
    }
    return any(std::move(ways));
  }
  /// With the point, or nothing at all.
  [[nodiscard]] Expr with_point(std::size_t most) const {
    std::vector<Expr> ways = {all(text("."), some(most))};
    if (may_end()) {
      ways.push_back(text(""));
    }
    return any(std::move(ways));
  }
};

using Bound = NumberBounds::Bound;

Fractions::Bound fraction_of(const Bound& bound) {
  return {bound.value.fraction, bound.open};
}

/// Numbers without sign between the bounds, whose own signs do not count, with up to `most` digits
/// behind the point.
Expr between(const Bound& low, const std::optional<Bound>& high, std::size_t most) {
  const std::uint64_t from = low.value.whole;
  const Expr first = text(std::to_string(from));
  if (high && high->value.whole == from) {
    return all(first, Fractions{fraction_of(low), fraction_of(*high)}.with_point(most));
  }
  if (high && high->value.whole < from) {
    return any({});
  }
  std::vector<Expr> ways = {all(first, Fractions{fraction_of(low), {}}.with_point(most))};
  std::optional<std::uint64_t> to;
  if (high) {
    to = high->value.whole - 1;
    ways.push_back(
        all(text(std::to_string(*to + 1)), Fractions{{}, fraction_of(*high)}.with_point(most)));
  }
  ways.push_back(all(whole_between(from + 1, to), Fractions{}.with_point(most)));
  return any(std::move(ways));
}

std::size_t whole_digits(const std::optional<Bound>& bound) {
  return bound ? std::to_string(bound->value.whole).size() : 1;
}

}  // namespace

bool operator<(const Decimal& a, const Decimal& b) noexcept {
  if (a.negative != b.negative) {
    return a.negative;
  }
  const auto less = [](const Decimal& x, const Decimal& y) {
    return std::tie(x.whole, x.fraction) < std::tie(y.whole, y.fraction);
  };
  return a.negative ? less(b, a) : less(a, b);
}

std::optional<Decimal> decimal_of(const OrderedJson& number) {
  constexpr std::size_t kIntegerDigits = 19;
  if (!number.is_number()) {
    return std::nullopt;
  }
  std::string digits = number.dump();
  if (number.is_number_float()) {
    std::array<char, 400> fixed{};  // of the largest double there are 309
    const auto end = std::to_chars(fixed.data(), fixed.data() + fixed.size(), number.get<double>(),
                                   std::chars_format::fixed);
    digits.assign(fixed.data(), end.ptr);
  }
  const bool negative = digits[0] == '-';
  const std::string_view rest = std::string_view(digits).substr(negative ? 1 : 0);
  const std::string_view whole = rest.substr(0, rest.find('.'));
  Decimal decimal;
  decimal.fraction = rest.substr(std::min(whole.size() + 1, rest.size()));
  decimal.fraction.resize(decimal.fraction.find_last_not_of('0') + 1);
  if (!decimal.fraction.empty() && whole.size() + decimal.fraction.size() > kDoubleDigits) {
    return std::nullopt;
  }
  if (whole.size() > kIntegerDigits) {
    decimal.whole = kMostWhole;
  } else {
    std::from_chars(whole.data(), whole.data() + whole.size(), decimal.whole);
  }
  decimal.negative = negative && (decimal.whole != 0 || !decimal.fraction.empty());
  return decimal;
}

void NumberBounds::at_least(const Bound& bound) {
  if (!min_ || min_->value < bound.value) {
    min_ = bound;
  } else if (min_->value == bound.value) {
    min_->open = min_->open || bound.open;
  }
}

void NumberBounds::at_most(const Bound& bound) {
  if (!max_ || bound.value < max_->value) {
    max_ = bound;
  } else if (max_->value == bound.value) {
    max_->open = max_->open || bound.open;
  }
}

// More digits than a double tells apart could make a number equal to a bound that it is only near.
Expr json_number_between(const NumberBounds& bounds) {
  const std::optional<Bound>& min = bounds.min();
  const std::optional<Bound>& max = bounds.max();
  const std::size_t whole = std::max(whole_digits(min), whole_digits(max));
  const std::size_t most = kDoubleDigits > whole ? kDoubleDigits - whole : 1;
  std::vector<Expr> ways;
  if (!max || !max->value.negative) {
    const bool above = min && !min->value.negative;
    ways.push_back(between(above ? *min : Bound{}, max, most));
  }
  if (!min || min->value.negative) {
    const bool below = max && max->value.negative;
    ways.push_back(all(text("-"), between(below ? *max : Bound{Decimal{}, true}, min, most)));
  }
  return any(std::move(ways));
}

Expr json_integer_between(const NumberBounds& bounds) {
  const std::optional<Bound>& min = bounds.min();
  const std::optional<Bound>& max = bounds.max();
  // The first integer that is further from 0 than the bound, or it itself; and the last before.
  const auto beyond = [](const Bound& bound) {
    return bound.value.whole + (bound.open || !bound.value.fraction.empty() ? 1 : 0);
  };
  const auto before = [](const std::optional<Bound>& bound) -> std::optional<std::uint64_t> {
    if (!bound) {
      return std::nullopt;
    }
    return bound->value.whole - (bound->open && bound->value.fraction.empty() ? 1 : 0);
  };
  std::vector<Expr> ways;
  const bool zero_is_out = max && max->value == Decimal{} && max->open;
  if ((!max || !max->value.negative) && !zero_is_out) {
    ways.push_back(whole_between(min && !min->value.negative ? beyond(*min) : 0, before(max)));
  }
  if (!min || min->value.negative) {
    const bool below = max && max->value.negative;
    ways.push_back(all(text("-"), whole_between(below ? beyond(*max) : 1, before(min))));
  }
  return any(std::move(ways));
}

std::optional<int> power_of_ten(const OrderedJson& number) {
  const std::optional<Decimal> decimal = decimal_of(number);
  if (!decimal || decimal->negative) {
    return std::nullopt;
  }
  const std::string text = std::to_string(decimal->whole);
  if (decimal->fraction.empty() && text[0] == '1' &&
      text.find_first_not_of('0', 1) == std::string::npos) {
    return static_cast<int>(text.size()) - 1;
  }
  const std::string& fraction = decimal->fraction;
  if (decimal->whole == 0 && fraction.find_first_not_of('0') == fraction.size() - 1 &&
      fraction.back() == '1') {
    return -static_cast<int>(fraction.size());
  }
  return std::nullopt;
}

namespace {

/// Bounds of x / 10^power as bounds of integers.
NumberBounds divided(const NumberBounds& bounds, int power) {
  std::uint64_t unit = 1;
  for (int i = 0; i < power; ++i) {
    unit *= 10;
  }
  const auto scaled = [&](NumberBounds::Bound bound) {
    // Between two multiples the bound lies above the lower one, whatever is behind the point.
    const bool between = bound.value.whole % unit != 0 || !bound.value.fraction.empty();
    bound.value.whole /= unit;
    bound.value.fraction = between ? "5" : "";
    bound.open = bound.open && !between;
    bound.value.negative = bound.value.negative && bound.value != Decimal{.negative = true};
    return bound;
  };
  NumberBounds result;
  if (bounds.min()) {
    result.at_least(scaled(*bounds.min()));
  }
  if (bounds.max()) {
    result.at_most(scaled(*bounds.max()));
  }
  return result;
}

/// A point and up to `most` digits that are not all 0.
Expr some_fraction(std::size_t most) {
  std::vector<Expr> ways;
  for (std::size_t zeros = 0; zeros < most; ++zeros) {
    ways.push_back(all(text(std::string(zeros, '0')), digit(1, 9), digits(0, most - zeros - 1)));
  }
  return all(text("."), any(std::move(ways)));
}

}  // namespace

std::optional<Expr> json_multiples(int power, const NumberBounds& bounds) {
  if (power >= 0) {
    const Expr others = json_integer_between(divided(bounds, power));
    if (power == 0) {
      return others;
    }
    // 0 is a multiple that takes no zeros behind it.
    const Decimal zero;
    const bool has_zero = (!bounds.min() || bounds.min()->value < zero ||
                           (bounds.min()->value == zero && !bounds.min()->open)) &&
                          (!bounds.max() || zero < bounds.max()->value ||
                           (bounds.max()->value == zero && !bounds.max()->open));
    NumberBounds above = divided(bounds, power);
    above.at_least({zero, true});
    NumberBounds below = divided(bounds, power);
    below.at_most({zero, true});
    const Expr zeros = text(std::string(static_cast<std::size_t>(power), '0'));
    std::vector<Expr> ways = {all(json_integer_between(above), zeros),
                              all(json_integer_between(below), zeros)};
    if (has_zero) {
      ways.push_back(text("0"));
    }
    return any(std::move(ways));
  }
  for (const auto& bound : {bounds.min(), bounds.max()}) {
    if (bound && !bound->value.fraction.empty()) {
      return std::nullopt;
    }
  }
  // Behind the point of 7 lies what is between 7 and 8, behind that of -7 what is below -7.
  const Expr fraction = some_fraction(static_cast<std::size_t>(-power));
  const auto& min = bounds.min();
  const auto& max = bounds.max();
  std::vector<Expr> ways = {json_integer_between(bounds)};
  if (!max || (!max->value.negative && max->value.whole > 0)) {
    const std::uint64_t from = min && !min->value.negative ? min->value.whole : 0;
    ways.push_back(all(
        {whole_between(from, max ? std::optional(max->value.whole - 1) : std::nullopt), fraction}));
  }
  if (!min || (min->value.negative && min->value.whole > 0)) {
    const std::uint64_t from = max && max->value.negative ? max->value.whole : 0;
    ways.push_back(all(
        {text("-"), whole_between(from, min ? std::optional(min->value.whole - 1) : std::nullopt),
         fraction}));
  }
  return any(std::move(ways));
}

}  // namespace ottobit::grammar
