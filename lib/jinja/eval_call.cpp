// SPDX-License-Identifier: Apache-2.0
// Calls of macros, methods and the functions every template has, and the attributes of `loop`.
#include <algorithm>
#include <array>

#include "jinja/eval.hpp"
#include "jinja/methods.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::int64_t kMaxRange = 100'000;

Value bind_named(Runtime& rt, const Value& self, std::string_view name) {
  Callable c;
  c.kind = CallableKind::named;
  c.self = self;
  c.name = name;
  return rt.heap.callable(std::move(c));
}

}  // namespace

Value Evaluator::call(const Value& callee, const Args& args) {
  rt_.budget.charge(args.positional.size() + args.named.size());
  if (callee.is(Kind::undefined)) {
    raise_undefined(callee);
  }
  if (callee.is(Kind::loop)) {
    raise("recursive loops are not supported");
  }
  if (!callee.is(Kind::callable)) {
    raise("'" + std::string(type_name(callee)) + "' object is not callable");
  }
  Callable& callable = *callee.callable;
  switch (callable.kind) {
    case CallableKind::builtin:
      return call_builtin(callable.builtin, args);
    case CallableKind::method:
      return callable.method->call(rt_, callable.self, args);
    case CallableKind::macro:
      return call_macro(callable, args);
    case CallableKind::joiner:
      ArgReader("joiner", args).finish();
      return callable.next++ == 0 ? rt_.text(std::string()) : callable.items[0];
    case CallableKind::named:
      return call_named(callable, args);
    case CallableKind::cycler:
      break;
  }
  raise("'Cycler' object is not callable");
}

Value Evaluator::call_named(const Callable& callable, const Args& args) {
  if (callable.self.is(Kind::callable)) {  // a cycler
    Callable& cycler = *callable.self.callable;
    ArgReader(callable.name, args).finish();
    if (callable.name == "reset") {
      cycler.next = 0;
      return make_none();
    }
    return cycler.items[cycler.next++ % cycler.items.size()];
  }
  Loop& loop = *callable.self.loop;
  if (callable.name == "cycle") {
    if (args.positional.empty()) {
      raise("no items for cycling given");
    }
    return args.positional[static_cast<std::size_t>(loop.index0) % args.positional.size()];
  }
  const bool same =
      loop.changed_called && loop.changed.size() == args.positional.size() &&
      std::equal(args.positional.begin(), args.positional.end(), loop.changed.begin(),
                 [this](const Value& a, const Value& b) { return equal(rt_.budget, a, b); });
  loop.changed_called = true;
  loop.changed = args.positional;
  return make_bool(!same);
}

Value Evaluator::loop_attribute(const Value& value, std::string_view name) {
  Loop& loop = *value.loop;
  Value item;
  const auto peek = [&] {
    if (loop.lookahead.empty() && draw(loop, item)) {
      loop.lookahead.push_back(item);
    }
    return !loop.lookahead.empty();
  };
  const auto length_of = [&] {
    while (draw(loop, item)) {
      rt_.budget.charge(0);
      loop.lookahead.push_back(item);
    }
    return loop.index0 + 1 + static_cast<std::int64_t>(loop.lookahead.size());
  };
  if (name == "index0" || name == "index") {
    return make_int(loop.index0 + (name == "index" ? 1 : 0));
  }
  if (name == "first") {
    return make_bool(loop.index0 == 0);
  }
  if (name == "last") {
    return make_bool(!peek());
  }
  if (name == "length") {
    return make_int(length_of());
  }
  if (name == "revindex" || name == "revindex0") {
    return make_int(length_of() - loop.index0 - (name == "revindex" ? 0 : 1));
  }
  if (name == "previtem") {
    return loop.index0 > 0 ? loop.previous : make_undefined("there is no previous item");
  }
  if (name == "nextitem") {
    return peek() ? loop.lookahead.front() : make_undefined("there is no next item");
  }
  if (name == "depth" || name == "depth0") {
    return make_int(std::int64_t{name == "depth" ? 1 : 0});
  }
  if (name == "cycle") {
    return bind_named(rt_, value, "cycle");
  }
  if (name == "changed") {
    return bind_named(rt_, value, "changed");
  }
  return make_undefined("'loop' has no attribute '" + std::string(name) + "'");
}

Value Evaluator::call_macro(const Callable& callable, const Args& args) {
  const MacroDef& macro = *callable.macro;
  const std::size_t called_at = at_;
  Inner inner(*this, *callable.scope);
  bind_parameters(macro, args, *inner);
  StrBuilder out;
  run(macro.body, *inner, out);
  at_ = called_at;
  return rt_.text(std::move(out));
}

void Evaluator::bind_parameters(const MacroDef& macro, const Args& args, Scope& scope) {
  const std::size_t count = macro.parameters.size();
  if (args.positional.size() > count && !macro.uses_varargs) {
    raise("macro '" + macro.text_name + "' takes not more than " + std::to_string(count) +
          " argument(s)");
  }
  bind_extras(macro, args, scope);
  const std::size_t first_default = count - macro.defaults.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = template_.names[macro.parameters[i]];
    const auto named = std::find_if(args.named.begin(), args.named.end(),
                                    [&name](const auto& arg) { return arg.first == name; });
    const bool positional = i < args.positional.size();
    if (positional && named != args.named.end()) {
      raise("macro '" + macro.text_name + "' got multiple values for argument '" + name + "'");
    }
    Value value;
    if (positional) {
      value = args.positional[i];
    } else if (named != args.named.end()) {
      value = named->second;
    } else if (i >= first_default) {
      value = eval(*macro.defaults[i - first_default], scope);
    } else {
      value = make_undefined("parameter '" + name + "' was not provided");
    }
    assign_name(macro.parameters[i], std::move(value), scope);
  }
}

