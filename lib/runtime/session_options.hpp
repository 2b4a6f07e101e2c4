// SPDX-License-Identifier: Apache-2.0
// What a session runs with, from what its caller asked for and what the model declares.
#pragma once

#include "ottobit/decoder.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

namespace ottobit {

/// What a session takes, in bytes.
struct SessionMemory {
  std::uint64_t kv_cache = 0;   ///< of a full context, states included
  std::uint64_t workspace = 0;  ///< activations, logits and their like, history, saved states

  [[nodiscard]] std::uint64_t bytes() const noexcept { return kv_cache + workspace; }
};

/// Everything that a session is made with.
struct SessionPlan {
  Index context;  ///< positions
  Index batch;    ///< tokens that are read at once
  Compute
      compute;     ///< the mode asked for, or the fastest that follows the f32 model closely enough
  DType kv_dtype;  ///< of cached keys and values

  [[nodiscard]] KvCache cache(const DecoderSpec& spec) const {
    return KvCache(spec, kv_dtype, context, batch);
  }
  /// Bytes of arena.
  [[nodiscard]] Index workspace(const Decoder& decoder, const Machine& machine) const {
    return decoder.workspace({*machine.kernels, compute, machine.threads, batch, context});
  }
  [[nodiscard]] SessionMemory memory(const Decoder& decoder, const Machine& machine) const;
};

/// Error{argument} for numbers out of range, a context beyond what the model declares among them;
/// Error{unsupported} for a type that caches do not have.
[[nodiscard]] SessionPlan plan_session(const DecoderSpec& spec, const KernelTable& kernels,
                                       const SessionOptions& options);

}  // namespace ottobit
