// SPDX-License-Identifier: Apache-2.0
#include "folder/quantization.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

using Blocks = std::vector<Shape2>;

/// Sizes that formats have: 1, or groups of whole vectors up to a whole row.
bool is_block_size(Index size) {
  constexpr Index kLargest = 1 << 24;
  return size == 1 || (size >= 16 && size % 16 == 0 && size <= kLargest);
}

/// The text at `key`, which must be one of `known`; `fallback` if it is absent.
std::string require_known(const Config& config, std::string_view key, std::string_view fallback,
                          std::initializer_list<std::string_view> known) {
  const std::string found = config.text(key, fallback);
  if (std::find(known.begin(), known.end(), found) == known.end()) {
    std::string list;
    for (const std::string_view name : known) {
      list += (list.empty() ? "" : ", ") + std::string(name);
    }
    fail(ErrorCode::unsupported, config.subject(),
         "`" + std::string(key) + "` is \"" + printable(found) + "\", known are: " + list);
  }
  return found;
}

/// Two positive integers, rows and columns.
std::optional<Shape2> block_at(const Config& config, std::string_view key) {
  if (!config.has(key)) {
    return std::nullopt;
  }
  const std::vector<Index> size = config.integers(key);
  OTTOBIT_CHECK(size.size() == 2 && is_block_size(size[0]) && is_block_size(size[1]),
                ErrorCode::format, config.subject(),
                "`" + std::string(key) +
                    "` must be two numbers, rows and columns, each 1 or a multiple of 16");
  return Shape2{size[0], size[1]};
}

std::optional<Shape2> group_at(const Config& config) {
  if (!config.has("group_size")) {
    return std::nullopt;
  }
  if (config.number("group_size") < 0.0) {
    return kPerRow;  // -1: all columns
  }
  const Index size = config.integer("group_size");
  OTTOBIT_CHECK(is_block_size(size), ErrorCode::format, config.subject(),
                "`group_size` is " + std::to_string(size) + ", expected 1 or a multiple of 16");
  return Shape2{1, size};
}

/// DeepSeek's "fp8" and those derived from it.
void read_fine_grained(const Config& q, Blocks& blocks) {
  require_known(q, "fmt", "e4m3", {"e4m3", "float8_e4m3fn", "e5m2"});
  require_known(q, "scale_fmt", "float", {"float", "ue8m0"});
  require_known(q, "expert_dtype", "fp8", {"fp8", "fp4"});
  if (const std::optional<Shape2> block = block_at(q, "weight_block_size")) {
    blocks.push_back(*block);
  } else {
    blocks.push_back(kPerMatrix);
  }
}

/// One group of compressed-tensors: https://github.com/vllm-project/compressed-tensors,
/// quantization/quant_args.py.
void read_group(const Config& group, Blocks& blocks) {
  const std::optional<Config> weights = group.section("weights");
  if (!weights) {
    return;  // activations only
  }
  const std::string type = require_known(*weights, "type", "int", {"int", "float"});
  const Index bits = weights->integer("num_bits", 8);
  OTTOBIT_CHECK(bits == 4 || bits == 8, ErrorCode::unsupported, weights->subject(),
                "weights of " + std::to_string(bits) + " bits, type \"" + type +
                    "\"; known are 8 and 4 bits");
  if (require_known(*weights, "strategy", "tensor",
                    {"tensor", "channel", "group", "block", "tensor_group"}) == "tensor") {
    blocks.push_back(kPerMatrix);
  }
  if (const std::optional<Shape2> size = group_at(*weights)) {
    blocks.push_back(*size);
  }
  if (const std::optional<Shape2> block = block_at(*weights, "block_structure")) {
    blocks.push_back(*block);
  }
}

/// Rotations of weights are done in the file; those of what flows through a model are not, and
/// nothing but this section tells of them.
void require_no_online_transform(const Config& q) {
  const std::optional<Config> transforms = q.section("transform_config");
  const std::optional<Config> groups =
      transforms ? transforms->section("config_groups") : std::nullopt;
  if (!groups) {
    return;
  }
  for (const auto& [name, value] : groups->raw().items()) {
    const std::optional<Config> group = groups->section(name);
    if (!group || !group->has("apply") || !group->raw().at("apply").is_array()) {
      continue;
    }
    for (const Json& each : group->raw().at("apply")) {
      OTTOBIT_CHECK(each.is_object(), ErrorCode::format, group->subject(),
                    "`apply` has " + std::string(json_type_text(each)) + ", expected objects");
      const Config apply = Config::parse(each, group->subject() + ": apply");
      require_known(apply, "location", "input", {"weight_input", "weight_output"});
    }
  }
}

