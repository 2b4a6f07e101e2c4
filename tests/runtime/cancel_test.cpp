// SPDX-License-Identifier: Apache-2.0
// Work that is no longer wanted ends within milliseconds, wherever it is, and leaves the session as
// it was at the last whole micro batch.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/crew.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/parallel.hpp"
#include "ottobit/session.hpp"
#include "ottobit/watch.hpp"

#include "support/errors.hpp"
#include "support/model.hpp"

namespace ottobit {
namespace {

using test::expect_error;

const std::vector<std::int32_t> kIds = {0, 5, 17, 200, 31, 8, 99, 7, 7, 260, 12, 3, 45, 330};

SessionOptions small_batches() {
  return {.context = 64, .micro_batch = 4, .compute = Compute::f32};
}

std::vector<float> logits_of(Session& session) {
  const std::span<const float> logits = session.logits();
  return {logits.begin(), logits.end()};
}

std::vector<float> expected(const std::shared_ptr<const Model>& model,
                            std::span<const std::int32_t> ids) {
  Session session(model, {.context = 64, .compute = Compute::f32});
  session.append(ids);
  return logits_of(session);
}

/// Where the history stands after a cancel: the same logits, and those after the rest of kIds.
void check_goes_on(Session& session) {
  const auto model = session.shared_model();
  const auto here = std::span(kIds).first(static_cast<std::size_t>(session.length()));
  REQUIRE(std::equal(here.begin(), here.end(), session.tokens().begin()));
  if (!here.empty()) {
    CHECK(test::relative_error(logits_of(session), expected(model, here)) <= 1e-5);
  }
  session.append(std::span(kIds).subspan(here.size()));
  CHECK(test::relative_error(logits_of(session), expected(model, kIds)) <= 1e-5);
}

std::shared_ptr<const Model> a_model() {
  const char* folder = "seed_oss-fp8";
  SUBCASE("caches") {}
  SUBCASE("states") {
    folder = "qwen3_next-fp8";
  }
  SUBCASE("rings") {
    folder = "gpt_oss-mxfp4";
  }
  SUBCASE("latents and experts") {
    folder = "deepseek_v3-fp8";
  }
  return test::open_model(test::test_data(folder));
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a prompt may be cancelled at every question, and go on from there") {
    const auto model = a_model();
    int asked = 0;
    Session(model, small_batches()).append(kIds, [&](auto, auto) {
      ++asked;
      return true;
    });
    CHECK(asked > 40);  // within each of four micro batches, not only after them
    for (int last = 1; last < asked; last += 1 + asked / 60) {
      CAPTURE(last);
      Session session(model, small_batches());
      session.append(std::span(kIds).first(2));
      int left = last;
      std::uint64_t before = 0;
      bool grows = true;
      try {
        session.append(std::span(kIds).subspan(2), [&](std::uint64_t done, std::uint64_t total) {
          grows = grows && done >= before && done <= total && total == 12;
          before = done;
          return --left > 0;
        });
        CHECK(session.length() == static_cast<Index>(kIds.size()));  // the answer came too late
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::cancelled);
        CHECK(session.length() % 4 == 2);
      }
      CHECK(grows);
      check_goes_on(session);
    }
  }

  TEST_CASE("a token may be cancelled underway, and is computed by the next call") {
    const auto model = a_model();
    Session session(model, small_batches());
    session.append(std::span(kIds).first(4));
    for (std::size_t i = 4; i < kIds.size(); ++i) {
      session.push(kIds[i]);
      int left = static_cast<int>(3 * i);
      expect_error(ErrorCode::cancelled, {"cancelled after 0 of"},
                   [&] { (void)session.logits([&] { return --left > 0; }); });
      CHECK(session.length() == static_cast<Index>(i + 1));
    }
    check_goes_on(session);
  }

  TEST_CASE("scoring may be cancelled underway") {
    const auto model = a_model();
    std::vector<float> all(kIds.size());
    Session(model, small_batches()).score(kIds, all);
    Session session(model, small_batches());
    std::vector<float> part(kIds.size());
    int left = 70;
    expect_error(ErrorCode::cancelled, {"of 14"},
                 [&] { session.score(kIds, part, [&](auto, auto) { return --left > 0; }); });
    const auto read = static_cast<std::size_t>(session.length());
    CHECK(read < kIds.size());
    const auto rest = std::span(part).subspan(read);
    session.score(std::span(kIds).subspan(read), rest);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      CHECK(rest[i] == doctest::Approx(all[read + i]).epsilon(1e-4));
    }
  }

  TEST_CASE("what the caller's question throws comes out of the call") {
    const auto model = test::open_model(test::test_data("seed_oss-fp8"));
    Session session(model, small_batches());
    int left = 20;
    const auto append = [&] {
      session.append(
          kIds, [&](auto, auto) { return --left > 0 ? true : throw std::runtime_error("enough"); });
    };
    CHECK_THROWS_WITH_AS(append(), "enough", std::runtime_error);
    check_goes_on(session);
  }
}

TEST_CASE("a watched region ends early on all threads, and an unwatched one never") {
  Crew crew({.threads = 3});
  Parallel parallel(crew);
  std::atomic<int> done{0};
  const auto slow = [&](Index begin, Index end, int) noexcept {
    for (Index i = begin; i < end; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(300));
      ++done;
    }
  };
  parallel.for_rows(100, 1, slow);
  CHECK(done.exchange(0) == 100);
  Watch watch([&] { return done < 30; });
  parallel.set_watch(&watch);
  expect_error(ErrorCode::cancelled, {}, [&] { parallel.for_rows(1000, 1, slow); });
  CHECK(done >= 30);
  CHECK(done < 200);
  const int before = done;
  expect_error(ErrorCode::cancelled, {}, [&] { parallel.for_rows(10, 1, slow); });
  CHECK(done == before);  // nothing begins that is not wanted
  parallel.set_watch(nullptr);
  parallel.for_rows(10, 1, slow);
  CHECK(done == before + 10);
}

}  // namespace ottobit
