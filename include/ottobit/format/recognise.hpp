// SPDX-License-Identifier: Apache-2.0
// How a weight matrix is recognised in a checkpoint: from the dtype and shape of `<name>.weight`
// and of the tensors beside it. The configuration only says which block geometries to expect. Also
// the words for what was found.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"
#include "ottobit/format/list.hpp"
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

/// The dtype of scales as WeightView has it: UE8M0 codes are also stored as U8.
inline std::optional<DType> scale_dtype_of(DType stored) noexcept {
  switch (stored) {
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::f8_e8m0:
    case DType::f8_e4m3:
      return stored;
    case DType::u8:
      return DType::f8_e8m0;
    default:
      return std::nullopt;
  }
}

/// Shape of the scales of a matrix with one scale per block.
inline std::vector<Index> scale_shape(Shape2 matrix, Shape2 block) {
  return {(matrix.rows + block.rows - 1) / block.rows, (matrix.cols + block.cols - 1) / block.cols};
}

/// Whether scales of `shape` are those of `block`: vectors may stand for columns, and one scale for
/// a whole matrix may have any rank.
inline bool is_scale_shape(const std::vector<Index>& shape, Shape2 matrix, Shape2 block) {
  if (block == kPerMatrix) {
    return std::all_of(shape.begin(), shape.end(), [](Index size) { return size == 1; });
  }
  return (block == kPerRow && shape == std::vector<Index>{matrix.rows}) ||
         shape == scale_shape(matrix, {block.rows, block.cols == 0 ? matrix.cols : block.cols});
}

/// The geometry that a tensor of scales has, judged by its shape: one of `blocks`, or that of the
/// MX formats (1 x 32, UE8M0) or of NVFP4 (1 x 16, E4M3), which the dtype tells.
inline Shape2 scale_geometry(const TensorEntry& scales, const std::string& name,
                             const WeightView& w, const std::vector<Shape2>& blocks) {
  const Shape2 matrix{w.rows, w.cols};
  std::vector<Shape2> known = blocks;
  if (scale_dtype_of(scales.dtype) == DType::f8_e8m0) {
    known.push_back({1, 32});
  } else if (scales.dtype == DType::f8_e4m3) {
    known.push_back({1, 16});
  }
  if (w.format == FormatId::fp4_e2m1 && dtype_bits(scales.dtype) == 8) {
    known = {known.back()};  // MXFP4 or NVFP4: whatever else the file has, the dtype decides
  }
  std::string expected;
  for (const Shape2 block : known) {
    if (is_scale_shape(scales.shape, matrix, block)) {
      return {block.rows == 0 ? matrix.rows : block.rows,
              block.cols == 0 ? matrix.cols : block.cols};
    }
    expected += expected.empty() ? "" : " or ";
    expected += block == kPerMatrix ? "[1]"
                : block == kPerRow
                    ? shape_text({matrix.rows, 1}) + " (per row)"
                    : shape_text(scale_shape(matrix, block)) + " (blocks of " +
                          std::to_string(block.rows) + "x" + std::to_string(block.cols) + ")";
  }
  fail(ErrorCode::checkpoint, name,
       "scales of shape " + shape_text(scales.shape) + ", expected " + expected + " (file " +
           std::string(scales.file) + ")");
}

/// Attaches the scales beside a matrix to its view. Their names differ by maker: an element is its
/// code times the scale under each of them, `_inv` notwithstanding (DeepSeek V3,
/// inference/kernel.py). Nothing happens if there are none.
inline void attach_scales(const TensorSource& source, const std::string& module,
                          const std::vector<Shape2>& blocks, WeightView& view,
                          std::vector<std::string>& used) {
  std::string name;
  const TensorEntry* scales = nullptr;
  for (const char* suffix : {".weight_scale_inv", ".weight_scale", ".scale"}) {
    const TensorEntry* const entry = source.find(module + suffix);
    if (entry != nullptr) {
      OTTOBIT_CHECK(scales == nullptr, ErrorCode::checkpoint, module + suffix,
                    "is there beside `" + name + "`; expected one of them");
      name = module + suffix;
      scales = entry;
    }
  }
  if (scales == nullptr) {
    return;
  }
  const std::optional<DType> dtype = scale_dtype_of(scales->dtype);
  OTTOBIT_CHECK(dtype.has_value(), ErrorCode::checkpoint, name,
                "scales of dtype " + std::string(dtype_name(scales->dtype)) +
                    ", expected F32, F16, BF16, F8_E8M0 or F8_E4M3");
  const Shape2 block = scale_geometry(*scales, name, view, blocks);
  view.scale_dtype = *dtype;
  view.scales = scales->bytes.data();
  view.block_rows = block.rows;
  view.block_cols = block.cols;
  view.scale_row_bytes =
      scale_shape({view.rows, view.cols}, block)[1] * dtype_bits(scales->dtype) / 8;
  used.push_back(name);
}

