// SPDX-License-Identifier: Apache-2.0
// Parallel: splits a range of output rows over threads. The only file that knows OpenMP. Work is
// split over outputs only, never over sums, so results do not depend on who does which part, nor on
// the thread count. The host's OpenMP settings are left alone: the thread count is a clause of each
// region.
#pragma once

#include <algorithm>
#include <atomic>
#include <type_traits>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "ottobit/isa.hpp"

namespace ottobit {

class Parallel {
 public:
  explicit Parallel(int threads = 1) noexcept : threads_(std::max(threads, 1)) {}

  [[nodiscard]] int threads() const noexcept { return threads_; }

  /// Ends the workers that wait for this thread's next region; false from within a region.
  static bool park() noexcept {
#if defined(_OPENMP)
    return omp_pause_resource_all(omp_pause_soft) == 0;
#else
    return true;
#endif
  }

  /// Calls body(begin, end, worker) for disjoint ranges that cover [0, n), several of them for one
  /// worker; begin is a multiple of `grain`, worker < threads(). The body must be noexcept: nothing
  /// may leave a parallel region.
  template <class Body>
  void for_rows(Index n, Index grain, const Body& body) const noexcept {
    static_assert(std::is_nothrow_invocable_v<const Body&, Index, Index, int>);
    const Index grains = (n + grain - 1) / grain;
    const Index parts = std::clamp<Index>(grains, 1, threads_);
    if (parts == 1) {
      body(0, n, 0);
      return;
    }
    Shares shares(grains, parts);
    [[maybe_unused]] const int workers = static_cast<int>(parts);
#pragma omp parallel for num_threads(workers) schedule(static, 1)
    for (Index part = 0; part < parts; ++part) {
      for (Share share = shares.next(); share.begin < share.end; share = shares.next()) {
        body(share.begin * grain, std::min(n, share.end * grain), static_cast<int>(part));
      }
    }
  }

 private:
  struct Share {
    Index begin;
    Index end;
  };
  /// Hands out [0, grains), first in long pieces, then in ever shorter ones: each is a part of what
  /// is left, so that cores of different speeds, or busy with other work, end together.
  class Shares {
   public:
    Shares(Index grains, Index parts) noexcept : grains_(grains), parts_(parts) {}

    Share next() noexcept {
      Index begin = next_.load(std::memory_order_relaxed);
      Index end = 0;
      do {
        end = begin + (grains_ - begin + 2 * parts_ - 1) / (2 * parts_);
      } while (!next_.compare_exchange_weak(begin, end, std::memory_order_relaxed));
      return {begin, end};
    }

   private:
    Index grains_;
    Index parts_;
    std::atomic<Index> next_{0};
  };

  int threads_;
};

}  // namespace ottobit