void Evaluator::bind_extras(const MacroDef& macro, const Args& args, Scope& scope) {
  const Value rest = rt_.heap.dict();
  Value caller = make_undefined("No caller defined");
  for (const auto& argument : args.named) {
    const std::string& name = argument.first;
    const bool parameter = std::any_of(macro.parameters.begin(), macro.parameters.end(),
                                       [&](Symbol p) { return template_.names[p] == name; });
    if (parameter) {
      continue;
    }
    if (name == "caller" && macro.uses_caller) {
      caller = argument.second;
    } else if (macro.uses_kwargs) {
      rt_.budget.allocate(2 * sizeof(Value));
      rest.dict->set(rt_.text(name), argument.second);
    } else {
      raise("macro '" + macro.text_name + "' takes no keyword argument '" + name + "'");
    }
  }
  if (macro.uses_caller) {
    assign_name(template_.known.caller, caller, scope);
  }
  if (macro.uses_kwargs) {
    assign_name(template_.known.kwargs, rest, scope);
  }
  if (macro.uses_varargs) {
    std::vector<Value> extra;
    for (std::size_t i = macro.parameters.size(); i < args.positional.size(); ++i) {
      extra.push_back(args.positional[i]);
    }
    assign_name(template_.known.varargs, rt_.heap.tuple(std::move(extra)), scope);
  }
}

Value Evaluator::make_range(const Args& args) {
  if (args.positional.empty() || args.positional.size() > 3 || !args.named.empty()) {
    raise("range() expects 1 to 3 integers");
  }
  std::int64_t values[3] = {0, 0, 1};
  for (std::size_t i = 0; i < args.positional.size(); ++i) {
    const Value& v = args.positional[i];
    if (v.is(Kind::undefined)) {
      raise_undefined(v);
    }
    if (!v.is(Kind::integer) && !v.is(Kind::boolean)) {
      raise("'" + std::string(type_name(v)) + "' object cannot be interpreted as an integer");
    }
    values[i] = v.integer();
  }
  if (args.positional.size() == 1) {
    std::swap(values[0], values[1]);
  }
  const auto [begin, end, step] = std::array{values[0], values[1], values[2]};
  if (step == 0) {
    raise("range() arg 3 must not be zero");
  }
  std::vector<Value> items;
  std::int64_t at = begin;
  while (step > 0 ? at < end : at > end) {
    if (static_cast<std::int64_t>(items.size()) == kMaxRange) {
      raise("a range is longer than 100000");
    }
    items.push_back(make_int(at));
    if (__builtin_add_overflow(at, step, &at)) {
      break;
    }
  }
  return rt_.heap.sequence(std::move(items), SeqKind::range);
}

// The arguments of dict() and namespace(): a mapping or pairs, then names.
Value Evaluator::fill_mapping(Value mapping, const Args& args) {
  const auto put = [&](const Value& key, const Value& value) {
    check_key(key);
    rt_.budget.allocate(2 * sizeof(Value));
    mapping.dict->set(key, value);
  };
  if (args.positional.size() > 1) {
    raise("expected at most 1 positional argument, found " +
          std::to_string(args.positional.size()));
  }
  for (const Value& source : args.positional) {
    if (source.is(Kind::dict)) {
      for (const auto& [key, value] : source.dict->entries) {
        put(key, value);
      }
      continue;
    }
    for (const Value& item : iterate(rt_, source)) {
      const std::vector<Value> pair = iterate(rt_, item);
      if (pair.size() != 2) {
        raise("expected pairs, found an item of length " + std::to_string(pair.size()));
      }
      put(pair[0], pair[1]);
    }
  }
  for (const auto& [name, value] : args.named) {
    put(rt_.text(name), value);
  }
  return mapping;
}

Value Evaluator::call_builtin(Builtin builtin, const Args& args) {
  switch (builtin) {
    case Builtin::raise_exception: {
      ArgReader reader("raise_exception", args);
      const StrRef message = to_str(rt_, reader.required("message"));
      reader.finish();
      throw RenderError{message->text, true};
    }
    case Builtin::strftime_now: {
      ArgReader reader("strftime_now", args);
      const StrRef format = reader.string("format");
      reader.finish();
      if (format == nullptr) {
        raise("strftime_now() expects a format");
      }
      StrBuilder out;
      out.append(format_time(rt_.now.has_value() ? *rt_.now : local_time_now(), format->text),
                 !format->content.empty());
      return rt_.text(std::move(out));
    }
    case Builtin::range:
      return make_range(args);
    case Builtin::name_space:
      return fill_mapping(rt_.heap.name_space(), args);
    case Builtin::dict:
      return fill_mapping(rt_.heap.dict(), args);
    case Builtin::joiner: {
      ArgReader reader("joiner", args);
      const Value* separator = reader.optional("sep");
      reader.finish();
      Callable c;
      c.kind = CallableKind::joiner;
      c.items.push_back(separator != nullptr ? *separator : rt_.text(std::string(", ")));
      return rt_.heap.callable(std::move(c));
    }
    case Builtin::cycler: {
      if (args.positional.empty()) {
        raise("at least one item has to be provided");
      }
      Callable c;
      c.kind = CallableKind::cycler;
      c.items = args.positional;
      return rt_.heap.callable(std::move(c));
    }
    case Builtin::none:
      break;
  }
  raise("not callable");
}

}  // namespace ottobit::jinja
