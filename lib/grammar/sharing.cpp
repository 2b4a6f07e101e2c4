// SPDX-License-Identifier: Apache-2.0
#include "grammar/sharing.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "grammar/inlining.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit::grammar {
namespace {

// Within a rule that is called nothing is known about what follows, which costs time with each
// token. So a part is shared where it is large, as a string is, and together with its copies takes
// many states; a small one, as a character is, only where there would be too many without.
constexpr std::size_t kLargePart = 500;
constexpr std::size_t kLargeWhole = 20'000;
constexpr std::size_t kTooLarge = 150'000;

const CharSet& everything() {
  static const CharSet set = inverted({});
  return set;
}

CharSet joined(CharSet a, const CharSet& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalised(std::move(a));
}

bool overlap(const CharSet& a, const CharSet& b) {
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i].last < b[k].first) {
      ++i;
    } else if (b[k].last < a[i].first) {
      ++k;
    } else {
      return true;
    }
  }
  return false;
}

/// How the texts of an expression begin, and how one of them goes on to a longer one. Too much is
/// said where it is not known: of rules, that all is possible.
struct Ends {
  bool empty = false;  ///< the empty text is one
  CharSet first{};     ///< first characters
  CharSet more{};      ///< characters behind a whole text with which a longer one goes on
};

Ends behind(const Ends& a, const Ends& b) {
  Ends both{.empty = a.empty && b.empty, .first = a.first, .more = b.more};
  if (a.empty) {
    both.first = joined(std::move(both.first), b.first);
  }
  if (b.empty) {
    both.more = joined(joined(std::move(both.more), a.more), b.first);
  } else if (overlap(a.more, b.first)) {
    // Where the second begins is not clear, and so neither where it ends.
    both.more = everything();
  }
  return both;
}

Ends ends_of(const Expr& expr, std::span<const Ends> parts) {
  Ends ends{.empty = true};
  switch (expr.kind) {
    case Expr::Kind::chars:
      return {.empty = false, .first = expr.chars};
    case Expr::Kind::text:
      if (!expr.text.empty()) {
        const char32_t c = utf8::first_character(expr.text).code;
        return {.empty = false, .first = {{c, c}}};
      }
      return ends;
    case Expr::Kind::all:
      for (const Ends& part : parts) {
        ends = behind(ends, part);
      }
      return ends;
    case Expr::Kind::any:
      ends.empty = false;
      for (const Ends& one : parts) {
        // Of two that begin alike, one may be the beginning of the other.
        ends.more = overlap(ends.first, one.first) ? everything() : joined(ends.more, one.more);
        ends.more = ends.empty ? joined(ends.more, one.first) : ends.more;
        ends.more = one.empty ? joined(ends.more, ends.first) : ends.more;
        ends.first = joined(std::move(ends.first), one.first);
        ends.empty = ends.empty || one.empty;
      }
      return ends;
    case Expr::Kind::repeat: {
      const Ends& one = parts.front();
      ends.empty = one.empty || expr.min == 0;
      ends.first = one.first;
      ends.more = one.more;
      if (expr.max > std::max<std::size_t>(expr.min, 1) || expr.min == 0) {
        ends.more = joined(std::move(ends.more), one.first);
      }
      ends.more = overlap(one.more, one.first) ? everything() : std::move(ends.more);
      return ends;
    }
    case Expr::Kind::rule:
      break;
  }
  return {.empty = true, .first = everything(), .more = everything()};
}

Ends ends_of(const Expr& expr, Work& work) {
  return fold<Ends>(expr, [&](const Expr& e, std::span<const Ends> parts) {
    work.spend(1 + e.chars.size());
    return ends_of(e, parts);
  });
}

class Sharing {
 public:
  Sharing(Rules rules, Work& work) : rules_(std::move(rules)), work_(work) {}

  Rules run() {
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) {  // those that are added, too
      Expr expr = std::exchange(rules_.rules[i], {});
      share(expr, i);
      rules_.rules[i] = std::move(expr);
    }
    return std::move(rules_);
  }

 private:
  /// States of an expression, calls being small.
  std::size_t size(const Expr& expr) {
    return fold<std::size_t>(expr, [&](const Expr& e, std::span<const std::size_t> parts) {
      work_.spend(1);
      std::size_t sum = 1 + e.text.size() + 2 * e.chars.size();
      for (const std::size_t part : parts) {
        sum = std::min(sum + part, kHuge);
      }
      if (e.kind != Expr::Kind::repeat) {
        return sum;
      }
      const std::size_t copies = e.max == kUnbounded ? e.min + 1 : std::max<std::size_t>(e.max, 1);
      return std::min(sum * std::min(copies, kHuge / sum), kHuge);
    });
  }

  /// From the outside inwards; what becomes a rule is looked at as such.
  void share(Expr& whole, std::size_t in_rule) {
    for_each(whole, [&](Expr& expr) {
      if (!is_worth_it(expr)) {
        return;
      }
      Expr& part = expr.parts.front();
      const Ends ends = ends_of(part, work_);
      if (!ends.empty && !overlap(ends.more, ends.first)) {
        const std::size_t added =
            rules_.add(rules_.names[in_rule] + " (repeated)", std::move(part));
        part = rule(added);
      }
    });
  }

  bool is_worth_it(const Expr& expr) {
    const bool counted =
        expr.kind == Expr::Kind::repeat && (expr.max == kUnbounded ? expr.min > 1 : expr.max > 1);
    if (!counted || expr.parts.front().kind == Expr::Kind::rule) {
      return false;
    }
    const std::size_t whole = size(expr);
    return whole >= kTooLarge || (whole >= kLargeWhole && size(expr.parts.front()) >= kLargePart);
  }

  static constexpr std::size_t kHuge = std::size_t{1} << 30U;

  Rules rules_;
  Work& work_;
};

}  // namespace

Rules shared(Rules rules, Work& work) {
  return Sharing(std::move(rules), work).run();
}

}  // namespace ottobit::grammar
