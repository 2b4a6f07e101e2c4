// SPDX-License-Identifier: Apache-2.0
// The operators of expressions, with Python's meaning. Integers have 64 bits; a result that needs
// more is an error, never a wrong number.
#pragma once

#include "jinja/ast.hpp"
#include "jinja/runtime.hpp"

namespace ottobit::jinja {

Value arithmetic(Runtime& rt, Operator op, const Value& a, const Value& b);
bool compare(Runtime& rt, Operator op, const Value& a, const Value& b);
/// -v and +v.
Value negate(char op, const Value& v);

}  // namespace ottobit::jinja
