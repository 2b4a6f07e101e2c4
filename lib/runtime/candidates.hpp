// SPDX-License-Identifier: Apache-2.0
// The samplers that look at the likeliest tokens as a list. None of them allocates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/memory.hpp"

namespace ottobit {

/// A token that may be drawn. Lists are sorted, likeliest first, and never empty.
struct Candidate {
  std::int32_t id = 0;
  double weight = 0.0;  ///< its probability, but for a factor that a list shares
  double order = 0.0;   ///< workspace
};

[[nodiscard]] double total_weight(const LargeVector<Candidate>& candidates) noexcept;

/// Locally typical sampling (Meister et al. 2022, arXiv:2202.00666): keeps the tokens whose
/// surprise is nearest to the expected one, as few as hold `mass` of the probability.
void keep_typical(LargeVector<Candidate>& candidates, double mass);

/// Exclude top choices ("XTC", text-generation-webui, pull request 6335): of the tokens with a
/// probability of `threshold` or more, only the least likely stays.
void exclude_top_choices(LargeVector<Candidate>& candidates, double threshold);

/// A penalty for tokens that would go on with a repetition ("DRY", text-generation-webui, pull
/// request 5677): multiplier * base^(n - allowed) for a token that followed the last n tokens
/// before, n >= allowed.
struct RepeatPenalty {
  float multiplier = 0.0F;  ///< 0: off
  float base = 1.75F;
  std::int32_t allowed = 2;  ///< tokens that may repeat freely

  static constexpr Index kLongest = 50;  ///< a repetition counts as no longer than this
};

/// Subtracts it from the scores [V]. longest [V]: zeros, before and after.
/// breaks [V], or empty: tokens across which no repetition reaches.
void penalise_repeats(const RepeatPenalty& penalty, const std::vector<bool>& breaks,
                      std::span<const std::int32_t> history, std::span<float> scores,
                      std::span<std::int32_t> longest);

/// Mirostat 2 (Basu et al. 2021, arXiv:2007.14966, algorithm 2): keeps the surprise of the tokens
/// drawn near a target by cutting off those beyond a bound that follows what was drawn.
class Mirostat {
 public:
  /// `target` (tau) and surprises in bits; `rate` (eta): how fast the bound follows.
  Mirostat(double target, double rate) : target_(target), rate_(rate), bound_(2.0 * target) {}

  /// The least probability a token may have now.
  [[nodiscard]] double least() const noexcept;
  /// A token of that probability, among those left, was drawn.
  void drawn(double probability) noexcept;

 private:
  double target_;
  double rate_;
  double bound_;
};

}  // namespace ottobit
