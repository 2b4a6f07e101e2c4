// SPDX-License-Identifier: Apache-2.0
// Thompson's construction, with characters as the byte sequences of their UTF-8 form.
#include "grammar/nfa.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "tokenizer/utf8.hpp"

namespace ottobit::grammar {

namespace {

std::string encoded(char32_t c) {
  std::string bytes;
  utf8::append(bytes, c);
  return bytes;
}

std::uint8_t byte_at(const std::string& bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

class Builder {
 public:
  Builder(const Rules& rules, const std::string& subject, Work& work)
      : rules_(rules), subject_(subject), work_(work) {}

  Nfa build() {
    for (const auto& rule : rules_.rules) {
      const NodeId start = node();
      nfa_.rules.push_back({start, add(rule, start)});
    }
    if (dead_ends_) {
      drop_dead_ends();
    }
    return std::move(nfa_);
  }

 private:
  NodeId node() {
    OTTOBIT_CHECK(nfa_.nodes.size() < kMostNodes, ErrorCode::grammar, subject_,
                  "the grammar is too large: more than " + std::to_string(kMostNodes) + " states");
    work_.spend(4);
    nfa_.nodes.emplace_back();
    return static_cast<NodeId>(nfa_.nodes.size() - 1);
  }
  Nfa::Node& at(NodeId id) { return nfa_.nodes[static_cast<std::size_t>(id)]; }

  /// Where in an expression the construction is.
  struct Step {
    const Expr* expr;
    NodeId start;          ///< behind which it, or what is left of it, is added
    NodeId end = 0;        ///< of choices and repetitions: where all of them meet
    std::size_t done = 0;  ///< parts, or copies of the part, that were begun
  };

  /// Adds `whole` behind `start`; returns where it ends.
  NodeId add(const Expr& whole, NodeId start) {
    std::vector<Step> open = {{&whole, start}};
    NodeId reached = start;  // the end of what was added last
    while (!open.empty()) {
      Step& step = open.back();
      const std::optional<Step> inner = next(step, reached);
      if (inner) {
        open.push_back(*inner);
      } else {
        reached = step.start;
        open.pop_back();
      }
    }
    return reached;
  }

  /// Goes on after the last part, which ended at `reached`: the next part to add, or nothing, and
  /// step.start is where the expression ends.
  std::optional<Step> next(Step& step, NodeId reached) {
    const Expr& expr = *step.expr;
    work_.spend(step.done == 0 ? 1 : 0);
    switch (expr.kind) {
      case Expr::Kind::chars:
        step.start = add_chars(expr.chars, step.start);
        return std::nullopt;
      case Expr::Kind::text:
        for (const char c : expr.text) {
          const NodeId behind = node();
          const auto byte = static_cast<std::uint8_t>(c);
          at(step.start).bytes.push_back({byte, byte, behind});
          step.start = behind;
        }
        return std::nullopt;
      case Expr::Kind::rule: {
        const NodeId end = node();
        at(step.start).calls.push_back({expr.rule, end});
        step.start = end;
        return std::nullopt;
      }
      case Expr::Kind::all:
        step.start = step.done == 0 ? step.start : reached;
        if (step.done == expr.parts.size()) {
          return std::nullopt;
        }
        return Step{&expr.parts[step.done++], step.start};
      case Expr::Kind::any:
        return next_choice(step, reached);
      case Expr::Kind::repeat:
        return next_copy(step, reached);
    }
    return std::nullopt;
  }

  std::optional<Step> next_choice(Step& step, NodeId reached) {
    const Expr& expr = *step.expr;
    if (step.done == 0) {
      dead_ends_ = dead_ends_ || expr.parts.empty();
      step.end = node();
    } else {
      at(reached).empty.push_back(step.end);
    }
    if (step.done == expr.parts.size()) {
      step.start = step.end;
      return std::nullopt;
    }
    const NodeId begin = node();
    at(step.start).empty.push_back(begin);
    return Step{&expr.parts[step.done++], begin};
  }

  /// Copies that must be, and then one in a circle, or copies that each may be the last.
  std::optional<Step> next_copy(Step& step, NodeId reached) {
    const Expr& expr = *step.expr;
    const Expr& part = expr.parts.front();
    if (expr.max == kUnbounded && step.done == expr.min + 1) {
      at(reached).empty.push_back(step.end);
      step.start = node();
      at(step.end).empty.push_back(step.start);
      return std::nullopt;
    }
    step.start = step.done == 0 ? step.start : reached;
    const std::size_t copy = step.done++;
    if (copy < expr.min) {
      return Step{&part, step.start};
    }
    if (copy == expr.min) {
      step.end = node();
    }
    at(step.start).empty.push_back(step.end);
    if (expr.max == kUnbounded) {
      const NodeId begin = node();
      at(step.end).empty.push_back(begin);
      return Step{&part, begin};
    }
    if (copy == expr.max) {
      step.start = step.end;
      return std::nullopt;
    }
    return Step{&part, step.start};
  }

  // The tails of the sequences are shared: most of them are any continuation bytes.
  NodeId add_chars(const CharSet& chars, NodeId start) {
    const NodeId end = node();
    dead_ends_ = dead_ends_ || chars.empty();
    tails_.clear();
    for (const CharRange& range : chars) {
      add_range(range.first, range.last, start, end);
    }
    return end;
  }

  /// Splits at the borders of lengths, then until every byte but the first ranges over all its
  /// values or is fixed.
  void add_range(char32_t first, char32_t last, NodeId start, NodeId end) {
    for (const char32_t border : {U'\x7F', U'\x7FF', U'\xFFFF'}) {
      if (first <= border && last > border) {
        add_range(first, border, start, end);
        add_range(border + 1, last, start, end);
        return;
      }
    }
    const std::size_t size = encoded(first).size();
    for (std::size_t i = 1; i < size; ++i) {
      const char32_t low = (char32_t{1} << (6U * i)) - 1;
      if ((first & ~low) == (last & ~low)) {
        continue;  // the bytes before are the same
      }
      if ((first & low) != 0) {
        add_range(first, first | low, start, end);
        add_range((first | low) + 1, last, start, end);
        return;
      }
      if ((last & low) != low) {
        add_range(first, (last & ~low) - 1, start, end);
        add_range(last & ~low, last, start, end);
        return;
      }
    }
    const std::string from = encoded(first);
    const std::string to = encoded(last);
    NodeId next = end;
    for (std::size_t i = size - 1; i > 0; --i) {
      const auto [found, fresh] =
          tails_.try_emplace(std::tuple(byte_at(from, i), byte_at(to, i), next), NodeId{0});
      if (fresh) {
        found->second = node();
        at(found->second).bytes.push_back({byte_at(from, i), byte_at(to, i), next});
      }
      next = found->second;
    }
    at(start).bytes.push_back({byte_at(from, 0), byte_at(to, 0), next});
  }

  /// Removes the edges from which no end of a rule is reached: a text must not be led there.
  void drop_dead_ends() {
    std::vector<std::pair<NodeId, NodeId>> backwards;
    for (std::size_t i = 0; i < nfa_.nodes.size(); ++i) {
      for_each_target(nfa_.nodes[i], [&](NodeId target) {
        backwards.emplace_back(target, static_cast<NodeId>(i));
      });
    }
    std::sort(backwards.begin(), backwards.end());
    std::vector<bool> ends(nfa_.nodes.size());
    std::vector<NodeId> open;
    const auto visit = [&](NodeId id) {
      if (!ends[static_cast<std::size_t>(id)]) {
        ends[static_cast<std::size_t>(id)] = true;
        open.push_back(id);
      }
    };
    for (const Nfa::Span& rule : nfa_.rules) {
      visit(rule.end);
    }
    while (!open.empty()) {
      const NodeId target = open.back();
      open.pop_back();
      for (auto it = std::lower_bound(backwards.begin(), backwards.end(), std::pair(target, 0));
           it != backwards.end() && it->first == target; ++it) {
        visit(it->second);
      }
    }
    const auto dead = [&](NodeId target) { return !ends[static_cast<std::size_t>(target)]; };
    for (Nfa::Node& from : nfa_.nodes) {
      std::erase_if(from.bytes, [&](const Nfa::ByteEdge& edge) { return dead(edge.target); });
      std::erase_if(from.calls, [&](const Nfa::CallEdge& edge) { return dead(edge.target); });
      std::erase_if(from.empty, dead);
    }
  }

  template <class Visit>
  static void for_each_target(const Nfa::Node& from, const Visit& visit) {
    for (const Nfa::ByteEdge& edge : from.bytes) {
      visit(edge.target);
    }
    for (const Nfa::CallEdge& edge : from.calls) {
      visit(edge.target);
    }
    for (const NodeId target : from.empty) {
      visit(target);
    }
  }

  const Rules& rules_;
  const std::string& subject_;
  Work& work_;
  Nfa nfa_;
  bool dead_ends_ = false;  ///< an expression matches nothing
  std::map<std::tuple<std::uint8_t, std::uint8_t, NodeId>, NodeId> tails_;
};

}  // namespace

Nfa make_nfa(const Rules& rules, const std::string& subject, Work& work) {
  return Builder(rules, subject, work).build();
}

}  // namespace ottobit::grammar
