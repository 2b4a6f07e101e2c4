// SPDX-License-Identifier: Apache-2.0
// Regular expressions, in the part of ECMAScript's notation that describes a set of texts:
// literals,
// ., classes, \d \w \s \D \W \S \n \r \t \f \v \0 \xHH \uHHHH \u{H...} \cX, groups (named ones and
// (?:...) too), |, * + ? {m,n} with or without a lazy "?", ^ and $ at either end of an alternative.
// Look-around, back references, \b, \p and flags are errors.
#pragma once

#include <string>
#include <string_view>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// What a regular expression matches: from begin to end, or with `search` anywhere in the text but
/// where ^ or $ holds it. Error{grammar, subject, "line L, column C: ..."}.
[[nodiscard]] Expr read_regex(std::string_view text, const std::string& subject, bool search);

}  // namespace ottobit::grammar
