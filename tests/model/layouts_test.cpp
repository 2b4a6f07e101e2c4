// SPDX-License-Identifier: Apache-2.0
// One model, published in two ways, computes the same: experts in matrices of their own or all in
// one tensor, a decoder alone or as a part of a multimodal model.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/format/list.hpp"
#include "ottobit/numeric/bf16.hpp"

#include "folder/folder.hpp"
#include "folder/weight_reader.hpp"
#include "io/checkpoint.hpp"
#include "models/registry.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/json.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using test::CheckpointWriter;

constexpr Index kExperts = 8;
constexpr Index kHidden = 64;
constexpr Index kDim = 128;
constexpr Index kLayers = 4;

/// The rows of a matrix of the checkpoint behind `to`, dequantised; it is taken out of the writer.
void move_rows(CheckpointReader& reader, CheckpointWriter& writer, const std::string& name,
               Shape2 shape, std::vector<float>& to) {
  const WeightView w = reader.reader().matrix(name, shape);
  for (Index r = 0; r < shape.rows; ++r) {
    for (Index k = 0; k < shape.cols; ++k) {
      to.push_back(element_at(w, r, k));
    }
  }
  writer.remove(name + ".weight").remove(name + ".weight_scale_inv");
}

/// The folder with the experts of each layer in two F32 tensors, gate above up.
void write_stacked(const fs::path& from, const fs::path& to) {
  const Checkpoint checkpoint = Checkpoint::open(from);
  const FolderConfig folder = read_config(Config::open(from / "config.json"), from);
  CheckpointReader reader(checkpoint, folder.spec, folder.scale_blocks, *find_kernel_table(""));
  CheckpointWriter writer = CheckpointWriter::from(checkpoint);
  for (Index layer = 0; layer < kLayers; ++layer) {
    const std::string experts = "model.layers." + std::to_string(layer) + ".mlp.experts.";
    std::vector<float> gate_up;
    std::vector<float> down;
    for (Index e = 0; e < kExperts; ++e) {
      const std::string expert = experts + std::to_string(e);
      move_rows(reader, writer, expert + ".gate_proj", {kHidden, kDim}, gate_up);
      move_rows(reader, writer, expert + ".up_proj", {kHidden, kDim}, gate_up);
      move_rows(reader, writer, expert + ".down_proj", {kDim, kHidden}, down);
    }
    writer.add_values(experts + "gate_up_proj", DType::f32, {kExperts, 2 * kHidden, kDim}, gate_up);
    writer.add_values(experts + "down_proj", DType::f32, {kExperts, kDim, kHidden}, down);
  }
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  writer.write(to);
}

/// The folder, whose experts are in one tensor each, transposed, with matrices of their own.
void write_by_name(const fs::path& from, const fs::path& to, Index layers,
                   const std::string& scope) {
  CheckpointWriter writer = CheckpointWriter::from(Checkpoint::open(from));
  for (Index layer = 0; layer < layers; ++layer) {
    const std::string experts = scope + std::to_string(layer) + ".feed_forward.experts.";
    const auto move = [&](const std::string& stack, const std::vector<std::string>& names) {
      const CheckpointWriter::Tensor all = writer.tensor(experts + stack);
      const Index rows = all.shape[2] / static_cast<Index>(names.size());  // of one matrix
      const Index cols = all.shape[1];
      for (Index e = 0; e < all.shape[0]; ++e) {
        for (std::size_t part = 0; part < names.size(); ++part) {
          std::string bytes;
          for (Index r = 0; r < rows; ++r) {
            for (Index k = 0; k < cols; ++k) {
              const Index column = static_cast<Index>(part) * rows + r;
              bytes += all.bytes.substr(
                  static_cast<std::size_t>(((e * cols + k) * all.shape[2] + column) * 2), 2);
            }
          }
          writer.add(experts + std::to_string(e) + "." + names[part] + ".weight", all.dtype,
                     {rows, cols}, std::as_bytes(std::span(bytes)));
        }
      }
      writer.remove(experts + stack);
    };
    const auto& tensors = writer.tensors();
    const bool sparse = std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
      return tensor.name == experts + "gate_up_proj";
    });
    if (sparse) {
      move("gate_up_proj", {"gate_proj", "up_proj"});
      move("down_proj", {"down_proj"});
    }
  }
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  writer.write(to);
}

