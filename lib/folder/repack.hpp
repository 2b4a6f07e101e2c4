// SPDX-License-Identifier: Apache-2.0
// Repacker: matrices that a file stores in an order that kernels do not read, laid out once more in
// private memory: GPTQ and AWQ, whose rows are columns. Beside them the small tables that become
// bytes: zero points, and the groups of columns in no order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ottobit/parallel.hpp"
#include "ottobit/source.hpp"
#include "ottobit/weight.hpp"

#include "io/pages.hpp"

namespace ottobit {

/// Told the bytes made so far, every few milliseconds; false ends the work with Error{cancelled}.
using RepackProgress = std::function<bool(Index bytes)>;

class Repacker {
 public:
  /// Without a `parallel` nothing is read: views of matrices laid out anew have no data.
  explicit Repacker(std::optional<Parallel> parallel, MemoryHandle memory = {})
      : parallel_(parallel), source_of_memory_(std::move(memory)) {}

  void set_progress(RepackProgress progress) { progress_ = std::move(progress); }
  /// What GPTQ stores for a zero point is one less than it, but for the files that say otherwise.
  void set_exact_zeros(bool exact) { exact_zeros_ = exact; }

  /// There is a matrix of GPTQ or AWQ of that name.
  [[nodiscard]] static bool stores(const TensorSource& source, const std::string& name);

  /// That matrix [shape.rows, shape.cols]; `blocks` and `used` as in recognise(). Throws as that
  /// does, and Error{memory}.
  [[nodiscard]] WeightView repack(const TensorSource& source, const std::string& name, Shape2 shape,
                                  const std::vector<Shape2>& blocks,
                                  std::vector<std::string>& used);

  /// Attaches zero points and groups of columns as compressed-tensors stores them beside a matrix,
  /// if there are some.
  void attach_zeros(const TensorSource& source, const std::string& name, WeightView& view,
                    std::vector<std::string>& used);

  /// Private memory that the matrices take, or would take.
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }

 private:
  /// Null where nothing is read.
  template <class T>
  T* take(Index count);
  void take_groups(const TensorEntry& entry, const std::string& name, Index groups,
                   WeightView& view);

  std::optional<Parallel> parallel_;
  RepackProgress progress_;
  bool exact_zeros_ = false;
  Index bytes_ = 0;
  MemoryHandle source_of_memory_;
  std::vector<Pages> memory_;
};

}  // namespace ottobit
