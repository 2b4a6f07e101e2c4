// SPDX-License-Identifier: Apache-2.0
// Expressions.
#include "jinja/eval.hpp"
#include "jinja/operators.hpp"

namespace ottobit::jinja {

Value Evaluator::eval(const Expr& expr, Scope& scope) {
  const Depth depth(*this);
  at_ = expr.offset;
  return std::visit([&](const auto& node) { return eval(node, scope); }, expr.node);
}

Value Evaluator::eval(const Constant& node, Scope&) {
  return node.value;
}

Value Evaluator::lookup(Symbol name, Scope& scope) {
  for (const Scope* s = &scope; s != &root_; s = s->parent) {
    rt_.budget.charge(s->variables.size());
    for (const auto& [symbol, value] : s->variables) {
      if (symbol == name) {
        return value;
      }
    }
  }
  if (globals_[name].first) {
    return globals_[name].second;
  }
  if (template_.builtins[name] != Builtin::none) {
    Callable c;
    c.builtin = template_.builtins[name];
    return rt_.heap.callable(std::move(c));
  }
  return make_undefined("'" + template_.names[name] + "' is undefined");
}

Value Evaluator::eval(const NameExpr& node, Scope& scope) {
  return lookup(node.name, scope);
}

Value Evaluator::eval(const SequenceExpr& node, Scope& scope) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (const ExprPtr& item : node.items) {
    items.push_back(eval(*item, scope));
  }
  return node.tuple ? rt_.heap.tuple(std::move(items)) : rt_.heap.list(std::move(items));
}

Value Evaluator::eval(const DictExpr& node, Scope& scope) {
  const Value dict = rt_.heap.dict();
  rt_.budget.allocate(node.entries.size() * 2 * sizeof(Value));
  for (const auto& [key, value] : node.entries) {
    const Value k = eval(*key, scope);
    check_key(k);
    dict.dict->set(k, eval(*value, scope));
  }
  return dict;
}

Value Evaluator::eval(const NegateExpr& node, Scope& scope) {
  const Value v = eval(*node.operand, scope);
  return node.op == '!' ? make_bool(!truth(v)) : negate(node.op, v);
}

Value Evaluator::eval(const ArithmeticExpr& node, Scope& scope) {
  Value v = eval(*node.first, scope);
  for (const Operand& operand : node.rest) {
    const Value right = eval(*operand.value, scope);
    at_ = operand.offset;
    v = arithmetic(rt_, operand.op, v, right);
  }
  return v;
}

Value Evaluator::eval(const CompareExpr& node, Scope& scope) {
  Value left = eval(*node.first, scope);
  for (const Operand& operand : node.rest) {
    Value right = eval(*operand.value, scope);
    at_ = operand.offset;
    if (!compare(rt_, operand.op, left, right)) {
      return make_bool(false);
    }
    left = std::move(right);
  }
  return make_bool(true);
}

Value Evaluator::eval(const ConcatExpr& node, Scope& scope) {
  StrBuilder out;
  for (const ExprPtr& item : node.items) {
    append_str(rt_, out, eval(*item, scope));
  }
  return rt_.text(std::move(out));
}

Value Evaluator::eval(const LogicExpr& node, Scope& scope) {
  Value v;
  for (const ExprPtr& item : node.items) {
    v = eval(*item, scope);
    if (truth(v) != node.conjunction) {
      break;
    }
  }
  return v;
}

Value Evaluator::eval(const ConditionalExpr& node, Scope& scope) {
  if (truth(eval(*node.condition, scope))) {
    return eval(*node.yes, scope);
  }
  if (node.no != nullptr) {
    return eval(*node.no, scope);
  }
  return make_undefined(
      "the inline if-expression evaluated to false and no else section was defined");
}

Value Evaluator::eval(const PostfixExpr& node, Scope& scope) {
  Value v = eval(*node.base, scope);
  for (const Step& step : node.steps) {
    v = apply(step, std::move(v), scope);
  }
  return v;
}

Value Evaluator::apply_slice(const SliceStep& step, const Value& value, Scope& scope) {
  Value values[3];
  const Value* bounds[3] = {nullptr, nullptr, nullptr};
  for (int i = 0; i < 3; ++i) {
    if (step.bounds[i] != nullptr) {
      values[i] = eval(*step.bounds[i], scope);
      bounds[i] = &values[i];
    }
  }
  return get_slice(rt_, value, bounds);
}

Value Evaluator::apply(const Step& step, Value value, Scope& scope) {
  at_ = step.offset;
  if (const auto* attribute = std::get_if<AttributeStep>(&step.what)) {
    return value.is(Kind::loop) ? loop_attribute(value, attribute->name->text)
                                : get_attribute(rt_, value, attribute->name);
  }
  if (const auto* index = std::get_if<IndexStep>(&step.what)) {
    const Value at = eval(*index->index, scope);
    at_ = step.offset;
    return value.is(Kind::loop) && at.is(Kind::string) ? loop_attribute(value, at.str->text)
                                                       : get_item(rt_, value, at);
  }
  if (const auto* slice = std::get_if<SliceStep>(&step.what)) {
    return apply_slice(*slice, value, scope);
  }
  if (const auto* called = std::get_if<CallStep>(&step.what)) {
    const Args args = eval_arguments(called->arguments, scope);
    at_ = step.offset;
    return call(value, args);
  }
  if (const auto* filter = std::get_if<FilterStep>(&step.what)) {
    const Args args = eval_arguments(filter->arguments, scope);
    at_ = step.offset;
    rt_.budget.charge(0);
    return filter->filter->call(rt_, value, args);
  }
  const auto& test = std::get<TestStep>(step.what);
  const Args args = eval_arguments(test.arguments, scope);
  at_ = step.offset;
  return make_bool(test.test->call(rt_, value, args) != test.negated);
}

Args Evaluator::eval_arguments(const Arguments& arguments, Scope& scope) {
  Args args;
  args.positional.reserve(arguments.positional.size());
  for (const ExprPtr& value : arguments.positional) {
    args.positional.push_back(eval(*value, scope));
  }
  for (const auto& [name, value] : arguments.named) {
    args.named.emplace_back(name, eval(*value, scope));
  }
  if (arguments.star != nullptr || arguments.star_star != nullptr) {
    add_star_arguments(arguments, args, scope);
  }
  return args;
}

void Evaluator::add_star_arguments(const Arguments& arguments, Args& args, Scope& scope) {
  if (arguments.star != nullptr) {
    for (const Value& item : iterate(rt_, eval(*arguments.star, scope))) {
      args.positional.push_back(item);
    }
  }
  if (arguments.star_star == nullptr) {
    return;
  }
  const Value mapping = eval(*arguments.star_star, scope);
  if (!mapping.is(Kind::dict)) {
    raise("the argument after ** must be a mapping, not " + std::string(type_name(mapping)));
  }
  for (const auto& [key, value] : mapping.dict->entries) {
    if (!key.is(Kind::string)) {
      raise("keywords must be strings");
    }
    args.named.emplace_back(key.str->text, value);
  }
}

}  // namespace ottobit::jinja
