// SPDX-License-Identifier: Apache-2.0
// Pieces of JSON texts as expressions. They describe fewer texts than JSON allows where more would
// only lead a model astray: white space is short, numbers fit a double, escapes are not surrogates.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// What may stand between the parts of a value: nothing, a space, or a line end with up to 20
/// blanks.
[[nodiscard]] Expr json_blank();
/// One character of a string that is in `set`, written in the one way that is usual: quotes,
/// backslashes and control characters as escapes, the rest as it is.
[[nodiscard]] Expr json_chars(const CharSet& set);
/// One character of a string, in every way.
[[nodiscard]] Expr json_any_char();
/// The inside of a string that, as it is written, holds none of `words`; see text_avoiding.
[[nodiscard]] Expr json_avoiding(const std::vector<std::string>& words, const std::string& subject);
/// The texts of `expr` within a string: its characters as json_chars writes them. Without the
/// quotes.
[[nodiscard]] Expr json_inside(Expr expr);
[[nodiscard]] Expr quoted(Expr inside);

/// How many digits a number has where nothing bounds it.
inline constexpr std::size_t kMostDigits = 16;
[[nodiscard]] Expr digit(int first, int last);
[[nodiscard]] Expr digits(std::size_t min, std::size_t max);
/// A number; an integer without fraction and exponent.
[[nodiscard]] Expr json_number();
[[nodiscard]] Expr json_integer();
/// The inside of a string that is none of `words` (JSON texts without their quotes).
[[nodiscard]] Expr json_other_than(std::vector<std::string> words);

}  // namespace ottobit::grammar
