// SPDX-License-Identifier: Apache-2.0
#include "ottobit/arena.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/crew.hpp"
#include "ottobit/parallel.hpp"

#include "support/errors.hpp"

namespace ottobit {

TEST_CASE("an arena hands out aligned, disjoint memory and takes it back in order") {
  Arena arena(1000);
  CHECK(arena.size() == 1024);
  auto* a = arena.take<float>(3);
  CHECK(reinterpret_cast<std::uintptr_t>(a) % 64 == 0);
  {
    const Arena::Mark mark(arena);
    auto* b = arena.take<std::byte>(65);
    CHECK(reinterpret_cast<std::byte*>(a) + 64 == b);
    CHECK(arena.take<std::byte>(1) == b + 128);
  }
  CHECK(arena.take<std::byte>(960) == reinterpret_cast<std::byte*>(a) + 64);
  test::expect_error(ErrorCode::internal, {"arena", "64 bytes asked", "0 left"},
                     [&] { (void)arena.take<std::byte>(1); });
}

TEST_CASE("for_rows covers every row once, in ranges that begin on the grain") {
  for (const int threads : {1, 2, 3, 7, 64}) {
    Crew crew(CrewOptions{threads});
    for (const Index n : {0, 1, 5, 63, 64, 65, 1000}) {
      for (const Index grain : {1, 8, 64}) {
        std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
        std::atomic<bool> fits{true};
        Parallel(crew).for_rows(n, grain, [&](Index begin, Index end, int worker) noexcept {
          fits = fits && begin % grain == 0 && worker >= 0 && worker < threads && begin <= end;
          for (Index i = begin; i < end; ++i) {
            ++seen[static_cast<std::size_t>(i)];
          }
        });
        CHECK(fits.load());
        bool once = true;
        for (const std::atomic<int>& count : seen) {
          once = once && count.load() == 1;
        }
        CHECK(once);
      }
    }
  }
}

}  // namespace ottobit
