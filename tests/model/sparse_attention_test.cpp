// SPDX-License-Identifier: Apache-2.0
// The choices of indexers: MiniMax M3's of blocks of keys, DeepSeek V4's of entries, V3.2's of
// keys. Where scores are equal, the golden logits of the last follow the order of torch.topk, which
// depends on the length of the whole prompt. In this tiny model scores are often equal: one is 0
// whenever none of four heads likes the key. The first choice among equals that matters comes at
// position 43 of `mid` or later; what lies before is compared here.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

constexpr Index kTop = 24;  // index_topk of the folder

std::filesystem::path folder() {
  return test::test_data("deepseek_v32-fp8");
}

/// The same weights as DeepSeek V3, which leaves the indexer's tensors aside in lenient mode.
std::shared_ptr<const Model> dense(const test::TempDirectory& directory,
                                   const KernelTable* kernels) {
  test::copy_folder(folder(), directory.path());
  test::replace_in_file(directory / "config.json", "\"deepseek_v32\"", "\"deepseek_v3\"");
  return Model::open(directory.path(), {.kernels = kernels, .threads = 2}, {.lenient = true});
}

std::vector<float> logits(const std::shared_ptr<const Model>& model, Compute compute, Index piece) {
  const test::Golden golden = test::Golden::open(folder());
  Session session(model, {.context = 512, .compute = compute});
  return test::logits_of(session, golden.ints("mid.ids"), piece);
}

/// MiniMax M3 sees 4 blocks of 16 keys.
constexpr Index kSeen = 64;

std::vector<float> block_logits(const std::filesystem::path& path, const KernelTable* kernels,
                                Compute compute, Index piece) {
  const auto model = Model::open(path, {.kernels = kernels, .threads = 2}, {.lenient = true});
  const test::Golden golden = test::Golden::open(test::test_data("minimax_m3-mxfp8"));
  Session session(model, {.context = 512, .compute = compute});
  return test::logits_of(session, golden.ints("mid.ids"), piece);
}

