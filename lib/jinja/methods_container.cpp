// SPDX-License-Identifier: Apache-2.0
// The methods of dict, list and tuple. transformers refuses those that change an object; here they
// work on the rendering's own copies, which nobody else sees, so that templates written for other
// engines render as well.
#include <algorithm>
#include <array>

#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

// The dict of a dict, or of a string that holds JSON.
Dict& dict_of(const Value& self) {
  return self.is(Kind::string) ? *self.str->object : *self.dict;
}

Value view(Runtime& rt, const Value& self, SeqKind kind, std::vector<Value> items) {
  Value v = rt.heap.sequence(std::move(items), kind);
  v.seq->content = dict_of(self).content;
  return v;
}

Value dict_items(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("items", args).finish();
  std::vector<Value> items;
  for (const auto& [key, value] : dict_of(self).entries) {
    items.push_back(rt.heap.tuple({key, value}));
  }
  return view(rt, self, SeqKind::items, std::move(items));
}

Value dict_keys(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("keys", args).finish();
  std::vector<Value> items;
  for (const auto& entry : dict_of(self).entries) {
    items.push_back(entry.first);
  }
  return view(rt, self, SeqKind::keys, std::move(items));
}

Value dict_values(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("values", args).finish();
  std::vector<Value> items;
  for (const auto& entry : dict_of(self).entries) {
    items.push_back(entry.second);
  }
  return view(rt, self, SeqKind::values, std::move(items));
}

Value dict_get(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("get", args);
  const Value& key = reader.required("key");
  const Value* otherwise = reader.optional("default");
  reader.finish();
  check_key(key);
  rt.budget.charge(0);
  const Value* found = dict_of(self).find(key);
  if (found != nullptr) {
    return *found;
  }
  return otherwise != nullptr ? *otherwise : make_none();
}

Value dict_copy(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("copy", args).finish();
  Value copy = rt.heap.dict();
  rt.budget.allocate(self.dict->entries.size() * 2 * sizeof(Value));
  copy.dict->content = self.dict->content;
  for (const auto& [key, value] : self.dict->entries) {
    copy.dict->set(key, value);
  }
  return copy;
}

void put(Runtime& rt, Dict& dict, const Value& key, const Value& value) {
  check_key(key);
  rt.budget.charge(0);
  rt.budget.allocate(2 * sizeof(Value));
  dict.set(key, value);
}

Value dict_update(Runtime& rt, const Value& self, const Args& args) {
  const Args unnamed{args.positional, {}};
  ArgReader reader("update", unnamed);
  const Value* other = reader.optional("other");
  reader.finish();
  if (other != nullptr && !other->is(Kind::dict)) {
    raise("update() expects a mapping, found '" + std::string(type_name(*other)) + "'");
  }
  if (other != nullptr) {
    const auto entries = other->dict->entries;
    for (const auto& [key, value] : entries) {
      put(rt, *self.dict, key, value);
    }
  }
  for (const auto& [key, value] : args.named) {
    put(rt, *self.dict, rt.text(key), value);
  }
  return make_none();
}

Value dict_setdefault(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("setdefault", args);
  const Value& key = reader.required("key");
  const Value* otherwise = reader.optional("default");
  reader.finish();
  if (const Value* found = self.dict->find(key)) {
    return *found;
  }
  Value value = otherwise != nullptr ? *otherwise : make_none();
  put(rt, *self.dict, key, value);
  return value;
}

Value dict_pop(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("pop", args);
  const Value& key = reader.required("key");
  const Value* otherwise = reader.optional("default");
  reader.finish();
  check_key(key);
  rt.budget.charge(self.dict->entries.size());
  if (const Value* found = self.dict->find(key)) {
    Value value = *found;
    self.dict->erase(key);
    return value;
  }
  if (otherwise == nullptr) {
    raise("pop(): no key " + to_str(rt, key)->text);
  }
  return *otherwise;
}

Value dict_clear(Runtime&, const Value& self, const Args& args) {
  ArgReader("clear", args).finish();
  self.dict->clear();
  return make_none();
}

Value list_index(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("index", args);
  const Value& wanted = reader.required("value");
  reader.finish();
  rt.budget.charge(self.seq->items.size());
  for (std::size_t i = 0; i < self.seq->items.size(); ++i) {
    if (equal(rt.budget, self.seq->items[i], wanted)) {
      return make_int(i);
    }
  }
  raise("index(): the value is not in the list");
}

