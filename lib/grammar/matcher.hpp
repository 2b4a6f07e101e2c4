// SPDX-License-Identifier: Apache-2.0
// Runs an automaton over bytes. A position is the set of all ways in which the text so far can be
// read; each way is a state and a stack of the states to return to. Equal stacks are one, so a
// position is small and equal positions are recognised.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.hpp"

namespace ottobit::grammar {

using StackId = std::int32_t;
inline constexpr StackId kEmptyStack = 0;

/// Stacks as a tree: a stack is a frame and the stack below it.
class Stacks {
 public:
  struct Frame {
    StateId resume = 0;
    StackId below = kEmptyStack;
  };

  [[nodiscard]] StackId push(StateId resume, StackId below);
  /// Of a stack that is not empty.
  [[nodiscard]] const Frame& top(StackId stack) const noexcept {
    return frames_[static_cast<std::size_t>(stack)];
  }

 private:
  std::vector<Frame> frames_ = std::vector<Frame>(1);  // the first stands for the empty stack
  std::unordered_map<std::uint64_t, StackId> ids_;
};

/// One way: `state` reads bytes.
struct Way {
  StateId state = 0;
  StackId stack = kEmptyStack;

  friend bool operator==(const Way& a, const Way& b) noexcept {
    return a.state == b.state && a.stack == b.stack;
  }
};

struct Position {
  std::vector<Way> ways;
  bool accepts = false;  ///< the text may end here

  /// Neither ends here nor goes on: the text is not of the grammar.
  [[nodiscard]] bool dead() const noexcept { return ways.empty() && !accepts; }
};

/// Not for several threads at once. The automaton must outlive it.
class Matcher {
 public:
  explicit Matcher(const Automaton& automaton) : automaton_(automaton) {}

  /// Before the first byte.
  [[nodiscard]] Position begin();
  /// Makes `to` the position behind one more byte.
  void advance(const Position& from, std::uint8_t byte, Position& to);
  /// Makes `to` the position where the frame on top of `stack` is returned to.
  void resume(StackId stack, Position& to);

 private:
  void enter(StateId state, StackId stack, Position& to);

  const Automaton& automaton_;
  Stacks stacks_;
  std::vector<Way> open_;  // ways to look at, and those looked at already
};

}  // namespace ottobit::grammar
