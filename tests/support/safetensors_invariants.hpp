// SPDX-License-Identifier: Apache-2.0
// What must hold of every header that the safetensors parser accepts, whatever the bytes were. Used
// by the fuzz entry and by the deterministic mutation test.
#pragma once

#include <cstdint>
#include <string_view>

#include "io/safetensors.hpp"

namespace ottobit::test {

/// nullptr if all is well, else what is not.
inline const char* broken_invariant(const SafetensorsHeader& header, std::uint64_t file_size) {
  if (header.data_start < 10 || header.data_start > file_size) {
    return "data area begins outside the file";
  }
  const std::uint64_t data_size = file_size - header.data_start;
  std::uint64_t covered = 0;
  const StoredTensor* before = nullptr;
  for (const StoredTensor& tensor : header.tensors) {
    if (before != nullptr && before->name >= tensor.name) {
      return "names are not sorted and unique";
    }
    before = &tensor;
    if (tensor.begin > tensor.end || tensor.end > data_size) {
      return "byte range outside the data area";
    }
    if (tensor.shape.size() > kMaxTensorRank) {
      return "rank too large";
    }
    std::uint64_t bits = static_cast<std::uint64_t>(dtype_bits(tensor.dtype));
    for (const Index extent : tensor.shape) {
      if (extent < 0) {
        return "negative extent";
      }
      bits *= static_cast<std::uint64_t>(extent);  // wraps only if the comparison below fails too
    }
    if (bits != (tensor.end - tensor.begin) * 8) {
      return "size does not match dtype and shape";
    }
    covered += tensor.end - tensor.begin;
  }
  return covered == data_size ? nullptr : "data area not covered exactly";
}

}  // namespace ottobit::test
