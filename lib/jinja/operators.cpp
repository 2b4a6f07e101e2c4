// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparison.
#include "jinja/operators.hpp"

#include <cmath>

namespace ottobit::jinja {

namespace {

std::string_view symbol_of(Operator op) noexcept {
  switch (op) {
    case Operator::add:
      return "+";
    case Operator::subtract:
      return "-";
    case Operator::multiply:
      return "*";
    case Operator::divide:
      return "/";
    case Operator::floor_divide:
      return "//";
    case Operator::modulo:
      return "%";
    default:
      return "** or pow()";
  }
}

[[noreturn]] void raise_overflow() {
  raise("an integer is larger than 64 bits");
}

[[noreturn]] void raise_operands(Operator op, const Value& a, const Value& b) {
  raise("unsupported operand type(s) for " + std::string(symbol_of(op)) + ": '" +
        std::string(type_name(a)) + "' and '" + std::string(type_name(b)) + "'");
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  if (a == INT64_MIN && b == -1) {
    raise_overflow();
  }
  const std::int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

std::int64_t floor_remainder(std::int64_t a, std::int64_t b) {
  if (b == -1) {
    return 0;
  }
  const std::int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) {
      raise_overflow();
    }
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
      raise_overflow();
    }
  }
  return result;
}

Value integer_arithmetic(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Operator::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Operator::subtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Operator::multiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Operator::divide:
      return make_real(static_cast<double>(a) / static_cast<double>(b));
    case Operator::floor_divide:
      return make_int(floor_quotient(a, b));
    case Operator::modulo:
      return make_int(floor_remainder(a, b));
    default:
      if (b < 0) {
        return make_real(std::pow(static_cast<double>(a), static_cast<double>(b)));
      }
      return make_int(integer_power(a, b));
  }
  if (overflow) {
    raise_overflow();
  }
  return make_int(result);
}

double floor_remainder(double a, double b) noexcept {
  const double r = std::fmod(a, b);
  return r != 0.0 && (r < 0) != (b < 0) ? r + b : r;
}

Value real_arithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::add:
      return make_real(a + b);
    case Operator::subtract:
      return make_real(a - b);
    case Operator::multiply:
      return make_real(a * b);
    case Operator::divide:
      return make_real(a / b);
    case Operator::floor_divide:
      return make_real(std::floor(a / b));
    case Operator::modulo:
      return make_real(floor_remainder(a, b));
    default:
      return make_real(std::pow(a, b));
  }
}

Value number_arithmetic(Operator op, const Value& a, const Value& b) {
  const bool divides =
      op == Operator::divide || op == Operator::floor_divide || op == Operator::modulo;
  const bool negative_power = op == Operator::power && b.real() < 0;
  if (divides && b.real() == 0) {
    raise(op == Operator::divide ? "division by zero" : "integer division or modulo by zero");
  }
  if (negative_power && a.real() == 0) {
    raise("0 cannot be raised to a negative power");
  }
  const bool whole = !a.is(Kind::real) && !b.is(Kind::real);
  return whole ? integer_arithmetic(op, a.integer(), b.integer())
               : real_arithmetic(op, a.real(), b.real());
}

bool same_sequence_kind(const Value& a, const Value& b) noexcept {
  return a.is(Kind::sequence) && b.is(Kind::sequence) && a.seq->kind == b.seq->kind &&
         (a.seq->kind == SeqKind::list || a.seq->kind == SeqKind::tuple);
}

Value add(Runtime& rt, const Value& a, const Value& b) {
  if (a.is(Kind::string) && b.is(Kind::string)) {
    StrBuilder out;
    out.append(*a.str);
    out.append(*b.str);
    return rt.text(std::move(out));
  }
  if (same_sequence_kind(a, b)) {
    std::vector<Value> items = a.seq->items;
    items.insert(items.end(), b.seq->items.begin(), b.seq->items.end());
    Value v = rt.heap.sequence(std::move(items), a.seq->kind);
    v.seq->content = a.seq->content && b.seq->content;
    return v;
  }
  const bool list =
      a.is(Kind::sequence) && (a.seq->kind == SeqKind::list || a.seq->kind == SeqKind::tuple);
  if (a.is(Kind::string) || list) {
    const std::string type(type_name(a));
    raise("can only concatenate " + type + " (not \"" + std::string(type_name(b)) + "\") to " +
          type);
  }
  raise_operands(Operator::add, a, b);
}

