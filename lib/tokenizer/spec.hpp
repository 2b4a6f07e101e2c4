// SPDX-License-Identifier: Apache-2.0
// Reading the parts of a tokenizer.json: typed members with errors that name the part.
#pragma once

#include <string>
#include <string_view>

#include "io/json.hpp"

namespace ottobit {

/// The member "type" of a part; bounds how deep Sequences nest.
[[nodiscard]] std::string spec_type(const Json& spec, const std::string& subject, int depth);

[[nodiscard]] const Json& spec_list(const Json& spec, const char* key, const std::string& where);
[[nodiscard]] std::string spec_text(const Json& spec, const char* key, const std::string& where);
[[nodiscard]] bool spec_flag(const Json& spec, const char* key, bool fallback,
                             const std::string& where);

/// The member "pattern": {"String": "..."} or {"Regex": "..."}.
struct SplitPattern {
  std::string text;
  bool is_regex = false;
};
[[nodiscard]] SplitPattern spec_pattern(const Json& spec, const std::string& where);

/// Error{unsupported}: `what` has a type that is not known.
[[noreturn]] void fail_unknown(const std::string& subject, const char* what,
                               const std::string& type);

}  // namespace ottobit
