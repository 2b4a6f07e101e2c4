// SPDX-License-Identifier: Apache-2.0
// Tools declared as TypeScript, as Kimi K2.5 and later are trained to read them: the program beside
// the model hands its template the variable `tools_ts_str`, and so do we.
//
//   # Tools
//
//   ## functions
//   namespace functions {
//   // what it does
//   type name = (_: {
//     // what it is
//     city: string,
//     days?: number
//   }) => any;
//   }
#pragma once

#include <optional>
#include <string>

#include "io/json.hpp"
#include "jinja/runtime.hpp"

namespace ottobit {

/// `tools` as in the chat JSON, their members sorted by sort_members. nullopt where a schema has no
/// such form (the template then writes JSON).
std::optional<std::string> typescript_declarations(jinja::Runtime& rt, const OrderedJson& tools);

/// Members of all objects in the order of their names.
void sort_members(OrderedJson& json);

}  // namespace ottobit
