// SPDX-License-Identifier: Apache-2.0
// Arguments of calls, iteration, and looking into objects, as the sandbox of transformers does it:
// `a.b` prefers a method over a key, `a['b']` a key over a method, and what is missing is undefined
// rather than an error.
#include <algorithm>

#include "jinja/methods.hpp"
#include "jinja/runtime.hpp"

namespace ottobit::jinja {

const Value* ArgReader::optional(std::string_view name) {
  const Value* found = nullptr;
  if (next_ < args_.positional.size()) {
    found = &args_.positional[next_];
  }
  ++next_;
  for (const auto& [key, value] : args_.named) {
    if (key != name) {
      continue;
    }
    if (found != nullptr) {
      raise(std::string(what_) + "() got multiple values for argument '" + key + "'");
    }
    found = &value;
    ++named_used_;
  }
  return found;
}

const Value& ArgReader::required(std::string_view name) {
  const Value* v = optional(name);
  if (v == nullptr) {
    raise(std::string(what_) + "() missing 1 required argument: '" + std::string(name) + "'");
  }
  return *v;
}

std::int64_t ArgReader::integer(std::string_view name, std::int64_t otherwise) {
  const Value* v = optional(name);
  if (v == nullptr || v->is(Kind::none)) {
    return otherwise;
  }
  if (!v->is(Kind::integer) && !v->is(Kind::boolean)) {
    raise(std::string(what_) + "() argument '" + std::string(name) + "' is '" +
          std::string(type_name(*v)) + "', expected 'int'");
  }
  return v->integer();
}

bool ArgReader::flag(std::string_view name, bool otherwise) {
  const Value* v = optional(name);
  return v == nullptr ? otherwise : truth(*v);
}

StrRef ArgReader::string(std::string_view name) {
  const Value* v = optional(name);
  if (v == nullptr || v->is(Kind::none)) {
    return nullptr;
  }
  if (!v->is(Kind::string)) {
    raise(std::string(what_) + "() argument '" + std::string(name) + "' is '" +
          std::string(type_name(*v)) + "', expected 'str'");
  }
  return v->str;
}

void ArgReader::finish() const {
  if (args_.positional.size() > next_) {
    raise(std::string(what_) + "() takes at most " + std::to_string(next_) + " arguments (" +
          std::to_string(args_.positional.size()) + " given)");
  }
  if (named_used_ != args_.named.size()) {
    raise(std::string(what_) + "() got an unexpected keyword argument");
  }
}

std::vector<Value> iterate(Runtime& rt, const Value& v) {
  std::vector<Value> items;
  switch (v.kind) {
    case Kind::undefined:
      break;
    case Kind::string: {
      if (v.str->object != nullptr) {
        return iterate(rt, make_dict_value(v.str->object));
      }
      rt.budget.charge_bytes(v.str->text.size());
      for (std::size_t at = 0; at < v.str->text.size();) {
        const std::size_t size = decode(v.str->text, at).size;
        items.push_back(make_string(sub_str(rt.budget, v.str, at, at + size)));
        at += size;
      }
      break;
    }
    case Kind::sequence:
      rt.budget.charge(v.seq->items.size());
      if (v.seq->kind == SeqKind::generator) {
        items.swap(v.seq->items);
      } else {
        items = v.seq->items;
      }
      break;
    case Kind::dict:
      rt.budget.charge(v.dict->entries.size());
      for (const auto& entry : v.dict->entries) {
        items.push_back(entry.first);
      }
      break;
    default:
      raise("'" + std::string(type_name(v)) + "' object is not iterable");
  }
  return items;
}

std::size_t length(Runtime& rt, const Value& v) {
  switch (v.kind) {
    case Kind::undefined:
      return 0;
    case Kind::string:
      rt.budget.charge_bytes(v.str->ascii ? 0 : v.str->text.size());
      return count_code_points(*v.str);
    case Kind::dict:
      return v.dict->entries.size();
    case Kind::sequence:
      if (v.seq->kind != SeqKind::generator) {
        return v.seq->items.size();
      }
      break;
    default:
      break;
  }
  raise("object of type '" + std::string(type_name(v)) + "' has no len()");
}

void check_key(const Value& key) {
  const bool hashable =
      !key.is(Kind::dict) && !(key.is(Kind::sequence) && key.seq->kind != SeqKind::tuple);
  if (!hashable) {
    raise("unhashable type: '" + std::string(type_name(key)) + "'");
  }
}

namespace {

Value missing_attribute(const Value& object, const Str& name) {
  return make_undefined("'" + object_name(object) + "' has no attribute '" + name.text + "'");
}

// Maps a Python index to a position, or to `size` where it is out of range.
std::size_t resolve_index(std::int64_t index, std::size_t size) noexcept {
  const auto n = static_cast<std::int64_t>(size);
  const std::int64_t at = index < 0 ? index + n : index;
  return at < 0 || at >= n ? size : static_cast<std::size_t>(at);
}

Value missing_element(const Value& object, std::int64_t index) {
  return make_undefined(object_name(object) + " has no element " + std::to_string(index));
}

Value string_element(Runtime& rt, const Value& object, std::int64_t index) {
  const Str& s = *object.str;
  const std::size_t at = resolve_index(index, length(rt, object));
  const std::size_t begin = byte_offset(s, at);
  if (begin >= s.text.size()) {
    return missing_element(object, index);
  }
  return make_string(sub_str(rt.budget, object.str, begin, begin + decode(s.text, begin).size));
}

// What an object says under a name besides its methods.
const Value* find_entry(const Value& object, std::string_view name) {
  switch (object.kind) {
    case Kind::dict:
    case Kind::name_space:
      return object.dict->find(name);
    case Kind::string:
      return object.str->object != nullptr ? object.str->object->find(name) : nullptr;
    default:
      return nullptr;
  }
}

Value bind_method(Runtime& rt, const Value& object, const Method* method) {
  Callable c;
  c.kind = CallableKind::method;
  c.method = method;
  c.self = object;
  return rt.heap.callable(std::move(c));
}

Value cycler_attribute(Runtime& rt, const Value& object, std::string_view name) {
  const Callable& cycler = *object.callable;
  if (name == "current") {
    return cycler.items[cycler.next % cycler.items.size()];
  }
  Callable c;
  c.kind = CallableKind::named;
  c.self = object;
  c.name = name == "next" ? std::string_view("next") : std::string_view("reset");
  return rt.heap.callable(std::move(c));
}

// Methods and the like; undefined kind where there is none.
Value find_member(Runtime& rt, const Value& object, std::string_view name) {
  if (object.is(Kind::callable) && object.callable->kind == CallableKind::cycler &&
      (name == "next" || name == "reset" || name == "current")) {
    return cycler_attribute(rt, object, name);
  }
  const Method* method = find_method(object, name);
  return method != nullptr ? bind_method(rt, object, method) : Value();
}

bool is_unsafe(const Str& name) noexcept {
  return name.text.rfind("__", 0) == 0;
}

Value unsafe_attribute(const Value& object, const Str& name) {
  return make_undefined("access to attribute '" + name.text + "' of '" +
                        std::string(type_name(object)) + "' object is unsafe");
}

}  // namespace

Value get_attribute(Runtime& rt, const Value& object, const StrRef& name) {
  if (object.is(Kind::undefined)) {
    raise_undefined(object);
  }
  rt.budget.charge(0);
  Value member = find_member(rt, object, name->text);
  if (!member.is(Kind::undefined)) {
    return member;
  }
  if (const Value* entry = find_entry(object, name->text)) {
    return *entry;
  }
  return is_unsafe(*name) ? unsafe_attribute(object, *name) : missing_attribute(object, *name);
}

Value get_item(Runtime& rt, const Value& object, const Value& index) {
  if (object.is(Kind::undefined)) {
    raise_undefined(object);
  }
  rt.budget.charge(0);
  if (index.is(Kind::string)) {
    if (const Value* entry = find_entry(object, index.str->text)) {
      return *entry;
    }
    Value member = find_member(rt, object, index.str->text);
    if (!member.is(Kind::undefined)) {
      return member;
    }
    return is_unsafe(*index.str) ? unsafe_attribute(object, *index.str)
                                 : missing_attribute(object, *index.str);
  }
  if (object.is(Kind::dict)) {
    const Value* entry = object.dict->find(index);
    if (entry != nullptr) {
      return *entry;
    }
  }
  if (index.is(Kind::integer) || index.is(Kind::boolean)) {
    if (object.is(Kind::string)) {
      return string_element(rt, object, index.integer());
    }
    if (object.is(Kind::sequence) && object.seq->indexable()) {
      const std::size_t at = resolve_index(index.integer(), object.seq->items.size());
      if (at < object.seq->items.size()) {
        return object.seq->items[at];
      }
    }
    return missing_element(object, index.integer());
  }
  return make_undefined(object_name(object) + " has no element " + to_str(rt, index)->text);
}

namespace {

struct SliceRange {
  std::int64_t start = 0, step = 1;
  std::size_t count = 0;
};

std::int64_t slice_bound(const Value* v, std::int64_t otherwise, std::int64_t size,
                         std::int64_t lowest) {
  if (v == nullptr || v->is(Kind::none)) {
    return otherwise;
  }
  if (!v->is(Kind::integer) && !v->is(Kind::boolean)) {
    raise("slice indices must be integers or None, found '" + std::string(type_name(*v)) + "'");
  }
  const std::int64_t at = v->integer() < 0 ? v->integer() + size : v->integer();
  return std::clamp(at, lowest, lowest < 0 ? size - 1 : size);
}

SliceRange resolve_slice(const Value* bounds[3], std::size_t length_of) {
  const auto size = static_cast<std::int64_t>(length_of);
  SliceRange range;
  if (bounds[2] != nullptr && !bounds[2]->is(Kind::none)) {
    if (!bounds[2]->is(Kind::integer) && !bounds[2]->is(Kind::boolean)) {
      raise("slice indices must be integers or None, found '" + std::string(type_name(*bounds[2])) +
            "'");
    }
    // Any larger step selects the same single element and cannot overflow below.
    range.step = std::clamp(bounds[2]->integer(), -size - 1, size + 1);
  }
  if (range.step == 0) {
    raise("slice step cannot be zero");
  }
  const bool forward = range.step > 0;
  const std::int64_t lowest = forward ? 0 : -1;
  range.start = slice_bound(bounds[0], forward ? 0 : size - 1, size, lowest);
  const std::int64_t stop = slice_bound(bounds[1], forward ? size : -1, size, lowest);
  const std::int64_t distance = forward ? stop - range.start : range.start - stop;
  const std::int64_t stride = forward ? range.step : -range.step;
  if (distance > 0) {
    range.count = static_cast<std::size_t>((distance + stride - 1) / stride);
  }
  return range;
}

Value slice_string(Runtime& rt, const Value& object, const SliceRange& range) {
  const Str& s = *object.str;
  rt.budget.charge_bytes(s.text.size());
  const auto start = static_cast<std::size_t>(range.start);
  if (range.count == 0) {
    return rt.text(std::string());
  }
  if (range.step == 1) {
    const std::size_t begin = byte_offset(s, start);
    return make_string(sub_str(rt.budget, object.str, begin, byte_offset(s, start + range.count)));
  }
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < s.text.size(); at += decode(s.text, at).size) {
    offsets.push_back(at);
  }
  StrBuilder out;
  std::int64_t at = range.start;
  for (std::size_t i = 0; i < range.count; ++i, at += range.step) {
    const std::size_t begin = offsets[static_cast<std::size_t>(at)];
    out.append(s, begin, begin + decode(s.text, begin).size);
  }
  return rt.text(std::move(out));
}

}  // namespace