/// Attaches the second scale of NVFP4, one for the whole matrix: a factor in ModelOpt's files
/// (`weight_scale_2`), a divisor in those of compressed-tensors (`weight_global_scale`).
inline void attach_matrix_scale(const TensorSource& source, const std::string& module,
                                WeightView& view, std::vector<std::string>& used) {
  const bool needed = view.format == FormatId::fp4_e2m1 && view.scale_dtype == DType::f8_e4m3;
  for (const auto& [suffix, inverse] :
       {std::pair{".weight_scale_2", false}, std::pair{".weight_global_scale", true}}) {
    const std::string name = module + suffix;
    const TensorEntry* const entry = source.find(name);
    if (entry == nullptr) {
      continue;
    }
    OTTOBIT_CHECK(entry->dtype == DType::f32 && entry->bytes.size() == sizeof(float),
                  ErrorCode::checkpoint, name,
                  std::string(dtype_name(entry->dtype)) + " " + shape_text(entry->shape) +
                      ", expected one F32 number");
    const float scale = load_scalar_f32(entry->bytes.data());
    OTTOBIT_CHECK(std::isfinite(scale) && scale > 0.0F && std::isfinite(1.0F / scale),
                  ErrorCode::checkpoint, name, "expected a positive finite number");
    view.matrix_scale = scale;
    view.matrix_scale_inverse = inverse;
    used.push_back(name);
    return;
  }
  OTTOBIT_CHECK(!needed, ErrorCode::checkpoint, module + ".weight_scale_2",
                "missing, and `" + module +
                    ".weight_global_scale` too: NVFP4 has one more scale for the whole matrix");
}

/// What becomes of zero points and orders of columns beside a matrix.
enum class ZeroPoints {
  refused,
  left,  ///< to the caller, who attaches them to the view
};

/// Tensors beside a matrix that a product of full activations does not need: scales for quantised
/// activations and caches, and the shape before packing. Those that would change the weights are
/// refused, unless they are left to the caller.
inline void account_neighbours(const TensorSource& source, const std::string& module,
                               const WeightView& view, ZeroPoints zeros,
                               std::vector<std::string>& used) {
  for (const char* suffix : {".input_scale", ".input_global_scale", ".output_scale"}) {
    if (source.find(module + suffix) != nullptr) {
      used.push_back(module + suffix);
    }
  }
  for (const char* suffix : {".weight_zero_point", ".weight_g_idx"}) {
    OTTOBIT_CHECK(zeros == ZeroPoints::left || source.find(module + suffix) == nullptr,
                  ErrorCode::unsupported, module + suffix,
                  "asymmetric and reordered quantisation are not known here");
  }
  const std::string name = module + ".weight_shape";
  if (const TensorEntry* const entry = source.find(name)) {
    Index rows = 0;
    Index cols = 0;
    if (entry->dtype == DType::i64 && entry->bytes.size() == 2 * sizeof(Index)) {
      std::memcpy(&rows, entry->bytes.data(), sizeof(rows));
      std::memcpy(&cols, entry->bytes.data() + sizeof(rows), sizeof(cols));
    } else if (entry->dtype == DType::i32 && entry->bytes.size() == 2 * sizeof(std::int32_t)) {
      std::int32_t sizes[2];
      std::memcpy(sizes, entry->bytes.data(), sizeof(sizes));
      rows = sizes[0];
      cols = sizes[1];
    }
    OTTOBIT_CHECK(rows == view.rows && cols == view.cols, ErrorCode::checkpoint, name,
                  "does not say " + shape_text({view.rows, view.cols}) +
                      ", the shape that config.json asks for");
    used.push_back(name);
  }
}