Value list_count(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("count", args);
  const Value& wanted = reader.required("value");
  reader.finish();
  rt.budget.charge(self.seq->items.size());
  return make_int(static_cast<std::int64_t>(
      std::count_if(self.seq->items.begin(), self.seq->items.end(),
                    [&](const Value& item) { return equal(rt.budget, item, wanted); })));
}

void grow(Runtime& rt, std::size_t items) {
  rt.budget.charge(items);
  rt.budget.allocate(items * sizeof(Value));
}

Value list_append(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("append", args);
  const Value& item = reader.required("object");
  reader.finish();
  grow(rt, 1);
  self.seq->items.push_back(item);
  return make_none();
}

Value list_extend(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("extend", args);
  const std::vector<Value> items = iterate(rt, reader.required("iterable"));
  reader.finish();
  grow(rt, items.size());
  self.seq->items.insert(self.seq->items.end(), items.begin(), items.end());
  return make_none();
}

Value list_insert(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("insert", args);
  const std::int64_t index = reader.integer("index", 0);
  const Value& item = reader.required("object");
  reader.finish();
  const auto size = static_cast<std::int64_t>(self.seq->items.size());
  rt.budget.charge(self.seq->items.size());
  grow(rt, 1);
  const std::int64_t at = std::clamp<std::int64_t>(index < 0 ? index + size : index, 0, size);
  self.seq->items.insert(self.seq->items.begin() + at, item);
  return make_none();
}

Value list_pop(Runtime& rt, const Value& self, const Args& args) {
  ArgReader reader("pop", args);
  const std::int64_t index = reader.integer("index", -1);
  reader.finish();
  const auto size = static_cast<std::int64_t>(self.seq->items.size());
  const std::int64_t at = index < 0 ? index + size : index;
  if (at < 0 || at >= size) {
    raise(size == 0 ? "pop from empty list" : "pop index out of range");
  }
  rt.budget.charge(static_cast<std::size_t>(size - at));
  Value item = self.seq->items[static_cast<std::size_t>(at)];
  self.seq->items.erase(self.seq->items.begin() + at);
  return item;
}

Value list_reverse(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("reverse", args).finish();
  rt.budget.charge(self.seq->items.size());
  std::reverse(self.seq->items.begin(), self.seq->items.end());
  return make_none();
}

Value list_clear(Runtime&, const Value& self, const Args& args) {
  ArgReader("clear", args).finish();
  self.seq->items.clear();
  return make_none();
}

Value list_copy(Runtime& rt, const Value& self, const Args& args) {
  ArgReader("copy", args).finish();
  Value copy = rt.heap.list(self.seq->items);
  copy.seq->content = self.seq->content;
  return copy;
}

// What a string of JSON and a tuple share with them comes first.
constexpr std::array kDictMethods = {
    Method{"get", dict_get},       Method{"items", dict_items},
    Method{"keys", dict_keys},     Method{"values", dict_values},
    Method{"copy", dict_copy},     Method{"clear", dict_clear},
    Method{"pop", dict_pop},       Method{"setdefault", dict_setdefault},
    Method{"update", dict_update},
};
constexpr std::size_t kJsonTextMethods = 4;

constexpr std::array kListMethods = {
    Method{"count", list_count},   Method{"index", list_index}, Method{"append", list_append},
    Method{"clear", list_clear},   Method{"copy", list_copy},   Method{"extend", list_extend},
    Method{"insert", list_insert}, Method{"pop", list_pop},     Method{"reverse", list_reverse},
};
constexpr std::size_t kTupleMethods = 2;

template <std::size_t N>
const Method* find_in(const std::array<Method, N>& table, std::size_t count,
                      std::string_view name) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (table[i].name == name) {
      return &table[i];
    }
  }
  return nullptr;
}

}  // namespace

const Method* find_container_method(const Value& object, std::string_view name) noexcept {
  if (object.is(Kind::dict)) {
    return find_in(kDictMethods, kDictMethods.size(), name);
  }
  if (object.is(Kind::string) && object.str->object != nullptr) {
    return find_in(kDictMethods, kJsonTextMethods, name);
  }
  if (!object.is(Kind::sequence) || !object.seq->indexable()) {
    return nullptr;
  }
  const bool list = object.seq->kind == SeqKind::list;
  return find_in(kListMethods, list ? kListMethods.size() : kTupleMethods, name);
}

const Method* find_method(const Value& object, std::string_view name) noexcept {
  if (object.is(Kind::string)) {
    if (const Method* method = find_string_method(name)) {
      return method;
    }
  }
  return find_container_method(object, name);
}

}  // namespace ottobit::jinja
