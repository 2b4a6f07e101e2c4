// SPDX-License-Identifier: Apache-2.0
// CheckpointReader: gives a decoder its weights from a TensorSource and keeps the account: every
// tensor used once, none left over, no scale without its weight.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ottobit/kernels/table.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/source.hpp"
#include "ottobit/spec.hpp"
#include "ottobit/weight.hpp"

#include "folder/folder.hpp"
#include "folder/repack.hpp"

namespace ottobit {

struct NamedWeight {
  std::string name;
  WeightView view;
};

class CheckpointReader {
 public:
  /// `blocks`: the geometries of scales that the configuration speaks of (recognise.hpp). Without
  /// a `parallel` matrices that must be laid out anew have no data.
  CheckpointReader(const TensorSource& source, const DecoderSpec& spec, std::vector<Shape2> blocks,
                   const KernelTable& kernels, std::optional<Parallel> parallel = {},
                   MemoryHandle memory = {});

  /// Refers to this object.
  [[nodiscard]] WeightReader reader();
  /// The checkpoint has an output head of its own.
  [[nodiscard]] bool has_head() const;

  /// Declares the tensors that this model does not compute with; returns how many there are.
  Index leave_aside();
  /// After binding: Error{checkpoint} if tensors are left over; a call of `warn` instead, if given.
  void finish(const Warn& warn) const;

  [[nodiscard]] Repacker& repacker() noexcept { return repacker_; }
  [[nodiscard]] const std::vector<NamedWeight>& weights() const noexcept { return weights_; }
  /// Bytes of what was copied from the checkpoint: norms, biases, tables.
  [[nodiscard]] Index copied_bytes() const noexcept { return copied_bytes_; }

 private:
  /// What a tensor of the decoder is called in this checkpoint.
  [[nodiscard]] std::string stored_name(const std::string& name) const;
  [[nodiscard]] WeightView matrix(const std::string& name, Shape2 shape);
  [[nodiscard]] WeightView stack(const std::string& name, Index count, Shape2 shape);
  [[nodiscard]] Floats vector(const std::string& name, const std::vector<Index>& shape);
  [[nodiscard]] Floats integers(const std::string& name, const TensorEntry& entry, Index n);

  const TensorSource& source_;
  const DecoderSpec& spec_;
  std::string prefix_;  // before all names of a wrapped decoder, or
  std::string inner_;   // behind their "model."
  std::vector<Shape2> blocks_;
  const KernelTable& kernels_;
  MemoryHandle memory_;
  Repacker repacker_;
  std::unordered_set<std::string> used_;
  std::vector<NamedWeight> weights_;
  Index copied_bytes_ = 0;
};

/// A head that is stored is used, whatever `tie_word_embeddings` says, as transformers 5 does.
void use_stored_head(DecoderSpec& spec, const CheckpointReader& reader, const Warn& warn);

/// Row and column of the first element of `rows` that, scaled, is NaN or infinite; {-1, -1} if
/// there is none. Reads all their bytes. `row` is workspace for w.cols floats.
[[nodiscard]] Shape2 find_non_finite(const WeightView& w, RowRange rows, const KernelTable& kernels,
                                     float* row) noexcept;

}  // namespace ottobit
