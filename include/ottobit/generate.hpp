// SPDX-License-Identifier: Apache-2.0
// Generation: a pull stream of events from a session: sample, stop rules, incremental text. Belongs
// to one thread together with its session, which must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/grammar.hpp"
#include "ottobit/sampler.hpp"
#include "ottobit/session.hpp"

namespace ottobit {

/// The values equal OTTOBIT_FINISH_*.
enum class Finish : std::int32_t {
  none = 0,
  end = 1,
  stop = 2,
  length = 3,
  context = 4,
  cancel = 5
};

struct GenerateOptions {
  SamplerOptions sampling;
  std::int32_t max_tokens = -1;  ///< -1: up to the context
  GrammarHandle grammar;         ///< what the text must be; empty: anything. It does not bind
                                 ///< the thinking that the prompt has opened
  Index thinking_budget = -1;    ///< tokens of thinking, then it is ended; -1: no limit
  bool keep_special = false;     ///< control tokens appear in the text
  /// A token that holds one of these is one of sampling.dry_breaks, which is made of them.
  std::vector<std::string> dry_breakers = {"\n", ":", "\"", "*"};
  std::vector<std::string> stop;    ///< ends when the text holds one; it is not part of the text
  std::function<bool()> cancelled;  ///< asked every few milliseconds on the thread of next()
  std::function<void(std::span<float>)> edit_logits;  ///< sees the logits before the sampler
};

/// One step. Views live until the next call on the generation.
struct GenerationEvent {
  Finish finish = Finish::none;
  std::int32_t token = -1;  ///< -1: no new token in this event
  float logprob = 0.0F;
  std::string_view text;  ///< whole UTF-8 characters; may be empty
  std::span<const ScoredToken> top;
};

class Generation {
 public:
  /// Error{argument} on an empty session or options out of range.
  Generation(Session& session, GenerateOptions options);
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  /// False when there is nothing more: the event before had finish != none. A token is part of the
  /// session's history when its event is returned, except for an end token, which is reported only.
  [[nodiscard]] bool next(GenerationEvent& event);
  /// The seed in use.
  [[nodiscard]] std::uint64_t seed() const noexcept;

 private:
  friend class Batch;
  [[nodiscard]] Session& session() const noexcept;
  /// The next event needs no logits: there is no more, or the caller or a limit ends it.
  [[nodiscard]] bool needs_nothing() const;
  [[nodiscard]] bool is_cancelled() const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ottobit
