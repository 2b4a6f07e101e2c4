// SPDX-License-Identifier: Apache-2.0
// WeightScope: how a layer asks for its weights: by local name and expected shape, under a prefix.
// Where they come from (a checkpoint, random numbers) is behind the WeightReader; it checks shapes
// and keeps account of the tensors nobody asked for.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/memory.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

/// All but `has` throw Error{checkpoint} with the tensor as subject if it is missing or of another
/// shape.
struct WeightReader {
  /// The matrix `<name>.weight` [rows, cols] as stored: a view that lives as long as the source.
  std::function<WeightView(const std::string& name, Shape2 shape)> matrix;
  /// `count` matrices [rows, cols] in one tensor of that name, one below the other: a view of
  /// count * rows rows. Some formats part it in `<name>_blocks` and `<name>_scales`.
  std::function<WeightView(const std::string& name, Index count, Shape2 shape)> stack;
  /// The tensor `name` as f32, whatever its shape: norms and biases, the only weights that are
  /// copied.
  std::function<Floats(const std::string& name, const std::vector<Index>& shape)> vector;
  /// Whether there is a tensor of that name, where checkpoints differ; and of that shape, unless it
  /// is empty.
  std::function<bool(const std::string& name, const std::vector<Index>& shape)> has;
  MemoryHandle memory{};  ///< of what is made from weights
};

class WeightScope {
 public:
  explicit WeightScope(const WeightReader& reader, std::string prefix = {})
      : reader_(reader), prefix_(std::move(prefix)) {}

  [[nodiscard]] WeightScope operator()(std::string_view name) const {
    return WeightScope(reader_, join(name));
  }
  [[nodiscard]] const MemoryHandle& memory() const noexcept { return reader_.memory; }
  /// The matrix of that name, or, for "", of this scope itself.
  [[nodiscard]] WeightView matrix(std::string_view name, Shape2 shape) const {
    return reader_.matrix(join(name), shape);
  }
  [[nodiscard]] WeightView stack(std::string_view name, Index count, Shape2 shape) const {
    return reader_.stack(join(name), count, shape);
  }
  /// The tensor [rows, cols] as f32.
  [[nodiscard]] Floats table(std::string_view name, Shape2 shape) const {
    return reader_.vector(join(name), {shape.rows, shape.cols});
  }
  [[nodiscard]] bool has(std::string_view name, const std::vector<Index>& shape = {}) const {
    return reader_.has(join(name), shape);
  }
  /// A tensor of any shape as f32.
  [[nodiscard]] Floats tensor(std::string_view name, const std::vector<Index>& shape) const {
    return reader_.vector(join(name), shape);
  }
  [[nodiscard]] Floats vector(std::string_view name, Index n) const {
    return reader_.vector(join(name), {n});
  }

 private:
  [[nodiscard]] std::string join(std::string_view name) const {
    const bool both = !prefix_.empty() && !name.empty();
    return prefix_ + (both ? "." : "") + std::string(name);
  }

  const WeightReader& reader_;
  std::string prefix_;
};

}  // namespace ottobit
