// SPDX-License-Identifier: Apache-2.0
// One model, its experts published in two ways: matrices of their own, and all in one tensor.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/format/list.hpp"

#include "io/checkpoint.hpp"
#include "models/registry.hpp"
#include "runtime/folder.hpp"
#include "runtime/weight_reader.hpp"
#include "support/checkpoint_writer.hpp"
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

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("Qwen3-Next with its experts in one tensor computes the same") {
    const test::TempDirectory directory;
    const fs::path from = test::test_data("qwen3_next-fp8");
    write_stacked(from, directory.path());
    const std::vector<std::int32_t> ids = {0, 5, 17, 200, 31, 8, 99, 7, 7, 260, 12, 3, 45, 330};
    const auto logits = [&](const fs::path& folder) {
      Session session(test::open_model(folder), {.context = 64, .compute = Compute::f32});
      return test::logits_of(session, ids, 5);
    };
    CHECK(test::relative_error(logits(directory.path()), logits(from)) <= 1e-6);
  }
}

}  // namespace ottobit