Value repeat(Runtime& rt, const Value& v, std::int64_t times) {
  const std::size_t size = v.is(Kind::string) ? v.str->text.size() : v.seq->items.size();
  const auto count = static_cast<std::size_t>(times < 0 ? 0 : times);
  if (size != 0 && count > kMaxTextBytes / size) {
    raise("a repetition is longer than 64 MiB");
  }
  const std::size_t rounds = size == 0 ? 0 : count;
  if (v.is(Kind::string)) {
    StrBuilder out;
    for (std::size_t i = 0; i < rounds; ++i) {
      out.append(*v.str);
    }
    return rt.text(std::move(out));
  }
  std::vector<Value> items;
  rt.budget.charge(size * rounds);
  rt.budget.allocate(size * rounds * sizeof(Value));  // before the memory is taken
  items.reserve(size * rounds);
  rt.budget.release(size * rounds * sizeof(Value));
  for (std::size_t i = 0; i < rounds; ++i) {
    items.insert(items.end(), v.seq->items.begin(), v.seq->items.end());
  }
  return rt.heap.sequence(std::move(items), v.seq->kind);
}

bool is_repeatable(const Value& v) noexcept {
  return v.is(Kind::string) ||
         (v.is(Kind::sequence) && (v.seq->kind == SeqKind::list || v.seq->kind == SeqKind::tuple));
}

bool is_whole(const Value& v) noexcept {
  return v.is(Kind::integer) || v.is(Kind::boolean);
}

}  // namespace

Value arithmetic(Runtime& rt, Operator op, const Value& a, const Value& b) {
  rt.budget.charge(0);
  if (a.is_number() && b.is_number()) {
    return number_arithmetic(op, a, b);
  }
  if (op == Operator::modulo && a.is(Kind::string)) {
    return percent_format(rt, a.str, b);
  }
  for (const Value* v : {&a, &b}) {
    if (v->is(Kind::undefined)) {
      raise_undefined(*v);
    }
  }
  if (op == Operator::add) {
    return add(rt, a, b);
  }
  if (op == Operator::multiply && is_repeatable(a) && is_whole(b)) {
    return repeat(rt, a, b.integer());
  }
  if (op == Operator::multiply && is_repeatable(b) && is_whole(a)) {
    return repeat(rt, b, a.integer());
  }
  raise_operands(op, a, b);
}

bool compare(Runtime& rt, Operator op, const Value& a, const Value& b) {
  rt.budget.charge(0);
  switch (op) {
    case Operator::equal:
      return equal(rt.budget, a, b);
    case Operator::not_equal:
      return !equal(rt.budget, a, b);
    case Operator::less:
      return less(rt.budget, a, b, "<");
    case Operator::greater:
      return less(rt.budget, b, a, ">");
    case Operator::less_equal:
      return less(rt.budget, a, b, "<=") || equal(rt.budget, a, b);
    case Operator::greater_equal:
      return less(rt.budget, b, a, ">=") || equal(rt.budget, a, b);
    case Operator::in:
      return contains(rt, b, a);
    default:
      return !contains(rt, b, a);
  }
}

Value negate(char op, const Value& v) {
  if (v.is(Kind::undefined)) {
    raise_undefined(v);
  }
  if (!v.is_number()) {
    raise(std::string("bad operand type for unary ") + op + ": '" + std::string(type_name(v)) +
          "'");
  }
  if (v.is(Kind::real)) {
    return op == '-' ? make_real(-v.d) : v;
  }
  if (op == '-' && v.integer() == INT64_MIN) {
    raise_overflow();
  }
  return make_int(op == '-' ? -v.integer() : v.integer());
}

}  // namespace ottobit::jinja
