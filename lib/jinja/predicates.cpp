// SPDX-License-Identifier: Apache-2.0
// The tests behind `is`.
#include <algorithm>
#include <array>
#include <cmath>

#include <utf8proc.h>

#include "jinja/filters.hpp"

namespace ottobit::jinja {

namespace {

void no_arguments(const Args& args) {
  ArgReader("test", args).finish();
}

const Value& only_argument(const Args& args) {
  if (args.positional.size() != 1 || !args.named.empty()) {
    raise("the test expects one argument, found " +
          std::to_string(args.positional.size() + args.named.size()));
  }
  return args.positional[0];
}

bool is_defined(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return !v.is(Kind::undefined);
}
bool is_undefined(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::undefined);
}
bool is_none(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::none);
}
bool is_boolean(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::boolean);
}
bool is_true(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::boolean) && v.b;
}
bool is_false(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::boolean) && !v.b;
}
bool is_integer(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::integer) || (v.is(Kind::real) && v.str != nullptr);
}
bool is_float(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::real) && v.str == nullptr;
}
bool is_number(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is_number();
}
bool is_string(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::string);
}
bool is_mapping(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::dict) || (v.is(Kind::string) && v.str->object != nullptr);
}
bool is_sequence(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::undefined) || v.is(Kind::string) || v.is(Kind::dict) ||
         (v.is(Kind::sequence) && v.seq->indexable());
}
bool is_iterable(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::undefined) || v.is(Kind::string) || v.is(Kind::dict) || v.is(Kind::sequence) ||
         v.is(Kind::loop);
}
bool is_callable(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::callable) || v.is(Kind::undefined);
}
bool is_escaped(Runtime&, const Value&, const Args& args) {
  no_arguments(args);
  return false;
}
bool is_filter(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::string) && find_filter(v.str->text) != nullptr;
}
bool is_test(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return v.is(Kind::string) && find_test(v.str->text) != nullptr;
}

bool is_equal(Runtime& rt, const Value& v, const Args& args) {
  return equal(rt.budget, v, only_argument(args));
}
bool is_not_equal(Runtime& rt, const Value& v, const Args& args) {
  return !equal(rt.budget, v, only_argument(args));
}
bool is_less(Runtime& rt, const Value& v, const Args& args) {
  return less(rt.budget, v, only_argument(args));
}
bool is_greater(Runtime& rt, const Value& v, const Args& args) {
  return less(rt.budget, only_argument(args), v, ">");
}
bool is_less_equal(Runtime& rt, const Value& v, const Args& args) {
  const Value& other = only_argument(args);
  return less(rt.budget, v, other, "<=") || equal(rt.budget, v, other);
}
bool is_greater_equal(Runtime& rt, const Value& v, const Args& args) {
  const Value& other = only_argument(args);
  return less(rt.budget, other, v, ">=") || equal(rt.budget, v, other);
}
bool is_in(Runtime& rt, const Value& v, const Args& args) {
  return contains(rt, only_argument(args), v);
}

bool is_same(Runtime& rt, const Value& v, const Args& args) {
  const Value& other = only_argument(args);
  if (v.kind != other.kind) {
    return false;
  }
  switch (v.kind) {
    case Kind::sequence:
      return v.seq == other.seq;
    case Kind::dict:
    case Kind::name_space:
      return v.dict == other.dict;
    default:
      return equal(rt.budget, v, other);
  }
}

/// What v leaves when it is divided, with the sign of the divisor.
double remainder_of(const Value& v, const Value& divisor) {
  for (const Value* each : {&v, &divisor}) {
    if (!each->is_number()) {
      raise("the test expects a number, found '" + std::string(type_name(*each)) + "'");
    }
  }
  if (divisor.real() == 0.0) {
    raise("modulo by zero");
  }
  if (!v.is(Kind::real) && !divisor.is(Kind::real)) {
    return divisor.integer() == -1 ? 0.0 : static_cast<double>(v.integer() % divisor.integer());
  }
  const double rest = std::fmod(v.real(), divisor.real());
  return rest != 0.0 && (rest < 0.0) != (divisor.real() < 0.0) ? rest + divisor.real() : rest;
}
bool is_odd(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return std::abs(remainder_of(v, make_int(std::int64_t{2}))) == 1.0;
}
bool is_even(Runtime&, const Value& v, const Args& args) {
  no_arguments(args);
  return remainder_of(v, make_int(std::int64_t{2})) == 0.0;
}
bool is_divisible(Runtime&, const Value& v, const Args& args) {
  return remainder_of(v, only_argument(args)) == 0.0;
}

// All cased letters of this case, and at least one.
bool has_case(Runtime& rt, const Value& v, bool upper_case) {
  const StrRef s = to_str(rt, v);
  rt.budget.charge_bytes(s->text.size());
  bool any = false;
  for (std::size_t at = 0; at < s->text.size();) {
    const CodePoint c = decode(s->text, at);
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c.value));
    const bool up = category == UTF8PROC_CATEGORY_LU;
    const bool down = category == UTF8PROC_CATEGORY_LL;
    if (category == UTF8PROC_CATEGORY_LT || (upper_case ? down : up)) {
      return false;
    }
    any = any || up || down;
    at += c.size;
  }
  return any;
}
bool is_upper(Runtime& rt, const Value& v, const Args& args) {
  no_arguments(args);
  return has_case(rt, v, true);
}
bool is_lower(Runtime& rt, const Value& v, const Args& args) {
  no_arguments(args);
  return has_case(rt, v, false);
}

constexpr std::array kTests = {
    Test{"!=", is_not_equal},
    Test{"<", is_less},
    Test{"<=", is_less_equal},
    Test{"==", is_equal},
    Test{">", is_greater},
    Test{">=", is_greater_equal},
    Test{"boolean", is_boolean},
    Test{"callable", is_callable},
    Test{"defined", is_defined},
    Test{"divisibleby", is_divisible},
    Test{"eq", is_equal},
    Test{"equalto", is_equal},
    Test{"escaped", is_escaped},
    Test{"even", is_even},
    Test{"false", is_false},
    Test{"filter", is_filter},
    Test{"float", is_float},
    Test{"ge", is_greater_equal},
    Test{"greaterthan", is_greater},
    Test{"gt", is_greater},
    Test{"in", is_in},
    Test{"integer", is_integer},
    Test{"iterable", is_iterable},
    Test{"le", is_less_equal},
    Test{"lessthan", is_less},
    Test{"lower", is_lower},
    Test{"lt", is_less},
    Test{"mapping", is_mapping},
    Test{"ne", is_not_equal},
    Test{"none", is_none},
    Test{"number", is_number},
    Test{"odd", is_odd},
    Test{"sameas", is_same},
    Test{"sequence", is_sequence},
    Test{"string", is_string},
    Test{"test", is_test},
    Test{"true", is_true},
    Test{"undefined", is_undefined},
    Test{"upper", is_upper},
};

}  // namespace

const Test* find_test(std::string_view name) noexcept {
  const auto* found =
      std::find_if(kTests.begin(), kTests.end(), [name](const Test& t) { return t.name == name; });
  return found == kTests.end() ? nullptr : found;
}

}  // namespace ottobit::jinja
