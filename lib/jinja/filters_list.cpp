// SPDX-License-Identifier: Apache-2.0
// Filters that work on sequences and mappings.
#include <algorithm>
#include <array>
#include <charconv>

#include "jinja/filters.hpp"
#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

Value filter_length(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("length", args).finish();
  return make_int(length(rt, input));
}

/// "a.b.0": looked up step by step, numbers as positions. Without a path the item itself.
class Getter {
 public:
  Getter(Runtime& rt, const Value* path) : rt_(rt) {
    if (path == nullptr || path->is(Kind::none)) {
      return;
    }
    if (!path->is(Kind::string)) {
      parts_.push_back(*path);
      return;
    }
    std::string_view rest = path->str->text;
    while (true) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      parts_.push_back(part(rest.substr(0, dot)));
      if (dot == rest.size()) {
        break;
      }
      rest.remove_prefix(dot + 1);
    }
  }

  [[nodiscard]] Value get(const Value& item, const Value* otherwise = nullptr) const {
    Value v = item;
    for (const Value& key : parts_) {
      v = get_item(rt_, v, key);
      if (v.is(Kind::undefined) && otherwise != nullptr) {
        v = *otherwise;
      }
    }
    return v;
  }

 private:
  Value part(std::string_view text) {
    std::int64_t index = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), index);
    const bool number = !text.empty() && text.front() != '-' && result.ec == std::errc() &&
                        result.ptr == text.data() + text.size();
    return number ? make_int(index) : rt_.text(std::string(text));
  }

  Runtime& rt_;
  std::vector<Value> parts_;
};

// Strings compare without case unless asked otherwise.
Value comparison_key(Runtime& rt, const Value& v, bool case_sensitive) {
  return !case_sensitive && v.is(Kind::string) ? make_string(lower(rt, *v.str)) : v;
}

Value filter_join(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("join", args);
  const Value* separator = reader.optional("d");
  const Value* attribute = reader.optional("attribute");
  reader.finish();
  const Getter getter(rt, attribute);
  const StrRef between = separator != nullptr ? to_str(rt, *separator) : constant_str("");
  StrBuilder out;
  bool first = true;
  for (const Value& item : iterate(rt, input)) {
    if (!first) {
      out.append(*between);
    }
    first = false;
    append_str(rt, out, getter.get(item));
  }
  return rt.text(std::move(out));
}

Value filter_first(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("first", args).finish();
  if (input.is(Kind::string) && !input.str->text.empty()) {
    return get_item(rt, input, make_int(std::int64_t{0}));
  }
  const std::vector<Value> items = iterate(rt, input);
  return items.empty() ? make_undefined("No first item, sequence was empty.") : items.front();
}

Value filter_last(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("last", args).finish();
  if (input.is(Kind::string) && !input.str->text.empty()) {
    return get_item(rt, input, make_int(std::int64_t{-1}));
  }
  const std::vector<Value> items = iterate(rt, input);
  return items.empty() ? make_undefined("No last item, sequence was empty.") : items.back();
}

Value filter_list(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("list", args).finish();
  Value v = rt.heap.list(iterate(rt, input));
  v.seq->content = (input.is(Kind::sequence) && input.seq->content) ||
                   (input.is(Kind::dict) && input.dict->content);
  return v;
}

Value filter_items(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("items", args).finish();
  if (input.is(Kind::undefined)) {
    return rt.heap.generator({});
  }
  if (input.is(Kind::dict) || (input.is(Kind::string) && input.str->object != nullptr)) {
    const Value items = find_container_method(input, "items")->call(rt, input, {});
    return rt.heap.generator(items.seq->items);
  }
  raise("Can only get item pairs from a mapping.");
}

Value filter_attr(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("attr", args);
  const StrRef name = to_str(rt, reader.required("name"));
  reader.finish();
  // As the filter of Jinja, never an item of a mapping.
  if (input.is(Kind::dict) && find_method(input, name->text) == nullptr) {
    return make_undefined("'dict object' has no attribute '" + name->text + "'");
  }
  return get_attribute(rt, input, name);
}

// The arguments that are left for the inner filter or test after `taken` positional ones.
Args rest_of(const Args& args, std::size_t taken) {
  Args rest;
  rest.named = args.named;
  for (std::size_t i = taken; i < args.positional.size(); ++i) {
    rest.positional.push_back(args.positional[i]);
  }
  return rest;
}

/// What jinja2's map, select, reject and their like do not iterate at all: none, undefined, 0, "".
std::vector<Value> iterate_if_true(Runtime& rt, const Value& input) {
  return truth(input) ? iterate(rt, input) : std::vector<Value>();
}

