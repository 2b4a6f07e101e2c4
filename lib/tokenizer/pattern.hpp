// SPDX-License-Identifier: Apache-2.0
// Regular expressions of tokenizer files are written for Oniguruma (Ruby syntax), tiktoken's for
// Rust; PCRE2 reads most of them alike. This puts into PCRE2's words what it would read otherwise:
//
//   \p{Han}             a script is Script in Oniguruma, Script_Extensions in PCRE2
//   \w \W               letters, marks, decimal digits and connectors; in PCRE2 no marks
//   [A&&B] [A&&[^B]]    intersections of classes, which become a look-ahead and a class
//   \h \H               hexadecimal digits; in PCRE2 spaces
#pragma once

#include <string>
#include <string_view>

namespace ottobit {

/// Error{unsupported} for a class within a class that is not behind `&&`.
[[nodiscard]] std::string pcre_pattern(std::string_view pattern, const std::string& subject);

}  // namespace ottobit
