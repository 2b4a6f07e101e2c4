// SPDX-License-Identifier: Apache-2.0
// ExecContext: what a forward pass runs on. Kernels of one ISA level, threads, the arena for
// activations. Passed by reference through the layers; nothing below the runtime asks the CPU.
#pragma once

#include <cstdint>

#include "ottobit/arena.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/parallel.hpp"

namespace ottobit {

/// Sees the residual stream x [tokens, dim] before block `layer`; after the last block once more,
/// with layer = number of blocks, normalised. For comparing a model with its reference.
struct ResidualObserver {
  void (*see)(void* user, Index layer, const float* x, Index tokens, Index dim) = nullptr;
  void* user = nullptr;
};

struct ExecContext {
  const KernelTable& kernels;
  Compute compute = Compute::f32;
  Parallel parallel;
  Arena& arena;
  ResidualObserver observer{};
  Index layer = 0;                    ///< the block at work
  const std::int32_t* ids = nullptr;  ///< [T], the tokens of the pass
  /// [T, top] positions that an indexer chose for the tokens of the pass, for blocks that have none
  /// of their own; or null: there are no such blocks.
  std::int32_t* choices = nullptr;
};

/// Adds up what a forward pass will take from its arena: the same calls in the same order as
/// Arena::take, so that a layer's `workspace` can be read beside its `forward`.
class ArenaSize {
 public:
  template <class T>
  void take(Index n) noexcept {
    bytes_ += round_up(n * static_cast<Index>(sizeof(T)), kAlignment);
  }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }

 private:
  Index bytes_ = 0;
};

/// The kernels, compute mode and widest split a workspace is sized for.
struct WorkspaceFor {
  const KernelTable& kernels;
  Compute compute;
  int threads;
  Index tokens;
  Index context = 0;    ///< positions of the longest session, cached and new ones
  Index sequences = 1;  ///< that the tokens belong to, at most
};

}  // namespace ottobit