Value map_attribute(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("map", args);
  const Value* attribute = reader.optional("attribute");
  const Value* otherwise = reader.optional("default");
  reader.finish();
  const Getter getter(rt, attribute);
  std::vector<Value> out;
  for (const Value& item : iterate_if_true(rt, input)) {
    out.push_back(getter.get(item, otherwise));
  }
  return rt.heap.generator(std::move(out));
}

Value filter_map(Runtime& rt, const Value& input, const Args& args) {
  const bool by_attribute =
      std::any_of(args.named.begin(), args.named.end(),
                  [](const auto& named) { return named.first == "attribute"; });
  if (args.positional.empty() && by_attribute) {
    return map_attribute(rt, input, args);
  }
  if (args.positional.empty() || !args.positional[0].is(Kind::string)) {
    raise("map requires a filter argument");
  }
  const std::string& name = args.positional[0].str->text;
  const Filter* filter = find_filter(name);
  if (filter == nullptr) {
    raise("No filter named '" + name + "'");
  }
  const Args rest = rest_of(args, 1);
  std::vector<Value> out;
  for (const Value& item : iterate_if_true(rt, input)) {
    out.push_back(filter->call(rt, item, rest));
  }
  return rt.heap.generator(std::move(out));
}

const Test& test_named(const Value& v) {
  const Test* test = v.is(Kind::string) ? find_test(v.str->text) : nullptr;
  if (test == nullptr) {
    raise("No test named '" + (v.is(Kind::string) ? v.str->text : number_text(v)) + "'");
  }
  return *test;
}

// select, reject and their attribute forms: keeps the items whose test gives `wanted`.
Value filter_by_test(Runtime& rt, const Value& input, const Args& args, bool attribute,
                     bool wanted) {
  const std::size_t taken = attribute ? 1 : 0;
  if (args.positional.size() < taken) {
    raise("Missing parameter for attribute name");
  }
  const Getter getter(rt, attribute ? args.positional.data() : nullptr);
  const Test* test = args.positional.size() > taken ? &test_named(args.positional[taken]) : nullptr;
  const Args rest = rest_of(args, taken + 1);
  std::vector<Value> out;
  for (const Value& item : iterate_if_true(rt, input)) {
    const Value tested = getter.get(item);
    rt.budget.charge(0);
    if ((test != nullptr ? test->call(rt, tested, rest) : truth(tested)) == wanted) {
      out.push_back(item);
    }
  }
  return rt.heap.generator(std::move(out));
}

Value filter_select(Runtime& rt, const Value& input, const Args& args) {
  return filter_by_test(rt, input, args, false, true);
}
Value filter_reject(Runtime& rt, const Value& input, const Args& args) {
  return filter_by_test(rt, input, args, false, false);
}
Value filter_selectattr(Runtime& rt, const Value& input, const Args& args) {
  return filter_by_test(rt, input, args, true, true);
}
Value filter_rejectattr(Runtime& rt, const Value& input, const Args& args) {
  return filter_by_test(rt, input, args, true, false);
}

// Sorts items by their keys, keeping the order of equals; `reverse` keeps it, too, as Python does.
std::vector<Value> sorted(Runtime& rt, const std::vector<Value>& items,
                          const std::vector<Value>& keys, bool reverse) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    rt.budget.charge(0);
    return reverse ? less(rt.budget, keys[b], keys[a]) : less(rt.budget, keys[a], keys[b]);
  });
  std::vector<Value> out;
  out.reserve(items.size());
  for (const std::size_t i : order) {
    out.push_back(items[i]);
  }
  return out;
}

Value filter_dictsort(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("dictsort", args);
  const bool case_sensitive = reader.flag("case_sensitive", false);
  const StrRef by = reader.string("by");
  const bool reverse = reader.flag("reverse", false);
  reader.finish();
  if (by != nullptr && by->text != "key" && by->text != "value") {
    raise("You can only sort by either \"key\" or \"value\"");
  }
  const bool json_text = input.is(Kind::string) && input.str->object != nullptr;
  if (!input.is(Kind::dict) && !json_text) {
    if (input.is(Kind::undefined)) {
      raise_undefined(input);
    }
    raise("'" + object_name(input) + "' has no attribute 'items'");
  }
  const std::size_t part = by != nullptr && by->text == "value" ? 1 : 0;
  const Value pairs = find_container_method(input, "items")->call(rt, input, {});
  std::vector<Value> keys;
  for (const Value& pair : pairs.seq->items) {
    keys.push_back(comparison_key(rt, pair.seq->items[part], case_sensitive));
  }
  return rt.heap.list(sorted(rt, pairs.seq->items, keys, reverse));
}

