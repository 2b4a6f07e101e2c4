// SPDX-License-Identifier: Apache-2.0
// Matrices of all experts in one tensor, as some makers publish them.
#pragma once

#include <string>
#include <vector>

#include "ottobit/format/recognise.hpp"

namespace ottobit {

/// `count` matrices [shape.rows, shape.cols], one below the other: `<name>` [count, rows, cols] in
/// F32, F16 or BF16, or MXFP4 as gpt-oss has it, `<name>_blocks` [count, rows, blocks, 16] U8 and
/// `<name>_scales` [count, rows, blocks] U8 for blocks of 32 columns.
///   used  receives the names of the tensors that belong to it, that of the elements first
/// Throws as recognise() does.
inline WeightView recognise_stack(const TensorSource& source, const std::string& name, Index count,
                                  Shape2 shape, std::vector<std::string>& used) {
  constexpr Index kBlock = 32;
  WeightView view;
  view.rows = count * shape.rows;
  view.cols = shape.cols;
  if (source.find(name + "_blocks") == nullptr) {
    const TensorEntry& entry = require_tensor(source, name, {count, shape.rows, shape.cols});
    const bool known = AllFormats::find(
        [&](auto format) {
          return decltype(format)::kBits > 8 && decltype(format)::stored_as(entry.dtype);
        },
        [&](auto format) { view.format = decltype(format)::kId; });
    OTTOBIT_CHECK(known, ErrorCode::unsupported, name,
                  "dtype " + std::string(dtype_name(entry.dtype)) +
                      ", expected F32, F16 or BF16, or a tensor `" + name + "_blocks` instead");
    view.data = entry.bytes.data();
    view.row_bytes = row_bytes(view.format, shape.cols);
    used.push_back(name);
    return view;
  }
  const Index blocks = (shape.cols + kBlock - 1) / kBlock;
  OTTOBIT_CHECK(shape.cols % kBlock == 0, ErrorCode::unsupported, name + "_blocks",
                std::to_string(shape.cols) + " columns, expected whole blocks of 32");
  const TensorEntry& codes =
      require_tensor(source, name + "_blocks", {count, shape.rows, blocks, kBlock / 2});
  const TensorEntry& scales = require_tensor(source, name + "_scales", {count, shape.rows, blocks});
  for (const TensorEntry* entry : {&codes, &scales}) {
    OTTOBIT_CHECK(
        dtype_bits(entry->dtype) == 8, ErrorCode::checkpoint, name,
        "blocks and scales of dtype " + std::string(dtype_name(entry->dtype)) + ", expected U8");
  }
  view.format = FormatId::fp4_e2m1;
  view.data = codes.bytes.data();
  view.row_bytes = shape.cols / 2;
  view.scale_dtype = DType::f8_e8m0;
  view.scales = scales.bytes.data();
  view.scale_row_bytes = blocks;
  view.block_rows = 1;
  view.block_cols = kBlock;
  used.push_back(name + "_blocks");
  used.push_back(name + "_scales");
  return view;
}

}  // namespace ottobit
