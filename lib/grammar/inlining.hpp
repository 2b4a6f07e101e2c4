// SPDX-License-Identifier: Apache-2.0
// Small rules put where they are used. What a call of a rule costs is not its states but the stack:
// while a text is inside of `char`, nothing can be known about the next character without asking
// who called. Inside of a whole string, almost everything can.
#pragma once

#include <cstddef>
#include <optional>

#include "grammar/expr.hpp"
#include "grammar/work.hpp"

namespace ottobit::grammar {

/// The same grammar, with calls of rules that call none and are small replaced by what they match.
[[nodiscard]] Rules inlined(Rules rules, Work& work);

/// About how many states an expression takes; nullopt where it calls rules.
[[nodiscard]] std::optional<std::size_t> weight(const Expr& expr);

}  // namespace ottobit::grammar