Value get_slice(Runtime& rt, const Value& object, const Value* bounds[3]) {
  if (object.is(Kind::undefined)) {
    raise_undefined(object);
  }
  if (object.is(Kind::string)) {
    return slice_string(rt, object, resolve_slice(bounds, length(rt, object)));
  }
  if (!object.is(Kind::sequence) || !object.seq->indexable()) {
    return make_undefined("'" + object_name(object) + "' has no element of that range");
  }
  const SliceRange range = resolve_slice(bounds, object.seq->items.size());
  std::vector<Value> items;
  items.reserve(range.count);
  std::int64_t at = range.start;
  for (std::size_t i = 0; i < range.count; ++i, at += range.step) {
    items.push_back(object.seq->items[static_cast<std::size_t>(at)]);
  }
  Value v = rt.heap.sequence(std::move(items), object.seq->kind);
  v.seq->content = object.seq->content;
  return v;
}

bool contains(Runtime& rt, const Value& haystack, const Value& needle) {
  switch (haystack.kind) {
    case Kind::undefined:
      return false;
    case Kind::string:
      if (!needle.is(Kind::string)) {
        raise("'in <string>' requires string as left operand, not " +
              std::string(type_name(needle)));
      }
      rt.budget.charge_search(haystack.str->text.size(), needle.str->text.size());
      return haystack.str->text.find(needle.str->text) != std::string::npos;
    case Kind::dict:
      check_key(needle);
      rt.budget.charge(needle.is(Kind::string) ? 0 : haystack.dict->entries.size());
      return haystack.dict->find(needle) != nullptr;
    case Kind::sequence: {
      const std::vector<Value> items = iterate(rt, haystack);
      return std::any_of(items.begin(), items.end(),
                         [&](const Value& item) { return equal(rt.budget, item, needle); });
    }
    default:
      break;
  }
  raise("argument of type '" + std::string(type_name(haystack)) + "' is not iterable");
}

}  // namespace ottobit::jinja
