// SPDX-License-Identifier: Apache-2.0
// JSON schemas put together and compared.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/json.hpp"

namespace ottobit::grammar {

/// Whether `list` is a list and has this value.
[[nodiscard]] bool holds(const OrderedJson& list, const OrderedJson& value);

/// The schema that both `a` and `b` are: what allOf means. `refuse` is called, and must not return,
/// where that cannot be written as one schema.
[[nodiscard]] OrderedJson merged(const OrderedJson& a, const OrderedJson& b,
                                 const std::function<void(const std::string&)>& refuse);

/// True where it is certain that no value validates against both: other types, other constants, or
/// objects that tell themselves apart by a constant property. References are not followed.
[[nodiscard]] bool disjoint(const OrderedJson& a, const OrderedJson& b);

/// Whether a value is of one of the types; 1 and 1.0 are integers.
[[nodiscard]] bool has_type(const OrderedJson& value, const std::vector<std::string>& types);

}  // namespace ottobit::grammar
