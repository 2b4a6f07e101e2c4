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

/// Expressions nest as deep as a word is long, in bytes.
constexpr std::size_t kLongestWord = 300;

/// An expression to be written: the inside of strings that begin with words[first..last).substr(at)
/// at most, all but those.
struct Beginning {
  Expr* expr;
  std::size_t first;
  std::size_t last;
  std::size_t at;
};

/// Writes one and adds those within it to `open`.
void write(const Beginning& beginning, const std::vector<std::string>& words,
           std::vector<Beginning>& open) {
  const auto [expr, first, last, at] = beginning;
  std::vector<Expr> parts;
  std::vector<Beginning> inner;
  const bool is_word = words[first].size() == at;
  if (!is_word) {
    parts.push_back(text(""));
  }
  CharSet taken;
  if (at > kLongestWord) {
    *expr = any(std::move(parts));  // no other text begins like so long a word
    return;
  }
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
      inner.push_back({nullptr, i, next, at + step});
      parts.push_back(all(text(begin), text("")));
    }
    i = next;
  }
  // Another character leads away for good. Words are left by bare characters only: an escape could
  // write one of theirs in another way.
  parts.push_back(all(chars(both(bare_chars(), inverted(normalised(std::move(taken))))),
                      repeat(json_any_char(), 0, kUnbounded)));
  *expr = any(std::move(parts));
  std::size_t way = is_word ? 0 : 1;  // behind the way that ends
  for (Beginning& one : inner) {
    one.expr = &expr->parts[way++].parts[1];
    open.push_back(one);
  }
}

/// A character of a string as an escape, in every way.
Expr escape() {
  const Expr hex = chars({{'0', '9'}, {'a', 'f'}, {'A', 'F'}});
  const Expr not_d = chars({{'0', '9'}, {'a', 'c'}, {'e', 'f'}, {'A', 'C'}, {'E', 'F'}});
  const Expr code =
      any({all(not_d, hex, hex, hex), all(chars({{'d', 'd'}, {'D', 'D'}}), digit(0, 7), hex, hex)});
  CharSet letters;
  for (const char32_t c : std::u32string_view(U"\"\\/bfnrt")) {
    letters.push_back({c, c});
  }
  return all(text("\\"), any(chars(std::move(letters)), all(text("u"), code)));
}

}  // namespace

Expr digit(int first, int last) {
  return chars({{static_cast<char32_t>('0' + first), static_cast<char32_t>('0' + last)}});
}
Expr digits(std::size_t min, std::size_t max) {
  return repeat(digit(0, 9), min, max);
}

Expr json_blank() {
  return any(
      {text(""), text(" "), all(text("\n"), repeat(chars({{' ', ' '}, {'\t', '\t'}}), 0, 20))});
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
  return any(chars(bare_chars()), escape());
}

Expr json_avoiding(const std::vector<std::string>& words, const std::string& subject) {
  return text_avoiding(words, bare_chars(), {escape()}, subject);
}

Expr json_inside(Expr expr) {
  std::vector<Expr*> ends;
  for_each(expr, [&](Expr& e) {
    if (e.kind == Expr::Kind::chars || e.kind == Expr::Kind::text) {
      ends.push_back(&e);
    }
  });
  for (Expr* end : ends) {
    if (end->kind == Expr::Kind::chars) {
      *end = json_chars(end->chars);
      continue;
    }
    std::vector<Expr> parts;
    for (Scanner in(end->text, end->text); !in.at_end();) {
      const char32_t c = in.next();
      parts.push_back(json_chars({{c, c}}));
    }
    *end = all(std::move(parts));
  }
  return expr;
}

Expr quoted(Expr inside) {
  return all(text("\""), std::move(inside), text("\""));
}

Expr json_integer() {
  return all({optional(text("-")), any(text("0"), all(digit(1, 9), digits(0, kMostDigits - 1)))});
}

Expr json_number() {
  return all(json_integer(), optional(all(text("."), digits(1, kMostDigits))),
             optional(all(chars({{'e', 'e'}, {'E', 'E'}}),
                          optional(chars({{'+', '+'}, {'-', '-'}})), digits(1, 2))));
}

Expr json_other_than(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.empty()) {
    return repeat(json_any_char(), 0, kUnbounded);
  }
  Expr expr;
  std::vector<Beginning> open = {{&expr, 0, words.size(), 0}};
  while (!open.empty()) {
    const Beginning next = open.back();
    open.pop_back();
    write(next, words, open);
  }
  return expr;
}

}  // namespace ottobit::grammar
