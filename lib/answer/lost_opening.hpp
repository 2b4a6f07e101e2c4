// SPDX-License-Identifier: Apache-2.0
// Calls whose opening marker the model left out, known by what stands at their front: the name of a
// declared tool, written as a call of the format writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_calls.hpp"

namespace ottobit {

/// The fronts of the calls that the tools of a conversation allow.
class CallFronts {
 public:
  enum class Match {
    none,     ///< no call begins so
    perhaps,  ///< one may: there is too little text yet
    call,     ///< one does
  };

  CallFronts() = default;
  CallFronts(CallSyntax syntax, const ToolTypes& tools);

  /// No tool is declared, or the format has no calls.
  [[nodiscard]] bool empty() const noexcept { return fronts_.empty(); }
  /// How the front of `text` looks. Blanks do not count, but in the thousands.
  [[nodiscard]] Match match(std::string_view text) const noexcept;

 private:
  std::vector<std::string> fronts_;  ///< without blanks
};

}  // namespace ottobit
