// SPDX-License-Identifier: Apache-2.0
// What filters, tests, methods and operators share while a template runs: the heap and the budget,
// the arguments of a call, printing as Python prints, iteration. Positions are not known here; the
// evaluator adds them to a RenderError on its way out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja/clock.hpp"
#include "jinja/value.hpp"

namespace ottobit::jinja {

/// The state of one rendering; used by one thread.
struct Runtime {
  Budget budget;
  Heap heap{budget};
  /// What strftime_now prints; absent: the clock.
  std::optional<LocalTime> now;

  Value text(StrBuilder builder) { return make_string(make_str(budget, std::move(builder))); }
  Value text(const std::string& plain) { return make_string(make_str(budget, plain)); }
};

/// The evaluated arguments of a call.
struct Args {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// Takes arguments by position or by name, as the signature of a Python function would.
class ArgReader {
 public:
  /// `what` is the name of the callee in messages.
  ArgReader(std::string_view what, const Args& args) : what_(what), args_(args) {}

  /// The next argument of the signature, or null where the caller left it out.
  const Value* optional(std::string_view name);
  /// The next argument; raises where it was left out.
  const Value& required(std::string_view name);
  /// As optional(), with the type checked; none counts as left out.
  std::int64_t integer(std::string_view name, std::int64_t otherwise);
  bool flag(std::string_view name, bool otherwise);
  /// Null where left out or none.
  StrRef string(std::string_view name);
  /// Raises where arguments are left over.
  void finish() const;

 private:
  std::string_view what_;
  const Args& args_;
  std::size_t next_ = 0;
  std::size_t named_used_ = 0;
};

/// Python's str(): the text itself of a string.
StrRef to_str(Runtime& rt, const Value& v);
/// Appends str(v).
void append_str(Runtime& rt, StrBuilder& out, const Value& v);
/// Appends repr(v).
void append_repr(Runtime& rt, StrBuilder& out, const Value& v, int depth = 0);
/// Python's repr of a floating point number: the shortest digits that read back the same.
std::string real_repr(double d);
/// Digits of a number as str() gives them; empty for anything else.
std::string number_text(const Value& v);

/// Items of anything iterable, copied; a generator is used up. Raises
/// "'NoneType' object is not iterable".
std::vector<Value> iterate(Runtime& rt, const Value& v);
/// Python's len(); raises "object of type 'int' has no len()".
std::size_t length(Runtime& rt, const Value& v);
/// object[index] and object.name as the sandbox of transformers resolves them; undefined where
/// there is no such thing.
Value get_item(Runtime& rt, const Value& object, const Value& index);
Value get_attribute(Runtime& rt, const Value& object, const StrRef& name);
/// object[start:stop:step]; null: left out.
Value get_slice(Runtime& rt, const Value& object, const Value* bounds[3]);
/// needle in haystack.
bool contains(Runtime& rt, const Value& haystack, const Value& needle);
/// Refuses keys that Python cannot hash.
void check_key(const Value& key);

/// Parses JSON text into values; `from_caller` marks everything in it as the caller's.
Value parse_json_value(Runtime& rt, std::string_view text, bool from_caller);

/// How tojson writes, as json.dumps.
struct JsonStyle {
  std::optional<std::string> indent;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool ensure_ascii = false;
  bool sort_keys = false;
};
Value to_json(Runtime& rt, const Value& v, const JsonStyle& style);

/// format % value, Python's % operator on a string.
Value percent_format(Runtime& rt, const StrRef& format, const Value& value);
/// format.format(*args, **kwargs).
Value brace_format(Runtime& rt, const StrRef& format, const Args& args);

}  // namespace ottobit::jinja
