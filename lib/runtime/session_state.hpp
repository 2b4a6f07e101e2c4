// SPDX-License-Identifier: Apache-2.0
// A session as bytes: its history, what its cache keeps of it, the logits behind it. Written in one
// order whatever the sizes of caches, so that a session of another context can take it up.
//
//   header   kFields numbers of 64 bits (StateHeader), little-endian as everything is
//   ids      32 bits each
//   logits   f32 [V], if tokens were computed
//   rows     for each layer that has its own: the first position that it keeps, 64 bits; then its
//            rows up to the computed ones (KvCache::each_row), or its state
//   saved    states and logits behind the last prompt, if there are some
//   sum      64 bits of Checksum over all before
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/memory.hpp"
#include "ottobit/watch.hpp"

#include "runtime/saved_states.hpp"

namespace ottobit {

/// Takes bytes, all of them, or throws.
using StateSink = std::function<void(std::span<const std::byte>)>;
/// Fills the bytes, all of them, or throws.
using StateSource = std::function<void(std::span<std::byte>)>;

/// What of a session its state consists of.
struct StateParts {
  std::uint64_t model;  ///< Model::fingerprint
  const KvCache& cache;
  SavedStates& saved;
  LargeVector<std::int32_t>& tokens;  ///< the history; its capacity is the context
  LargeVector<float>& logits;
  Index& computed;
  Index& written;
  Index& oldest;
};

/// Bytes that write_state will write.
[[nodiscard]] std::uint64_t state_bytes(const StateParts& parts);

/// Error{cancelled} if `progress` says so.
void write_state(const StateParts& parts, const StateSink& sink, const Progress& progress);

/// Error{state}, with `name` as subject: of another model or version, not for this session, or
/// damaged. `begun` is called when nothing has been found wrong but for the sum, before anything
/// is changed; what fails after it leaves the session unfit for anything but to be emptied.
void read_state(const StateParts& parts, const StateSource& source, const std::string& name,
                const Progress& progress, const std::function<void()>& begun);

}  // namespace ottobit
