// SPDX-License-Identifier: Apache-2.0
// What the tests of grammars share: whether a text is of a grammar, and what is wrong with a
// notation.
#pragma once

#include <string>
#include <string_view>

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