/// The folder of gpt-oss with its experts in BF16, as tools save it that fine-tune: transposed.
void write_without_blocks(const fs::path& from, const fs::path& to) {
  const Checkpoint checkpoint = Checkpoint::open(from);
  const FolderConfig folder = read_config(Config::open(from / "config.json"), from);
  CheckpointReader reader(checkpoint, folder.spec, folder.scale_blocks, *find_kernel_table(""));
  CheckpointWriter writer = CheckpointWriter::from(checkpoint);
  const MoeSpec& moe = std::get<MoeSpec>(folder.spec.blocks.front().ffn);
  for (std::size_t layer = 0; layer < folder.spec.blocks.size(); ++layer) {
    const std::string experts = folder.spec.blocks[layer].scope + ".mlp.experts.";
    const auto transpose = [&](const std::string& name, Shape2 shape) {
      const Index count = moe.router.experts;
      const WeightView w = reader.reader().stack(experts + name, count, shape);
      std::vector<std::uint16_t> values;
      for (Index e = 0; e < count; ++e) {
        for (Index k = 0; k < shape.cols; ++k) {
          for (Index r = 0; r < shape.rows; ++r) {
            values.push_back(Bf16::encode(element_at(w, e * shape.rows + r, k)));
          }
        }
      }
      writer.remove(experts + name + "_blocks").remove(experts + name + "_scales");
      writer.add_values(experts + name, DType::bf16, {count, shape.cols, shape.rows}, values);
    };
    transpose("gate_up_proj", {2 * moe.hidden, folder.spec.dim});
    transpose("down_proj", {folder.spec.dim, moe.hidden});
  }
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  writer.write(to);
  test::replace_in_file(to / "config.json", "\"quantization_config\"", "\"unsloth_was\"");
}

/// The decoder's folder as a multimodal model, with tensors of an encoder.
void write_wrapped(const fs::path& from, const fs::path& to) {
  CheckpointWriter writer = CheckpointWriter::from(Checkpoint::open(from));
  const std::vector<CheckpointWriter::Tensor> tensors = writer.tensors();
  for (const CheckpointWriter::Tensor& tensor : tensors) {
    writer.rename(tensor.name, "language_model." + tensor.name);
  }
  for (const char* name : {"vision_tower.patch.weight", "mm_projector.linear.weight"}) {
    writer.add_values(name, DType::f32, {2}, std::vector<float>{1.0F, 2.0F});
  }
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  writer.write(to);
  nlohmann::json config = {{"model_type", "kimi_k25"},
                           {"architectures", {"KimiK25ForConditionalGeneration"}},
                           {"vision_config", {{"depth", 1}}}};
  config["text_config"] = nlohmann::json::parse(test::read_text(from / "config.json"));
  test::write_text(to / "config.json", config.dump());
}

/// Both folders hold the same model.
void check_same(const fs::path& a, const fs::path& b) {
  const std::vector<std::int32_t> ids = {0, 5, 17, 200, 31, 8, 99, 7, 7, 260, 12, 3, 45, 330};
  const auto logits = [&](const fs::path& folder) {
    Session session(test::open_model(folder), {.context = 64, .compute = Compute::f32});
    return test::logits_of(session, ids, 5);
  };
  CHECK(test::relative_error(logits(a), logits(b)) <= 1e-6);
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("Qwen3-Next with its experts in one tensor") {
    const test::TempDirectory directory;
    write_stacked(test::test_data("qwen3_next-fp8"), directory.path());
    check_same(directory.path(), test::test_data("qwen3_next-fp8"));
  }

  TEST_CASE("gpt-oss with its experts in BF16") {
    const test::TempDirectory directory;
    write_without_blocks(test::test_data("gpt_oss-mxfp4"), directory.path());
    check_same(directory.path(), test::test_data("gpt_oss-mxfp4"));
  }

  TEST_CASE("Llama 4 with experts in matrices of their own") {
    const test::TempDirectory directory;
    write_by_name(test::test_data("llama4-wrapper"), directory.path(), 4,
                  "language_model.model.layers.");
    check_same(directory.path(), test::test_data("llama4-wrapper"));
  }

  TEST_CASE("Kimi K2 as the text part of K2.5") {
    const test::TempDirectory directory;
    write_wrapped(test::test_data("kimi_k2-int4"), directory.path());
    check_same(directory.path(), test::test_data("kimi_k2-int4"));
  }
}

}  // namespace ottobit
