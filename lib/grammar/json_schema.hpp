// SPDX-License-Identifier: Apache-2.0
// JSON schemas as grammars (JSON Schema 2020-12, and what draft 7 writes differently). Every text
// of the grammar is a JSON value that validates. The grammar may have fewer texts than the schema,
// so that a model is led, not confused:
//  - properties come in the order in which the schema lists them; others only where
//    additionalProperties asks for them or no properties are listed;
//  - a schema without type means the types that its keywords are about;
//  - names of additional properties are not those of the listed ones, but two may be alike;
//  - white space is short, and numbers have 16 digits at most.
// What cannot be honoured is an error that names the keyword: not, if, dependent*, contains,
// uniqueItems, patternProperties, multipleOf, bounds of numbers that are not integers, ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// Error{grammar, subject, "PLACE: ..."} with a JSON pointer as the place. Strings of which the
/// schema says no more than that do not hold the words of `avoid`; see text_avoiding.
[[nodiscard]] Rules read_json_schema(std::string_view text, const std::string& subject,
                                     const std::vector<std::string>& avoid = {});

}  // namespace ottobit::grammar
