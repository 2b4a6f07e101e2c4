// SPDX-License-Identifier: Apache-2.0
// The subset construction for each rule, after the checks that let the automaton run without end.
#include "grammar/automaton.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "ottobit/error.hpp"

#include "grammar/inlining.hpp"
#include "grammar/nfa.hpp"
#include "grammar/sharing.hpp"

namespace ottobit::grammar {

namespace {

using Set = std::vector<NodeId>;  // ascending

std::size_t index(std::int32_t id) noexcept {
  return static_cast<std::size_t>(id);
}

class Compiler {
 public:
  Compiler(Rules rules, const std::string& subject)
      : subject_(subject),
        work_(subject),
        rules_(shared(inlined(std::move(rules), work_), work_)),
        nfa_(make_nfa(rules_, subject, work_)) {}

  Automaton compile() {
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
      starts_.push_back(new_state());
    }
    find_callers();
    find_rules_that_end();
    find_empty_rules();
    check_left_recursion();
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
      determinise(i);
    }
    automaton_.start = starts_.front();
    return std::move(automaton_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    fail(ErrorCode::grammar, subject_, why);
  }
  const Nfa::Node& node(NodeId id) const { return nfa_.nodes[index(id)]; }

  /// Which nodes of the rule can be reached from its start over edges that `passes` lets through,
  /// counted from the start: a rule's nodes lie side by side.
  template <class Passes>
  std::vector<bool> reached(std::size_t rule, bool over_bytes, const Passes& passes) const {
    const NodeId start = nfa_.rules[rule].start;
    const std::size_t end =
        rule + 1 < nfa_.rules.size() ? index(nfa_.rules[rule + 1].start) : nfa_.nodes.size();
    std::vector<bool> seen(end - index(start));
    Set open = {start};
    seen.front() = true;
    const auto visit = [&](NodeId id) {
      if (!seen[index(id - start)]) {
        seen[index(id - start)] = true;
        open.push_back(id);
      }
    };
    while (!open.empty()) {
      const Nfa::Node& here = node(open.back());
      open.pop_back();
      work_.spend(1 + here.empty.size() + here.calls.size() + here.bytes.size());
      for (const NodeId id : here.empty) {
        visit(id);
      }
      for (const Nfa::CallEdge& call : here.calls) {
        if (passes(call.rule)) {
          visit(call.target);
        }
      }
      if (over_bytes) {
        for (const Nfa::ByteEdge& edge : here.bytes) {
          visit(edge.target);
        }
      }
    }
    return seen;
  }

  /// Least fixpoint of: a rule whose end is reached over calls of rules already in the set.
  std::vector<bool> closure_of_rules(bool over_bytes) const {
    std::vector<bool> in(rules_.rules.size());
    std::vector<std::size_t> open(in.size());  // to look at, again when a rule that they call is in
    for (std::size_t i = 0; i < open.size(); ++i) {
      open[i] = open.size() - 1 - i;
    }
    while (!open.empty()) {
      const std::size_t i = open.back();
      open.pop_back();
      if (!in[i] && reached(i, over_bytes, [&](std::size_t called) {
            return in[called];
          })[index(nfa_.rules[i].end - nfa_.rules[i].start)]) {
        in[i] = true;
        open.insert(open.end(), callers_[i].begin(), callers_[i].end());
      }
    }
    return in;
  }

  void find_callers() {
    callers_.resize(rules_.rules.size());
    for (std::size_t rule = 0; rule < callers_.size(); ++rule) {
      const std::size_t end =
          rule + 1 < nfa_.rules.size() ? index(nfa_.rules[rule + 1].start) : nfa_.nodes.size();
      for (std::size_t id = index(nfa_.rules[rule].start); id < end; ++id) {
        for (const Nfa::CallEdge& call : nfa_.nodes[id].calls) {
          std::vector<std::size_t>& callers = callers_[call.rule];
          if (callers.empty() || callers.back() != rule) {
            callers.push_back(rule);
          }
        }
      }
    }
  }

  void find_rules_that_end() {
    const std::vector<bool> ends = closure_of_rules(true);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (!ends[i]) {
        refuse("rule \"" + rules_.names[i] + "\" matches no text: it can never end");
      }
    }
  }

  void find_empty_rules() { empty_ = closure_of_rules(false); }

  // A rule that calls itself before it reads would call without end.
  void check_left_recursion() const {
    std::vector<std::vector<std::size_t>> first(rules_.rules.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      const std::vector<bool> seen =
          reached(i, false, [&](std::size_t called) { return empty_[called]; });
      for (std::size_t id = 0; id < seen.size(); ++id) {
        if (seen[id]) {
          for (const Nfa::CallEdge& call : nfa_.nodes[index(nfa_.rules[i].start) + id].calls) {
            first[i].push_back(call.rule);
          }
        }
      }
    }
    std::vector<int> mark(first.size());  // 1: on the way, 2: done
    for (std::size_t root = 0; root < first.size(); ++root) {
      std::vector<std::pair<std::size_t, std::size_t>> way = {{root, 0}};
      while (!way.empty()) {
        auto& [rule, next] = way.back();
        if (next == 0 && mark[rule] == 2) {
          way.pop_back();
          continue;
        }
        mark[rule] = 1;
        if (next == first[rule].size()) {
          mark[rule] = 2;
          way.pop_back();
          continue;
        }
        const std::size_t called = first[rule][next++];
        if (mark[called] == 1) {
          refuse("rule \"" + rules_.names[called] +
                 "\" calls itself before it reads anything (left recursion)");
        }
        if (mark[called] == 0) {
          way.emplace_back(called, 0);
        }
      }
    }
  }

