// SPDX-License-Identifier: Apache-2.0
// Values from parsed JSON. Apart from runtime.hpp because only the chat input and tojson need to
// know the JSON library.
#pragma once

#include "io/json.hpp"
#include "jinja/runtime.hpp"

namespace ottobit::jinja {

/// The value of `json`; `from_caller` marks everything in it, punctuation included, as the
/// caller's.
Value json_value(Runtime& rt, const OrderedJson& json, bool from_caller);

}  // namespace ottobit::jinja
