// SPDX-License-Identifier: Apache-2.0
// The scores of a generation that must keep to a grammar.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ottobit/grammar.hpp"
#include "ottobit/model.hpp"

#include "grammar/token_mask.hpp"

namespace ottobit {

class Constrained {
 public:
  /// The model must outlive it.
  Constrained(const Model& model, GrammarHandle grammar)
      : model_(model), constraint_(std::move(grammar)) {}

  /// Makes the scores of all tokens that may not come next minus infinity. End tokens may come
  /// where the text may end. Error{grammar} if none may.
  void mask(std::span<float> logits);
  /// Whether the last mask let this token through.
  [[nodiscard]] bool allows(std::int32_t id) const noexcept;
  /// The token that was chosen, an end token apart.
  void accept(std::int32_t id);
  /// Nothing but an end can follow, and the model has no token for that.
  [[nodiscard]] bool over() const noexcept {
    return constraint_.complete() && model_.end_ids().empty();
  }

 private:
  const Model& model_;
  grammar::Constraint constraint_;
  std::vector<std::uint64_t> allowed_;  // of the last mask, end tokens among them
};

}  // namespace ottobit
