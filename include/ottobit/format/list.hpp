// SPDX-License-Identifier: Apache-2.0
// How a weight matrix is recognised in a checkpoint: from the dtype of `<name>.weight` and the
// tensors beside it, never from the configuration alone. Also the words for what was found.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/error.hpp"
#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/source.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

/// "[128, 64]", as shapes are written in messages.
inline std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

/// The tensor of that name; Error{checkpoint} if it is missing or has another shape than
/// `expected`.
inline const TensorEntry& require_tensor(const TensorSource& source, const std::string& name,
                                         const std::vector<Index>& expected) {
  const TensorEntry* entry = source.find(name);
  OTTOBIT_CHECK(entry != nullptr, ErrorCode::checkpoint, name,
                "missing from the checkpoint; expected shape " + shape_text(expected));
  OTTOBIT_CHECK(entry->shape == expected, ErrorCode::checkpoint, name,
                "shape " + shape_text(entry->shape) + ", expected " + shape_text(expected) +
                    " (file " + std::string(entry->file) + ")");
  return *entry;
}

/// Attaches the block scales of an E4M3 matrix to its view: `<name>.weight_scale_inv`
/// [ceil(N / block.rows), ceil(K / block.cols)] in F32, BF16, F16 or F8_E8M0 (also stored as U8).
/// The name notwithstanding, an element is its code times the scale (DeepSeek V3,
/// inference/kernel.py).
inline void attach_block_scales(const TensorSource& source, const std::string& weight, Shape2 block,
                                WeightView& view, std::vector<std::string>& used) {
  const std::string name = weight + "_scale_inv";
  OTTOBIT_CHECK(source.find(name) != nullptr, ErrorCode::checkpoint, weight,
                "FP8 weight without scales, expected a tensor `" + name + "` beside it");
  const Index columns = (view.cols + block.cols - 1) / block.cols;
  const TensorEntry& scales =
      require_tensor(source, name, {(view.rows + block.rows - 1) / block.rows, columns});
  switch (scales.dtype) {
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::f8_e8m0:
      view.scale_dtype = scales.dtype;
      break;
    case DType::u8:
      view.scale_dtype = DType::f8_e8m0;
      break;
    default:
      fail(ErrorCode::checkpoint, name,
           "scales of dtype " + std::string(dtype_name(scales.dtype)) +
               ", expected F32, F16, BF16 or F8_E8M0");
  }
  view.scales = scales.bytes.data();
  view.scale_row_bytes = columns * dtype_bits(scales.dtype) / 8;
  view.block_rows = block.rows;
  view.block_cols = block.cols;
  used.push_back(name);
}

/// The matrix `<name>.weight` [shape.rows, shape.cols] as it is stored.
///   block   rows and columns of one scale, for the formats whose files do not say
///   used    receives the names of the tensors that the view points into
/// Throws Error{checkpoint} if the tensor or its scales are missing or of the wrong shape,
/// Error{unsupported} for a dtype that is not a weight format.
inline WeightView recognise(const TensorSource& source, const std::string& name, Shape2 shape,
                            Shape2 block, std::vector<std::string>& used) {
  const std::string weight = name + ".weight";
  const TensorEntry& entry = require_tensor(source, weight, {shape.rows, shape.cols});
  WeightView view;
  switch (entry.dtype) {
    case DType::f32:
      view.format = FormatId::f32;
      break;
    case DType::f16:
      view.format = FormatId::f16;
      break;
    case DType::bf16:
      view.format = FormatId::bf16;
      break;
    case DType::f8_e4m3:
      view.format = FormatId::fp8_e4m3_block;
      break;
    default:
      fail(ErrorCode::unsupported, weight,
           "dtype " + std::string(dtype_name(entry.dtype)) +
               ", expected F32, F16, BF16 or F8_E4M3 (file " + std::string(entry.file) + ")");
  }
  view.data = entry.bytes.data();
  view.rows = shape.rows;
  view.cols = shape.cols;
  view.row_bytes = shape.cols * element_bytes(view.format);
  used.push_back(weight);
  if (view.format == FormatId::fp8_e4m3_block) {
    attach_block_scales(source, weight, block, view, used);
  }
  return view;
}

/// The format in words, for example "BF16" or "FP8 E4M3, 128x128, scales UE8M0".
inline std::string format_text(const WeightView& w) {
  constexpr std::array<std::string_view, 4> kNames{"F32", "F16", "BF16", "FP8 E4M3"};
  std::string text(kNames[static_cast<std::size_t>(w.format)]);
  if (w.scales != nullptr) {
    text += ", " + std::to_string(w.block_rows) + "x" + std::to_string(w.block_cols) + ", scales " +
            std::string(w.scale_dtype == DType::f8_e8m0 ? "UE8M0" : dtype_name(w.scale_dtype));
  }
  return text;
}

}  // namespace ottobit
