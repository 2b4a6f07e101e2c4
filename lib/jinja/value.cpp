// SPDX-License-Identifier: Apache-2.0
// What values are equal, ordered, true; the containers and their heap.
#include "jinja/value.hpp"

#include <algorithm>
#include <cmath>

namespace ottobit::jinja {

namespace {

constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);
constexpr std::size_t kIndexFrom = 16;

void check_depth(int depth) {
  if (depth > kMaxValueDepth) {
    raise("a value is nested deeper than 200 levels");
  }
}

bool equal_items(Budget& budget, const std::vector<Value>& a, const std::vector<Value>& b,
                 int depth) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(budget, a[i], b[i], depth + 1)) {
      return false;
    }
  }
  return true;
}

bool equal_dicts(Budget& budget, const Dict& a, const Dict& b, int depth) {
  if (a.entries.size() != b.entries.size()) {
    return false;
  }
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key);
    if (other == nullptr || !equal(budget, value, *other, depth + 1)) {
      return false;
    }
  }
  return true;
}

bool equal_sequences(Budget& budget, const Seq& a, const Seq& b, int depth) {
  if (&a == &b) {
    return true;
  }
  const bool comparable = a.kind == b.kind && a.kind != SeqKind::generator;
  return comparable && equal_items(budget, a.items, b.items, depth);
}

// Exact also where a 64-bit integer has no double of its own.
int compare_numbers(const Value& a, const Value& b) noexcept {
  if (!a.is(Kind::real) && !b.is(Kind::real)) {
    const std::int64_t x = a.integer();
    const std::int64_t y = b.integer();
    return x < y ? -1 : (x > y ? 1 : 0);
  }
  const long double x =
      a.is(Kind::real) ? static_cast<long double>(a.d) : static_cast<long double>(a.integer());
  const long double y =
      b.is(Kind::real) ? static_cast<long double>(b.d) : static_cast<long double>(b.integer());
  if (std::isnan(x) || std::isnan(y)) {
    return 2;
  }
  return x < y ? -1 : (x > y ? 1 : 0);
}

bool is_ordered_sequence(const Value& v) noexcept {
  return v.is(Kind::sequence) && (v.seq->kind == SeqKind::list || v.seq->kind == SeqKind::tuple);
}

}  // namespace

Value make_none() {
  Value v;
  v.kind = Kind::none;
  return v;
}

Value make_bool(bool b) {
  Value v;
  v.kind = Kind::boolean;
  v.b = b;
  return v;
}

Value make_int(std::int64_t i) {
  Value v;
  v.kind = Kind::integer;
  v.i = i;
  return v;
}

Value make_int(std::size_t i) {
  return make_int(static_cast<std::int64_t>(i));
}

Value make_real(double d) {
  Value v;
  v.kind = Kind::real;
  v.d = d;
  return v;
}

Value make_string(StrRef s) {
  Value v;
  v.kind = Kind::string;
  v.str = std::move(s);
  return v;
}

Value make_dict_value(Dict* dict) {
  Value v;
  v.kind = Kind::dict;
  v.dict = dict;
  return v;
}

Value make_undefined(std::string message) {
  Value v;
  v.str = constant_str(std::move(message));
  return v;
}

void raise_undefined(const Value& v) {
  raise(v.str != nullptr ? v.str->text : std::string("the value is undefined"));
}

std::size_t Dict::position(std::string_view key) const {
  if (!index_.empty()) {
    const auto found = index_.find(key);
    return found == index_.end() ? kNotFound : found->second;
  }
  budget->charge(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].first.is(Kind::string) && entries[i].first.str->text == key) {
      return i;
    }
  }
  return kNotFound;
}

std::size_t Dict::position(const Value& key) const {
  if (key.is(Kind::string)) {
    return position(std::string_view(key.str->text));
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (equal(*budget, entries[i].first, key)) {
      return i;
    }
  }
  return kNotFound;
}

const Value* Dict::find(const Value& key) const {
  const std::size_t at = position(key);
  return at == kNotFound ? nullptr : &entries[at].second;
}

const Value* Dict::find(std::string_view key) const {
  const std::size_t at = position(key);
  return at == kNotFound ? nullptr : &entries[at].second;
}

void Dict::set(const Value& key, Value value) {
  const std::size_t at = position(key);
  if (at != kNotFound) {
    entries[at].second = std::move(value);
    return;
  }
  entries.emplace_back(key, std::move(value));
  if (!index_.empty() && key.is(Kind::string)) {
    index_.emplace(key.str->text, entries.size() - 1);
  } else if (index_.empty() && entries.size() >= kIndexFrom) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].first.is(Kind::string)) {
        index_.emplace(entries[i].first.str->text, i);
      }
    }
  }
}

