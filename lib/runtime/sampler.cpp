// SPDX-License-Identifier: Apache-2.0
#include "ottobit/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ottobit/error.hpp"

#include "runtime/candidates.hpp"
#include "runtime/log_sum.hpp"

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
  check(o.typical_p > 0.0F && o.typical_p <= 1.0F, "typical_p", static_cast<double>(o.typical_p),
        "more than 0, at most 1");
  check(o.xtc_probability >= 0.0F && o.xtc_probability <= 1.0F, "xtc_probability",
        static_cast<double>(o.xtc_probability), "0 to 1");
  check(o.xtc_threshold >= 0.0F && o.xtc_threshold <= 1.0F, "xtc_threshold",
        static_cast<double>(o.xtc_threshold), "0 to 1");
  check(finite(o.mirostat_tau) && o.mirostat_tau >= 0.0F, "mirostat_tau",
        static_cast<double>(o.mirostat_tau), "0 or more");
  check(o.mirostat_eta >= 0.0F && o.mirostat_eta <= 1.0F, "mirostat_eta",
        static_cast<double>(o.mirostat_eta), "0 to 1");
  check(finite(o.dry_multiplier) && o.dry_multiplier >= 0.0F, "dry_multiplier",
        static_cast<double>(o.dry_multiplier), "0 or more");
  check(finite(o.dry_base) && o.dry_base >= 1.0F, "dry_base", static_cast<double>(o.dry_base),
        "1 or more");
  check(o.dry_allowed >= 0, "dry_allowed", o.dry_allowed, "0 or more");
  check(o.dry_breaks.empty() || o.dry_breaks.size() == static_cast<std::size_t>(vocab),
        "dry_breaks", static_cast<double>(o.dry_breaks.size()), "the size of the vocabulary");
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

/// What may be drawn, and what is remembered from token to token.
struct Sampler::Workspace {
  LargeVector<Candidate> candidates;
  Mirostat mirostat;
};

Sampler::Sampler(SamplerOptions options, Index vocab, const KernelTable& kernels,
                 const MemoryHandle& memory)
    : options_(std::move(options)),
      kernels_(*kernels.elementwise),
      state_(options_.seed),
      scores_(memory),
      likeliest_(memory),
      top_(memory),
      counts_(memory) {
  validate(options_, vocab);
  work_ = std::make_unique<Workspace>(Workspace{
      LargeVector<Candidate>(memory),
      {static_cast<double>(options_.mirostat_tau), static_cast<double>(options_.mirostat_eta)}});
  scores_.resize(at(vocab));
  likeliest_.resize(at(vocab));
  work_->candidates.reserve(at(vocab));
  top_.resize(at(options_.top_count));
  if (penalises() || options_.dry_multiplier > 0.0F) {
    counts_.resize(at(vocab));
  }
}

Sampler::~Sampler() = default;
Sampler::Sampler(Sampler&&) noexcept = default;

bool Sampler::penalises() const noexcept {
  return options_.repetition_penalty != 1.0F || options_.frequency_penalty != 0.0F ||
         options_.presence_penalty != 0.0F;
}

Sample Sampler::sample(std::span<const float> logits, std::span<const std::int32_t> history) {
  std::copy(logits.begin(), logits.end(), scores_.begin());
  apply_bias_and_penalties(history);
  return chosen(logits, options_.temperature == 0.0F
                            ? static_cast<std::int32_t>(kernels_.argmax(
                                  scores_.data(), static_cast<Index>(logits.size())))
                            : draw());
}

Sample Sampler::chosen(std::span<const float> logits, std::int32_t id) {
  const float sum = log_sum_exp(kernels_, logits, scores_.data());
  Sample sample{.id = id, .logprob = logits[at(id)] - sum, .top = {}};
  if (options_.top_count > 0) {
    kernels_.top_k(logits.data(), static_cast<Index>(logits.size()), options_.top_count,
                   top_.data());
    for (ScoredToken& token : top_) {
      token.score -= sum;
    }
    sample.top = top_;
  }
  return sample;
}

