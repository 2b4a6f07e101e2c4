// SPDX-License-Identifier: Apache-2.0
// Values printed by Python's str(): what a template writes where it puts a list, a dict or True
// into the text of a tool call, and what models trained on such text write in turn.
#pragma once

#include <optional>
#include <string_view>

#include "io/json.hpp"

namespace ottobit {

/// The JSON value of a Python literal: None, True, False, numbers, strings in either quotes, lists,
/// tuples, and dicts whose keys are strings. nullopt for anything else, for nesting beyond
/// kMaxJsonDepth and for a key twice in a dict.
std::optional<OrderedJson> read_python_literal(std::string_view text);

}  // namespace ottobit
