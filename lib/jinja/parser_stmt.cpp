// SPDX-License-Identifier: Apache-2.0
// Statements: the tags of a template and the texts between them.
#include <array>
#include <utility>

#include "jinja/parser.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::array<std::pair<std::string_view, Builtin>, 7> kBuiltins = {{
    {"raise_exception", Builtin::raise_exception},
    {"strftime_now", Builtin::strftime_now},
    {"range", Builtin::range},
    {"namespace", Builtin::name_space},
    {"dict", Builtin::dict},
    {"joiner", Builtin::joiner},
    {"cycler", Builtin::cycler},
}};

Builtin builtin_named(std::string_view name) noexcept {
  for (const auto& [text, value] : kBuiltins) {
    if (text == name) {
      return value;
    }
  }
  return Builtin::none;
}

// What the current token is, for messages.
std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::data:
      return "text";
    case TokenKind::block_begin:
      return "'{%'";
    case TokenKind::block_end:
      return "'%}'";
    case TokenKind::variable_begin:
      return "'{{'";
    case TokenKind::variable_end:
      return "'}}'";
    case TokenKind::string:
      return "a string";
    case TokenKind::end:
      return "the end of the template";
    default:
      return "'" + token.text + "'";
  }
}

template <class Node>
void add(Body& body, std::size_t offset, Node node) {
  auto stmt = std::make_unique<Stmt>();
  stmt->offset = offset;
  stmt->node = std::move(node);
  body.push_back(std::move(stmt));
}

}  // namespace

Parser::Parser(Source source) : result_(std::make_shared<Template>(std::move(source))) {
  tokens_ = tokenize(result_->source);
  result_->known = {symbol("loop"), symbol("caller"), symbol("varargs"), symbol("kwargs")};
}

std::shared_ptr<const Template> Parser::parse() {
  result_->body = parse_body(0, "", {});
  return result_;
}

const Token& Parser::ahead() const noexcept {
  return tokens_[next_ + 1 < tokens_.size() ? next_ + 1 : next_];
}

void Parser::advance() noexcept {
  if (next_ + 1 < tokens_.size()) {
    ++next_;
  }
}

bool Parser::at_op(std::string_view op) const noexcept {
  return current().kind == TokenKind::op && current().text == op;
}

bool Parser::at_name(std::string_view name) const noexcept {
  return current().kind == TokenKind::name && current().text == name;
}

bool Parser::at_any(Names names) const noexcept {
  for (const std::string_view name : names) {
    if (at_name(name)) {
      return true;
    }
  }
  return false;
}

bool Parser::skip_op(std::string_view op) noexcept {
  const bool found = at_op(op);
  if (found) {
    advance();
  }
  return found;
}

bool Parser::skip_name(std::string_view name) noexcept {
  const bool found = at_name(name);
  if (found) {
    advance();
  }
  return found;
}

void Parser::expect_op(std::string_view op) {
  if (!skip_op(op)) {
    fail_unexpected("'" + std::string(op) + "'");
  }
}

std::string Parser::expect_name() {
  if (current().kind != TokenKind::name) {
    fail_unexpected("a name");
  }
  std::string name = current().text;
  advance();
  return name;
}

void Parser::expect(TokenKind kind) {
  if (current().kind != kind) {
    fail_unexpected(kind == TokenKind::block_end ? "'%}'" : "'}}'");
  }
  advance();
}

void Parser::fail(const std::string& message) const {
  result_->source.fail(current().offset, message);
}

void Parser::fail_unexpected(std::string_view expected) const {
  fail("unexpected " + describe(current()) + ", expected " + std::string(expected));
}

Symbol Parser::symbol(const std::string& name) {
  const auto [entry, added] = symbols_.emplace(name, static_cast<Symbol>(result_->names.size()));
  if (added) {
    result_->names.push_back(name);
    result_->builtins.push_back(builtin_named(name));
  }
  return entry->second;
}

