// SPDX-License-Identifier: Apache-2.0
// The values templates work on, with Python's meaning: what is true, what is equal, what orders,
// and how it prints. Containers live in a Heap that one rendering owns and frees as a whole, so
// that neither cycles nor deep nesting can leak or exhaust the stack; values point into it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jinja/text.hpp"

namespace ottobit::jinja {

struct Seq;
struct Loop;
struct Callable;

enum class Kind : std::uint8_t {
  undefined,
  none,
  boolean,
  integer,
  real,
  string,
  sequence,
  dict,
  name_space,
  loop,
  callable,
};

/// Nesting that printing, comparing and JSON follow before they give up.
inline constexpr int kMaxValueDepth = 200;

/// One value; 32 bytes, cheap to copy. Containers are shared, not copied.
struct Value {
  Kind kind = Kind::undefined;
  /// A number, boolean or none of the caller: prints as the caller's text.
  bool content = false;
  union {
    std::int64_t i = 0;
    bool b;
    double d;
    Seq* seq;
    Dict* dict;
    Loop* loop;
    Callable* callable;
  };
  /// The text of a string; of an undefined value: the error that using it raises; of an integer
  /// beyond 64 bits (kept as real): its digits.
  StrRef str;

  [[nodiscard]] bool is(Kind k) const noexcept { return kind == k; }
  [[nodiscard]] bool is_number() const noexcept {
    return kind == Kind::boolean || kind == Kind::integer || kind == Kind::real;
  }
  /// The integer of an integer or boolean.
  [[nodiscard]] std::int64_t integer() const noexcept {
    return kind == Kind::boolean ? (b ? 1 : 0) : i;
  }
  /// The number as floating point.
  [[nodiscard]] double real() const noexcept {
    return kind == Kind::real ? d : static_cast<double>(integer());
  }
};

Value make_none();
Value make_bool(bool b);
Value make_int(std::int64_t i);
Value make_int(std::size_t i);
Value make_real(double d);
Value make_string(StrRef s);
Value make_dict_value(Dict* dict);
/// An undefined value; `message` is the error that using it raises.
Value make_undefined(std::string message);

enum class SeqKind : std::uint8_t { list, tuple, range, keys, values, items, generator };

/// Lists and everything that iterates like one. Keys, values and items are what a dict gives; a
/// generator gives each item once.
struct Seq {
  /// True for what has positions: list, tuple, range.
  [[nodiscard]] bool indexable() const noexcept { return kind <= SeqKind::range; }

  SeqKind kind = SeqKind::list;
  /// The caller's own list: its brackets and commas are the caller's text, too.
  bool content = false;
  std::vector<Value> items;
};

/// A mapping that keeps insertion order. Keys are strings, numbers, booleans, none or tuples.
struct Dict {
  explicit Dict(Budget& counted) : budget(&counted) {}

  Budget* budget;  // pays for searching
  bool content = false;
  std::vector<std::pair<Value, Value>> entries;

  [[nodiscard]] const Value* find(const Value& key) const;
  [[nodiscard]] const Value* find(std::string_view key) const;
  void set(const Value& key, Value value);
  /// False where there was no such key.
  bool erase(const Value& key);
  void clear();

 private:
  [[nodiscard]] std::size_t position(const Value& key) const;
  [[nodiscard]] std::size_t position(std::string_view key) const;

  // Index of the string keys, kept from 16 entries on.
  std::unordered_map<std::string_view, std::size_t> index_;
};

struct MacroDef;
struct Method;
struct ForStmt;
struct Scope;

/// The functions every template can call.
enum class Builtin : std::uint8_t {
  none,
  raise_exception,
  strftime_now,
  range,
  name_space,
  dict,
  joiner,
  cycler,
};

enum class CallableKind : std::uint8_t { builtin, method, macro, joiner, cycler, named };

/// Anything that can be called.
struct Callable {
  CallableKind kind = CallableKind::builtin;
  Builtin builtin = Builtin::none;
  const Method* method = nullptr;  // of self
  const MacroDef* macro = nullptr;
  Scope* scope = nullptr;    // where the macro was defined
  Value self;                // of a method; the cycler or loop of a named
  std::string_view name;     // of a named: which function of self
  std::vector<Value> items;  // of a cycler; of a joiner its separator
  std::size_t next = 0;      // of a cycler; of a joiner how often it was called
};

/// A running for loop, as `loop` shows it. Items are drawn, and filtered, only when asked for.
struct Loop {
  const ForStmt* stmt = nullptr;
  Scope* scope = nullptr;  // around the loop
  std::vector<Value> source;
  std::size_t drawn = 0;         // items of source looked at so far
  std::vector<Value> lookahead;  // drawn and passed, not yet current
  std::int64_t index0 = -1;
  Value previous;
  Value current;
  std::vector<Value> changed;  // what loop.changed saw last
  bool changed_called = false;
};

/// Owns the containers of one rendering and counts what they take.
class Heap {
 public:
  explicit Heap(Budget& budget) : budget_(budget) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  ~Heap() = default;

  Value sequence(std::vector<Value> items, SeqKind kind);
  Value list(std::vector<Value> items) { return sequence(std::move(items), SeqKind::list); }
  Value tuple(std::vector<Value> items) { return sequence(std::move(items), SeqKind::tuple); }
  Value generator(std::vector<Value> items) {
    return sequence(std::move(items), SeqKind::generator);
  }
  Value dict();
  Value name_space();
  Value callable(Callable c);
  Value loop(Loop l);

 private:
  Budget& budget_;
  std::deque<Seq> sequences_;
  std::deque<Dict> dicts_;
  std::deque<Callable> callables_;
  std::deque<Loop> loops_;
};

/// Raises the error that using the undefined value v means.
[[noreturn]] void raise_undefined(const Value& v);

/// Python's name of the type: "str", "NoneType", "dict", ...
std::string_view type_name(const Value& v) noexcept;
/// As Jinja's messages name the object: "dict object", "None".
std::string object_name(const Value& v);

bool truth(const Value& v) noexcept;
/// Python's ==. `budget` pays for what is looked at.
bool equal(Budget& budget, const Value& a, const Value& b, int depth = 0);
/// Python's <; raises where the types have no order. `op` is for the message.
bool less(Budget& budget, const Value& a, const Value& b, std::string_view op = "<", int depth = 0);

}  // namespace ottobit::jinja
