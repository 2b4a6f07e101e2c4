// SPDX-License-Identifier: Apache-2.0
// What the tests of grammars share: whether a text is of a grammar, and what is wrong with a
// notation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ottobit/error.hpp"

#include "grammar/automaton.hpp"
#include "grammar/matcher.hpp"

namespace ottobit::grammar_test {

enum class Reading {
  no,     ///< not of the grammar, whatever follows
  begin,  ///< may become so
  yes     ///< is of the grammar
};

inline Reading read(const grammar::Automaton& automaton, std::string_view text) {
  grammar::Matcher matcher(automaton);
  grammar::Position position = matcher.begin();
  grammar::Position next;
  for (const char c : text) {
    matcher.advance(position, static_cast<std::uint8_t>(c), next);
    std::swap(position, next);
  }
  return position.accepts ? Reading::yes : position.dead() ? Reading::no : Reading::begin;
}

/// A random text of the grammar; empty where the dice lead too far, "dead end: ..." where nothing
/// may follow. below(n) is a random number less than n; wish(text) are bytes that often come next.
template <class Below, class Wish>
std::string random_text(const grammar::Automaton& automaton, const Below& below, const Wish& wish) {
  constexpr std::size_t kTooFar = 3000;
  grammar::Matcher matcher(automaton);
  grammar::Position position = matcher.begin();
  grammar::Position next;
  std::string text;
  while (text.size() < kTooFar) {
    if (position.accepts && (position.ways.empty() || below(3) == 0)) {
      return text;
    }
    std::string may;
    for (int byte = 0; byte < 256; ++byte) {
      matcher.advance(position, static_cast<std::uint8_t>(byte), next);
      if (!next.dead()) {
        may += static_cast<char>(byte);
      }
    }
    if (may.empty()) {
      return "dead end: " + text;
    }
    char chosen = may[below(may.size())];
    const std::string wished(wish(text));
    if (!wished.empty() && below(8) != 0) {
      const char one = wished[below(wished.size())];
      chosen = may.find(one) != std::string::npos ? one : chosen;
    }
    matcher.advance(position, static_cast<std::uint8_t>(chosen), next);
    std::swap(position, next);
    text += chosen;
  }
  return "";
}

/// The message of the Error{grammar} that `action` throws; empty without one.
template <class Action>
std::string grammar_error(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.code() == ErrorCode::grammar ? e.what() : "other code: " + std::string(e.what());
  }
  return "";
}

}  // namespace ottobit::grammar_test
