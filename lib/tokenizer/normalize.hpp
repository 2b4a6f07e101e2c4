// SPDX-License-Identifier: Apache-2.0
// Normalizer: the `normalizer` of a tokenizer.json, a list of steps over whole texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"
#include "tokenizer/regex.hpp"

namespace ottobit {

class Normalizer {
 public:
  /// `spec` may be null: nothing is done. Error{unsupported} for an unknown type.
  [[nodiscard]] static Normalizer parse(const Json& spec, const std::string& subject);

  /// `text` is valid UTF-8, and so is the result. Error{format} if it is more than 64 times as long
  /// and 64 KiB.
  [[nodiscard]] std::string apply(std::string_view text) const;
  [[nodiscard]] bool empty() const noexcept { return steps_.empty(); }

 private:
  enum class Kind : std::uint8_t { nfc, nfd, nfkc, nfkd, lowercase, replace, prepend, strip };
  struct Step {
    Kind kind = Kind::nfc;
    std::string pattern;                 // replace: plain text, unless regex
    std::string content;                 // replace, prepend
    std::shared_ptr<const Regex> regex;  // replace
    bool left = false;                   // strip
    bool right = false;
  };
  void add(const Json& spec, const std::string& subject, int depth);

  std::vector<Step> steps_;
};

}  // namespace ottobit
