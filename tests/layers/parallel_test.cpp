// SPDX-License-Identifier: Apache-2.0
// Work split over threads: every row once, in ranges that begin at whole grains, the longest of
// them short enough that a slow thread does not keep the others waiting.
#include "ottobit/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/crew.hpp"

namespace ottobit {

TEST_CASE("parallel: each row is one worker's, in ranges of whole grains") {
  for (const int threads : {1, 2, 3, 7}) {
    Crew crew(CrewOptions{threads});
    for (const Index n : {0, 1, 6, 7, 64, 1000, 4099}) {
      for (const Index grain : {1, 7, 64, 5000}) {
        CAPTURE(threads);
        CAPTURE(n);
        CAPTURE(grain);
        std::vector<std::atomic<int>> times(static_cast<std::size_t>(n));
        std::atomic<bool> good{true};
        std::atomic<Index> longest{0};
        Parallel(crew).for_rows(n, grain, [&](Index begin, Index end, int worker) noexcept {
          good = good && begin % grain == 0 && begin <= end && end <= n && worker >= 0 &&
                 worker < threads;
          for (Index i = begin; i < end; ++i) {
            ++times[static_cast<std::size_t>(i)];
          }
          Index before = longest;
          while (before < end - begin && !longest.compare_exchange_weak(before, end - begin)) {
          }
        });
        CHECK(good);
        CHECK(
            std::all_of(times.begin(), times.end(), [](const auto& count) { return count == 1; }));
        const Index grains = (n + grain - 1) / grain;
        const Index parts = std::clamp<Index>(grains, 1, threads);
        CHECK(longest <= (parts == 1 ? n : (grains + 2 * parts - 1) / (2 * parts) * grain));
      }
    }
  }
}

}  // namespace ottobit