/// Shape of the tensor that holds a matrix in elements of `bits` bits, a dtype's size at a time.
inline std::vector<Index> stored_shape(Shape2 matrix, Index bits, DType dtype) {
  const Index unit = dtype == DType::f4 ? bits : dtype_bits(dtype);
  return {matrix.rows, (matrix.cols * bits + unit - 1) / unit};
}

/// The matrix `<name>.weight`, `<name>.weight_packed` or, where neither is, `<name>` [shape.rows,
/// shape.cols] as it is stored.
///   blocks  the geometries of scales that the configuration speaks of, {rows, columns} of one
///   used    receives the names of the tensors that belong to it
/// Throws Error{checkpoint} if the tensor or its scales are missing or of the wrong shape,
/// Error{unsupported} for a dtype that is not a weight format.
inline WeightView recognise(const TensorSource& source, const std::string& name, Shape2 shape,
                            const std::vector<Shape2>& blocks, std::vector<std::string>& used,
                            ZeroPoints zeros = ZeroPoints::refused) {
  const bool packed = source.find(name + ".weight_packed") != nullptr;
  const bool plain = source.find(name + ".weight") == nullptr && source.find(name) != nullptr;
  const std::string weight = name + (packed ? ".weight_packed" : plain ? "" : ".weight");
  const TensorEntry* const entry = source.find(weight);
  OTTOBIT_CHECK(
      entry != nullptr, ErrorCode::checkpoint, weight,
      "missing from the checkpoint; expected shape " + shape_text({shape.rows, shape.cols}));
  WeightView view;
  view.rows = shape.rows;
  view.cols = shape.cols;
  Index bits = 0;
  const auto choose = [&](auto format) {
    view.format = decltype(format)::kId;
    bits = decltype(format)::kBits;
  };
  // Of formats of one dtype the shape tells; where it fits none, the first says what it expects.
  const bool known =
      AllFormats::find(
          [&](auto format) {
            using F = decltype(format);
            return F::stored_as(entry->dtype) &&
                   stored_shape(shape, F::kBits, entry->dtype) == entry->shape;
          },
          choose) ||
      AllFormats::find([&](auto format) { return decltype(format)::stored_as(entry->dtype); },
                       choose);
  OTTOBIT_CHECK(known, ErrorCode::unsupported, weight,
                "dtype " + std::string(dtype_name(entry->dtype)) +
                    ", expected F32, F16, BF16, F8_E4M3, F8_E5M2, or packed U8, I8 or I32 (file " +
                    std::string(entry->file) + ")");
  const std::vector<Index> stored = stored_shape(shape, bits, entry->dtype);
  require_tensor(source, weight, stored);
  view.data = entry->bytes.data();
  view.row_bytes = stored[1] * dtype_bits(entry->dtype) / 8;
  used.push_back(weight);
  if (bits > 8) {
    return view;  // numbers for themselves
  }
  attach_scales(source, name, blocks, view, used);
  OTTOBIT_CHECK(view.scales != nullptr, ErrorCode::checkpoint, weight,
                std::string(format_name(view.format)) +
                    " weight without scales, expected a tensor `" + name +
                    ".weight_scale_inv`, `.weight_scale` or `.scale` beside it");
  attach_matrix_scale(source, name, view, used);
  account_neighbours(source, name, view, zeros, used);
  return view;
}

/// The format in words, for example "BF16" or "FP8 E4M3, 128x128, scales UE8M0".
inline std::string format_text(const WeightView& w) {
  std::string text(format_name(w.format));
  if (w.block_rows == 0) {
    return text;
  }
  if (w.block_rows >= w.rows && w.block_cols >= w.cols) {
    text += ", per tensor";
  } else if (w.block_rows == 1 && w.block_cols >= w.cols) {
    text += ", per row";
  } else {
    text += ", " + std::to_string(w.block_rows) + "x" + std::to_string(w.block_cols);
  }
  text += ", scales " + std::string(w.scale_dtype == DType::f8_e8m0   ? "UE8M0"
                                    : w.scale_dtype == DType::f8_e4m3 ? "E4M3"
                                                                      : dtype_name(w.scale_dtype));
  return text;
}

}  // namespace ottobit
