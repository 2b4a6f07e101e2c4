// SPDX-License-Identifier: Apache-2.0
#include "runtime/constrained.hpp"

#include <algorithm>
#include <limits>

#include "ottobit/error.hpp"
#include "ottobit/tokenizer.hpp"

namespace ottobit {

void Constrained::mask(std::span<float> logits) {
  allowed_ = constraint_.allowed();
  allowed_.resize((logits.size() + 63) / 64);  // a model may have more rows than tokens, or fewer
  for (const std::int32_t id : model_.end_ids()) {
    const auto at = static_cast<std::size_t>(id);
    if (constraint_.accepts() && at < logits.size()) {
      allowed_[at / 64] |= std::uint64_t{1} << (at % 64);
    }
  }
  bool any = false;
  for (std::size_t word = 0; word < allowed_.size(); ++word) {
    const std::size_t begin = word * 64;
    const std::size_t end = std::min(begin + 64, logits.size());
    for (std::size_t i = begin; i < end && ~allowed_[word] != 0; ++i) {
      if ((allowed_[word] >> (i - begin) & 1U) == 0) {
        logits[i] = -std::numeric_limits<float>::infinity();
      }
    }
    any = any || allowed_[word] != 0;
  }
  OTTOBIT_CHECK(any, ErrorCode::grammar, "grammar",
                "no token of the vocabulary goes on with what the grammar wants next");
}

bool Constrained::allows(std::int32_t id) const noexcept {
  const auto at = static_cast<std::size_t>(id);
  return (allowed_[at / 64] >> (at % 64) & 1U) != 0;
}

void Constrained::accept(std::int32_t id) {
  constraint_.accept(model_.grammar_bytes(id));
}

}  // namespace ottobit
