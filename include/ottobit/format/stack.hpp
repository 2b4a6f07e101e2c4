// SPDX-License-Identifier: Apache-2.0
// Matrices of all experts in one tensor, as some makers publish them, and how their rows are told
// apart.
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

/// Every second row of w, the first or, with `odd`, the second of each pair. Its scales, if there
/// are any, must be of single rows, or of an even number of rows with w beginning at an even one.
[[nodiscard]] inline WeightView every_second_row(WeightView w, bool odd) noexcept {
  const Index first = odd ? 1 : 0;
  w.data += first * w.row_bytes;
  if (w.scales != nullptr && w.block_rows == 1) {
    w.scales += (w.first_row + first) * w.scale_row_bytes;
    w.scale_row_bytes *= 2;
    w.first_row = 0;
  } else if (w.scales != nullptr) {
    w.block_rows /= 2;
    w.first_row /= 2;
  }
  w.row_bytes *= 2;
  w.rows /= 2;
  return w;
}

/// Columns [range.begin, range.end) of w, whose elements must be whole bytes without scales.
[[nodiscard]] inline WeightView columns(WeightView w, RowRange range) noexcept {
  w.data += row_bytes(w.format, range.begin);
  w.cols = range.end - range.begin;
  return w;
}

}  // namespace ottobit
