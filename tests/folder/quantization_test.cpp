// SPDX-License-Identifier: Apache-2.0
// What quantization_config and hf_quant_config.json say, and what of it is refused.
#include "folder/quantization.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

std::string blocks(const std::string& json, const std::filesystem::path& directory = {}) {
  std::string text;
  for (const Shape2 block : read_scale_blocks(
           Config::parse(parse_json(json, "config.json"), "config.json"), directory)) {
    text += std::to_string(block.rows) + "x" + std::to_string(block.cols) + " ";
  }
  return text;
}

std::string quantised(const std::string& inside) {
  return R"({"quantization_config": {)" + inside + "}}";
}

std::string compressed(const std::string& weights) {
  return quantised(R"("quant_method": "compressed-tensors", "format": "float-quantized",
    "config_groups": {"group_0": {"targets": ["Linear"], "weights": {)" +
                   weights + "}}}");
}

}  // namespace

TEST_CASE("each maker's configuration gives the geometry of its scales") {
  CHECK(blocks("{}") == "128x128 0x0 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [32, 32],
                            "scale_fmt": "ue8m0", "expert_dtype": "fp4")")) == "32x32 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0)")) ==
        "128x128 0x0 1x0 ");
  CHECK(blocks(compressed(R"("num_bits": 4, "type": "int", "strategy": "group", "group_size": 64,
                             "symmetric": true)")) == "1x64 1x0 ");
  CHECK(blocks(compressed(R"("num_bits": 8, "type": "float", "strategy": "block",
                             "block_structure": [64, 128])")) == "64x128 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "modelopt", "quant_algo": "NVFP4",
                            "group_size": 16)")) == "1x16 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "modelopt", "quant_algo": "FP8")")) == "0x0 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "fp8")")) == "0x0 1x0 ");
  CHECK(blocks(compressed(R"("num_bits": 8, "type": "float", "strategy": "tensor")")) ==
        "0x0 1x0 ");
  for (const char* odd : {"[129, 128]", "[128, 0]", "[8, 8]", "[128]"}) {
    test::expect_error(ErrorCode::format, {"weight_block_size", "multiple of 16"}, [&] {
      (void)blocks(quantised(R"("quant_method": "fp8", "weight_block_size": )" + std::string(odd)));
    });
  }
}

TEST_CASE("where a configuration says little, the tensors tell the format") {
  CHECK(blocks(quantised("")) == "128x128 0x0 1x0 ");
  CHECK(blocks(R"({"quantization_config": null})") == "128x128 0x0 1x0 ");
  CHECK(blocks(quantised(R"("num_bits": 4, "group_size": 32, "symmetric": true)")) == "1x32 1x0 ");
  for (const char* method : {"gptq", "awq", "auto-round"}) {
    const std::string name = R"("quant_method": ")" + std::string(method) + "\", ";
    CHECK(blocks(quantised(name + R"("bits": 4, "group_size": 64)")) == "1x64 1x0 ");
    CHECK(blocks(quantised(name + R"("bits": 4, "group_size": -1)")) == "1x0 1x0 ");
  }
  CHECK(blocks(compressed(R"("num_bits": 8, "type": "int", "symmetric": false)")) == "0x0 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": null, "weight_block_size": [64, 64])")) ==
        "64x64 1x0 ");
  for (const char* algorithm : {"W4A16_NVFP4", "NVFP4_AWQ", "NVFP4_SVDQUANT", "W4A8_NVFP4_FP8"}) {
    CHECK(blocks(quantised(R"("quant_method": "modelopt", "group_size": 16, "quant_algo": ")" +
                           std::string(algorithm) + "\"")) == "1x16 1x0 ");
  }
  CHECK(blocks(quantised(R"("quant_method": "modelopt", "quant_algo": "MIXED_PRECISION",
          "quantized_layers": {"a": {"quant_algo": "NVFP4", "group_size": 16},
                               "b": {"quant_algo": "NVFP4", "group_size": 16},
                               "c": {"quant_algo": "FP8"}})")) == "1x16 0x0 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "compressed-tensors", "format": "float-quantized",
          "transform_config": {"config_groups": {"u": {"apply": [{"location": "weight_output"}]}}},
          "config_groups": {})")) == "128x128 0x0 1x0 ");
}

TEST_CASE("hf_quant_config.json counts where config.json is silent") {
  const test::TempDirectory directory;
  test::write_text(directory / "hf_quant_config.json",
                   R"({"quantization": {"quant_algo": "FP8_PB_WO", "group_size": 16}})");
  CHECK(blocks("{}", directory.path()) == "1x16 128x128 1x0 ");
  CHECK(blocks(quantised(R"("quant_method": "fp8", "weight_block_size": [64, 64])"),
               directory.path()) == "64x64 1x0 ");
  test::write_text(directory / "hf_quant_config.json", R"({"producer": {}})");
  test::expect_error(ErrorCode::format, {"hf_quant_config.json", "quantization"},
                     [&] { blocks("{}", directory.path()); });
}

TEST_CASE("schemes that would be read wrongly are refused by name") {
  const auto refused = [](const std::string& json, const std::vector<std::string_view>& words,
                          ErrorCode code = ErrorCode::unsupported) {
    test::expect_error(code, words, [&] { blocks(json); });
  };
  refused(quantised(R"("quant_method": "bitsandbytes")"),
          {"quant_method", "bitsandbytes", "compressed-tensors"});
  refused(quantised(R"("quant_method": "awq", "version": "gemv")"), {"version", "gemv", "gemm"});
  refused(quantised(R"("quant_method": "fp8", "fmt": "e3m4")"), {"fmt", "e3m4", "e4m3"});
  refused(quantised(R"("quant_method": "fp8", "weight_block_size": [0, 128])"),
          {"weight_block_size", "multiple of 16"}, ErrorCode::format);
  refused(quantised(R"("quant_method": "compressed-tensors", "format": "marlin-24")"),
          {"format", "marlin-24"});
  refused(compressed(R"("num_bits": 3, "type": "int", "symmetric": true)"), {"3 bits", "int"});
  refused(compressed(R"("num_bits": 4, "type": "int", "strategy": "attn_head")"), {"attn_head"});
  refused(quantised(R"("quant_method": "compressed-tensors", "format": "float-quantized",
            "transform_config": {"config_groups": {"u": {"type": "hadamard", "apply":
              [{"location": "weight_output"}, {"location": "input"}]}}})"),
          {"transform_config", "location", "input", "weight_input"});
}

}  // namespace ottobit
