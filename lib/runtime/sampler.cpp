// SPDX-License-Identifier: Apache-2.0
#include "ottobit/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ottobit/error.hpp"

namespace ottobit {
namespace {

void check(bool holds, const char* name, double value, const char* expected) {
  OTTOBIT_CHECK(holds, ErrorCode::argument, name, std::to_string(value) + ", expected " + expected);
}

void validate(const SamplerOptions& o, Index vocab) {
  const auto finite = [](float x) { return std::isfinite(x); };
  check(finite(o.temperature) && o.temperature >= 0.0F, "temperature",
        static_cast<double>(o.temperature), "0 or more");
  check(o.top_k >= 0, "top_k", o.top_k, "0 or more");
  check(o.top_p > 0.0F && o.top_p <= 1.0F, "top_p", static_cast<double>(o.top_p),
        "more than 0, at most 1");
  check(o.min_p >= 0.0F && o.min_p <= 1.0F, "min_p", static_cast<double>(o.min_p), "0 to 1");
  check(finite(o.repetition_penalty) && o.repetition_penalty > 0.0F, "repetition_penalty",
        static_cast<double>(o.repetition_penalty), "more than 0");
  check(finite(o.frequency_penalty), "frequency_penalty", static_cast<double>(o.frequency_penalty),
        "a finite number");
  check(finite(o.presence_penalty), "presence_penalty", static_cast<double>(o.presence_penalty),
        "a finite number");
  check(o.penalty_window >= 0, "penalty_window", static_cast<double>(o.penalty_window),
        "0 or more");
  check(o.top_count >= 0 && o.top_count <= vocab, "logprobs", static_cast<double>(o.top_count),
        "0 to the size of the vocabulary");
  for (const auto& [id, value] : o.bias) {
    check(id >= 0 && id < vocab, "bias_ids", id, "an id of the vocabulary");
    check(!std::isnan(value), "bias_values", static_cast<double>(value), "a number");
  }
}

std::size_t at(Index i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

Sampler::Sampler(SamplerOptions options, Index vocab, const KernelTable& kernels)
    : options_(std::move(options)), kernels_(*kernels.elementwise), state_(options_.seed) {
  validate(options_, vocab);
  scores_.resize(at(vocab));
  candidates_.resize(at(vocab));
  top_.resize(at(options_.top_count));
  if (penalises()) {
    counts_.resize(at(vocab));
  }
}

bool Sampler::penalises() const noexcept {
  return options_.repetition_penalty != 1.0F || options_.frequency_penalty != 0.0F ||
         options_.presence_penalty != 0.0F;
}

Sample Sampler::sample(std::span<const float> logits, std::span<const std::int32_t> history) {
  const auto vocab = static_cast<Index>(logits.size());
  // log(sum exp(logits)) from the probability of the likeliest: exp(max) / sum.
  std::copy(logits.begin(), logits.end(), scores_.begin());
  kernels_.softmax(scores_.data(), vocab);
  const Index likeliest = kernels_.argmax(logits.data(), vocab);
  const float log_sum = logits[at(likeliest)] - std::log(scores_[at(likeliest)]);

  std::copy(logits.begin(), logits.end(), scores_.begin());
  apply_bias_and_penalties(history);
  Sample sample;
  sample.id = options_.temperature == 0.0F
                  ? static_cast<std::int32_t>(kernels_.argmax(scores_.data(), vocab))
                  : draw();
  sample.logprob = logits[at(sample.id)] - log_sum;
  if (options_.top_count > 0) {
    kernels_.top_k(logits.data(), vocab, options_.top_count, top_.data());
    for (ScoredToken& token : top_) {
      token.score -= log_sum;
    }
    sample.top = top_;
  }
  return sample;
}

void Sampler::apply_bias_and_penalties(std::span<const std::int32_t> history) {
  for (const auto& [id, value] : options_.bias) {
    scores_[at(id)] += value;
  }
  if (!penalises()) {
    return;
  }
  const auto window = at(options_.penalty_window);
  if (window != 0 && window < history.size()) {
    history = history.last(window);
  }
  for (const std::int32_t id : history) {
    counts_[at(id)] += 1;
  }
  for (const std::int32_t id : history) {
    const std::int32_t count = std::exchange(counts_[at(id)], 0);
    if (count == 0) {
      continue;  // seen before in this loop
    }
    float& score = scores_[at(id)];
    score =
        score > 0.0F ? score / options_.repetition_penalty : score * options_.repetition_penalty;
    score -= options_.frequency_penalty * static_cast<float>(count) + options_.presence_penalty;
  }
}

/// Draws from softmax(scores / temperature) cut by top-k, top-p and min-p, in this order.
std::int32_t Sampler::draw() {
  const auto vocab = static_cast<Index>(scores_.size());
  for (float& score : scores_) {
    score /= options_.temperature;
  }
  const bool sorted = options_.top_k > 0 || options_.top_p < 1.0F || options_.min_p > 0.0F;
  if (!sorted) {
    kernels_.softmax(scores_.data(), vocab);
    return static_cast<std::int32_t>(
        pick(vocab, [&](Index i) { return static_cast<double>(scores_[at(i)]); }));
  }
  const Index kept =
      options_.top_k > 0 ? std::min<Index>(options_.top_k, vocab) : enough_candidates(vocab);
  kernels_.top_k(scores_.data(), vocab, kept, candidates_.data());
  const double best = static_cast<double>(candidates_[0].score);
  const auto weight = [&](Index i) {
    return std::exp(static_cast<double>(candidates_[at(i)].score) - best);
  };
  double total = options_.top_k > 0 ? 0.0 : total_weight(best);
  for (Index i = 0; options_.top_k > 0 && i < kept; ++i) {
    total += weight(i);
  }
  Index count = 0;  // candidates that survive top-p and min-p; the likeliest always does
  double mass = 0.0;
  while (count < kept && (count == 0 || (mass < static_cast<double>(options_.top_p) * total &&
                                         weight(count) >= static_cast<double>(options_.min_p)))) {
    mass += weight(count);
    ++count;
  }
  return candidates_[at(pick(count, weight))].id;
}

/// How many of the likeliest tokens hold top_p of the probability, at least; without top-k.
Index Sampler::enough_candidates(Index vocab) {
  if (options_.top_p == 1.0F && options_.min_p == 0.0F) {
    return vocab;
  }
  constexpr Index kFirst = 256;  // nearly always enough, and a cheap selection
  Index count = std::min(kFirst, vocab);
  const double best = static_cast<double>(scores_[at(kernels_.argmax(scores_.data(), vocab))]);
  const double total = total_weight(best);
  for (;; count = std::min(count * 8, vocab)) {
    kernels_.top_k(scores_.data(), vocab, count, candidates_.data());
    double mass = 0.0;
    for (Index i = 0; i < count; ++i) {
      mass += std::exp(static_cast<double>(candidates_[at(i)].score) - best);
    }
    const double least = std::exp(static_cast<double>(candidates_[at(count - 1)].score) - best);
    const bool enough = mass >= static_cast<double>(options_.top_p) * total ||
                        least < static_cast<double>(options_.min_p);
    if (enough || count == vocab) {
      return count;
    }
  }
}

double Sampler::total_weight(double best) const {
  double total = 0.0;
  for (const float score : scores_) {
    total += std::exp(static_cast<double>(score) - best);
  }
  return total;
}

/// An index below count, with probability proportional to weight(index).
template <class Weight>
Index Sampler::pick(Index count, const Weight& weight) {
  double total = 0.0;
  for (Index i = 0; i < count; ++i) {
    total += weight(i);
  }
  double rest = uniform() * total;
  Index last = 0;  // the last one that can be drawn, for a rest left over by rounding
  for (Index i = 0; i < count; ++i) {
    const double w = weight(i);
    if (w > 0.0) {
      last = i;
      rest -= w;
      if (rest < 0.0) {
        break;
      }
    }
  }
  return last;
}

/// In [0, 1). SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
/// generators", figure 17).
double Sampler::uniform() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  z ^= z >> 31U;
  return static_cast<double>(z >> 11U) * 0x1p-53;
}

}  // namespace ottobit
