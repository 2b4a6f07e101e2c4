// SPDX-License-Identifier: Apache-2.0
#include "ottobit/session.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/error.hpp"

#include "io/checkpoint.hpp"
#include "support/errors.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;

const std::vector<std::int32_t> kIds = {0, 5, 17, 200, 31, 8, 99, 7, 7, 260, 12, 3, 45, 330};

std::vector<float> copy_of(std::span<const float> x) {
  return {x.begin(), x.end()};
}

std::vector<float> logits_after(const std::shared_ptr<const Model>& model,
                                std::span<const std::int32_t> ids) {
  Session session(model, {.context = 64, .compute = Compute::f32});
  session.append(ids);
  return copy_of(session.logits());
}

std::shared_ptr<const Model> tiny() {
  return test::open_model(test::test_data("seed_oss-fp8"));
}

/// Three layers of four have a state instead of a cache.
std::shared_ptr<const Model> recurrent() {
  return test::open_model(test::test_data("qwen3_next-fp8"));
}

bool same(std::span<const float> a, std::span<const float> b) {
  return test::relative_error(a, b) <= 1e-5;
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a session counts, refuses what does not fit and leaves nothing half done") {
    Session session(tiny(), {.context = 8, .compute = Compute::f32});
    CHECK(session.length() == 0);
    CHECK(session.context() == 8);
    expect_error(ErrorCode::argument, {"empty"}, [&] { (void)session.logits(); });
    session.append(std::span(kIds).first(5));
    const std::vector<float> before = copy_of(session.logits());
    expect_error(ErrorCode::context, {"4 tokens after 5", "8"},
                 [&] { session.append(std::span(kIds).first(4)); });
    expect_error(ErrorCode::argument, {"id 331", "331"}, [&] {
      session.append(std::vector<std::int32_t>{1, 331});
    });
    expect_error(ErrorCode::argument, {"id -1"},
                 [&] { session.append(std::vector<std::int32_t>{-1}); });
    CHECK(session.length() == 5);
    CHECK(copy_of(session.logits()) == before);
    session.append({});
    CHECK(session.length() == 5);
  }

  TEST_CASE("truncation, pushing and setting lead to the logits of the history they leave") {
    const std::shared_ptr<const Model> model = tiny();
    Session session(model, {.context = 64, .compute = Compute::f32});
    session.append(kIds);
    session.truncate(6);
    CHECK(session.length() == 6);
    CHECK(same(session.logits(), logits_after(model, std::span(kIds).first(6))));
    session.push(kIds[6]);
    session.push(kIds[7]);
    CHECK(session.length() == 8);
    CHECK(same(session.logits(), logits_after(model, std::span(kIds).first(8))));

    std::vector<std::int32_t> other(kIds.begin(), kIds.begin() + 4);
    other.insert(other.end(), {1, 2, 3});
    CHECK(session.set(other) == 4);
    CHECK(session.length() == 7);
    CHECK(same(session.logits(), logits_after(model, other)));
    CHECK(session.set(other) == 7);
    CHECK(session.set(std::span(other).first(2)) == 2);
    CHECK(same(session.logits(), logits_after(model, std::span(other).first(2))));
    session.truncate(0);
    CHECK(session.length() == 0);
    expect_error(ErrorCode::argument, {"1 of 0"}, [&] { session.truncate(1); });
  }

  TEST_CASE("windowed layers: rings are small, and truncation reads again what they have lost") {
    const auto model = test::open_model(test::test_data("gemma3-wrapper"));  // a window of 16
    std::vector<std::int32_t> ids;
    for (std::int32_t i = 0; i < 500; ++i) {
      ids.push_back((i * 37 + i / 11) % 390);
    }
    const auto fresh = [&](std::size_t count) {
      Session session(model, {.context = 512, .compute = Compute::f32});
      session.append(std::span(ids).first(count));
      return copy_of(session.logits());
    };
    // Batches of 8 leave rings of 64 rows, which turn many times.
    Session session(model, {.context = 512, .micro_batch = 8, .compute = Compute::f32});
    session.append(ids);
    CHECK(same(session.logits(), fresh(500)));
    const std::uint64_t peak = session.stats().kv_bytes;
    CHECK(peak < 500 * 7 * 2 * 48 * sizeof(float) / 3);  // one layer of seven keeps everything
    session.truncate(490);                               // within the rings
    CHECK(same(session.logits(), fresh(490)));
    session.truncate(300);  // beyond them
    CHECK(same(session.logits(), fresh(300)));
    session.append(std::span(ids).subspan(300, 100));
    CHECK(same(session.logits(), fresh(400)));
    for (std::size_t keep : {390, 380, 370, 350, 20, 3}) {
      CAPTURE(keep);
      session.truncate(static_cast<Index>(keep));
      CHECK(same(session.logits(), fresh(keep)));
    }
  }

  TEST_CASE("layers with a state go back to the end of the prompt, or read the history again") {
    const std::shared_ptr<const Model> model = recurrent();
    const std::span<const std::int32_t> ids(kIds);
    Session session(model, {.context = 64, .micro_batch = 4, .compute = Compute::f32});
    const auto read = [&] { return session.stats().prompt_tokens; };
    session.append(ids.first(10));
    const std::vector<float> at_prompt = copy_of(session.logits());
    CHECK(same(at_prompt, logits_after(model, ids.first(10))));

    session.push(ids[10]);
    session.push(ids[11]);
    CHECK(same(session.logits(), logits_after(model, ids.first(12))));
    session.append(ids.subspan(12, 1));  // one token is no prompt
    CHECK(same(session.logits(), logits_after(model, ids.first(13))));
    session.truncate(10);
    CHECK(copy_of(session.logits()) == at_prompt);
    CHECK(read() == 11);

    session.push(ids[10]);
    session.truncate(10);  // a token that was never computed
    CHECK(copy_of(session.logits()) == at_prompt);
    CHECK(read() == 11);

    session.append(ids.subspan(10, 1));
    session.append(ids.subspan(11, 1));
    session.truncate(11);  // from the end of the prompt on
    CHECK(same(session.logits(), logits_after(model, ids.first(11))));

    CHECK(session.set(ids.first(14)) == 11);
    CHECK(same(session.logits(), logits_after(model, ids.first(14))));
    session.truncate(9);  // before it: from the beginning
    CHECK(same(session.logits(), logits_after(model, ids.first(9))));
    session.push(ids[9]);
    session.truncate(9);
    CHECK(same(session.logits(), logits_after(model, ids.first(9))));
    session.truncate(0);
    session.append(ids.first(3));
    CHECK(same(session.logits(), logits_after(model, ids.first(3))));
  }

  TEST_CASE("what was read again does not count as reused") {
    const std::span<const std::int32_t> ids(kIds);
    Session session(recurrent(), {.context = 64, .compute = Compute::f32});
    session.append(ids.first(8));
    session.append(ids.subspan(8, 4));
    const std::vector<std::int32_t> other = {ids[0], ids[1], ids[2], 9, 9};
    CHECK(session.set(other) == 3);
    CHECK(session.stats().prompt_reused == 0);
    CHECK(session.stats().prompt_tokens == 17);
    CHECK(session.set(other) == 5);
    CHECK(session.stats().prompt_reused == 5);
  }

  TEST_CASE("a refused set changes nothing") {
    Session session(tiny(), {.context = 16, .compute = Compute::f32});
    session.append(std::span(kIds).first(5));
    expect_error(ErrorCode::argument, {"id 999"}, [&] {
      (void)session.set(std::vector<std::int32_t>{0, 5, 999});
    });
    expect_error(ErrorCode::context, {"17 tokens", "16"},
                 [&] { (void)session.set(std::vector<std::int32_t>(17, 1)); });
    const std::span<const std::int32_t> tokens = session.tokens();
    CHECK(std::vector<std::int32_t>(tokens.begin(), tokens.end()) ==
          std::vector<std::int32_t>(kIds.begin(), kIds.begin() + 5));
  }

  TEST_CASE("a cancelled append stands at the last whole micro batch and can go on") {
    std::shared_ptr<const Model> model;
    SUBCASE("with caches") {
      model = tiny();
    }
    SUBCASE("with states") {
      model = recurrent();
    }
    Session session(model, {.context = 64, .micro_batch = 4, .compute = Compute::f32});
    std::uint64_t last_total = 0;
    expect_error(ErrorCode::cancelled, {"8 of 14"}, [&] {
      session.append(kIds, [&](std::uint64_t done, std::uint64_t total) {
        last_total = total;
        return done < 8;
      });
    });
    CHECK(last_total == 14);
    CHECK(session.length() == 8);
    CHECK(same(session.logits(), logits_after(model, std::span(kIds).first(8))));
    session.append(std::span(kIds).subspan(8));
    CHECK(same(session.logits(), logits_after(model, kIds)));
  }

  TEST_CASE("a weight that is NaN is named, and the history before it stays") {
    std::filesystem::path from;
    SUBCASE("with caches") {
      from = test::test_data("seed_oss-fp8");
    }
    SUBCASE("with states") {
      from = test::test_data("qwen3_next-fp8");
    }
    const test::TempDirectory directory;
    std::filesystem::copy(from, directory.path(), std::filesystem::copy_options::recursive);
    const auto model = test::open_model(directory.path());
    {  // weights are read where they lie: the file changes under the model, unseen
      const auto written = std::filesystem::last_write_time(directory.path() / "model.safetensors");
      const Checkpoint checkpoint = Checkpoint::open(directory.path());
      const TensorEntry& embedding = *checkpoint.find("model.embed_tokens.weight");
      const std::string text = test::read_text(directory.path() / "model.safetensors");
      const auto begin = text.find(std::string(
          reinterpret_cast<const char*>(embedding.bytes.data()), embedding.bytes.size()));
      REQUIRE(begin != std::string::npos);
      std::fstream file(directory.path() / "model.safetensors",
                        std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(
          begin + 50U * 2U * static_cast<std::size_t>(embedding.shape[1])));
      file.write("\xC0\x7F", 2);
      file.close();
      std::filesystem::last_write_time(directory.path() / "model.safetensors", written);
    }

    Session session(model, {.context = 64, .compute = Compute::f32});
    session.append(std::span(kIds).first(5));
    expect_error(ErrorCode::checkpoint, {"embed_tokens", "[50, 0]"}, [&] {
      session.append(std::vector<std::int32_t>{7, 50, 8});
    });
    CHECK(session.length() == 5);
    CHECK(same(session.logits(), logits_after(model, std::span(kIds).first(5))));
    session.append(std::span(kIds).subspan(5));
    CHECK(same(session.logits(), logits_after(model, kIds)));
  }

  TEST_CASE(
      "a weight file that changes under the model is an error, unless it is trusted or read") {
    const test::TempDirectory directory;
    std::filesystem::copy(test::test_data("seed_oss-fp8"), directory.path(),
                          std::filesystem::copy_options::recursive);
    const std::filesystem::path path = directory.path() / "model.safetensors";
    const auto size = std::filesystem::file_size(path);
    ModelOptions private_memory;
    private_memory.use_mmap = false;
    const auto mapped = Model::open(directory.path(), {}, {});
    const auto read = Model::open(directory.path(), {}, private_memory);
    Session session(mapped, {.context = 64, .compute = Compute::f32});
    session.append(std::span(kIds).first(5));
    const std::vector<float> before = copy_of(session.logits());
    SUBCASE("shortened") {
      std::filesystem::resize_file(path, size / 2);
      expect_error(ErrorCode::io, {"model.safetensors", std::to_string(size / 2), "open it again"},
                   [&] { session.append(std::span(kIds).subspan(5)); });
    }
    SUBCASE("emptied") {
      std::filesystem::resize_file(path, 0);
      session.push(kIds[5]);
      expect_error(ErrorCode::io, {"model.safetensors", "0 bytes"},
                   [&] { (void)session.logits(); });
      session.truncate(5);
    }
    SUBCASE("written to") {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(0);
      file.write("\x01", 1);
      file.close();
      expect_error(ErrorCode::io, {"model.safetensors", "written to"},
                   [&] { session.append(std::span(kIds).subspan(5)); });
    }
    CHECK(session.length() == 5);
    Session unharmed(read, {.context = 64, .compute = Compute::f32});
    unharmed.append(std::span(kIds).first(5));
    CHECK(copy_of(unharmed.logits()) == before);
  }

  TEST_CASE("a weight file may be removed or replaced under the model") {
    const test::TempDirectory directory;
    std::filesystem::copy(test::test_data("seed_oss-fp8"), directory.path(),
                          std::filesystem::copy_options::recursive);
    const std::filesystem::path path = directory.path() / "model.safetensors";
    const auto model = Model::open(directory.path(), {}, {});
    Session session(model, {.context = 64, .compute = Compute::f32});
    session.append(std::span(kIds).first(5));
    std::filesystem::remove(path);
    session.append(std::span(kIds).subspan(5, 4));
    test::write_text(path, "another");
    session.append(std::span(kIds).subspan(9));
    CHECK(same(session.logits(), logits_after(tiny(), kIds)));
  }

  TEST_CASE("numbers that overflow although they are finite: the error names the block") {
    const test::TempDirectory directory;
    std::filesystem::copy(test::test_data("qwen3-bf16-tied"), directory.path(),
                          std::filesystem::copy_options::recursive);
    const std::filesystem::path path = directory.path() / "model.safetensors";
    std::string bytes = test::read_text(path);
    {
      const Checkpoint checkpoint = Checkpoint::open(directory.path());
      const TensorEntry& norm = *checkpoint.find("model.layers.1.post_attention_layernorm.weight");
      const auto begin = static_cast<std::size_t>(
          norm.bytes.data() - checkpoint.find("model.embed_tokens.weight")->bytes.data());
      const TensorEntry& first = *checkpoint.find("model.embed_tokens.weight");
      const std::string_view embedding(reinterpret_cast<const char*>(first.bytes.data()),
                                       first.bytes.size());
      const std::size_t at = bytes.find(embedding) + begin;
      for (std::size_t i = 0; i < norm.bytes.size(); i += 2) {
        bytes.replace(at + i, 2, "\x70\x7F");  // 3.2e38
      }
    }
    test::write_text(path, bytes);
    const auto model = test::open_model(directory.path());
    Session session(model, {.context = 64, .compute = Compute::f32});
    expect_error(ErrorCode::checkpoint, {"after block 1", "model.layers.1", "too large"},
                 [&] { session.append(kIds); });
    CHECK(session.length() == 0);
  }

  TEST_CASE("session options out of range are refused by name") {
    const std::shared_ptr<const Model> model = tiny();
    expect_error(ErrorCode::argument, {"context", "4097", "4096"},
                 [&] { Session(model, {.context = 4097}); });
    expect_error(ErrorCode::argument, {"context"}, [&] { Session(model, {.context = -1}); });
    expect_error(ErrorCode::argument, {"micro_batch"},
                 [&] { Session(model, {.micro_batch = -1}); });
    expect_error(ErrorCode::unsupported, {"kv_dtype", "F8_E4M3"},
                 [&] { Session(model, {.kv_dtype = DType::f8_e4m3}); });
  }

  TEST_CASE("statistics tell prompt, reused and generated tokens apart") {
    Session session(tiny(), {.context = 64});
    session.append(std::span(kIds).first(6));
    (void)session.set(std::span(kIds).first(8));
    session.push(1);
    (void)session.logits();
    CHECK(session.stats().prompt_tokens == 8);
    CHECK(session.stats().prompt_reused == 6);
    CHECK(session.stats().generated_tokens == 1);
    CHECK(session.stats().prompt_seconds > 0.0);
    CHECK(session.stats().decode_seconds > 0.0);
    CHECK(session.stats().kv_bytes ==
          9U * 3U * 2U * 2U * 48U * (session.compute() == Compute::f32 ? 4U : 2U));
    CHECK(session.stats().peak_bytes > session.stats().kv_bytes);
  }
}

}  // namespace ottobit
