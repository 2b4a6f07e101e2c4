// SPDX-License-Identifier: Apache-2.0
// What `estimate` says is what models and sessions take: large blocks counted by a host's Memory.
// memory_limit refuses by the same numbers.
#include "ottobit/estimate.hpp"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include "io/free_memory.hpp"
#include "support/errors.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

class Counter final : public Memory {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    void* block = nullptr;
    if (::posix_memalign(&block, alignment, bytes) != 0) {
      return nullptr;
    }
    now_ += bytes;
    return block;
  }
  void deallocate(void* block, std::size_t bytes, std::size_t) noexcept override {
    now_ -= bytes;
    std::free(block);
  }
  [[nodiscard]] std::uint64_t now() const noexcept { return now_; }

 private:
  std::atomic<std::uint64_t> now_{0};
};

/// 2 threads, and a Memory that counts.
Machine machine_with(const std::shared_ptr<Counter>& counter) {
  return {.threads = 2, .memory = counter};
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a session takes what the estimate says") {
    for (const char* folder :
         {"gemma4-e2b", "gemma4-moe", "qwen3_next-fp8", "deepseek_v32-fp8", "minimax_m1-bf16",
          "gpt_oss-mxfp4", "qwen3-bf16-tied", "minimax_m3-mxfp8", "deepseek_v4-fp4"}) {
      for (const Index context : {Index{300}, Index{1000}}) {
        CAPTURE(std::string(folder));
        CAPTURE(context);
        const auto counter = std::make_shared<Counter>();
        const Machine machine = machine_with(counter);
        const SessionOptions options{.context = context};
        const MemoryEstimate said = estimate(test::test_data(folder), machine, {}, options);
        const auto model = Model::open(test::test_data(folder), machine);
        const std::uint64_t before = counter->now();
        Session session(model, options);
        const std::uint64_t taken = counter->now() - before;
        CHECK(taken <= said.session());
        // Blocks of less than 64 KiB, five at most, are not counted; logits to sample from are
        // taken later.
        const std::uint64_t logits = static_cast<std::uint64_t>(model->vocab()) * sizeof(float);
        CHECK(taken + 5 * 65536 + 2 * logits >= said.session() * 95 / 100);
        CHECK(said.available > 0);
      }
    }
  }

  TEST_CASE("a model takes what the estimate says: what is not mapped, and what is laid out anew") {
    for (const char* folder : {"llama3-gptq-asym", "seed_oss-fp8", "qwen3_moe-fp8"}) {
      for (const bool mapped : {true, false}) {
        CAPTURE(std::string(folder));
        CAPTURE(mapped);
        const auto counter = std::make_shared<Counter>();
        const ModelOptions options{.use_mmap = mapped};
        const MemoryEstimate said =
            estimate(test::test_data(folder), machine_with(counter), options, {});
        CHECK(said.mapped == (mapped ? said.file_bytes : 0));
        const auto model = Model::open(test::test_data(folder), machine_with(counter), options);
        CHECK(counter->now() <= said.resident);
        CHECK(said.resident <= counter->now() + (1 << 20));  // small blocks, tables
      }
    }
    const char* const random = R"({"shape": "qwen3-0.6b", "layers": 1})";
    const auto counter = std::make_shared<Counter>();
    const ModelOptions options{.random_json = random};
    const MemoryEstimate said = estimate("", machine_with(counter), options, {.context = 64});
    const auto model = Model::open("", machine_with(counter), options);
    CHECK(static_cast<double>(said.resident) ==
          doctest::Approx(static_cast<double>(counter->now())).epsilon(0.01));
  }

  TEST_CASE("a memory limit counts the model and all its sessions") {
    const std::filesystem::path folder = test::test_data("seed_oss-fp8");
    const SessionOptions options{.context = 256};
    const MemoryEstimate said = estimate(folder, {.threads = 1}, {}, options);
    const std::uint64_t both = said.model() + said.session();
    test::expect_error(ErrorCode::memory, {"seed_oss-fp8", "the limit is"}, [&] {
      (void)Model::open(folder, {.threads = 1}, {.memory_limit = said.model() - 1});
    });
    const auto tight = Model::open(folder, {.threads = 1}, {.memory_limit = both - 1});
    test::expect_error(ErrorCode::memory, {"seed_oss-fp8", "a session"},
                       [&] { const Session none(tight, options); });
    const auto model = Model::open(folder, {.threads = 1}, {.memory_limit = both});
    std::optional<Session> first(std::in_place, model, options);
    test::expect_error(ErrorCode::memory, {"a session", "the limit is"},
                       [&] { const Session second(model, options); });
    first.reset();
    const Session again(model, options);  // what is given back can be taken
    CHECK(again.context() == 256);
  }

  TEST_CASE("an estimate fails as opening does") {
    test::expect_error(ErrorCode::io, {"nowhere"},
                       [] { (void)estimate("/nowhere", {.threads = 1}, {}, {}); });
    test::expect_error(ErrorCode::argument, {"context"}, [] {
      (void)estimate(test::test_data("seed_oss-fp8"), {.threads = 1}, {}, {.context = 1 << 30});
    });
  }
}

TEST_CASE("free memory is the least of what the machine and each control group leave") {
  constexpr std::uint64_t kMb = 1 << 20;
  const test::TempDirectory root;
  const auto file = [&](const char* name, const char* text) {
    const std::filesystem::path path = root / name;
    std::filesystem::create_directories(path.parent_path());
    test::write_text(path, text);
  };
  CHECK(free_memory(root.path()) == std::numeric_limits<std::uint64_t>::max());
  file("proc/meminfo", "MemTotal:  9000 kB\nMemAvailable:   524288 kB\n");
  CHECK(free_memory(root.path()) == 512 * kMb);
  // Version 2: a service within a slice that has the limit.
  file("proc/self/cgroup", "0::/a.slice/b.service\n");
  file("sys/fs/cgroup/a.slice/memory.max", "314572800\n");
  file("sys/fs/cgroup/a.slice/memory.current", "209715200\n");
  file("sys/fs/cgroup/a.slice/memory.stat", "anon 1\ninactive_file 104857600\n");
  file("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
  CHECK(free_memory(root.path()) == 200 * kMb);
  file("sys/fs/cgroup/a.slice/memory.current", "999999999\n");  // beyond: there is nothing left
  CHECK(free_memory(root.path()) == 0);
  // Version 1, in a container that sees its group as the root.
  file("proc/self/cgroup", "4:cpu:/x\n3:memory:/docker/0123\n");
  file("sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
  file("sys/fs/cgroup/memory/memory.usage_in_bytes", "52428800\n");
  CHECK(free_memory(root.path()) == 50 * kMb);
}

}  // namespace ottobit
