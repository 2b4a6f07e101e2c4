// SPDX-License-Identifier: Apache-2.0
// RandomWeights: a model of a published shape with random weights in memory, for measuring speed
// without the files. Values are bounded so that activations stay of order one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/parallel.hpp"
#include "ottobit/spec.hpp"
#include "ottobit/watch.hpp"
#include "ottobit/weight.hpp"

#include "io/config.hpp"
#include "io/pages.hpp"

namespace ottobit {

class RandomWeights {
 public:
  /// format: "fp8_e4m3_block" (blocks of 128x128, F32 scales; embedding and head in BF16, as
  /// published), "bf16" or "f32". Error{argument} for another.
  RandomWeights(const std::string& format, Parallel parallel, MemoryHandle memory = {});

  /// Refers to this object, which counts the bytes of what is asked for; the views have no data.
  [[nodiscard]] WeightReader counter();
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_; }
  /// Refers to this object, which then owns the memory. `progress` counts bytes, of all that the
  /// counter was asked for; Error{cancelled} if it says so.
  [[nodiscard]] WeightReader reader(const Progress& progress);

 private:
  using Matrix = std::function<WeightView(const std::string&, Shape2)>;

  [[nodiscard]] WeightReader reader(const Matrix& matrix) const;
  [[nodiscard]] WeightView shape_of(const std::string& name, Shape2 shape) const;
  [[nodiscard]] WeightView matrix(const std::string& name, Shape2 shape, const Progress& progress);

  FormatId format_;
  Parallel parallel_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  MemoryHandle source_of_memory_;
  std::vector<Pages> memory_;
};

/// What a random model is made of, from {"shape": "seed-oss-36b", "layers": 4, "format": "bf16"}.
struct RandomModel {
  std::string shape;
  std::string format;
  Config config;  ///< the published config.json with the number of layers asked for
};

/// Error{argument} for an unknown shape, member or number of layers.
[[nodiscard]] RandomModel parse_random_model(const std::string& json);

}  // namespace ottobit
