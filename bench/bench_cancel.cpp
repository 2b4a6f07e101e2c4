// SPDX-License-Identifier: Apache-2.0
// How long a call goes on after it was cancelled: milliseconds from the request to the return, the
// mean as the time and the longest as a counter. `busy` threads do nothing but count beside it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/error.hpp"
#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

namespace ottobit {
namespace {

using Clock = std::chrono::steady_clock;

/// Raises a flag some time after it was made, and remembers when.
class Request {
 public:
  explicit Request(std::chrono::microseconds delay)
      : thread_([this, delay] {
          std::this_thread::sleep_for(delay);
          at_ = Clock::now();
          raised_ = true;
        }) {}
  [[nodiscard]] bool raised() const noexcept { return raised_; }
  /// Seconds since the flag was raised.
  [[nodiscard]] double age() {
    const auto now = Clock::now();
    thread_.join();
    return std::chrono::duration<double>(now - at_).count();
  }

 private:
  std::atomic<bool> raised_{false};
  Clock::time_point at_;
  std::thread thread_;
};

/// Threads that take what they can get of the machine.
class Crowd {
 public:
  explicit Crowd(std::int64_t size) {
    for (std::int64_t i = 0; i < size; ++i) {
      threads_.emplace_back([this] {
        while (!over_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~Crowd() {
    over_ = true;
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

std::shared_ptr<const Model> seed_oss() {
  static const std::shared_ptr<const Model> model = [] {
    ModelOptions options;
    options.random_json = R"({"shape": "seed-oss-36b", "layers": 2})";
    return Model::open({}, {}, options);
  }();
  return model;
}

/// Runs call(wanted) until it is cancelled, with ever other delays below `longest`.
template <class Call>
void measure(benchmark::State& state, std::chrono::microseconds longest, const Call& call) {
  const Crowd crowd(state.range(0));
  double worst = 0.0;
  std::uint32_t turn = 1;
  for (auto _ : state) {
    turn = turn * 1664525U + 1013904223U;  // Numerical Recipes, ranqd1
    Request request(longest * (turn >> 16U) / 65536);
    try {
      call([&] { return !request.raised(); });
      state.SkipWithError("it was done before it was cancelled");
    } catch (const Error&) {
    }
    const double late = request.age();
    worst = std::max(worst, late);
    state.SetIterationTime(late);
  }
  state.counters["longest_ms"] = 1e3 * worst;
}

void cancel_prompt(benchmark::State& state) {
  const std::vector<std::int32_t> ids(4096, 100);
  Session session(seed_oss(), {.context = 8192});
  measure(state, std::chrono::seconds(2),
          [&](const auto& wanted) { session.append(ids, [&](auto, auto) { return wanted(); }); });
}

void cancel_decode(benchmark::State& state) {
  Session session(seed_oss(), {.context = 8192});
  session.append(std::vector<std::int32_t>(16, 100));
  measure(state, std::chrono::milliseconds(500), [&](const auto& wanted) {
    for (;;) {
      session.push(100);
      static_cast<void>(session.logits(wanted));
    }
  });
}

void cancel_loading(benchmark::State& state) {
  static_cast<void>(seed_oss());
  measure(state, std::chrono::milliseconds(300), [&](const auto& wanted) {
    ModelOptions options;
    options.random_json = R"({"shape": "seed-oss-36b", "layers": 2})";
    options.progress = [&](auto, auto) { return wanted(); };
    static_cast<void>(Model::open({}, {}, options));
  });
}

void setting(benchmark::internal::Benchmark* b) {
  b->ArgName("busy")->Arg(0)->Arg(2)->Iterations(20)->UseManualTime()->Unit(
      benchmark::kMillisecond);
}

BENCHMARK(cancel_prompt)->Apply(setting);
BENCHMARK(cancel_decode)->Apply(setting);
BENCHMARK(cancel_loading)->Apply(setting);

}  // namespace
}  // namespace ottobit
