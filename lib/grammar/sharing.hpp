// SPDX-License-Identifier: Apache-2.0
// Repetitions that are counted take their part once for each time. Where the part is large, it
// becomes a rule, and each time a call of it: a list of up to 100 strings of up to 500 characters
// is some thousand states, not half a million.
#pragma once

#include "grammar/expr.hpp"
#include "grammar/work.hpp"

namespace ottobit::grammar {

/// The same grammar, with the large parts of counted repetitions as rules of their own. Only parts
/// whose end shows: that no text of the part and then the beginning of another is the beginning of
/// a longer text of the part. Else a text could be cut in as many ways as there are times.
[[nodiscard]] Rules shared(Rules rules, Work& work);

}  // namespace ottobit::grammar