Body Parser::parse_body(std::size_t opened, std::string_view tag, Names ends) {
  const Nest nest(*this);
  Body body;
  while (true) {
    const std::size_t offset = current().offset;
    switch (current().kind) {
      case TokenKind::data:
        add(body, offset, TextStmt{current().text});
        advance();
        break;
      case TokenKind::variable_begin:
        advance();
        add(body, offset, OutputStmt{parse_tuple(Conditional::yes)});
        expect(TokenKind::variable_end);
        break;
      case TokenKind::block_begin: {
        advance();
        if (at_any(ends)) {
          return body;
        }
        const Token name = current();
        if (name.kind != TokenKind::name) {
          fail_unexpected("the name of a tag");
        }
        advance();
        add_statement(body, name.offset, name.text);
        expect(TokenKind::block_end);
        break;
      }
      default:
        if (!tag.empty()) {
          result_->source.fail(opened, "the block '" + std::string(tag) + "' is not closed");
        }
        return body;
    }
  }
}

Body Parser::parse_block(std::size_t opened, std::string_view tag, Names ends) {
  skip_op(":");
  expect(TokenKind::block_end);
  return parse_body(opened, tag, ends);
}

void Parser::add_statement(Body& body, std::size_t offset, const std::string& tag) {
  if (tag == "if") {
    add(body, offset, parse_if(offset));
  } else if (tag == "for") {
    add(body, offset, parse_for(offset));
  } else if (tag == "set") {
    parse_set(body, offset);
  } else if (tag == "macro") {
    add(body, offset, parse_macro(offset));
  } else if (tag == "break" || tag == "continue") {
    if (loops_ == 0) {
      result_->source.fail(offset, "'" + tag + "' outside a loop");
    }
    if (tag == "break") {
      add(body, offset, BreakStmt{});
    } else {
      add(body, offset, ContinueStmt{});
    }
  } else if (!add_scope_statement(body, offset, tag)) {
    for (const std::string_view other :
         {"include", "import", "from", "extends", "block", "autoescape", "trans", "do", "debug"}) {
      if (tag == other) {
        result_->source.fail(offset, "the tag '" + tag + "' is not supported in chat templates");
      }
    }
    const bool misplaced = tag.rfind("end", 0) == 0 || tag == "else" || tag == "elif";
    result_->source.fail(offset, misplaced ? "unexpected '" + tag + "', no block of it is open"
                                           : "unknown tag '" + tag + "'");
  }
}

bool Parser::add_scope_statement(Body& body, std::size_t offset, const std::string& tag) {
  if (tag == "call") {
    add(body, offset, parse_call_block(offset));
  } else if (tag == "with") {
    add(body, offset, parse_with(offset));
  } else if (tag == "filter") {
    FilterBlockStmt node;
    node.filters = parse_filter_names();
    node.body = parse_block(offset, tag, {"endfilter"});
    advance();
    add(body, offset, std::move(node));
  } else if (tag == "generation") {  // marks the assistant's text for training; a scope here
    WithStmt node;
    node.body = parse_block(offset, tag, {"endgeneration"});
    advance();
    add(body, offset, std::move(node));
  } else {
    return false;
  }
  return true;
}

IfStmt Parser::parse_if(std::size_t offset) {
  IfStmt node;
  while (true) {
    ExprPtr condition = parse_tuple(Conditional::no);
    Body body = parse_block(offset, "if", {"elif", "else", "endif"});
    node.branches.emplace_back(std::move(condition), std::move(body));
    if (skip_name("elif")) {
      continue;
    }
    if (skip_name("else")) {
      node.otherwise = parse_block(offset, "if", {"endif"});
    }
    advance();
    return node;
  }
}

ForStmt Parser::parse_for(std::size_t offset) {
  ForStmt node;
  node.target = parse_target(false);
  if (node.target.items.empty() && node.target.name == result_->known.loop) {
    result_->source.fail(node.target.offset, "cannot assign to 'loop' in a for tag");
  }
  if (!skip_name("in")) {
    fail_unexpected("'in'");
  }
  node.iterable = parse_tuple(Conditional::no);
  if (skip_name("if")) {
    node.condition = parse_expression();
  }
  if (at_name("recursive")) {
    fail("recursive loops are not supported");
  }
  ++loops_;
  node.body = parse_block(offset, "for", {"else", "endfor"});
  --loops_;
  if (skip_name("else")) {
    node.otherwise = parse_block(offset, "for", {"endfor"});
  }
  advance();
  return node;
}

Symbol Parser::parse_plain_name() {
  const Token token = current();
  const std::string name = expect_name();
  for (const std::string_view reserved : {"true", "false", "none", "True", "False", "None"}) {
    if (name == reserved) {
      result_->source.fail(token.offset, "cannot assign to '" + name + "'");
    }
  }
  return symbol(name);
}

