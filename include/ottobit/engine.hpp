// SPDX-License-Identifier: Apache-2.0
// Engine: where work runs beside the thread that asks for it. The library's own is Crew
// (ottobit/crew.hpp); a host may bring another, and whichever it is, results have the same bits.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

#include "ottobit/isa.hpp"

namespace ottobit {

/// What pieces of work of each kind took when they were last done. Small work is not worth waking
/// another core for, and what is small is measured, not guessed. A kind that is not known is
/// taken for large. Lock-free; a lost update costs a region's time, never a result.
class Durations {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr float kUnknown = 1e9F;

  /// Nanoseconds that one of `grains` equal pieces of `kind` took; kUnknown where none was done.
  [[nodiscard]] float find(std::uintptr_t kind, Index grains) const noexcept {
    const std::uint64_t entry = slot(kind, grains).load(std::memory_order_relaxed);
    return static_cast<std::uint32_t>(entry >> 32U) == key(kind, grains)
               ? std::bit_cast<float>(static_cast<std::uint32_t>(entry))
               : kUnknown;
  }

  /// One thread did `done` such pieces in `time`. A thread that lost its core in between was slow
  /// for another reason: a piece is not believed to take more than twice what it took before.
  void learn(std::uintptr_t kind, Index grains, Index done, Clock::duration time) noexcept {
    if (done == 0) {
      return;
    }
    const auto taken = std::chrono::duration<float, std::nano>(time).count();
    const float each = std::clamp(taken / static_cast<float>(done), 1.0F, 2 * find(kind, grains));
    slot(kind, grains)
        .store(std::uint64_t{key(kind, grains)} << 32U | std::bit_cast<std::uint32_t>(each),
               std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kSlots = 256;

  static std::uint32_t key(std::uintptr_t kind, Index grains) noexcept {
    const std::uint64_t mixed = (static_cast<std::uint64_t>(kind) ^
                                 static_cast<std::uint64_t>(grains) * 0x9E3779B97F4A7C15U) *
                                0xD6E8FEB86659FD93U;
    return static_cast<std::uint32_t>(mixed >> 32U) | 1U;
  }
  [[nodiscard]] std::atomic<std::uint64_t>& slot(std::uintptr_t kind, Index grains) const noexcept {
    return slots_[(key(kind, grains) >> 8U) % kSlots];
  }

  mutable std::array<std::atomic<std::uint64_t>, kSlots> slots_{};
};

class Engine {
 public:
  /// Must be noexcept in effect: nothing may leave it. `worker` tells the threads of one region
  /// apart.
  using Work = void (*)(void* context, int worker);

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Threads that may work at once, the caller's included; at least 1.
  [[nodiscard]] int threads() const noexcept { return threads_; }

  /// Calls work(context, i) for i = 0, and for others of [1, parts) as threads are free, each at
  /// most once; returns when all calls have. Whichever are made do all of the work between them.
  /// `nanoseconds`: about what one thread alone would take. parts <= threads().
  virtual void run(int parts, float nanoseconds, Work work, void* context) noexcept = 0;

  [[nodiscard]] Durations& durations() noexcept { return durations_; }

 protected:
  explicit Engine(int threads) noexcept : threads_(std::max(threads, 1)) {}
  ~Engine() = default;

 private:
  int threads_;
  Durations durations_;
};

}  // namespace ottobit
