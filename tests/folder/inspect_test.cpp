// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>

#include "ottobit/model.hpp"

#include "io/checkpoint.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/json.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

nlohmann::json report_of(const std::filesystem::path& folder) {
  return nlohmann::json::parse(inspect(folder));
}

}  // namespace

TEST_CASE("a report counts the kinds of layers of a model that mixes them") {
  const auto kinds = [](const char* folder) {
    const nlohmann::json report = report_of(test::test_data(folder));
    CHECK(report["problems"].empty());
    return report["layer_kinds"];
  };
  CHECK(kinds("gemma3-wrapper") ==
        nlohmann::json({{"attention within 16", 6}, {"attention", 1}, {"dense", 7}}));
  CHECK(kinds("qwen3_next-fp8") ==
        nlohmann::json({{"gated delta net", 3}, {"attention", 1}, {"experts", 4}}));
  CHECK(kinds("minimax_m1-bf16") ==
        nlohmann::json({{"lightning attention", 3}, {"attention", 1}, {"experts", 4}}));
  CHECK(kinds("deepseek_v32-fp8") ==
        nlohmann::json({{"latent attention to the best 24", 3}, {"dense", 1}, {"experts", 2}}));
}

TEST_CASE("scales of an FP8 cache, which other runtimes keep, are no problem") {
  const test::TempDirectory directory;
  const std::filesystem::path from = test::test_data("seed_oss-fp8");
  std::filesystem::copy(from, directory.path(), std::filesystem::copy_options::recursive);
  test::CheckpointWriter writer = test::CheckpointWriter::from(Checkpoint::open(from));
  const std::vector<float> one = {0.25F};
  writer.add_values("model.layers.0.self_attn.k_scale", DType::f32, {1}, one);
  writer.add_values("model.layers.0.self_attn.v_proj.v_scale", DType::f32, {1}, one);
  writer.write(directory.path());
  CHECK(report_of(directory.path())["problems"].empty());
  writer.add_values("model.layers.0.self_attn.w_scale", DType::f32, {1}, one);
  writer.write(directory.path());
  CHECK(report_of(directory.path())["problems"].size() == 1);
}

TEST_CASE("a cache of more bytes than can be counted is a problem, not an overflow") {
  const test::TempDirectory directory;
  test::write_text(directory / "config.json", R"({"model_type": "llama", "vocab_size": 8,
      "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 4096, "head_dim": 4096,
      "num_attention_heads": 16384, "num_key_value_heads": 16384, "rms_norm_eps": 1e-6,
      "max_position_embeddings": 1073741824})");
  const nlohmann::json report = report_of(directory.path());
  CHECK(report["problems"][0]["message"].get<std::string>().find("bytes for each position") !=
        std::string::npos);
  CHECK_FALSE(report.contains("kv_bytes_per_token"));
}

}  // namespace ottobit