Target Parser::parse_target_name(bool with_attribute) {
  Target target;
  target.offset = current().offset;
  if (skip_op("(")) {
    const Nest nest(*this);
    target = parse_target(with_attribute);
    expect_op(")");
    return target;
  }
  target.name = parse_plain_name();
  if (with_attribute && skip_op(".")) {
    target.attribute = constant_str(expect_name());
  }
  return target;
}

Target Parser::parse_target(bool with_attribute) {
  Target first = parse_target_name(with_attribute);
  if (!at_op(",")) {
    return first;
  }
  Target tuple;
  tuple.offset = first.offset;
  tuple.items.push_back(std::move(first));
  while (skip_op(",")) {
    if (at_name("in") || at_op("=") || at_op(")")) {
      break;
    }
    tuple.items.push_back(parse_target_name(with_attribute));
  }
  return tuple;
}

void Parser::parse_set(Body& body, std::size_t offset) {
  Target target = parse_target(true);
  if (skip_op("=")) {
    add(body, offset, SetStmt{std::move(target), parse_tuple(Conditional::yes)});
    return;
  }
  SetBlockStmt node;
  node.target = std::move(target);
  if (at_op("|")) {
    advance();
    node.filters = parse_filter_names();
  }
  if (current().kind != TokenKind::block_end) {
    fail_unexpected("'=' or '%}'");
  }
  node.body = parse_block(offset, "set", {"endset"});
  advance();
  add(body, offset, std::move(node));
}

std::vector<Step> Parser::parse_filter_names() {
  std::vector<Step> filters;
  do {
    filters.push_back(parse_filter(current().offset));
  } while (skip_op("|"));
  return filters;
}

void Parser::parse_signature(MacroDef& macro) {
  expect_op("(");
  while (!at_op(")")) {
    if (!macro.parameters.empty()) {
      expect_op(",");
      if (at_op(")")) {
        break;
      }
    }
    macro.parameters.push_back(parse_plain_name());
    if (skip_op("=")) {
      macro.defaults.push_back(parse_expression());
    } else if (!macro.defaults.empty()) {
      fail("a parameter without a default follows one with a default");
    }
  }
  expect_op(")");
}

void Parser::parse_macro_body(MacroDef& macro, std::size_t offset, std::string_view tag,
                              std::string_view end) {
  const WellKnown& known = result_->known;
  const std::size_t varargs = uses_[known.varargs];
  const std::size_t kwargs = uses_[known.kwargs];
  const std::size_t caller = uses_[known.caller];
  const int loops = std::exchange(loops_, 0);
  macro.body = parse_block(offset, tag, {end});
  loops_ = loops;
  advance();
  macro.uses_varargs = uses_[known.varargs] != varargs;
  macro.uses_kwargs = uses_[known.kwargs] != kwargs;
  macro.uses_caller = uses_[known.caller] != caller;
}

MacroStmt Parser::parse_macro(std::size_t offset) {
  MacroStmt node;
  node.macro.name = parse_plain_name();
  node.macro.text_name = result_->names[node.macro.name];
  parse_signature(node.macro);
  parse_macro_body(node.macro, offset, "macro", "endmacro");
  return node;
}

CallBlockStmt Parser::parse_call_block(std::size_t offset) {
  CallBlockStmt node;
  node.caller.name = result_->known.caller;
  node.caller.text_name = "caller";
  if (at_op("(")) {
    parse_signature(node.caller);
  }
  const std::size_t begin = current().offset;
  node.call = parse_expression();
  const auto* chain = std::get_if<PostfixExpr>(&node.call->node);
  if (chain == nullptr || !std::holds_alternative<CallStep>(chain->steps.back().what)) {
    result_->source.fail(begin, "a call block expects a call");
  }
  parse_macro_body(node.caller, offset, "call", "endcall");
  return node;
}

WithStmt Parser::parse_with(std::size_t offset) {
  WithStmt node;
  while (current().kind != TokenKind::block_end) {
    if (!node.values.empty()) {
      expect_op(",");
    }
    Target target = parse_target_name(false);
    expect_op("=");
    node.values.emplace_back(std::move(target), parse_expression());
  }
  node.body = parse_block(offset, "with", {"endwith"});
  advance();
  return node;
}

}  // namespace ottobit::jinja