/// DeepSeek V4 with so many entries that a token sees all of them. The golden logits of that,
/// `whole.safetensors`, are transformers 5.24.0's in f32, with `index_topk` 128.
std::shared_ptr<const Model> whole_v4(const test::TempDirectory& directory,
                                      const KernelTable* kernels) {
  test::copy_folder(test::test_data("deepseek_v4-fp4"), directory.path());
  test::replace_in_file(directory / "config.json", "\"index_topk\": 8", "\"index_topk\": 128");
  return test::open_model(directory.path(), kernels);
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("DeepSeek V4 with all entries equals the golden logits, in any pieces") {
    const test::TempDirectory directory;
    const SafetensorsFile golden =
        SafetensorsFile::open(test::test_data("deepseek_v4-fp4") / "whole.safetensors");
    const auto values = [&]<class T>(const std::string& name, T) {
      const TensorEntry& entry = *golden.find(name);
      std::vector<T> all(entry.bytes.size() / sizeof(T));
      std::memcpy(all.data(), entry.bytes.data(), entry.bytes.size());
      return all;
    };
    for (const KernelTable* table : supported_kernel_tables()) {
      const auto model = whole_v4(directory, table);
      const auto vocab = static_cast<std::size_t>(model->vocab());
      for (const std::string prompt : {"mid", "long"}) {
        const std::vector<float> expected = values(prompt + ".logits", 0.0F);
        const std::vector<std::int32_t> ids = values(prompt + ".ids", std::int32_t{0});
        const std::vector<std::int32_t> positions = values(prompt + ".positions", std::int32_t{0});
        for (const Index piece : {300, 64, 7, 1}) {
          CAPTURE(std::string(table->isa));
          CAPTURE(prompt);
          CAPTURE(piece);
          Session session(model, {.context = 512, .compute = Compute::f32});
          const std::vector<float> all = test::logits_of(session, ids, piece);
          std::vector<float> found;
          for (const std::int32_t position : positions) {
            const auto* const row = all.data() + static_cast<std::size_t>(position) * vocab;
            found.insert(found.end(), row, row + vocab);
          }
          CHECK(test::relative_error(expected, found) <= 1e-4);
        }
      }
    }
  }

  TEST_CASE("up to index_topk entries, DeepSeek V4 sees all of them, to the bit; not beyond") {
    const test::TempDirectory directory;
    const std::filesystem::path folder = test::test_data("deepseek_v4-fp4");
    const test::Golden golden = test::Golden::open(folder);
    for (const KernelTable* table : supported_kernel_tables()) {
      const auto some = test::open_model(folder, table);
      const auto whole = whole_v4(directory, table);
      const auto same = static_cast<std::ptrdiff_t>(35 * some->vocab());  // 8 entries of 4 tokens
      for (const Index piece : {35, 1}) {
        CAPTURE(std::string(table->isa));
        CAPTURE(piece);
        const auto logits_of = [&](const std::shared_ptr<const Model>& model) {
          Session session(model, {.context = 512, .compute = Compute::f32});
          return test::logits_of(session, golden.ints("mid.ids"), piece);
        };
        const std::vector<float> a = logits_of(some);
        const std::vector<float> b = logits_of(whole);
        CHECK(std::equal(a.begin(), a.begin() + same, b.begin()));
        CHECK_FALSE(std::equal(a.begin() + same, a.end(), b.begin() + same));
      }
    }
  }

  TEST_CASE("up to as many blocks as a token sees, MiniMax M3 is dense, to the bit; not beyond") {
    const std::filesystem::path sparse = test::test_data("minimax_m3-mxfp8");
    const test::TempDirectory dense;
    test::copy_folder(sparse, dense.path());
    test::replace_in_file(dense / "config.json", "\"use_sparse_attention\": true",
                          "\"use_sparse_attention\": false");
    const auto same = static_cast<std::ptrdiff_t>(kSeen * test::open_model(sparse)->vocab());
    for (const KernelTable* table : supported_kernel_tables()) {
      for (const Compute compute : {Compute::f32, Compute::bf16x2}) {
        for (const Index piece : {64, 1}) {
          CAPTURE(std::string(table->isa));
          CAPTURE(piece);
          const std::vector<float> a = block_logits(sparse, table, compute, piece);
          const std::vector<float> b = block_logits(dense.path(), table, compute, piece);
          CHECK(std::equal(a.begin(), a.begin() + same, b.begin()));
          CHECK_FALSE(std::equal(a.begin() + same, a.end(), b.begin() + same));
        }
      }
    }
  }

  TEST_CASE("sparse attention equals the golden logits, with more keys than it chooses") {
    const test::Golden golden = test::Golden::open(folder());
    for (const KernelTable* table : supported_kernel_tables()) {
      const auto model = test::open_model(folder(), table);
      const auto vocab = static_cast<std::size_t>(model->vocab());
      const std::size_t count = 43 * vocab;
      const std::vector<float> expected = golden.floats("mid.logits");
      const std::vector<std::int32_t> positions = golden.ints("mid.positions");
      REQUIRE(positions.at(42) == 42);
      for (const Index piece : {70, 40, 7, 1}) {
        CAPTURE(std::string(table->isa));
        CAPTURE(piece);
        const std::vector<float> found = logits(model, Compute::f32, piece);
        CHECK(test::relative_error(std::span(expected).first(count),
                                   std::span(found).first(count)) <= 1e-4);
      }
    }
  }

  TEST_CASE("up to index_topk keys, sparse attention is dense attention, to the bit; not beyond") {
    const test::TempDirectory directory;
    for (const KernelTable* table : supported_kernel_tables()) {
      const auto sparse = test::open_model(folder(), table);
      const auto whole = dense(directory, table);
      const auto same = static_cast<std::ptrdiff_t>(kTop * sparse->vocab());
      for (const Compute compute : {Compute::f32, Compute::bf16x2}) {
        for (const Index piece : {24, 5, 1}) {
          CAPTURE(std::string(table->isa));
          CAPTURE(piece);
          const std::vector<float> a = logits(sparse, compute, piece);
          const std::vector<float> b = logits(whole, compute, piece);
          CHECK(std::equal(a.begin(), a.begin() + same, b.begin()));
          CHECK_FALSE(std::equal(a.begin() + same, a.end(), b.begin() + same));
        }
      }
    }
  }

  TEST_CASE(
      "sparse attention: the same bits for any number of threads, the same logits in any pieces") {
    std::vector<float> whole;
    for (const Index piece : {70, 33, 1}) {
      const std::vector<float> one =
          logits(test::open_model(folder(), nullptr, 1), Compute::f32, piece);
      const std::vector<float> three =
          logits(test::open_model(folder(), nullptr, 3), Compute::f32, piece);
      CHECK(one == three);
      whole = whole.empty() ? one : whole;
      CHECK(test::relative_error(whole, one) <= 1e-5);
    }
  }
}

}  // namespace ottobit
