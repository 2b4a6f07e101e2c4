// SPDX-License-Identifier: Apache-2.0
// TensorSource: where the bytes of a checkpoint come from, by tensor name. The only abstract class
// of the library: safetensors folders and tests (tensors made in memory) stand behind it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"

namespace ottobit {

/// One stored tensor. Non-owning: `bytes` live as long as the source they came from.
struct TensorEntry {
  DType dtype = DType::f32;
  std::vector<Index> shape;          ///< row-major; empty for rank 0
  std::span<const std::byte> bytes;  ///< any alignment, exactly the elements, nothing after them
  std::string_view file;             ///< name of the file it lies in, for messages
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  /// The tensor of that name, or nullptr. The pointer is valid as long as the source.
  [[nodiscard]] virtual const TensorEntry* find(std::string_view name) const = 0;
  /// All names, sorted.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;

 protected:
  TensorSource() = default;
  TensorSource(const TensorSource&) = default;
  TensorSource& operator=(const TensorSource&) = default;
  TensorSource(TensorSource&&) = default;
  TensorSource& operator=(TensorSource&&) = default;
};

}  // namespace ottobit
