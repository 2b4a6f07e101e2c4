// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "grammar/avoid.hpp"
#include "grammar/scanner.hpp"
#include "io/json.hpp"

namespace ottobit::grammar {

namespace {

/// Characters that stand in a string as they are.
const CharSet& bare_chars() {
  static const CharSet set = inverted({{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  return set;
}

CharSet both(const CharSet& a, const CharSet& b) {
  CharSet result;
  for (const CharRange& x : a) {
    for (const CharRange& y : b) {
      const CharRange cut{std::max(x.first, y.first), std::min(x.last, y.last)};
      if (cut.first <= cut.last) {
        result.push_back(cut);
      }
    }
  }
  return normalised(std::move(result));
}

/// As it stands in a string: one of those that may not stand there as they are.
std::string escaped(char32_t c) {
  const std::string dumped = OrderedJson(text_of(c)).dump();
  return dumped.substr(1, dumped.size() - 2);
}

Expr digit(int first, int last) {
  return chars({{static_cast<char32_t>('0' + first), static_cast<char32_t>('0' + last)}});
}
Expr digits(std::size_t min, std::size_t max) {
  return repeat(digit(0, 9), min, max);
}

/// Numbers of as many digits as both texts have, between them.
Expr same_length_between(std::string_view low, std::string_view high) {
  if (low.empty()) {
    return text("");
  }
  const int first = low[0] - '0';
  const int last = high[0] - '0';
  const std::size_t rest = low.size() - 1;
  if (first == last) {
    return all({digit(first, first), same_length_between(low.substr(1), high.substr(1))});
  }
  const std::string zeros(rest, '0');
  const std::string nines(rest, '9');
  std::vector<Expr> parts;
  int begin = first;
  int end = last;
  if (low.substr(1) != zeros) {
    parts.push_back(all({digit(first, first), same_length_between(low.substr(1), nines)}));
    ++begin;
  }
  if (high.substr(1) != nines) {
    parts.push_back(all({digit(last, last), same_length_between(zeros, high.substr(1))}));
    --end;
  }
  if (begin <= end) {
    parts.push_back(all({digit(begin, end), digits(rest, rest)}));
  }
  return any(std::move(parts));
}

constexpr std::uint64_t kMostDigits = 16;  // what is written without bounds

/// Numbers without sign between the bounds.
Expr magnitude_between(std::uint64_t low, std::optional<std::uint64_t> high) {
  std::vector<Expr> parts;
  const std::string from = std::to_string(low);
  const std::string to = high ? std::to_string(*high)
                              : std::string(std::max<std::size_t>(kMostDigits, from.size()), '9');
  for (std::size_t size = from.size(); size <= to.size(); ++size) {
    const std::string smallest = size == 1 ? "0" : "1" + std::string(size - 1, '0');
    parts.push_back(same_length_between(size == from.size() ? from : smallest,
                                        size == to.size() ? to : std::string(size, '9')));
  }
  return any(std::move(parts));
}

std::uint64_t magnitude(std::int64_t value) noexcept {
  return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                   : static_cast<std::uint64_t>(value);
}

/// The inside of strings that begin with `words[first..last).substr(at)` at most: all but those.
Expr other_than(const std::vector<std::string>& words, std::size_t first, std::size_t last,
                std::size_t at) {
  std::vector<Expr> parts;
  const bool is_word = words[first].size() == at;
  if (!is_word) {
    parts.push_back(text(""));
  }
  CharSet taken;
  for (std::size_t i = first + (is_word ? 1 : 0); i < last;) {
    // An escape is one step, as is a character of several bytes.
    Scanner in(std::string_view(words[i]).substr(at), words[i]);
    const char32_t c = in.next();
    std::size_t step = in.offset();
    const bool escape = c == '\\';
    if (escape) {
      step += in.take("u") ? 5 : 1;
    }
    const std::string begin = words[i].substr(at, step);
    std::size_t next = i;
    while (next < last && words[next].compare(at, step, begin) == 0) {
      ++next;
    }
    if (!escape) {
      taken.push_back({c, c});
      parts.push_back(all({text(begin), other_than(words, i, next, at + step)}));
    }
    i = next;
  }
  // Another character leads away for good. Words are left by bare characters only: an escape could
  // write one of theirs in another way.
  parts.push_back(all({chars(both(bare_chars(), inverted(normalised(std::move(taken))))),
                       repeat(json_any_char(), 0, kUnbounded)}));
  return any(std::move(parts));
}

/// A character of a string as an escape, in every way.
Expr escape() {
  const Expr hex = chars({{'0', '9'}, {'a', 'f'}, {'A', 'F'}});
  const Expr not_d = chars({{'0', '9'}, {'a', 'c'}, {'e', 'f'}, {'A', 'C'}, {'E', 'F'}});
  const Expr code = any(
      {all({not_d, hex, hex, hex}), all({chars({{'d', 'd'}, {'D', 'D'}}), digit(0, 7), hex, hex})});
  CharSet letters;
  for (const char32_t c : std::u32string_view(U"\"\\/bfnrt")) {
    letters.push_back({c, c});
  }
  return all({text("\\"), any({chars(std::move(letters)), all({text("u"), code})})});
}

}  // namespace

Expr json_blank() {
  return any(
      {text(""), text(" "), all({text("\n"), repeat(chars({{' ', ' '}, {'\t', '\t'}}), 0, 20)})});
}

Expr json_chars(const CharSet& set) {
  std::vector<Expr> parts = {chars(both(set, bare_chars()))};
  for (const CharRange& range : both(set, {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}})) {
    for (char32_t c = range.first; c <= range.last; ++c) {
      parts.push_back(text(escaped(c)));
    }
  }
  return any(std::move(parts));
}

Expr json_any_char() {
  return any({chars(bare_chars()), escape()});
}

Expr json_avoiding(const std::vector<std::string>& words, const std::string& subject) {
  return text_avoiding(words, bare_chars(), {escape()}, subject);
}

Expr json_inside(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::chars:
      return json_chars(expr.chars);
    case Expr::Kind::text: {
      std::vector<Expr> parts;
      for (Scanner in(expr.text, expr.text); !in.at_end();) {
        const char32_t c = in.next();
        parts.push_back(json_chars({{c, c}}));
      }
      return all(std::move(parts));
    }
    default: {
      Expr inside = expr;
      for (Expr& part : inside.parts) {
        part = json_inside(part);
      }
      return inside;
    }
  }
}

Expr quoted(Expr inside) {
  return all({text("\""), std::move(inside), text("\"")});
}

Expr json_integer() {
  return all(
      {optional(text("-")), any({text("0"), all({digit(1, 9), digits(0, kMostDigits - 1)})})});
}

Expr json_number() {
  return all({json_integer(), optional(all({text("."), digits(1, kMostDigits)})),
              optional(all({chars({{'e', 'e'}, {'E', 'E'}}),
                            optional(chars({{'+', '+'}, {'-', '-'}})), digits(1, 2)}))});
}

Expr json_integer_between(std::optional<std::int64_t> min, std::optional<std::int64_t> max) {
  std::vector<Expr> parts;
  if (min && max && *min > *max) {
    return any({});
  }
  if (!min || *min < 0) {
    const bool to_zero = !max || *max >= 0;
    const std::uint64_t low = to_zero ? 1 : magnitude(*max);
    const std::optional<std::uint64_t> high =
        min ? std::optional<std::uint64_t>(magnitude(*min)) : std::nullopt;
    if (!high || low <= *high) {
      parts.push_back(all({text("-"), magnitude_between(low, high)}));
    }
  }
  if (!max || *max >= 0) {
    const std::uint64_t low = min && *min > 0 ? magnitude(*min) : 0;
    parts.push_back(
        magnitude_between(low, max ? std::optional<std::uint64_t>(magnitude(*max)) : std::nullopt));
  }
  return any(std::move(parts));
}

Expr json_integer_between(const NumberBounds& bounds) {
  return json_integer_between(
      bounds.min ? std::optional(*bounds.min + (bounds.exclusive_min ? 1 : 0)) : std::nullopt,
      bounds.max ? std::optional(*bounds.max - (bounds.exclusive_max ? 1 : 0)) : std::nullopt);
}

// A number with a fraction lies between the integer before its point and the next one away from 0.
Expr json_number_between(const NumberBounds& bounds) {
  const Expr fraction = all({text("."), digits(1, kMostDigits)});
  const Expr some_fraction =
      all({text("."), repeat(text("0"), 0, kMostDigits), digit(1, 9), digits(0, kMostDigits)});
  std::vector<Expr> parts = {json_integer_between(bounds)};
  // From `first`, which a bound excludes if `open`, to below `last`.
  const auto add = [&](const char* sign, std::uint64_t first, bool open,
                       std::optional<std::uint64_t> last) {
    if (last && first >= *last) {
      return;
    }
    if (open) {
      parts.push_back(all({text(sign), text(std::to_string(first)), some_fraction}));
      ++first;
    }
    if (!last || first < *last) {
      parts.push_back(
          all({text(sign), magnitude_between(first, last ? std::optional(*last - 1) : std::nullopt),
               fraction}));
    }
  };
  if (!bounds.max || *bounds.max > 0) {
    const bool above = bounds.min && *bounds.min >= 0;
    add("", above ? magnitude(*bounds.min) : 0, above && bounds.exclusive_min,
        bounds.max ? std::optional(magnitude(*bounds.max)) : std::nullopt);
  }
  if (!bounds.min || *bounds.min < 0) {
    const bool below = bounds.max && *bounds.max <= 0;
    add("-", below ? magnitude(*bounds.max) : 0, below && bounds.exclusive_max,
        bounds.min ? std::optional(magnitude(*bounds.min)) : std::nullopt);
  }
  return any(std::move(parts));
}

Expr json_other_than(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.empty()) {
    return repeat(json_any_char(), 0, kUnbounded);
  }
  return other_than(words, 0, words.size(), 0);
}

}  // namespace ottobit::grammar