void Sampler::apply_bias_and_penalties(std::span<const std::int32_t> history) {
  for (const auto& [id, value] : options_.bias) {
    scores_[at(id)] += value;
  }
  const auto window = at(options_.penalty_window);
  if (window != 0 && window < history.size()) {
    history = history.last(window);
  }
  penalise_repeats({options_.dry_multiplier, options_.dry_base, options_.dry_allowed},
                   options_.dry_breaks, history, scores_, counts_);
  if (!penalises()) {
    return;
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

/// Draws from softmax(scores / temperature) as the cuts leave it.
std::int32_t Sampler::draw() {
  const auto vocab = static_cast<Index>(scores_.size());
  for (float& score : scores_) {
    score /= options_.temperature;
  }
  kernels_.softmax(scores_.data(), vocab);
  const bool cuts = options_.mirostat || options_.top_k > 0 || options_.top_p < 1.0F ||
                    options_.min_p > 0.0F || options_.xtc_probability > 0.0F ||
                    options_.typical_p < 1.0F;
  if (!cuts) {
    return static_cast<std::int32_t>(
        pick(vocab, [&](Index i) { return static_cast<double>(scores_[at(i)]); }));
  }
  gather();
  LargeVector<Candidate>& candidates = work_->candidates;
  if (!options_.mirostat) {
    if (options_.typical_p < 1.0F) {
      keep_typical(candidates, static_cast<double>(options_.typical_p));
    }
    if (options_.xtc_probability > 0.0F &&
        uniform() < static_cast<double>(options_.xtc_probability)) {
      exclude_top_choices(candidates, static_cast<double>(options_.xtc_threshold));
    }
  }
  const auto weight = [&](Index i) { return candidates[at(i)].weight; };
  const Index drawn = pick(static_cast<Index>(candidates.size()), weight);
  if (options_.mirostat) {
    work_->mirostat.drawn(weight(drawn) / total_weight(candidates));
  }
  return candidates[at(drawn)].id;
}

/// Candidates from the probabilities in scores_, by top-k, top-p and min-p, or by Mirostat's bound;
/// the likeliest is always among them.
void Sampler::gather() {
  const auto vocab = static_cast<Index>(scores_.size());
  const bool top_k = options_.top_k > 0 && !options_.mirostat;
  const bool top_p = options_.top_p < 1.0F && !options_.mirostat;
  const double best = static_cast<double>(scores_[at(kernels_.argmax(scores_.data(), vocab))]);
  const double least =
      options_.mirostat ? work_->mirostat.least() : static_cast<double>(options_.min_p) * best;
  double mass = static_cast<double>(options_.top_p);
  const auto weight = [&](Index i) { return static_cast<double>(likeliest_[at(i)].score); };

  constexpr Index kFirst = 256;  // nearly always enough, and a cheap selection
  Index count = std::min<Index>(top_k ? options_.top_k : kFirst, vocab);
  for (;; count = std::min(count * 8, vocab)) {
    kernels_.top_k(scores_.data(), vocab, count, likeliest_.data());
    double sum = 0.0;
    for (Index i = 0; i < count; ++i) {
      sum += weight(i);
    }
    mass *= top_k ? sum : 1.0;  // of what top-k leaves
    const bool enough = (top_p && sum >= mass) || weight(count - 1) < least;
    if (top_k || enough || count == vocab) {
      break;
    }
  }
  LargeVector<Candidate>& candidates = work_->candidates;
  candidates.clear();
  double sum = 0.0;
  for (Index i = 0; i < count; ++i) {
    const bool beyond = (top_p && sum >= mass) || weight(i) < least;
    if (i > 0 && beyond) {
      break;
    }
    candidates.push_back({likeliest_[at(i)].id, weight(i)});
    sum += weight(i);
  }
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
