// SPDX-License-Identifier: Apache-2.0
// Expressions. From loosest to tightest: if-else, or, and, not, comparisons and in, + -, ~,
// * / // %, **, unary - +, then postfix: attribute, index, call, filter and test.
#include <array>
#include <utility>

#include "jinja/parser.hpp"

namespace ottobit::jinja {

namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

}  // namespace

bool Parser::at_expression_end() const noexcept {
  const TokenKind kind = current().kind;
  return kind == TokenKind::variable_end || kind == TokenKind::block_end || at_op(")") ||
         at_name("recursive") || kind == TokenKind::end;
}

ExprPtr Parser::parse_tuple(Conditional conditional) {
  const std::size_t offset = current().offset;
  ExprPtr first = parse_expression(conditional);
  if (!at_op(",")) {
    return first;
  }
  SequenceExpr tuple;
  tuple.tuple = true;
  tuple.items.push_back(std::move(first));
  while (skip_op(",")) {
    if (at_expression_end() || at_op("=")) {
      break;
    }
    tuple.items.push_back(parse_expression(conditional));
  }
  return make_expr(offset, std::move(tuple));
}

ExprPtr Parser::parse_expression(Conditional conditional) {
  const Nest nest(*this);
  return conditional == Conditional::yes ? parse_conditional() : parse_logic(false);
}

ExprPtr Parser::parse_conditional() {
  const std::size_t offset = current().offset;
  ExprPtr value = parse_logic(false);
  for (int chained = 0; skip_name("if"); ++chained) {
    if (chained == 4) {
      fail("more than 4 conditions of one value without else");
    }
    value = parse_condition(offset, std::move(value));
  }
  return value;
}

/// What stands behind a value and its "if".
ExprPtr Parser::parse_condition(std::size_t offset, ExprPtr value) {
  ConditionalExpr node;
  node.yes = std::move(value);
  node.condition = parse_logic(false);
  if (skip_name("else")) {
    const Nest nest(*this);
    node.no = parse_conditional();
  }
  return make_expr(offset, std::move(node));
}

/// Of a conjunction the operands of "and" only, else those of "or", too.
ExprPtr Parser::parse_logic(bool conjunction) {
  const std::size_t offset = current().offset;
  ExprPtr value = parse_not();
  if (at_name("and")) {
    value = parse_logic_chain(true, offset, std::move(value));
  }
  if (!conjunction && at_name("or")) {
    value = parse_logic_chain(false, offset, std::move(value));
  }
  return value;
}

ExprPtr Parser::parse_logic_chain(bool conjunction, std::size_t offset, ExprPtr first) {
  LogicExpr node;
  node.conjunction = conjunction;
  node.items.push_back(std::move(first));
  while (skip_name(conjunction ? "and" : "or")) {
    node.items.push_back(conjunction ? parse_not() : parse_logic(true));
  }
  return make_expr(offset, std::move(node));
}

ExprPtr Parser::parse_not() {
  const std::size_t offset = current().offset;
  if (!skip_name("not")) {
    return parse_compare();
  }
  const Nest nest(*this);
  return make_expr(offset, NegateExpr{'!', parse_not()});
}

bool Parser::take_comparison(Operator& op) {
  constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{
      {"==", Operator::equal},
      {"!=", Operator::not_equal},
      {"<", Operator::less},
      {"<=", Operator::less_equal},
      {">", Operator::greater},
      {">=", Operator::greater_equal},
  }};
  for (const auto& [text, value] : kOperators) {
    if (skip_op(text)) {
      op = value;
      return true;
    }
  }
  if (skip_name("in")) {
    op = Operator::in;
    return true;
  }
  const bool not_in = at_name("not") && ahead().kind == TokenKind::name && ahead().text == "in";
  if (not_in) {
    advance();
    advance();
    op = Operator::not_in;
  }
  return not_in;
}

ExprPtr Parser::parse_compare() {
  const std::size_t offset = current().offset;
  ExprPtr first = parse_chain(Binding::sum);
  const std::size_t at = current().offset;
  Operator op = Operator::equal;
  return take_comparison(op) ? parse_comparisons(offset, std::move(first), op, at)
                             : std::move(first);
}

/// Behind the first comparison, which stands at `at`.
ExprPtr Parser::parse_comparisons(std::size_t offset, ExprPtr first, Operator op, std::size_t at) {
  CompareExpr node;
  node.first = std::move(first);
  do {
    node.rest.push_back({op, parse_chain(Binding::sum), at});
    at = current().offset;
  } while (take_comparison(op));
  return make_expr(offset, std::move(node));
}

bool Parser::at_operator(Binding binding) const noexcept {
  switch (binding) {
    case Binding::sum:
      return at_op("+") || at_op("-");
    case Binding::concat:
      return at_op("~");
    case Binding::product:
      return at_op("*") || at_op("/") || at_op("//") || at_op("%");
    case Binding::power:
      return at_op("**");
    case Binding::operand:
      break;
  }
  return false;
}

