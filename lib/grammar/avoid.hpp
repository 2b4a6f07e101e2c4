// SPDX-License-Identifier: Apache-2.0
// Texts in which certain words do not stand.
#pragma once

#include <string>
#include <vector>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// All texts of characters of `alphabet` and of `units` (expressions of other bytes: tokens,
/// escapes) that hold none of `words`. The words, UTF-8, begin with the same character, which no
/// word has again; Error{unsupported, subject} where they do not.
[[nodiscard]] Expr text_avoiding(const std::vector<std::string>& words, const CharSet& alphabet,
                                 const std::vector<Expr>& units, const std::string& subject);

}  // namespace ottobit::grammar
