// SPDX-License-Identifier: Apache-2.0
// GBNF, the notation of llama.cpp's grammars:
//   root   ::= "yes" | "no" reason?     # comment
//   reason ::= " because " [^.\n]{1,80} "."
// Literals and classes know the escapes \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH; `.` is
// any character. A rule ends at the end of its line unless a bracket is open or the line ends with
// `|` or `::=`, or the next one begins with `|`.
#pragma once

#include <string>
#include <string_view>

#include "grammar/expr.hpp"

namespace ottobit::grammar {

/// Error{grammar, subject, "line L, column C: ..."}; columns count bytes, both count from 1.
[[nodiscard]] Rules read_gbnf(std::string_view text, const std::string& subject);

}  // namespace ottobit::grammar