  StateId new_state() {
    if (automaton_.states.size() >= kMostNodes) {
      refuse("the grammar is too large: more than " + std::to_string(kMostNodes) + " states");
    }
    automaton_.states.emplace_back();
    return static_cast<StateId>(automaton_.states.size() - 1);
  }

  /// What can be reached without reading. Nodes are marked while it runs.
  Set closed(Set set) {
    marked_.resize(nfa_.nodes.size());
    std::erase_if(set, [&](NodeId id) {
      const bool seen = marked_[index(id)];
      marked_[index(id)] = true;
      return seen;
    });
    for (std::size_t i = 0; i < set.size(); ++i) {
      const Nfa::Node& from = node(set[i]);
      work_.spend(4 + from.empty.size());
      for (const NodeId id : from.empty) {
        if (!marked_[index(id)]) {
          marked_[index(id)] = true;
          set.push_back(id);
        }
      }
    }
    for (const NodeId id : set) {
      marked_[index(id)] = false;
    }
    std::sort(set.begin(), set.end());
    return set;
  }

  StateId state_of(const Set& set, std::vector<std::pair<StateId, Set>>& open) {
    const auto [found, fresh] = ids_.try_emplace(set, 0);
    if (fresh) {
      found->second = new_state();
      open.emplace_back(found->second, set);
    }
    return found->second;
  }

  void determinise(std::size_t rule) {
    ids_.clear();
    std::vector<std::pair<StateId, Set>> open;
    const Set start = closed({nfa_.rules[rule].start});
    ids_.emplace(start, starts_[rule]);
    open.emplace_back(starts_[rule], start);
    while (!open.empty()) {
      const auto [id, set] = std::move(open.back());
      open.pop_back();
      State state;
      state.accepts = std::binary_search(set.begin(), set.end(), nfa_.rules[rule].end);
      state.bytes = byte_edges(set, open);
      state.calls = call_edges(set, open);
      automaton_.states[index(id)] = std::move(state);
    }
  }

  std::vector<ByteEdge> byte_edges(const Set& set, std::vector<std::pair<StateId, Set>>& open) {
    std::array<bool, 257> border{};
    std::vector<const Nfa::ByteEdge*> all;
    for (const NodeId from : set) {
      for (const Nfa::ByteEdge& edge : node(from).bytes) {
        border[edge.first] = true;
        border[edge.last + 1U] = true;
        all.push_back(&edge);
      }
    }
    std::vector<ByteEdge> edges;
    for (std::size_t first = 0; first < 256;) {
      std::size_t next = first + 1;
      while (next < 256 && !border[next]) {
        ++next;
      }
      Set targets;
      for (const Nfa::ByteEdge* edge : all) {
        if (edge->first <= first && first <= edge->last) {
          targets.push_back(edge->target);
        }
      }
      work_.spend(all.size());
      if (!targets.empty()) {
        const StateId target = state_of(closed(std::move(targets)), open);
        const auto last = static_cast<std::uint8_t>(next - 1);
        if (!edges.empty() && edges.back().target == target && edges.back().last + 1U == first) {
          edges.back().last = last;
        } else {
          edges.push_back({static_cast<std::uint8_t>(first), last, target});
        }
      }
      first = next;
    }
    return edges;
  }

  std::vector<CallEdge> call_edges(const Set& set, std::vector<std::pair<StateId, Set>>& open) {
    std::map<std::size_t, Set> targets;
    for (const NodeId from : set) {
      for (const Nfa::CallEdge& call : node(from).calls) {
        targets[call.rule].push_back(call.target);
      }
    }
    std::vector<CallEdge> edges;
    for (auto& [rule, ends] : targets) {
      edges.push_back({starts_[rule], state_of(closed(std::move(ends)), open)});
    }
    return edges;
  }

  const std::string& subject_;
  mutable Work work_;
  const Rules rules_;
  Nfa nfa_;
  Automaton automaton_;
  std::vector<StateId> starts_;                    // of the rules
  std::vector<bool> empty_;                        // rules that match the empty text
  std::vector<std::vector<std::size_t>> callers_;  // of the rules
  std::map<Set, StateId> ids_;                     // of the rule at hand
  std::vector<bool> marked_;                       // nodes, by closed()
};

}  // namespace

Automaton compile(Rules rules, const std::string& subject) {
  return Compiler(std::move(rules), subject).compile();
}

}  // namespace ottobit::grammar