// Keys of "a,b": several attributes, the first deciding first.
std::vector<Value> sort_keys(Runtime& rt, const std::vector<Value>& items, const Value* attribute,
                             bool case_sensitive) {
  std::vector<Getter> getters;
  if (attribute != nullptr && attribute->is(Kind::string)) {
    std::string_view rest = attribute->str->text;
    while (true) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const Value path = rt.text(std::string(rest.substr(0, comma)));
      getters.emplace_back(rt, &path);
      if (comma == rest.size()) {
        break;
      }
      rest.remove_prefix(comma + 1);
    }
  } else {
    getters.emplace_back(rt, attribute);
  }
  std::vector<Value> keys;
  for (const Value& item : items) {
    std::vector<Value> parts;
    parts.reserve(getters.size());
    for (const Getter& getter : getters) {
      parts.push_back(comparison_key(rt, getter.get(item), case_sensitive));
    }
    keys.push_back(rt.heap.tuple(std::move(parts)));
  }
  return keys;
}

Value filter_sort(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("sort", args);
  const bool reverse = reader.flag("reverse", false);
  const bool case_sensitive = reader.flag("case_sensitive", false);
  const Value* attribute = reader.optional("attribute");
  reader.finish();
  const std::vector<Value> items = iterate(rt, input);
  return rt.heap.list(sorted(rt, items, sort_keys(rt, items, attribute, case_sensitive), reverse));
}

Value filter_groupby(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("groupby", args);
  const Value& attribute = reader.required("attribute");
  const Value* otherwise = reader.optional("default");
  const bool case_sensitive = reader.flag("case_sensitive", false);
  reader.finish();
  const Getter getter(rt, &attribute);
  const std::vector<Value> items = iterate(rt, input);
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) {
    keys.push_back(comparison_key(rt, getter.get(item, otherwise), case_sensitive));
  }
  std::vector<Value> order = sorted(rt, items, keys, false);
  std::vector<Value> groups;
  for (const Value& item : order) {
    const Value grouper = getter.get(item, otherwise);
    const Value key = comparison_key(rt, grouper, case_sensitive);
    if (groups.empty() ||
        !equal(rt.budget, key, comparison_key(rt, groups.back().seq->items[0], case_sensitive))) {
      groups.push_back(rt.heap.tuple({grouper, rt.heap.list({})}));
    }
    rt.budget.allocate(sizeof(Value));
    groups.back().seq->items[1].seq->items.push_back(item);
  }
  return rt.heap.list(std::move(groups));
}

Value filter_reverse(Runtime& rt, const Value& input, const Args& args) {
  ArgReader("reverse", args).finish();
  if (input.is(Kind::string)) {
    const Value step = make_int(std::int64_t{-1});
    const Value* bounds[3] = {nullptr, nullptr, &step};
    return get_slice(rt, input, bounds);
  }
  std::vector<Value> items = iterate(rt, input);
  std::reverse(items.begin(), items.end());
  return rt.heap.generator(std::move(items));
}

Value filter_unique(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("unique", args);
  const bool case_sensitive = reader.flag("case_sensitive", false);
  const Value* attribute = reader.optional("attribute");
  reader.finish();
  const Getter getter(rt, attribute);
  Dict seen(rt.budget);
  std::vector<Value> out;
  for (const Value& item : iterate(rt, input)) {
    const Value key = comparison_key(rt, getter.get(item), case_sensitive);
    check_key(key);
    if (seen.find(key) == nullptr) {
      seen.set(key, make_none());
      out.push_back(item);
    }
  }
  return rt.heap.generator(std::move(out));
}

Value extreme(Runtime& rt, const Value& input, const Args& args, bool largest) {
  ArgReader reader(largest ? "max" : "min", args);
  const bool case_sensitive = reader.flag("case_sensitive", false);
  const Value* attribute = reader.optional("attribute");
  reader.finish();
  const Getter getter(rt, attribute);
  const std::vector<Value> items = iterate(rt, input);
  if (items.empty()) {
    return make_undefined("No aggregated item, sequence was empty.");
  }
  std::size_t best = 0;
  Value best_key = comparison_key(rt, getter.get(items[0]), case_sensitive);
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Value key = comparison_key(rt, getter.get(items[i]), case_sensitive);
    if (largest ? less(rt.budget, best_key, key, ">") : less(rt.budget, key, best_key)) {
      best = i;
      best_key = key;
    }
  }
  return items[best];
}

