// SPDX-License-Identifier: Apache-2.0
// What runs costs no memory: a decode step allocates nothing, weights stay in the mapped file.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <malloc.h>

#include "ottobit/engine.hpp"
#include "ottobit/generate.hpp"

#include "support/checkpoint_writer.hpp"
#include "support/json.hpp"
#include "support/model.hpp"
#include "support/random.hpp"

namespace {

std::atomic<long> g_allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  void* block = nullptr;
  if (::posix_memalign(&block, alignment < sizeof(void*) ? sizeof(void*) : alignment, size) != 0) {
    throw std::bad_alloc();
  }
  return block;
}

}  // namespace

// The whole test program counts its allocations (C++ standard, [new.delete]: replaceable).
void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}

namespace ottobit {
namespace {

/// Private (anonymous) memory of this process that is in RAM, in bytes.
Index private_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) {
      return std::stol(line.substr(8)) * 1024;
    }
  }
  return -1;
}

struct Shape {
  Index dim, hidden, layers, heads, kv_heads, head_dim, vocab;
};

/// A Seed-OSS folder in FP8 with random weights and the bundled tokenizer.
void write_folder(const std::filesystem::path& folder, const Shape& s) {
  test::copy_folder(test::example_model(), folder);
  nlohmann::json config = nlohmann::json::parse(test::read_text(folder / "config.json"));
  config["hidden_size"] = s.dim;
  config["intermediate_size"] = s.hidden;
  config["num_hidden_layers"] = s.layers;
  config["num_attention_heads"] = s.heads;
  config["num_key_value_heads"] = s.kv_heads;
  config["head_dim"] = s.head_dim;
  config["vocab_size"] = s.vocab;
  test::write_text(folder / "config.json", config.dump());

  test::CheckpointWriter writer;
  test::Random random(11);
  const auto vector = [&](const std::string& name, Index n) {
    writer.add_values(name, DType::f32, {n}, std::vector<float>(static_cast<std::size_t>(n), 1.0F));
  };
  const auto matrix = [&](const std::string& name, Index rows, Index cols) {
    std::vector<std::uint8_t> codes(static_cast<std::size_t>(rows * cols));
    for (std::uint8_t& code : codes) {
      code = static_cast<std::uint8_t>(random.bits() & 0xBFU);
    }
    const Index blocks = (rows + 127) / 128 * ((cols + 127) / 128);
    writer.add_values(name + ".weight", DType::f8_e4m3, {rows, cols}, codes);
    writer.add_values(name + ".weight_scale_inv", DType::f32,
                      {(rows + 127) / 128, (cols + 127) / 128},
                      std::vector<float>(static_cast<std::size_t>(blocks), 0.01F));
  };
  const auto dense = [&](const std::string& name) {
    writer.add_values(
        name, DType::bf16, {s.vocab, s.dim},
        std::vector<std::uint16_t>(static_cast<std::size_t>(s.vocab * s.dim), 0x3C00));
  };
  dense("model.embed_tokens.weight");
  dense("lm_head.weight");
  vector("model.norm.weight", s.dim);
  for (Index i = 0; i < s.layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + ".";
    vector(layer + "input_layernorm.weight", s.dim);
    vector(layer + "post_attention_layernorm.weight", s.dim);
    for (const auto& [name, rows] :
         {std::pair{"q", s.heads * s.head_dim}, std::pair{"k", s.kv_heads * s.head_dim},
          std::pair{"v", s.kv_heads * s.head_dim}}) {
      matrix(layer + "self_attn." + name + "_proj", rows, s.dim);
      vector(layer + "self_attn." + name + "_proj.bias", rows);
    }
    matrix(layer + "self_attn.o_proj", s.dim, s.heads * s.head_dim);
    matrix(layer + "mlp.gate_proj", s.hidden, s.dim);
    matrix(layer + "mlp.up_proj", s.hidden, s.dim);
    matrix(layer + "mlp.down_proj", s.dim, s.hidden);
  }
  writer.write(folder);
}

/// A worker starts when a region is worth waking it for, and takes memory of its own when it first
/// runs: on a busy machine that may be late.
void await_worker(Engine& engine) {
  std::atomic<bool> came{false};
  for (int i = 0; i < 5000 && !came; ++i) {
    engine.run(
        2, 1e9F,
        [](void* context, int worker) {
          if (worker == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          } else {
            static_cast<std::atomic<bool>*>(context)->store(true);
          }
        },
        &came);
  }
  CHECK(came);
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a decode step allocates nothing") {
    for (const KernelTable* table : supported_kernel_tables()) {
      for (const Compute compute : {Compute::f32, Compute::bf16}) {
        CAPTURE(std::string(table->isa));
        Session session(test::open_model(test::test_data("seed_oss-fp8"), table),
                        {.context = 256, .compute = compute});
        session.append(std::vector<std::int32_t>{0, 4, 9});
        session.push(5);
        (void)session.logits();
        await_worker(*session.model().machine().engine);
        const long before = g_allocations.load();
        const std::size_t in_use = ::mallinfo2().uordblks;
        for (int i = 0; i < 50; ++i) {
          session.push(i);
          (void)session.logits();
        }
        CHECK(g_allocations.load() == before);
        CHECK(::mallinfo2().uordblks == in_use);
      }
    }
  }

  TEST_CASE("generating with a sampler and stop strings allocates nothing per token") {
    const std::shared_ptr<const Model> model = test::open_model(test::example_model());
    Session session(model, {.context = 512});
    session.append(std::vector<std::int32_t>{0, 4, 9});
    Generation generation(session, {.sampling = {.seed = 1,
                                                 .temperature = 1.5F,
                                                 .top_k = 50,
                                                 .top_p = 0.95F,
                                                 .repetition_penalty = 1.1F,
                                                 .bias = {{2, -INFINITY}}},
                                    .stop = {"never to be seen"}});
    GenerationEvent event;
    for (int i = 0; i < 20; ++i) {
      REQUIRE(generation.next(event));
    }
    const long before = g_allocations.load();
    for (int i = 0; i < 100; ++i) {
      REQUIRE(generation.next(event));
    }
    CHECK(g_allocations.load() == before);
  }

  TEST_CASE("weights stay in the mapped file: private memory is under 5 % of them") {
#if defined(__SANITIZE_ADDRESS__)
    MESSAGE("skipped: the address sanitizer's own memory would be counted");
    return;
#endif
    const test::TempDirectory folder;
    write_folder(folder.path(), {.dim = 1024,
                                 .hidden = 4096,
                                 .layers = 6,
                                 .heads = 16,
                                 .kv_heads = 2,
                                 .head_dim = 64,
                                 .vocab = 1024});
    {  // threads, locale tables and the like start once
      Session warm(test::open_model(test::example_model()), {.context = 64});
      warm.append(std::vector<std::int32_t>{0, 1, 2});
    }
    ::malloc_trim(0);
    const Index before = private_bytes();
    const std::shared_ptr<const Model> model = test::open_model(folder.path());
    Session session(model, {.context = 512});
    session.append(std::vector<std::int32_t>(32, 5));
    for (int i = 0; i < 16; ++i) {
      session.push(i);
      (void)session.logits();
    }
    const Index used = private_bytes() - before;
    const auto weights =
        static_cast<Index>(std::filesystem::file_size(folder / "model.safetensors"));
    const auto kv = static_cast<Index>(session.stats().kv_bytes);
    CAPTURE(used);
    CAPTURE(weights);
    CHECK(weights > 80'000'000);
    CHECK(used < weights / 20 + kv);
  }
}

}  // namespace ottobit
