// SPDX-License-Identifier: Apache-2.0
// A grammar as a pushdown automaton over bytes: one deterministic finite automaton for each rule,
// whose edges read a byte or call another rule. Texts are UTF-8, so what it reads is always the
// beginning of a valid character.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

using StateId = std::int32_t;

/// Bytes [first, last] lead to `target`.
struct ByteEdge {
  std::uint8_t first = 0;
  std::uint8_t last = 0;
  StateId target = 0;
};

/// The rule that begins at `start` is read, then the automaton goes on at `target`.
struct CallEdge {
  StateId start = 0;
  StateId target = 0;
};

struct State {
  std::vector<ByteEdge> bytes;  ///< ascending, disjoint
  std::vector<CallEdge> calls;
  bool accepts = false;  ///< the rule may end here
  /// Ends at once: accepts and has no edges. A call that would return here needs no return.
  [[nodiscard]] bool only_accepts() const noexcept {
    return accepts && bytes.empty() && calls.empty();
  }
};

struct Automaton {
  std::vector<State> states;
  StateId start = 0;
};

/// Error{grammar, subject}: a rule that can never end, one that calls itself before it reads
/// anything, a grammar beyond 400,000 states or that matches no text.
[[nodiscard]] Automaton compile(Rules rules, const std::string& subject);

}  // namespace ottobit::grammar
