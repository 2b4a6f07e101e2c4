// SPDX-License-Identifier: Apache-2.0
// Statements, scopes and loops.
#include <algorithm>

#include "ottobit/error.hpp"

#include "jinja/eval.hpp"

namespace ottobit::jinja {

Evaluator::Evaluator(const Template& parsed, Runtime& runtime)
    : template_(parsed), rt_(runtime), globals_(parsed.names.size()) {}

void Evaluator::set_variable(std::string_view name, Value value) {
  const auto found = std::find(template_.names.begin(), template_.names.end(), name);
  if (found != template_.names.end()) {
    globals_[static_cast<std::size_t>(found - template_.names.begin())] = {true, std::move(value)};
  }
}

StrBuilder Evaluator::render() {
  StrBuilder out;
  try {
    run(template_.body, root_, out);
  } catch (const RenderError& e) {
    if (e.own) {
      fail(ErrorCode::chat_template, template_.source.name, e.message);
    }
    template_.source.fail(at_, e.message);
  }
  return out;
}

Scope& Evaluator::acquire(Scope& parent) {
  if (free_scopes_.empty()) {
    rt_.budget.allocate(sizeof(Scope));
    Scope& added = scopes_.emplace_back();
    free_scopes_.reserve(scopes_.size());  // so that release() never allocates
    free_scopes_.push_back(&added);
  }
  Scope& scope = *free_scopes_.back();
  free_scopes_.pop_back();
  scope.parent = &parent;
  return scope;
}

void Evaluator::release(Scope& scope) {
  if (scope.captured) {
    return;
  }
  rt_.budget.release(scope.variables.size() * sizeof(scope.variables[0]));
  scope.variables.clear();
  free_scopes_.push_back(&scope);
}

Evaluator::Flow Evaluator::run(const Body& body, Scope& scope, StrBuilder& out) {
  const Depth depth(*this);
  for (const auto& stmt : body) {
    rt_.budget.charge(0);
    at_ = stmt->offset;
    const Flow flow =
        std::visit([&](const auto& node) { return run(node, scope, out); }, stmt->node);
    if (flow != Flow::next) {
      return flow;
    }
  }
  return Flow::next;
}

Evaluator::Flow Evaluator::run(const TextStmt& stmt, Scope&, StrBuilder& out) {
  rt_.budget.charge_bytes(stmt.text.size());
  out.append(stmt.text);
  return Flow::next;
}

Evaluator::Flow Evaluator::run(const OutputStmt& stmt, Scope& scope, StrBuilder& out) {
  const Value value = eval(*stmt.value, scope);
  at_ = stmt.value->offset;
  append_str(rt_, out, value);
  return Flow::next;
}

Evaluator::Flow Evaluator::run(const IfStmt& stmt, Scope& scope, StrBuilder& out) {
  for (const auto& [condition, body] : stmt.branches) {
    if (truth(eval(*condition, scope))) {
      return run(body, scope, out);
    }
  }
  return run(stmt.otherwise, scope, out);
}

bool Evaluator::draw(Loop& loop, Value& item) {
  while (loop.drawn < loop.source.size()) {
    item = loop.source[loop.drawn++];
    if (loop.stmt->condition == nullptr) {
      return true;
    }
    Inner inner(*this, *loop.scope);
    assign(loop.stmt->target, item, *inner);
    if (truth(eval(*loop.stmt->condition, *inner))) {
      return true;
    }
  }
  return false;
}

bool Evaluator::next_item(Loop& loop) {
  Value item;
  if (!loop.lookahead.empty()) {
    item = loop.lookahead.front();
    rt_.budget.charge(loop.lookahead.size());
    loop.lookahead.erase(loop.lookahead.begin());
  } else if (!draw(loop, item)) {
    return false;
  }
  loop.previous = std::exchange(loop.current, std::move(item));
  ++loop.index0;
  return true;
}

Evaluator::Flow Evaluator::run(const ForStmt& stmt, Scope& scope, StrBuilder& out) {
  const Value iterable = eval(*stmt.iterable, scope);
  at_ = stmt.iterable->offset;
  Loop state;
  state.stmt = &stmt;
  state.scope = &scope;
  state.source = iterate(rt_, iterable);
  const Value loop = rt_.heap.loop(std::move(state));
  bool any = false;
  Flow flow = Flow::next;
  while (flow != Flow::leave_loop && next_item(*loop.loop)) {
    any = true;
    Inner inner(*this, scope);
    assign(stmt.target, loop.loop->current, *inner);
    assign_name(template_.known.loop, loop, *inner);
    flow = run(stmt.body, *inner, out);
  }
  rt_.budget.release(loop.loop->source.size() * sizeof(Value));
  loop.loop->drawn = 0;
  loop.loop->source = {};
  return any ? Flow::next : run(stmt.otherwise, scope, out);
}

Evaluator::Flow Evaluator::run(const SetStmt& stmt, Scope& scope, StrBuilder&) {
  const Value value = eval(*stmt.value, scope);
  assign(stmt.target, value, scope);
  return Flow::next;
}

Evaluator::Flow Evaluator::run_captured(const Body& body, Scope& scope, Value& text) {
  StrBuilder captured;
  Inner inner(*this, scope);
  const Flow flow = run(body, *inner, captured);
  text = rt_.text(std::move(captured));
  return flow;
}

Evaluator::Flow Evaluator::run(const SetBlockStmt& stmt, Scope& scope, StrBuilder&) {
  Value text;
  const Flow flow = run_captured(stmt.body, scope, text);
  if (flow == Flow::next) {
    for (const Step& filter : stmt.filters) {
      text = apply(filter, std::move(text), scope);
    }
    assign(stmt.target, text, scope);
  }
  return flow;
}

Evaluator::Flow Evaluator::run(const FilterBlockStmt& stmt, Scope& scope, StrBuilder& out) {
  Value text;
  const Flow flow = run_captured(stmt.body, scope, text);
  if (flow == Flow::next) {
    for (const Step& filter : stmt.filters) {
      text = apply(filter, std::move(text), scope);
    }
    append_str(rt_, out, text);
  }
  return flow;
}

Evaluator::Flow Evaluator::run(const WithStmt& stmt, Scope& scope, StrBuilder& out) {
  Inner inner(*this, scope);
  for (const auto& [target, value] : stmt.values) {
    assign(target, eval(*value, scope), *inner);
  }
  return run(stmt.body, *inner, out);
}

Value Evaluator::define_macro(const MacroDef& macro, Scope& scope) {
  for (Scope* s = &scope; s != nullptr && !s->captured; s = s->parent) {
    s->captured = true;
  }
  Callable c;
  c.kind = CallableKind::macro;
  c.macro = &macro;
  c.scope = &scope;
  return rt_.heap.callable(std::move(c));
}

Evaluator::Flow Evaluator::run(const MacroStmt& stmt, Scope& scope, StrBuilder&) {
  assign_name(stmt.macro.name, define_macro(stmt.macro, scope), scope);
  return Flow::next;
}

Evaluator::Flow Evaluator::run(const CallBlockStmt& stmt, Scope& scope, StrBuilder& out) {
  const auto& chain = std::get<PostfixExpr>(stmt.call->node);
  Value callee = eval(*chain.base, scope);
  for (std::size_t i = 0; i + 1 < chain.steps.size(); ++i) {
    callee = apply(chain.steps[i], std::move(callee), scope);
  }
  const Step& last = chain.steps.back();
  Args args = eval_arguments(std::get<CallStep>(last.what).arguments, scope);
  args.named.emplace_back("caller", define_macro(stmt.caller, scope));
  at_ = last.offset;
  append_str(rt_, out, call(callee, args));
  return Flow::next;
}

Evaluator::Flow Evaluator::run(const BreakStmt&, Scope&, StrBuilder&) {
  return Flow::leave_loop;
}

Evaluator::Flow Evaluator::run(const ContinueStmt&, Scope&, StrBuilder&) {
  return Flow::next_item;
}

void Evaluator::assign_name(Symbol name, Value value, Scope& scope) {
  if (&scope == &root_) {
    globals_[name] = {true, std::move(value)};
    return;
  }
  rt_.budget.charge(scope.variables.size());
  for (auto& [symbol, current] : scope.variables) {
    if (symbol == name) {
      current = std::move(value);
      return;
    }
  }
  rt_.budget.allocate(sizeof(scope.variables[0]));
  scope.variables.emplace_back(name, std::move(value));
}

void Evaluator::assign(const Target& target, const Value& value, Scope& scope) {
  at_ = target.offset;
  if (!target.items.empty()) {
    const std::vector<Value> items = iterate(rt_, value);
    if (items.size() != target.items.size()) {
      raise((items.size() < target.items.size() ? "not enough values to unpack (expected "
                                                : "too many values to unpack (expected ") +
            std::to_string(target.items.size()) + ", got " + std::to_string(items.size()) + ")");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      assign(target.items[i], items[i], scope);
    }
    return;
  }
  if (target.attribute == nullptr) {
    assign_name(target.name, value, scope);
    return;
  }
  const Value object = lookup(target.name, scope);
  if (!object.is(Kind::name_space)) {
    raise("cannot assign attribute on non-namespace object");
  }
  rt_.budget.allocate(2 * sizeof(Value));
  object.dict->set(make_string(target.attribute), value);
}

}  // namespace ottobit::jinja
