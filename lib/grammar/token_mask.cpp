// SPDX-License-Identifier: Apache-2.0
#include "grammar/token_mask.hpp"

#include <algorithm>
#include <utility>

namespace ottobit::grammar {

namespace {

/// What is kept of states: beyond it, all is forgotten and found anew. About 80 MB at 150,000
/// tokens.
constexpr std::size_t kMostLocals = 4096;

void add(TokenSet& set, std::span<const std::int32_t> tokens) {
  for (const std::int32_t id : tokens) {
    set[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (static_cast<unsigned>(id) % 64U);
  }
}

/// Visits the nodes below `top` that can be reached from `start`, the position at `top`;
/// reached(node, position) for each, which says whether to go on below it.
template <class Reached>
void walk(const Vocabulary& vocabulary, Matcher& matcher, std::int32_t top, const Position& start,
          const Reached& reached) {
  std::vector<Position> at_depth = {start};  // from `top` on
  const std::int32_t base = vocabulary.node(top).depth;
  const std::int32_t end = vocabulary.node(top).end;
  for (std::int32_t id = top + 1; id < end;) {
    const Vocabulary::Node& node = vocabulary.node(id);
    const auto depth = static_cast<std::size_t>(node.depth - base);
    if (at_depth.size() <= depth) {
      at_depth.resize(depth + 1);
    }
    matcher.advance(at_depth[depth - 1], node.byte, at_depth[depth]);
    const Position& position = at_depth[depth];
    id = !position.dead() && reached(id, position) ? id + 1 : node.end;
  }
}

}  // namespace

Grammar::Grammar(Automaton automaton, std::shared_ptr<const Vocabulary> vocabulary)
    : automaton_(std::move(automaton)), vocabulary_(std::move(vocabulary)) {}

std::shared_ptr<const Grammar::Local> Grammar::local(StateId state) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = locals_.find(state); found != locals_.end()) {
      return found->second;
    }
  }
  auto made = std::make_shared<const Local>(find_local(state));
  const std::lock_guard lock(mutex_);
  if (locals_.size() >= kMostLocals) {
    locals_.clear();
  }
  locals_[state] = made;
  return made;
}

/// The stack below is taken for empty: where the text "ends", the rule returns.
Grammar::Local Grammar::find_local(StateId state) const {
  Local local;
  local.allowed.resize((static_cast<std::size_t>(vocabulary_->size()) + 63) / 64);
  Matcher matcher(automaton_);
  Position start;
  start.ways.push_back({state, kEmptyStack});
  walk(*vocabulary_, matcher, 0, start, [&](std::int32_t id, const Position& position) {
    if (position.accepts) {
      local.returns.push_back(id);
    }
    if (position.ways.empty()) {
      return false;
    }
    add(local.allowed, vocabulary_->tokens_at(id));
    return true;
  });
  return local;
}

Constraint::Constraint(std::shared_ptr<const Grammar> grammar)
    : grammar_(std::move(grammar)),
      matcher_(grammar_->automaton()),
      position_(matcher_.begin()),
      allowed_((static_cast<std::size_t>(grammar_->vocabulary().size()) + 63) / 64) {}

const TokenSet& Constraint::allowed() {
  const Vocabulary& vocabulary = grammar_->vocabulary();
  std::fill(allowed_.begin(), allowed_.end(), 0);
  for (const Way& way : position_.ways) {
    const std::shared_ptr<const Grammar::Local> local = grammar_->local(way.state);
    for (std::size_t i = 0; i < allowed_.size(); ++i) {
      allowed_[i] |= local->allowed[i];
    }
    if (local->returns.empty()) {
      continue;
    }
    if (way.stack != kEmptyStack) {
      matcher_.resume(way.stack, next_);
    }
    for (const std::int32_t id : local->returns) {
      add(allowed_, vocabulary.tokens_at(id));
      if (way.stack != kEmptyStack) {
        walk(vocabulary, matcher_, id, next_, [&](std::int32_t below, const Position& position) {
          add(allowed_, vocabulary.tokens_at(below));
          return !position.ways.empty();
        });
      }
    }
  }
  return allowed_;
}

void Constraint::accept(std::string_view bytes) {
  for (const char c : bytes) {
    matcher_.advance(position_, static_cast<std::uint8_t>(c), next_);
    std::swap(position_, next_);
  }
}

}  // namespace ottobit::grammar