/// Operators that bind as tightly as `loosest`, and tighter, between their operands.
ExprPtr Parser::parse_chain(Binding loosest) {
  const std::size_t offset = current().offset;
  ExprPtr value = parse_unary(true);
  for (const Binding binding : {Binding::power, Binding::product, Binding::concat, Binding::sum}) {
    if (binding >= loosest && at_operator(binding)) {
      value = parse_operators(binding, offset, std::move(value));
    }
  }
  return value;
}

/// Operators that bind equally, from left to right.
ExprPtr Parser::parse_operators(Binding binding, std::size_t offset, ExprPtr first) {
  const auto tighter = static_cast<Binding>(static_cast<int>(binding) + 1);
  if (binding == Binding::concat) {
    ConcatExpr node;
    node.items.push_back(std::move(first));
    while (skip_op("~")) {
      node.items.push_back(parse_chain(tighter));
    }
    return make_expr(offset, std::move(node));
  }
  ArithmeticExpr node;
  node.first = std::move(first);
  while (at_operator(binding)) {
    const std::string_view op = current().text;
    const std::size_t at = current().offset;
    const Operator what = op == "+"    ? Operator::add
                          : op == "-"  ? Operator::subtract
                          : op == "*"  ? Operator::multiply
                          : op == "/"  ? Operator::divide
                          : op == "//" ? Operator::floor_divide
                          : op == "%"  ? Operator::modulo
                                       : Operator::power;
    advance();
    node.rest.push_back({what, parse_chain(tighter), at});
  }
  return make_expr(offset, std::move(node));
}

ExprPtr Parser::parse_unary(bool with_filters) {
  const std::size_t offset = current().offset;
  ExprPtr base;
  if (at_op("-") || at_op("+")) {
    const Nest nest(*this);
    const char op = current().text[0];
    advance();
    base = make_expr(offset, NegateExpr{op, parse_unary(false)});
  } else {
    base = parse_primary();
  }
  PostfixExpr chain;
  parse_postfix(chain, with_filters);
  if (chain.steps.empty()) {
    return base;
  }
  chain.base = std::move(base);
  return make_expr(offset, std::move(chain));
}

ExprPtr Parser::parse_primary() {
  const Token& token = current();
  const auto constant = [&](Value v) {
    advance();
    return make_expr(token.offset, Constant{std::move(v)});
  };
  switch (token.kind) {
    case TokenKind::name:
      if (token.text == "true" || token.text == "True") {
        return constant(make_bool(true));
      }
      if (token.text == "false" || token.text == "False") {
        return constant(make_bool(false));
      }
      if (token.text == "none" || token.text == "None") {
        return constant(make_none());
      }
      advance();
      ++uses_[symbol(token.text)];
      return make_expr(token.offset, NameExpr{symbol(token.text)});
    case TokenKind::string: {
      std::string text = token.text;  // literals side by side are one
      while (ahead().kind == TokenKind::string) {
        advance();
        text += current().text;
      }
      return constant(make_string(constant_str(std::move(text))));
    }
    case TokenKind::integer:
      return constant(make_int(token.integer));
    case TokenKind::real:
      return constant(make_real(token.real));
    default:
      break;
  }
  if (at_op("(")) {
    return parse_parenthesis();
  }
  if (at_op("[")) {
    return parse_list();
  }
  if (at_op("{")) {
    return parse_dict();
  }
  fail_unexpected("an expression");
}

ExprPtr Parser::parse_parenthesis() {
  const std::size_t offset = current().offset;
  expect_op("(");
  if (skip_op(")")) {
    return make_expr(offset, SequenceExpr{true, {}});
  }
  ExprPtr value = parse_tuple(Conditional::yes);
  expect_op(")");
  return value;
}

ExprPtr Parser::parse_list() {
  const std::size_t offset = current().offset;
  expect_op("[");
  SequenceExpr list;
  while (!at_op("]")) {
    if (!list.items.empty()) {
      expect_op(",");
      if (at_op("]")) {
        break;
      }
    }
    list.items.push_back(parse_expression());
  }
  expect_op("]");
  return make_expr(offset, std::move(list));
}

ExprPtr Parser::parse_dict() {
  const std::size_t offset = current().offset;
  expect_op("{");
  DictExpr dict;
  while (!at_op("}")) {
    if (!dict.entries.empty()) {
      expect_op(",");
      if (at_op("}")) {
        break;
      }
    }
    ExprPtr key = parse_expression();
    expect_op(":");
    dict.entries.emplace_back(std::move(key), parse_expression());
  }
  expect_op("}");
  return make_expr(offset, std::move(dict));
}

