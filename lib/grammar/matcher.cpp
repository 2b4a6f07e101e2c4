// SPDX-License-Identifier: Apache-2.0
#include "grammar/matcher.hpp"

#include <algorithm>

namespace ottobit::grammar {

StackId Stacks::push(StateId resume, StackId below) {
  const std::uint64_t key =
      std::uint64_t{static_cast<std::uint32_t>(resume)} << 32U | static_cast<std::uint32_t>(below);
  const auto [found, fresh] = ids_.try_emplace(key, static_cast<StackId>(frames_.size()));
  if (fresh) {
    frames_.push_back({resume, below});
  }
  return found->second;
}

Position Matcher::begin() {
  Position position;
  enter(automaton_.start, kEmptyStack, position);
  return position;
}

void Matcher::advance(const Position& from, std::uint8_t byte, Position& to) {
  to.ways.clear();
  to.accepts = false;
  for (const Way& way : from.ways) {
    for (const ByteEdge& edge : automaton_.states[static_cast<std::size_t>(way.state)].bytes) {
      if (byte < edge.first) {
        break;
      }
      if (byte <= edge.last) {
        enter(edge.target, way.stack, to);
        break;
      }
    }
  }
}

void Matcher::resume(StackId stack, Position& to) {
  to.ways.clear();
  to.accepts = false;
  const Stacks::Frame frame = stacks_.top(stack);
  enter(frame.resume, frame.below, to);
}

/// Adds what can be read at `state` and wherever calls and returns lead from there.
void Matcher::enter(StateId state, StackId stack, Position& to) {
  const auto known = [](const std::vector<Way>& ways, const Way& way) {
    return std::find(ways.begin(), ways.end(), way) != ways.end();
  };
  open_.clear();
  open_.push_back({state, stack});
  for (std::size_t i = 0; i < open_.size(); ++i) {
    const Way way = open_[i];
    const State& here = automaton_.states[static_cast<std::size_t>(way.state)];
    if (!here.bytes.empty() && !known(to.ways, way)) {
      to.ways.push_back(way);
    }
    const auto visit = [&](Way next) {
      if (!known(open_, next)) {
        open_.push_back(next);
      }
    };
    for (const CallEdge& call : here.calls) {
      const bool last = automaton_.states[static_cast<std::size_t>(call.target)].only_accepts();
      visit({call.start, last ? way.stack : stacks_.push(call.target, way.stack)});
    }
    if (here.accepts && way.stack == kEmptyStack) {
      to.accepts = true;
    } else if (here.accepts) {
      const Stacks::Frame frame = stacks_.top(way.stack);
      visit({frame.resume, frame.below});
    }
  }
}

}  // namespace ottobit::grammar
