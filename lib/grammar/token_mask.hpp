// SPDX-License-Identifier: Apache-2.0
// Which tokens may come next. Most of it depends on one state of the automaton alone, whatever the
// stack below it is: that part is found once for each state and kept. What is left are the tokens
// that return from the state's rule, and these are few.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.hpp"
#include "grammar/matcher.hpp"
#include "grammar/vocabulary.hpp"

namespace ottobit::grammar {

/// A set of tokens: bit i % 64 of word i / 64 is token i.
using TokenSet = std::vector<std::uint64_t>;

/// A grammar for one vocabulary. Shared by any number of constraints on any threads.
class Grammar {
 public:
  Grammar(Automaton automaton, std::shared_ptr<const Vocabulary> vocabulary);

  [[nodiscard]] const Automaton& automaton() const noexcept { return automaton_; }
  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return *vocabulary_; }

  /// What is known of a state without its stack.
  struct Local {
    TokenSet allowed;                   ///< tokens that stay within the rule
    std::vector<std::int32_t> returns;  ///< nodes of the vocabulary at which the rule may end
  };
  [[nodiscard]] std::shared_ptr<const Local> local(StateId state) const;

 private:
  [[nodiscard]] Local find_local(StateId state) const;

  Automaton automaton_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<StateId, std::shared_ptr<const Local>> locals_;
};

/// One text under way. Not for several threads at once.
class Constraint {
 public:
  explicit Constraint(std::shared_ptr<const Grammar> grammar);

  /// The text may end here.
  [[nodiscard]] bool accepts() const noexcept { return position_.accepts; }
  /// The text can only end here.
  [[nodiscard]] bool complete() const noexcept { return position_.ways.empty(); }
  /// The tokens that may come next; valid until the next call.
  [[nodiscard]] const TokenSet& allowed();
  /// Goes on by the bytes of a token that was allowed.
  void accept(std::string_view bytes);

 private:
  std::shared_ptr<const Grammar> grammar_;
  Matcher matcher_;
  Position position_;
  Position next_;
  TokenSet allowed_;
};

}  // namespace ottobit::grammar
