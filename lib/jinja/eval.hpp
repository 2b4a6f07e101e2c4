// SPDX-License-Identifier: Apache-2.0
// Runs a template: walks the syntax tree with a chain of scopes, as Jinja's generated code would
// behave. One Evaluator renders once, on one thread. Depth, steps, memory and output are bounded.
#pragma once

#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja/ast.hpp"
#include "jinja/runtime.hpp"

namespace ottobit::jinja {

/// Levels of expressions, blocks and macro calls that may be active at once, where the stack has
/// room for them: one takes about half a KiB, a recursive macro over a nested schema about ten for
/// each of its own.
inline constexpr int kMaxEvalDepth = 400;

/// Variables of one block. A macro keeps the scope around its definition alive.
struct Scope {
  Scope* parent = nullptr;
  std::vector<std::pair<Symbol, Value>> variables;
  bool captured = false;
};

class Evaluator {
 public:
  Evaluator(const Template& parsed, Runtime& runtime);

  /// Gives a variable of the template its value; ignored where the template has no such name.
  void set_variable(std::string_view name, Value value);
  /// The rendered text. Throws Error{chat_template}: with the template's own message for
  /// raise_exception, else with line and column.
  StrBuilder render();

 private:
  enum class Flow : std::uint8_t { next, leave_loop, next_item };
  class Depth;
  class Inner;  // a scope that lives as long as a block

  // Statements (eval_stmt.cpp).
  Flow run(const Body& body, Scope& scope, StrBuilder& out);
  Flow run(const TextStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const OutputStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const IfStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const ForStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const SetStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const SetBlockStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const MacroStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const CallBlockStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const FilterBlockStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const WithStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const BreakStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run(const ContinueStmt& stmt, Scope& scope, StrBuilder& out);
  Flow run_captured(const Body& body, Scope& scope, Value& text);
  void assign(const Target& target, const Value& value, Scope& scope);
  void assign_name(Symbol name, Value value, Scope& scope);
  Value define_macro(const MacroDef& macro, Scope& scope);
  bool next_item(Loop& loop);
  bool draw(Loop& loop, Value& item);

  // Expressions (eval_expr.cpp).
  Value eval(const Expr& expr, Scope& scope);
  Value eval(const Constant& node, Scope& scope);
  Value eval(const NameExpr& node, Scope& scope);
  Value eval(const SequenceExpr& node, Scope& scope);
  Value eval(const DictExpr& node, Scope& scope);
  Value eval(const NegateExpr& node, Scope& scope);
  Value eval(const ArithmeticExpr& node, Scope& scope);
  Value eval(const CompareExpr& node, Scope& scope);
  Value eval(const ConcatExpr& node, Scope& scope);
  Value eval(const LogicExpr& node, Scope& scope);
  Value eval(const ConditionalExpr& node, Scope& scope);
  Value eval(const PostfixExpr& node, Scope& scope);
  Value apply(const Step& step, Value value, Scope& scope);
  Value apply_slice(const SliceStep& step, const Value& value, Scope& scope);
  Args eval_arguments(const Arguments& arguments, Scope& scope);
  void add_star_arguments(const Arguments& arguments, Args& args, Scope& scope);
  Value lookup(Symbol name, Scope& scope);

  // Calls (eval_call.cpp).
  Value call(const Value& callee, const Args& args);
  Value call_builtin(Builtin builtin, const Args& args);
  Value call_macro(const Callable& callable, const Args& args);
  void bind_parameters(const MacroDef& macro, const Args& args, Scope& scope);
  void bind_extras(const MacroDef& macro, const Args& args, Scope& scope);
  Value call_named(const Callable& callable, const Args& args);
  Value loop_attribute(const Value& loop, std::string_view name);
  Value make_range(const Args& args);
  Value fill_mapping(Value mapping, const Args& args);

  Scope& acquire(Scope& parent);
  void release(Scope& scope);

  const Template& template_;
  Runtime& rt_;
  Scope root_;
  std::vector<std::pair<bool, Value>> globals_;  // the variables of root_, by symbol
  std::deque<Scope> scopes_;
  std::vector<Scope*> free_scopes_;
  std::size_t at_ = 0;  // offset of what runs, for errors
  int depth_ = 0;
};

class Evaluator::Depth {
 public:
  explicit Depth(Evaluator& evaluator) : evaluator_(evaluator) {
    evaluator_.rt_.budget.charge(0);
    evaluator_.rt_.budget.descend();
    if (++evaluator_.depth_ > kMaxEvalDepth) {
      --evaluator_.depth_;
      raise("blocks, expressions and macro calls nest deeper than 400 levels");
    }
  }
  ~Depth() { --evaluator_.depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  Evaluator& evaluator_;
};

class Evaluator::Inner {
 public:
  Inner(Evaluator& evaluator, Scope& parent)
      : evaluator_(evaluator), scope_(evaluator.acquire(parent)) {}
  ~Inner() { evaluator_.release(scope_); }
  Inner(const Inner&) = delete;
  Inner& operator=(const Inner&) = delete;

  Scope& operator*() noexcept { return scope_; }

 private:
  Evaluator& evaluator_;
  Scope& scope_;
};

}  // namespace ottobit::jinja