Value filter_min(Runtime& rt, const Value& input, const Args& args) {
  return extreme(rt, input, args, false);
}
Value filter_max(Runtime& rt, const Value& input, const Args& args) {
  return extreme(rt, input, args, true);
}

Value filter_sum(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("sum", args);
  const Value* attribute = reader.optional("attribute");
  const Value* start = reader.optional("start");
  reader.finish();
  const Getter getter(rt, attribute);
  Value total = start != nullptr ? *start : make_int(std::int64_t{0});
  for (const Value& item : iterate(rt, input)) {
    const Value v = getter.get(item);
    if (!v.is_number() || !total.is_number()) {
      raise("unsupported operand type(s) for +: '" + std::string(type_name(total)) + "' and '" +
            std::string(type_name(v)) + "'");
    }
    if (v.is(Kind::real) || total.is(Kind::real)) {
      total = make_real(total.real() + v.real());
      continue;
    }
    std::int64_t n = 0;
    if (__builtin_add_overflow(total.integer(), v.integer(), &n)) {
      raise("an integer is larger than 64 bits");
    }
    total = make_int(n);
  }
  return total;
}

std::size_t positive(ArgReader& reader, std::string_view name) {
  const std::int64_t n = reader.integer(name, 0);
  if (n < 1 || n > 100'000) {
    raise(std::string(name) + " must be from 1 to 100000");
  }
  return static_cast<std::size_t>(n);
}

Value filter_batch(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("batch", args);
  const std::size_t size = positive(reader, "linecount");
  const Value* fill = reader.optional("fill_with");
  reader.finish();
  std::vector<Value> rows;
  std::vector<Value> row;
  for (const Value& item : iterate(rt, input)) {
    row.push_back(item);
    if (row.size() == size) {
      rows.push_back(rt.heap.list(std::move(row)));
      row.clear();
    }
  }
  if (!row.empty()) {
    if (fill != nullptr && !fill->is(Kind::none)) {
      row.resize(size, *fill);
    }
    rows.push_back(rt.heap.list(std::move(row)));
  }
  return rt.heap.generator(std::move(rows));
}

Value filter_slice(Runtime& rt, const Value& input, const Args& args) {
  ArgReader reader("slice", args);
  const std::size_t slices = positive(reader, "slices");
  const Value* fill = reader.optional("fill_with");
  reader.finish();
  const std::vector<Value> items = iterate(rt, input);
  const std::size_t each = items.size() / slices;
  const std::size_t longer = items.size() % slices;
  std::vector<Value> columns;
  std::size_t at = 0;
  for (std::size_t i = 0; i < slices; ++i) {
    const std::size_t count = each + (i < longer ? 1 : 0);
    std::vector<Value> column(items.begin() + static_cast<std::ptrdiff_t>(at),
                              items.begin() + static_cast<std::ptrdiff_t>(at + count));
    at += count;
    if (fill != nullptr && !fill->is(Kind::none) && i >= longer) {
      column.push_back(*fill);
    }
    columns.push_back(rt.heap.list(std::move(column)));
  }
  return rt.heap.generator(std::move(columns));
}

constexpr std::array kFilters = {
    Filter{"attr", filter_attr},
    Filter{"batch", filter_batch},
    Filter{"count", filter_length},
    Filter{"dictsort", filter_dictsort},
    Filter{"first", filter_first},
    Filter{"groupby", filter_groupby},
    Filter{"items", filter_items},
    Filter{"join", filter_join},
    Filter{"last", filter_last},
    Filter{"length", filter_length},
    Filter{"list", filter_list},
    Filter{"map", filter_map},
    Filter{"max", filter_max},
    Filter{"min", filter_min},
    Filter{"reject", filter_reject},
    Filter{"rejectattr", filter_rejectattr},
    Filter{"reverse", filter_reverse},
    Filter{"select", filter_select},
    Filter{"selectattr", filter_selectattr},
    Filter{"slice", filter_slice},
    Filter{"sort", filter_sort},
    Filter{"sum", filter_sum},
    Filter{"unique", filter_unique},
};

}  // namespace

const Filter* find_list_filter(std::string_view name) noexcept {
  const auto* found = std::find_if(kFilters.begin(), kFilters.end(),
                                   [name](const Filter& f) { return f.name == name; });
  return found == kFilters.end() ? nullptr : found;
}

const Filter* find_filter(std::string_view name) noexcept {
  const Filter* filter = find_text_filter(name);
  return filter != nullptr ? filter : find_list_filter(name);
}

}  // namespace ottobit::jinja
