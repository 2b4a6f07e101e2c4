// SPDX-License-Identifier: Apache-2.0
// From expressions to nondeterministic automata over bytes: the first half of compiling a grammar.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "grammar/expr.hpp"
#include "grammar/work.hpp"

namespace ottobit::grammar {

using NodeId = std::int32_t;

struct Nfa {
  struct ByteEdge {
    std::uint8_t first;
    std::uint8_t last;
    NodeId target;
  };
  struct CallEdge {
    std::size_t rule;
    NodeId target;
  };
  struct Node {
    std::vector<ByteEdge> bytes;
    std::vector<CallEdge> calls;
    std::vector<NodeId> empty;  ///< reached without reading
  };
  struct Span {
    NodeId start;
    NodeId end;
  };

  std::vector<Node> nodes;
  std::vector<Span> rules;
};

/// Error{grammar, subject} beyond kMostNodes.
[[nodiscard]] Nfa make_nfa(const Rules& rules, const std::string& subject, Work& work);

/// Of all rules together, states of the automaton that is made from them included.
inline constexpr std::size_t kMostNodes = 400'000;

}  // namespace ottobit::grammar