void read_compressed_tensors(const Config& q, Blocks& blocks) {
  require_no_online_transform(q);
  const std::initializer_list<std::string_view> formats = {
      "dense",          "float-quantized", "naive-quantized",      "pack-quantized",
      "int-quantized",  "mxfp8-quantized", "nvfp4-pack-quantized", "mxfp4-pack-quantized",
      "mixed-precision"};
  require_known(q, "format", "dense", formats);
  require_known(q, "quantization_status", "compressed", {"compressed", "frozen"});
  const std::optional<Config> groups = q.section("config_groups");
  OTTOBIT_CHECK(groups.has_value(), ErrorCode::format, q.subject(), "`config_groups` is missing");
  for (const auto& [name, value] : groups->raw().items()) {
    const std::optional<Config> group = groups->section(name);
    if (group) {
      require_known(*group, "format", "dense", formats);
      read_group(*group, blocks);
    }
  }
}

/// What an algorithm of ModelOpt says about scales; the tensors tell its format, whatever its name.
void read_algorithm(const Config& q, Blocks& blocks) {
  const std::string algorithm = q.text("quant_algo", "");
  if (const std::optional<Shape2> size = group_at(q)) {
    blocks.push_back(*size);
  }
  if (algorithm == "FP8_PB_WO") {
    blocks.push_back({128, 128});
  } else if (algorithm == "FP8") {
    blocks.push_back(kPerMatrix);
  }
}

/// NVIDIA ModelOpt, in either of its two places. MIXED_PRECISION has an algorithm for each layer.
void read_modelopt(const Config& q, Blocks& blocks) {
  read_algorithm(q, blocks);
  const std::optional<Config> layers = q.section("quantized_layers");
  if (!layers) {
    return;
  }
  for (const auto& [name, value] : layers->raw().items()) {
    if (const std::optional<Config> layer = layers->section(name)) {
      Blocks more;
      read_algorithm(*layer, more);
      for (const Shape2& block : more) {
        if (std::find(blocks.begin(), blocks.end(), block) == blocks.end()) {
          blocks.push_back(block);
        }
      }
    }
  }
}

/// GPTQ and AWQ, and AutoRound, which writes either: the tensors tell which, and how many bits.
void read_repacked(const Config& q, Blocks& blocks) {
  require_known(q, "version", "gemm", {"gemm", "GEMM"});
  require_known(q, "format", "gptq", {"gptq", "gptq_v2", "awq"});
  require_known(
      q, "packing_format", "auto_round:auto_gptq",
      {"auto_round:auto_gptq", "auto_round:gptq", "auto_round:auto_awq", "auto_round:awq"});
  if (const std::optional<Shape2> size = group_at(q)) {
    blocks.push_back(*size);
  }
}

/// No method is named: whatever sizes of blocks there are, and the tensors.
void read_unnamed(const Config& q, Blocks& blocks) {
  if (const std::optional<Shape2> block = block_at(q, "weight_block_size")) {
    blocks.push_back(*block);
  }
  if (const std::optional<Shape2> size = group_at(q)) {
    blocks.push_back(*size);
  }
}

void read_quantization(const Config& q, Blocks& blocks) {
  const std::string method =
      require_known(q, "quant_method", "",
                    {"", "fp8", "mxfp8", "mxfp4", "fbgemm_fp8", "compressed-tensors", "modelopt",
                     "modelopt_fp4", "blockwise_int8", "gptq", "awq", "auto-round"});
  if (method == "gptq" || method == "awq" || method == "auto-round") {
    read_repacked(q, blocks);
  } else if (method == "fp8" || method == "mxfp8" || method == "blockwise_int8") {
    read_fine_grained(q, blocks);
  } else if (method == "compressed-tensors") {
    read_compressed_tensors(q, blocks);
  } else if (method == "modelopt" || method == "modelopt_fp4") {
    read_modelopt(q.section("quantization").value_or(q), blocks);
  } else if (method.empty()) {
    read_unnamed(q, blocks);
  }
}

}  // namespace

bool is_repacked(const Config& config) {
  const std::optional<Config> q = config.section("quantization_config");
  const std::string method = q ? q->text("quant_method", "") : "";
  return method == "gptq" || method == "awq" || method == "auto-round";
}

bool has_exact_zeros(const Config& config) {
  const std::optional<Config> q = config.section("quantization_config");
  return q && (q->text("checkpoint_format", "") == "gptq_v2" || q->text("format", "") == "gptq_v2");
}

std::vector<Shape2> read_scale_blocks(const Config& config,
                                      const std::filesystem::path& directory) {
  Blocks blocks;
  const std::filesystem::path modelopt = directory / "hf_quant_config.json";
  if (const std::optional<Config> q = config.section("quantization_config")) {
    read_quantization(*q, blocks);
  } else if (const std::optional<Config> old = config.section("compression_config")) {
    read_quantization(*old, blocks);
  } else if (!directory.empty() && is_there(modelopt)) {
    const Config file = Config::open(modelopt);
    const std::optional<Config> q2 = file.section("quantization");
    OTTOBIT_CHECK(q2.has_value(), ErrorCode::format, file.subject(), "`quantization` is missing");
    read_modelopt(*q2, blocks);
  }
  if (blocks.empty()) {
    blocks = {{128, 128}, kPerMatrix};
  }
  blocks.push_back(kPerRow);
  return blocks;
}

}  // namespace ottobit
