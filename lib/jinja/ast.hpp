// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a template. Chains (a + b - c, x.y[0]|f, a and b, if/elif) are lists in one
// node, so that the tree is only as deep as the template nests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "jinja/filters.hpp"
#include "jinja/source.hpp"
#include "jinja/value.hpp"

namespace ottobit::jinja {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using Body = std::vector<std::unique_ptr<Stmt>>;

/// Index into Template::names.
using Symbol = std::uint32_t;

struct Constant {
  Value value;
};
struct NameExpr {
  Symbol name = 0;
};
struct SequenceExpr {
  bool tuple = false;
  std::vector<ExprPtr> items;
};
struct DictExpr {
  std::vector<std::pair<ExprPtr, ExprPtr>> entries;
};
struct NegateExpr {
  char op = '-';  // '-', '+' or '!' (not)
  ExprPtr operand;
};

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
};

struct Operand {
  Operator op = Operator::add;
  ExprPtr value;
  std::size_t offset = 0;
};
/// first op value op value ..., from left to right.
struct ArithmeticExpr {
  ExprPtr first;
  std::vector<Operand> rest;
};
/// first < second == third ...: true where each pair holds.
struct CompareExpr {
  ExprPtr first;
  std::vector<Operand> rest;
};
struct ConcatExpr {
  std::vector<ExprPtr> items;
};
struct LogicExpr {
  bool conjunction = false;  // and; otherwise or
  std::vector<ExprPtr> items;
};
struct ConditionalExpr {
  ExprPtr condition;
  ExprPtr yes;
  ExprPtr no;  // null: undefined
};

struct Arguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star;       // *args
  ExprPtr star_star;  // **kwargs
};

struct AttributeStep {
  StrRef name;
};
struct IndexStep {
  ExprPtr index;
};
struct SliceStep {
  ExprPtr bounds[3];
};
struct CallStep {
  Arguments arguments;
};
struct FilterStep {
  const Filter* filter = nullptr;
  Arguments arguments;
};
struct TestStep {
  const Test* test = nullptr;
  bool negated = false;
  Arguments arguments;
};
struct Step {
  std::size_t offset = 0;
  std::variant<AttributeStep, IndexStep, SliceStep, CallStep, FilterStep, TestStep> what;
};
/// base.attribute[index](call)|filter is test ...
struct PostfixExpr {
  ExprPtr base;
  std::vector<Step> steps;
};

struct Expr {
  std::size_t offset = 0;
  std::variant<Constant, NameExpr, SequenceExpr, DictExpr, NegateExpr, ArithmeticExpr, CompareExpr,
               ConcatExpr, LogicExpr, ConditionalExpr, PostfixExpr>
      node;
};

/// What is assigned to: a name, an attribute of a namespace, or a tuple of these.
struct Target {
  std::size_t offset = 0;
  Symbol name = 0;
  StrRef attribute;           // null: the name itself
  std::vector<Target> items;  // not empty: a tuple
};

struct TextStmt {
  std::string text;
};
struct OutputStmt {
  ExprPtr value;
};
struct IfStmt {
  std::vector<std::pair<ExprPtr, Body>> branches;
  Body otherwise;
};
struct ForStmt {
  Target target;
  ExprPtr iterable;
  ExprPtr condition;  // null: all items
  Body body;
  Body otherwise;
};
struct SetStmt {
  Target target;
  ExprPtr value;
};
struct SetBlockStmt {
  Target target;
  std::vector<Step> filters;
  Body body;
};
/// A macro, or the body of a call block.
struct MacroDef {
  Symbol name = 0;
  std::string text_name;
  std::vector<Symbol> parameters;
  std::vector<ExprPtr> defaults;  // of the last parameters
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
  Body body;
};
struct MacroStmt {
  MacroDef macro;
};
struct CallBlockStmt {
  MacroDef caller;
  ExprPtr call;  // a PostfixExpr whose last step is a CallStep
};
struct FilterBlockStmt {
  std::vector<Step> filters;
  Body body;
};
struct WithStmt {
  std::vector<std::pair<Target, ExprPtr>> values;
  Body body;
};
struct BreakStmt {};
struct ContinueStmt {};

struct Stmt {
  std::size_t offset = 0;
  std::variant<TextStmt, OutputStmt, IfStmt, ForStmt, SetStmt, SetBlockStmt, MacroStmt,
               CallBlockStmt, FilterBlockStmt, WithStmt, BreakStmt, ContinueStmt>
      node;
};

/// Names the engine itself gives a meaning.
struct WellKnown {
  Symbol loop = 0, caller = 0, varargs = 0, kwargs = 0;
};

/// A parsed template; immutable, shared between threads.
struct Template {
  explicit Template(Source text) : source(std::move(text)) {}

  Source source;
  std::vector<std::string> names;
  std::vector<Builtin> builtins;  // what each name means where nothing else gives it a value
  WellKnown known;
  Body body;
};

}  // namespace ottobit::jinja
