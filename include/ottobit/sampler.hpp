// SPDX-License-Identifier: Apache-2.0
// Sampler: chooses the next token from logits. Order of the steps: bias, penalties, temperature,
// top-k, top-p, min-p, typical-p, XTC, draw; or bias, penalties, temperature, Mirostat, draw. Equal
// logits, options and seed give equal tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/memory.hpp"

namespace ottobit {

struct SamplerOptions {
  std::uint64_t seed = 0;
  float temperature = 0.0F;  ///< 0: greedy
  std::int32_t top_k = 0;    ///< 0: off
  float top_p = 1.0F;        ///< 1: off
  float min_p = 0.0F;        ///< 0: off; else drop tokens less likely than min_p * the likeliest
  float typical_p = 1.0F;    ///< locally typical sampling (arXiv:2202.00666); 1: off
  float xtc_probability = 0.0F;     ///< with which the top choices are excluded; 0: off
  float xtc_threshold = 0.1F;       ///< probability of a top choice
  bool mirostat = false;            ///< Mirostat 2 (arXiv:2007.14966), instead of the cuts above
  float mirostat_tau = 5.0F;        ///< its target, bits of surprise
  float mirostat_eta = 0.1F;        ///< its rate
  float repetition_penalty = 1.0F;  ///< Keskar et al. 2019 (arXiv:1909.05858), section 4.1; 1: off
  float frequency_penalty = 0.0F;   ///< subtracted once per occurrence in the window
  float presence_penalty = 0.0F;    ///< subtracted once if it occurs in the window
  float dry_multiplier = 0.0F;   ///< of the penalty for going on with a repetition ("DRY"); 0: off
  float dry_base = 1.75F;        ///< by which it grows with each token of the repetition
  std::int32_t dry_allowed = 2;  ///< tokens that may repeat freely
  std::vector<bool> dry_breaks;  ///< [V], or empty: tokens across which no repetition reaches
  Index penalty_window = 0;      ///< last tokens that penalties look at; 0: all
  std::vector<std::pair<std::int32_t, float>> bias;  ///< added to these ids' logits
  Index top_count = 0;                               ///< how many alternatives to report
};

struct Sample {
  std::int32_t id = 0;
  float logprob = 0.0F;              ///< natural log of its probability under the unmodified logits
  std::span<const ScoredToken> top;  ///< top_count likeliest with their log-probabilities
};

class Sampler {
 public:
  /// Error{argument} if an option is out of range. All memory is taken here.
  Sampler(SamplerOptions options, Index vocab, const KernelTable& kernels,
          const MemoryHandle& memory = {});
  ~Sampler();
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) = delete;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// `logits` [V] are not changed; `history` are the tokens so far. Allocates nothing. The spans of
  /// the result live until the next call.
  [[nodiscard]] Sample sample(std::span<const float> logits, std::span<const std::int32_t> history);
  /// What sample() would report had it chosen `id`, which somebody else did.
  [[nodiscard]] Sample chosen(std::span<const float> logits, std::int32_t id);

 private:
  [[nodiscard]] bool penalises() const noexcept;
  void apply_bias_and_penalties(std::span<const std::int32_t> history);
  [[nodiscard]] std::int32_t draw();
  void gather();
  template <class Weight>
  [[nodiscard]] Index pick(Index count, const Weight& weight);
  [[nodiscard]] double uniform();

  struct Workspace;

  SamplerOptions options_;
  const ElementwiseKernels& kernels_;
  std::uint64_t state_;
  LargeVector<float> scores_;           // [V] working copy
  LargeVector<ScoredToken> likeliest_;  // [V]
  LargeVector<ScoredToken> top_;        // [top_count]
  LargeVector<std::int32_t> counts_;    // [V] of what the penalties count; zeros between calls
  std::unique_ptr<Workspace> work_;
};

}  // namespace ottobit
