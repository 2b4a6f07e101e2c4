// SPDX-License-Identifier: Apache-2.0
// The model families: an explicit table from config.json's `model_type` to the function that
// describes such a model as plain data. A new family is one file beside this one and one line in
// registry.cpp.
#pragma once

#include <span>
#include <string_view>

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

/// Two keys of one meaning.
struct Spelling {
  std::string_view key;  ///< as the family's own file reads it
  std::string_view other;
};

struct Family {
  std::string_view model_type;  ///< as in config.json
  std::string_view title;       ///< for people
  DecoderSpec (*describe)(const Config& config);
  std::span<const Spelling> spellings{};  ///< beside those that all families share
};

[[nodiscard]] std::span<const Family> families() noexcept;

/// The family of a config.json; Error{format} without model_type, Error{unsupported} for a model
/// type that is not in the table. From then on the config knows the family's spellings.
[[nodiscard]] const Family& family_of(Config config);

/// Throws Error{format} with the config as subject if the numbers of a spec do not fit together:
/// sizes out of range, heads not divisible by KV heads, odd rotary dimension.
void validate(const DecoderSpec& spec, const Config& config);

}  // namespace ottobit
