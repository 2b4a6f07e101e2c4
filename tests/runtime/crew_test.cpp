// SPDX-License-Identifier: Apache-2.0
// The crew as its callers see it: every region whole, whoever calls, parks or keeps the workers
// busy.
#include "ottobit/crew.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/parallel.hpp"

namespace ottobit {
namespace {

/// Work that takes long enough to be shared: 64 rows of some microseconds. True if each was done
/// once, by a worker that there may be.
bool whole_region(Crew& crew) {
  std::vector<int> rows(64, 0);
  std::atomic<bool> good{true};
  Parallel(crew).for_rows(64, 1, [&](Index begin, Index end, int worker) noexcept {
    good = good && worker >= 0 && worker < crew.threads();
    for (Index i = begin; i < end; ++i) {
      volatile int busy = 0;
      while (busy < 5000) {
        busy = busy + 1;
      }
      ++rows[static_cast<std::size_t>(i)];
    }
  });
  return good && std::all_of(rows.begin(), rows.end(), [](int count) { return count == 1; });
}

TEST_CASE("crew: callers share the workers while another thread parks them") {
  Crew crew({.threads = 3});
  std::atomic<int> regions{0};
  std::atomic<int> broken{0};
  std::atomic<bool> done{false};
  std::thread parking([&] {
    while (!done) {
      static_cast<void>(crew.park());
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        broken += whole_region(crew) ? 0 : 1;
        ++regions;
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  done = true;
  parking.join();
  CHECK(regions == 200);
  CHECK(broken == 0);
  CHECK(crew.park());
  CHECK(whole_region(crew));
}

TEST_CASE("crew: workers are not ended within a region, and a region may hold another") {
  Crew crew({.threads = 3});
  std::atomic<int> inner{0};
  std::atomic<int> parked{0};
  for (int round = 0; round < 20; ++round) {
    Parallel(crew).for_rows(6, 1, [&](Index begin, Index end, int) noexcept {
      for (Index i = begin; i < end; ++i) {
        inner += whole_region(crew) ? 1 : 0;
        parked += round == 0 && crew.park() ? 1 : 0;  // the first round is not known to be small
      }
    });
  }
  CHECK(inner == 120);
  CHECK(parked == 0);
}

TEST_CASE("crew: the hooks see each worker begin and end") {
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  std::atomic<int> odd{0};
  {
    Crew crew({.threads = 4,
               .hooks = {[&](int index) {
                           ++begun;
                           odd += index < 1 || index > 3 ? 1 : 0;
                         },
                         [&](int) { ++ended; }}});
    CHECK(begun == 0);
    CHECK(whole_region(crew));
    CHECK(crew.park());
    CHECK(begun == 3);
    CHECK(ended == 3);
    CHECK(whole_region(crew));
  }
  CHECK(begun == 6);
  CHECK(ended == 6);
  CHECK(odd == 0);
}

TEST_CASE("durations: the last time counts, and a stroke of bad luck for twice the one before") {
  Durations durations;
  using std::chrono::nanoseconds;
  CHECK(durations.find(1, 8) == Durations::kUnknown);
  durations.learn(1, 8, 4, nanoseconds(400));
  CHECK(durations.find(1, 8) == doctest::Approx(100));
  durations.learn(1, 8, 1, nanoseconds(50));
  CHECK(durations.find(1, 8) == doctest::Approx(50));
  durations.learn(1, 8, 1, nanoseconds(9000));
  CHECK(durations.find(1, 8) == doctest::Approx(100));
  durations.learn(1, 8, 0, nanoseconds(1));
  CHECK(durations.find(1, 8) == doctest::Approx(100));
  CHECK(durations.find(1, 9) == Durations::kUnknown);
}

}  // namespace
}  // namespace ottobit
