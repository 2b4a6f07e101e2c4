// SPDX-License-Identifier: Apache-2.0
#include "grammar/avoid.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "ottobit/error.hpp"

#include "tokenizer/utf8.hpp"

namespace ottobit::grammar {
namespace {

/// Expressions nest as deep as a word is long.
constexpr std::size_t kLongestWord = 200;

std::u32string code_points(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    const utf8::Character one = utf8::first_character(text);
    points += one.code;
    text.remove_prefix(one.length);
  }
  return points;
}

// Others than the first letter; and then again and again that letter, a part of what follows it in
// a word, and others from one on that breaks the word off.
class Avoiding {
 public:
  Avoiding(char32_t first, const CharSet& alphabet, const std::vector<Expr>& units)
      : first_(first), outside_(inverted(alphabet)), units_(units) {}

  [[nodiscard]] Expr texts(const std::vector<std::u32string>& words) const {
    Expr whole = all(others(), repeat(all(letter(first_), text("")), 0, kUnbounded));
    std::vector<Rest> open = {{&whole.parts[1].parts[0].parts[1], words, 1}};
    while (!open.empty()) {
      const Rest next = std::move(open.back());
      open.pop_back();
      write(next, open);
    }
    return whole;
  }

 private:
  static Expr letter(char32_t c) { return chars({{c, c}}); }
  [[nodiscard]] Expr others() const { return repeat(other_than({}), 0, kUnbounded); }

  /// A character of the alphabet that is neither the first of the words nor in `set`, or a unit.
  [[nodiscard]] Expr other_than(CharSet set) const {
    set.push_back({first_, first_});
    set.insert(set.end(), outside_.begin(), outside_.end());
    std::vector<Expr> ways = units_;
    ways.push_back(chars(inverted(normalised(std::move(set)))));
    return any(std::move(ways));
  }

  /// An expression to be written: what may follow the first `length` letters of `words`, in which
  /// these are alike.
  struct Rest {
    Expr* expr;
    std::vector<std::u32string> words;
    std::size_t length;
  };

  /// Writes one and adds those within it to `open`.
  void write(const Rest& rest, std::vector<Rest>& open) const {
    std::map<char32_t, std::vector<std::u32string>> next;
    for (const std::u32string& word : rest.words) {
      next[word[rest.length]].push_back(word);
    }
    CharSet goes_on;
    std::vector<Expr> ways;
    std::vector<std::vector<std::u32string>> inner;
    for (auto& [c, group] : next) {
      goes_on.push_back({c, c});
      const bool ends = std::any_of(group.begin(), group.end(), [&](const std::u32string& word) {
        return word.size() == rest.length + 1;
      });
      if (!ends) {
        ways.push_back(all(letter(c), text("")));
        inner.push_back(std::move(group));
      }
    }
    ways.push_back(all(other_than(std::move(goes_on)), others()));
    *rest.expr = optional(any(std::move(ways)));
    for (std::size_t i = 0; i < inner.size(); ++i) {
      open.push_back(
          {&rest.expr->parts[0].parts[i].parts[1], std::move(inner[i]), rest.length + 1});
    }
  }

  char32_t first_;
  CharSet outside_;
  const std::vector<Expr>& units_;
};

}  // namespace

Expr text_avoiding(const std::vector<std::string>& words, const CharSet& alphabet,
                   const std::vector<Expr>& units, const std::string& subject) {
  std::vector<std::u32string> list;
  for (const std::string& word : words) {
    list.push_back(code_points(word));
    const std::u32string& points = list.back();
    OTTOBIT_CHECK(points.size() <= kLongestWord, ErrorCode::unsupported, subject,
                  "a name or marker of " + std::to_string(points.size()) +
                      " letters, which other texts must differ from; known are up to " +
                      std::to_string(kLongestWord));
    OTTOBIT_CHECK(points.size() > 1 && points[0] == list[0][0] &&
                      points.find(points[0], 1) == std::u32string::npos,
                  ErrorCode::unsupported, subject,
                  "\"" + word + "\" has its first letter twice, or begins unlike another");
  }
  if (list.empty()) {
    std::vector<Expr> ways = units;
    ways.push_back(chars(alphabet));
    return repeat(any(std::move(ways)), 0, kUnbounded);
  }
  return Avoiding(list[0][0], alphabet, units).texts(list);
}

}  // namespace ottobit::grammar
