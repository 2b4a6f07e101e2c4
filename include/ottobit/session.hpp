// SPDX-License-Identifier: Apache-2.0
// Session: one conversation with a model. Owns everything mutable: token history, KV cache,
// workspace, logits. One thread at a time; keeps its model alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/model.hpp"

namespace ottobit {

struct SessionOptions {
  Index context = 0;               ///< tokens; 0: what the model declares
  Index micro_batch = 0;           ///< tokens computed at once in prefill; 0: 512
  std::optional<Compute> compute;  ///< empty: bf16 where it is fast, else f32
  std::optional<DType> kv_dtype;   ///< f32, f16 or bf16; empty: f32 in compute f32, else f16
};

struct SessionStats {
  std::uint64_t prompt_tokens = 0;  ///< tokens appended by append() and set()
  std::uint64_t prompt_reused = 0;  ///< that set() found in the history, or any in other sessions
  std::uint64_t generated_tokens = 0;
  double prompt_seconds = 0.0;
  double decode_seconds = 0.0;
  std::uint64_t kv_bytes = 0;    ///< KV cache of the longest history so far
  std::uint64_t peak_bytes = 0;  ///< private memory at most: KV cache, workspace, logits
};

class Session;

/// Says that a session is to begin as a copy of another.
struct ForkOf {
  const Session& session;
};

class Session {
 public:
  Session(std::shared_ptr<const Model> model, const SessionOptions& options);
  /// Another session of the same model and options with the same history, and what was computed of
  /// it, which is copied. Error{memory}.
  explicit Session(ForkOf of);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Reads ids. Error{context} if they do not fit, Error{argument} for an id outside the
  /// vocabulary: nothing was done then. Error{checkpoint} for a weight that is not finite: the
  /// history is what it was before. Error{cancelled} if `progress` says so: the history ends at the
  /// last whole micro batch.
  void append(std::span<const std::int32_t> ids, const Progress& progress = {});
  /// Makes the history equal to ids, computing only what follows the common prefix; returns how
  /// many tokens were kept.
  Index set(std::span<const std::int32_t> ids, const Progress& progress = {});
  /// Forgets all but the first `keep` tokens; Error{argument} if there are fewer. What the next
  /// call needs and no longer has, it computes again: the last token; everything where windows
  /// reach further back than is kept, and where layers have states, unless the end of the last
  /// prompt (two or more tokens appended at once) is still among the tokens.
  void truncate(Index keep);
  /// Everything that another session of this model needs to go on as this one would, with the same
  /// bits, given to `sink` in pieces. What the sink throws comes through. Error{cancelled}.
  void save(const std::function<void(std::span<const std::byte>)>& sink,
            const Progress& progress = {});
  /// How many bytes that are.
  [[nodiscard]] std::uint64_t saved_bytes() const;
  /// The reverse; `source` fills what it is given, or throws. The session may have another context,
  /// but not another kv_dtype. Error{state}, with `name` as subject, where that is not a state of
  /// this model that fits. What is found wrong before anything was changed leaves the session as it
  /// was; whatever fails later, damage, `source`, `progress`, leaves it empty.
  void restore(const std::function<void(std::span<std::byte>)>& source, const std::string& name,
               const Progress& progress = {});

  /// Adds one generated token to the history and leaves its computation to the next call that needs
  /// it: a caller can show a token before the next is computed. Errors as append.
  void push(std::int32_t id);
  /// The same with a prompt: it is read by the next call that needs the logits, or by a Batch, a
  /// micro batch at a time beside the tokens of other sessions.
  void push(std::span<const std::int32_t> ids);

  [[nodiscard]] Index length() const noexcept;
  [[nodiscard]] Index context() const noexcept;
  [[nodiscard]] Compute compute() const noexcept;
  [[nodiscard]] std::span<const std::int32_t> tokens() const noexcept;
  /// Scores of the next token [V], computed now if need be; valid until the next call.
  /// Error{argument} on an empty session. After push() this is the decode step: it allocates
  /// nothing. `wanted` is asked every few milliseconds underway; if it says no: Error{cancelled},
  /// and the history stays as it is.
  [[nodiscard]] std::span<const float> logits(const std::function<bool()>& wanted = {});
  /// Reads ids as append does and gives each one's log-probability (natural) after the tokens
  /// before it, out[ids.size()]; 0 for the first token of an empty session, which nothing predicts.
  /// Perplexity is exp of minus the mean of the others.
  void score(std::span<const std::int32_t> ids, std::span<float> out,
             const Progress& progress = {});
  /// Logits of every id of one append [ids.size(), V] instead of the last only: for tests.
  /// Otherwise as append.
  void append_all_logits(std::span<const std::int32_t> ids, std::span<float> out);
  /// From now on every forward pass shows its residual stream; a null function ends that.
  void observe(ResidualObserver observer) noexcept;
  [[nodiscard]] const SessionStats& stats() const noexcept;
  [[nodiscard]] const Model& model() const noexcept;
  [[nodiscard]] const std::shared_ptr<const Model>& shared_model() const noexcept;

 private:
  friend class Batch;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ottobit
