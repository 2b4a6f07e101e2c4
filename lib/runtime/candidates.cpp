// SPDX-License-Identifier: Apache-2.0
#include "runtime/candidates.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ottobit {
namespace {

std::size_t at(Index i) {
  return static_cast<std::size_t>(i);
}

/// How many tokens before `end` equal the last ones of the history, the longest that counts at
/// most.
Index common_suffix(std::span<const std::int32_t> history, Index end, Index most) {
  const auto size = static_cast<Index>(history.size());
  most = std::min(end, most);
  Index n = 0;
  while (n < most && history[at(end - 1 - n)] == history[at(size - 1 - n)]) {
    ++n;
  }
  return n;
}

}  // namespace

double total_weight(const LargeVector<Candidate>& candidates) noexcept {
  double total = 0.0;
  for (const Candidate& candidate : candidates) {
    total += candidate.weight;
  }
  return total;
}

void keep_typical(LargeVector<Candidate>& candidates, double mass) {
  const double total = total_weight(candidates);
  const auto surprise = [&](const Candidate& c) { return -std::log(c.weight / total); };
  double expected = 0.0;
  for (const Candidate& candidate : candidates) {
    if (candidate.weight > 0.0) {
      expected += candidate.weight / total * surprise(candidate);
    }
  }
  for (Candidate& candidate : candidates) {
    candidate.order = std::abs(surprise(candidate) - expected);  // infinite at weight 0
  }
  const auto likelier = [](const Candidate& a, const Candidate& b) {
    return a.weight > b.weight || (a.weight == b.weight && a.id < b.id);
  };
  std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    return a.order < b.order || (a.order == b.order && likelier(a, b));
  });
  std::size_t kept = 0;
  for (double sum = 0.0; kept < candidates.size() && (kept == 0 || sum < mass * total); ++kept) {
    sum += candidates[kept].weight;
  }
  candidates.resize(kept);
  std::sort(candidates.begin(), candidates.end(), likelier);
}

void exclude_top_choices(LargeVector<Candidate>& candidates, double threshold) {
  const double least = threshold * total_weight(candidates);
  const auto end = std::find_if(candidates.begin(), candidates.end(),
                                [&](const Candidate& c) { return c.weight < least; });
  if (end - candidates.begin() >= 2) {
    candidates.erase(candidates.begin(), end - 1);
  }
}

void penalise_repeats(const RepeatPenalty& penalty, const std::vector<bool>& breaks,
                      std::span<const std::int32_t> history, std::span<float> scores,
                      std::span<std::int32_t> longest) {
  if (penalty.multiplier == 0.0F) {
    return;
  }
  const auto size = static_cast<Index>(history.size());
  Index most = 0;  // tokens at the end without a break
  while (most < std::min(size, RepeatPenalty::kLongest) &&
         (breaks.empty() || !breaks[at(history[at(size - 1 - most)])])) {
    ++most;
  }
  for (Index next = 1; next < size; ++next) {
    std::int32_t& known = longest[at(history[at(next)])];
    known = std::max(known, static_cast<std::int32_t>(common_suffix(history, next, most)));
  }
  for (const std::int32_t id : history) {
    const std::int32_t n = std::exchange(longest[at(id)], 0);
    if (n > 0 && n >= penalty.allowed) {
      scores[at(id)] -=
          penalty.multiplier * std::pow(penalty.base, static_cast<float>(n - penalty.allowed));
    }
  }
}

double Mirostat::least() const noexcept {
  return std::exp2(-bound_);
}

void Mirostat::drawn(double probability) noexcept {
  bound_ -= rate_ * (-std::log2(probability) - target_);
}

}  // namespace ottobit
