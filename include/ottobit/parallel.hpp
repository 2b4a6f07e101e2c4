// SPDX-License-Identifier: Apache-2.0
// Parallel: splits a range of output rows over the threads of an engine. Work is split over outputs
// only, never over sums, so results do not depend on who does which part, nor on the thread count.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <type_traits>

#include "ottobit/engine.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/watch.hpp"

namespace ottobit {

class Parallel {
 public:
  /// On the calling thread alone.
  Parallel() noexcept = default;
  /// On the calling thread and on those of `engine`, which must live longer.
  explicit Parallel(Engine& engine) noexcept : engine_(&engine) {}

  [[nodiscard]] int threads() const noexcept { return engine_ == nullptr ? 1 : engine_->threads(); }

  /// From now on regions end early where `watch` says so; null: all run to their end.
  void set_watch(Watch* watch) noexcept { watch_ = watch; }

  /// Calls body(begin, end, worker) for disjoint ranges that cover [0, n), several of them for one
  /// worker; begin is a multiple of `grain`, worker < threads(). Work of less than a few
  /// microseconds stays on the calling thread. The body must be noexcept. With a watch: what
  /// Watch::check throws, after some ranges, or none.
  template <class Body>
  void for_rows(Index n, Index grain, const Body& body) const {
    static_assert(std::is_nothrow_invocable_v<const Body&, Index, Index, int>);
    if (watch_ != nullptr) {
      watch_->check();
    }
    const Index grains = (n + grain - 1) / grain;
    const Index most = std::clamp<Index>(grains, 1, threads());
    if (engine_ == nullptr || grains <= 1 || (most == 1 && watch_ == nullptr)) {
      body(0, n, 0);
      return;
    }
    constexpr Engine::Work kWork = &Region<Body>::work;
    const auto kind = reinterpret_cast<std::uintptr_t>(kWork);
    const float each = engine_->durations().find(kind, grains);
    const float whole = each * static_cast<float>(grains);
    if (whole < 2 * kWorthAThread) {
      const auto start = Durations::Clock::now();
      body(0, n, 0);
      engine_->durations().learn(kind, grains, grains, Durations::Clock::now() - start);
      return;
    }
    const float parts = std::min(static_cast<float>(most), whole / kWorthAThread);
    const Index longest =
        watch_ == nullptr ? grains : std::max<Index>(1, static_cast<Index>(kWatched / each));
    Region<Body> region{body, n, grain, Shares(grains, most, longest), watch_};
    engine_->run(static_cast<int>(parts), whole, kWork, &region);
    engine_->durations().learn(kind, grains, region.done, region.took);
    if (watch_ != nullptr) {
      watch_->check();
    }
  }

 private:
  /// Nanoseconds of work that a further thread must find to be of use.
  static constexpr float kWorthAThread = 1000.0F;
  /// Nanoseconds between two looks at a watch, about.
  static constexpr float kWatched = 2e6F;

  struct Share {
    Index begin;
    Index end;
  };
  /// Hands out [0, grains), first in long pieces, then in ever shorter ones: each is a part of what
  /// is left, so that cores of different speeds, or busy with other work, end together.
  class Shares {
   public:
    Shares(Index grains, Index parts, Index longest) noexcept
        : grains_(grains), parts_(parts), longest_(longest) {}

    Share next() noexcept {
      Index begin = next_.load(std::memory_order_relaxed);
      Index end = 0;
      do {
        end = begin + std::min(longest_, (grains_ - begin + 2 * parts_ - 1) / (2 * parts_));
      } while (!next_.compare_exchange_weak(begin, end, std::memory_order_relaxed));
      return {begin, end};
    }

   private:
    Index grains_;
    Index parts_;
    Index longest_;
    std::atomic<Index> next_{0};
  };

  template <class Body>
  struct Region {
    const Body& body;
    Index n;
    Index grain;
    Shares shares;
    Watch* watch;
    Index done = 0;  // grains that worker 0 did, and how long that took it
    Durations::Clock::duration took{};

    static void work(void* context, int worker) noexcept {
      auto& region = *static_cast<Region*>(context);
      const auto start = Durations::Clock::now();
      Index done = 0;
      for (Share s = region.shares.next(); s.begin < s.end; s = region.shares.next()) {
        if (region.watch != nullptr && region.watch->stopped()) {
          break;
        }
        region.body(s.begin * region.grain, std::min(region.n, s.end * region.grain), worker);
        done += s.end - s.begin;
      }
      if (worker == 0) {
        region.done = done;
        region.took = Durations::Clock::now() - start;
      }
    }
  };

  Engine* engine_ = nullptr;
  Watch* watch_ = nullptr;
};

}  // namespace ottobit