bool Dict::erase(const Value& key) {
  const std::size_t at = position(key);
  if (at == kNotFound) {
    return false;
  }
  index_.clear();  // positions shift; built again by the next set
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

void Dict::clear() {
  index_.clear();
  entries.clear();
}

Value Heap::sequence(std::vector<Value> items, SeqKind kind) {
  budget_.charge(items.size());
  budget_.allocate(sizeof(Seq) + items.size() * sizeof(Value));
  Value v;
  v.kind = Kind::sequence;
  v.seq = &sequences_.emplace_back(Seq{kind, false, std::move(items)});
  return v;
}

Value Heap::dict() {
  budget_.charge(1);
  budget_.allocate(sizeof(Dict));
  return make_dict_value(&dicts_.emplace_back(budget_));
}

Value Heap::name_space() {
  Value v = dict();
  v.kind = Kind::name_space;
  return v;
}

Value Heap::callable(Callable c) {
  budget_.charge(1);
  budget_.allocate(sizeof(Callable));
  Value v;
  v.kind = Kind::callable;
  v.callable = &callables_.emplace_back(std::move(c));
  return v;
}

Value Heap::loop(Loop l) {
  budget_.charge(l.source.size());
  budget_.allocate(sizeof(Loop) + l.source.size() * sizeof(Value));
  Value v;
  v.kind = Kind::loop;
  v.loop = &loops_.emplace_back(std::move(l));
  return v;
}

namespace {

std::string_view sequence_type_name(SeqKind kind) noexcept {
  switch (kind) {
    case SeqKind::list:
      return "list";
    case SeqKind::tuple:
      return "tuple";
    case SeqKind::range:
      return "range";
    case SeqKind::keys:
      return "dict_keys";
    case SeqKind::values:
      return "dict_values";
    case SeqKind::items:
      return "dict_items";
    case SeqKind::generator:
      break;
  }
  return "generator";
}

std::string_view callable_type_name(CallableKind kind) noexcept {
  switch (kind) {
    case CallableKind::macro:
      return "Macro";
    case CallableKind::joiner:
      return "Joiner";
    case CallableKind::cycler:
      return "Cycler";
    case CallableKind::builtin:
      return "function";
    case CallableKind::method:
    case CallableKind::named:
      break;
  }
  return "builtin_function_or_method";
}

}  // namespace

std::string_view type_name(const Value& v) noexcept {
  switch (v.kind) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return v.str != nullptr ? "int" : "float";
    case Kind::string:
      return "str";
    case Kind::sequence:
      return sequence_type_name(v.seq->kind);
    case Kind::dict:
      return "dict";
    case Kind::name_space:
      return "Namespace";
    case Kind::loop:
      return "LoopContext";
    case Kind::callable:
      break;
  }
  return callable_type_name(v.callable->kind);
}

std::string object_name(const Value& v) {
  if (v.is(Kind::none)) {
    return "None";
  }
  return std::string(type_name(v)) + " object";
}

bool truth(const Value& v) noexcept {
  switch (v.kind) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
      return v.b;
    case Kind::integer:
      return v.i != 0;
    case Kind::real:
      return v.d != 0.0;
    case Kind::string:
      return !v.str->text.empty();
    case Kind::sequence:
      return v.seq->kind == SeqKind::generator || !v.seq->items.empty();
    case Kind::dict:
      return !v.dict->entries.empty();
    case Kind::name_space:
    case Kind::loop:
    case Kind::callable:
      break;
  }
  return true;
}

bool equal(Budget& budget, const Value& a, const Value& b, int depth) {
  check_depth(depth);
  budget.descend();
  budget.charge(0);
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b) == 0;
  }
  if (a.kind != b.kind) {
    return false;
  }
  switch (a.kind) {
    case Kind::string:
      budget.charge_bytes(std::min(a.str->text.size(), b.str->text.size()));
      return a.str->text == b.str->text;
    case Kind::sequence:
      return equal_sequences(budget, *a.seq, *b.seq, depth);
    case Kind::dict:
      return a.dict == b.dict || equal_dicts(budget, *a.dict, *b.dict, depth);
    case Kind::name_space:
      return a.dict == b.dict;
    case Kind::loop:
      return a.loop == b.loop;
    case Kind::callable:
      return a.callable == b.callable;
    default:
      return true;
  }
}

bool less(Budget& budget, const Value& a, const Value& b, std::string_view op, int depth) {
  check_depth(depth);
  budget.descend();
  budget.charge(0);
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b) == -1;
  }
  if (a.is(Kind::string) && b.is(Kind::string)) {
    budget.charge_bytes(std::min(a.str->text.size(), b.str->text.size()));
    return a.str->text < b.str->text;  // UTF-8 orders as code points do
  }
  if (is_ordered_sequence(a) && is_ordered_sequence(b) && a.seq->kind == b.seq->kind) {
    const std::vector<Value>& x = a.seq->items;
    const std::vector<Value>& y = b.seq->items;
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      if (!equal(budget, x[i], y[i], depth + 1)) {
        return less(budget, x[i], y[i], op, depth + 1);
      }
    }
    return x.size() < y.size();
  }
  for (const Value* v : {&a, &b}) {
    if (v->is(Kind::undefined)) {
      raise_undefined(*v);
    }
  }
  raise("'" + std::string(op) + "' not supported between instances of '" +
        std::string(type_name(a)) + "' and '" + std::string(type_name(b)) + "'");
}

}  // namespace ottobit::jinja
