// SPDX-License-Identifier: Apache-2.0
// Turns tokens into the syntax tree by recursive descent. Grammar and precedence are Jinja's; what
// is not supported is an error with line and column, never silently something else.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/stack_room.hpp"
#include "jinja/ast.hpp"
#include "jinja/lexer.hpp"

namespace ottobit::jinja {

/// How deep tags, brackets and operators may nest, where the stack has room for them.
inline constexpr int kMaxNesting = 100;

class Parser {
 public:
  explicit Parser(Source source);

  /// Throws Error{chat_template, name, "line L, column C: ..."}.
  std::shared_ptr<const Template> parse();

 private:
  using Names = std::initializer_list<std::string_view>;
  class Nest;  // counts one level for as long as it lives

  // Tokens.
  [[nodiscard]] const Token& current() const noexcept { return tokens_[next_]; }
  [[nodiscard]] const Token& ahead() const noexcept;
  void advance() noexcept;
  [[nodiscard]] bool at_op(std::string_view op) const noexcept;
  [[nodiscard]] bool at_name(std::string_view name) const noexcept;
  [[nodiscard]] bool at_any(Names names) const noexcept;
  bool skip_op(std::string_view op) noexcept;
  bool skip_name(std::string_view name) noexcept;
  void expect_op(std::string_view op);
  std::string expect_name();
  void expect(TokenKind kind);
  [[noreturn]] void fail(const std::string& message) const;
  [[noreturn]] void fail_unexpected(std::string_view expected) const;
  Symbol symbol(const std::string& name);

  // Statements (parser_stmt.cpp).
  Body parse_body(std::size_t opened, std::string_view tag, Names ends);
  /// The rest of a tag, the body, and its closing tag.
  Body parse_block(std::size_t opened, std::string_view tag, Names ends);
  void add_statement(Body& body, std::size_t offset, const std::string& tag);
  bool add_scope_statement(Body& body, std::size_t offset, const std::string& tag);
  IfStmt parse_if(std::size_t offset);
  ForStmt parse_for(std::size_t offset);
  void parse_set(Body& body, std::size_t offset);
  MacroStmt parse_macro(std::size_t offset);
  /// The body of a macro or call block, which may use varargs, kwargs and caller.
  void parse_macro_body(MacroDef& macro, std::size_t offset, std::string_view tag,
                        std::string_view end);
  CallBlockStmt parse_call_block(std::size_t offset);
  WithStmt parse_with(std::size_t offset);
  void parse_signature(MacroDef& macro);
  Target parse_target(bool with_attribute);
  Target parse_target_name(bool with_attribute);
  Symbol parse_plain_name();
  std::vector<Step> parse_filter_names();

  // Expressions (parser_expr.cpp).
  enum class Conditional : bool { no, yes };
  ExprPtr parse_tuple(Conditional conditional);
  ExprPtr parse_expression(Conditional conditional = Conditional::yes);
  ExprPtr parse_conditional();
  ExprPtr parse_condition(std::size_t offset, ExprPtr value);
  ExprPtr parse_logic(bool conjunction);
  ExprPtr parse_logic_chain(bool conjunction, std::size_t offset, ExprPtr first);
  ExprPtr parse_not();
  ExprPtr parse_compare();
  ExprPtr parse_comparisons(std::size_t offset, ExprPtr first, Operator op, std::size_t at);
  bool take_comparison(Operator& op);
  /// How tightly operators hold their operands, from the loosest.
  enum class Binding : std::uint8_t { sum, concat, product, power, operand };
  [[nodiscard]] bool at_operator(Binding binding) const noexcept;
  ExprPtr parse_chain(Binding loosest);
  ExprPtr parse_operators(Binding binding, std::size_t offset, ExprPtr first);
  ExprPtr parse_unary(bool with_filters);
  ExprPtr parse_primary();
  ExprPtr parse_parenthesis();
  ExprPtr parse_list();
  ExprPtr parse_dict();
  void parse_postfix(PostfixExpr& chain, bool with_filters);
  void parse_subscript(PostfixExpr& chain);
  void parse_dot(PostfixExpr& chain);
  Step parse_filter(std::size_t offset);
  Step parse_test(std::size_t offset);
  Arguments parse_arguments();
  void parse_argument(Arguments& arguments);
  [[nodiscard]] bool at_expression_end() const noexcept;

  std::shared_ptr<Template> result_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::map<std::string, Symbol> symbols_;
  std::map<Symbol, std::size_t> uses_;  // how often each name was read so far
  StackRoom stack_;
  int nesting_ = 0;
  int loops_ = 0;  // loops around the current place, for break and continue
};

class Parser::Nest {
 public:
  explicit Nest(Parser& parser) : parser_(parser) {
    if (!parser_.stack_.left()) {
      parser_.fail("nested deeper than the stack of the calling thread has room for");
    }
    if (++parser_.nesting_ > kMaxNesting) {
      parser_.fail("nested deeper than 100 levels");
    }
  }
  ~Nest() { --parser_.nesting_; }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

 private:
  Parser& parser_;
};

/// A node of the tree.
template <class Node>
ExprPtr make_expr(std::size_t offset, Node node) {
  auto expr = std::make_unique<Expr>();
  expr->offset = offset;
  expr->node = std::move(node);
  return expr;
}

}  // namespace ottobit::jinja