void Parser::parse_postfix(PostfixExpr& chain, bool with_filters) {
  while (true) {
    const std::size_t offset = current().offset;
    if (skip_op(".")) {
      parse_dot(chain);
    } else if (at_op("[")) {
      parse_subscript(chain);
    } else if (at_op("(")) {
      chain.steps.push_back(Step{offset, CallStep{parse_arguments()}});
    } else if (with_filters && skip_op("|")) {
      chain.steps.push_back(parse_filter(offset));
    } else if (with_filters && skip_name("is")) {
      chain.steps.push_back(parse_test(offset));
    } else {
      return;
    }
  }
}

void Parser::parse_dot(PostfixExpr& chain) {
  const Token token = current();
  if (token.kind == TokenKind::name) {
    chain.steps.push_back(Step{token.offset, AttributeStep{constant_str(token.text)}});
  } else if (token.kind == TokenKind::integer) {
    ExprPtr index = make_expr(token.offset, Constant{make_int(token.integer)});
    chain.steps.push_back(Step{token.offset, IndexStep{std::move(index)}});
  } else {
    fail_unexpected("a name or number after '.'");
  }
  advance();
}

void Parser::parse_subscript(PostfixExpr& chain) {
  const std::size_t offset = current().offset;
  expect_op("[");
  ExprPtr bounds[3];
  int part = 0;
  while (!at_op("]")) {
    if (at_op(":")) {
      if (++part > 2) {
        fail_unexpected("']'");
      }
      advance();
    } else if (bounds[part] == nullptr) {
      bounds[part] = parse_tuple(Conditional::yes);
    } else {
      fail_unexpected("']'");
    }
  }
  if (part == 0 && bounds[0] == nullptr) {
    fail_unexpected("an index");
  }
  expect_op("]");
  if (part == 0) {
    chain.steps.push_back(Step{offset, IndexStep{std::move(bounds[0])}});
    return;
  }
  SliceStep slice;
  for (int i = 0; i < 3; ++i) {
    slice.bounds[i] = std::move(bounds[i]);
  }
  chain.steps.push_back(Step{offset, std::move(slice)});
}

Step Parser::parse_filter(std::size_t offset) {
  const Token token = current();
  std::string name = expect_name();
  while (skip_op(".")) {
    name += "." + expect_name();
  }
  FilterStep step;
  step.filter = find_filter(name);
  if (step.filter == nullptr) {
    result_->source.fail(token.offset, "there is no filter " + quoted(name));
  }
  if (at_op("(")) {
    step.arguments = parse_arguments();
  }
  return Step{offset, std::move(step)};
}

Step Parser::parse_test(std::size_t offset) {
  TestStep step;
  step.negated = skip_name("not");
  const Token token = current();
  const std::string name = expect_name();
  step.test = find_test(name);
  if (step.test == nullptr) {
    result_->source.fail(token.offset, "there is no test " + quoted(name));
  }
  const TokenKind kind = current().kind;
  const bool takes_primary = kind == TokenKind::string || kind == TokenKind::integer ||
                             kind == TokenKind::real || at_op("[") || at_op("{") ||
                             (kind == TokenKind::name &&
                              !at_any({"else", "or", "and", "if", "is", "not", "in", "recursive"}));
  if (at_op("(")) {
    step.arguments = parse_arguments();
  } else if (takes_primary) {
    const std::size_t begin = current().offset;
    PostfixExpr chain;
    chain.base = parse_primary();
    parse_postfix(chain, false);
    step.arguments.positional.push_back(chain.steps.empty() ? std::move(chain.base)
                                                            : make_expr(begin, std::move(chain)));
  } else if (at_name("is")) {
    fail("tests cannot be chained with 'is'");
  }
  return Step{offset, std::move(step)};
}

Arguments Parser::parse_arguments() {
  expect_op("(");
  Arguments arguments;
  bool first = true;
  while (!at_op(")")) {
    if (!first) {
      expect_op(",");
      if (at_op(")")) {
        break;
      }
    }
    first = false;
    parse_argument(arguments);
  }
  expect_op(")");
  return arguments;
}

void Parser::parse_argument(Arguments& arguments) {
  if (at_op("*") || at_op("**")) {
    ExprPtr& slot = at_op("*") ? arguments.star : arguments.star_star;
    if (slot != nullptr || arguments.star_star != nullptr) {
      fail_unexpected("')'");
    }
    advance();
    slot = parse_expression();
    return;
  }
  const bool named =
      current().kind == TokenKind::name && ahead().kind == TokenKind::op && ahead().text == "=";
  if (arguments.star_star != nullptr || (!named && !arguments.named.empty())) {
    fail("a positional argument follows a named one");
  }
  if (!named) {
    arguments.positional.push_back(parse_expression());
    return;
  }
  const std::string name = expect_name();
  for (const auto& other : arguments.named) {
    if (other.first == name) {
      fail("the argument " + quoted(name) + " is given twice");
    }
  }
  expect_op("=");
  arguments.named.emplace_back(name, parse_expression());
}

}  // namespace ottobit::jinja
