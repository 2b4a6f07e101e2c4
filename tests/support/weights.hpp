// SPDX-License-Identifier: Apache-2.0
// TestWeight: a random weight matrix in any storage format, its bytes and scales each against an
// unreadable page.
#pragma once

#include <string>
#include <vector>

#include "ottobit/format/list.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/e8m0.hpp"
#include "ottobit/numeric/f16.hpp"
#include "ottobit/numeric/fp8.hpp"
#include "ottobit/weight.hpp"

#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

namespace ottobit::test {

/// How a test matrix is stored; block 0 x 0 is without scales.
struct Storage {
  FormatId format = FormatId::f32;
  Shape2 block{};
  DType scale_dtype = DType::f32;
  bool inverse = false;
  float matrix_scale = 1.0F;
  bool matrix_inverse = false;
  bool zeros = false;   ///< with zero points
  bool groups = false;  ///< columns in no order

  [[nodiscard]] std::string text() const {
    return std::string(format_name(format)) + ", blocks " + std::to_string(block.rows) + "x" +
           std::to_string(block.cols) + ", scales " + std::string(dtype_name(scale_dtype)) +
           (inverse ? " inverse" : "") + (zeros ? ", zero points" : "") +
           (groups ? ", columns in no order" : "") +
           (matrix_scale == 1.0F ? "" : ", and one of the matrix");
  }
};

inline Index bytes_of(DType dtype) {
  return dtype_bits(dtype) / 8;
}

inline void store_number(std::byte* at, DType dtype, float value) {
  switch (dtype) {
    case DType::f32:
      std::memcpy(at, &value, 4);
      return;
    case DType::f16: {
      const std::uint16_t code = F16::encode(value);
      std::memcpy(at, &code, 2);
      return;
    }
    case DType::bf16: {
      const std::uint16_t code = Bf16::encode(value);
      std::memcpy(at, &code, 2);
      return;
    }
    case DType::f8_e5m2:
      *at = static_cast<std::byte>(E5m2::encode(value));
      return;
    case DType::f8_e8m0:
      *at = static_cast<std::byte>(E8m0::encode(value));
      return;
    default:
      *at = static_cast<std::byte>(E4m3::encode(value));
      return;
  }
}

inline DType element_dtype(FormatId format) {
  switch (format) {
    case FormatId::f32:
      return DType::f32;
    case FormatId::f16:
      return DType::f16;
    case FormatId::bf16:
      return DType::bf16;
    case FormatId::fp8_e4m3:
      return DType::f8_e4m3;
    case FormatId::fp8_e5m2:
      return DType::f8_e5m2;
    case FormatId::e8m0:
      return DType::f8_e8m0;
    case FormatId::fp4_e2m1:
    case FormatId::int4:
    case FormatId::int8:
    case FormatId::int8_offset:
      return DType::u8;  // any byte will do
  }
  return DType::f32;
}

class TestWeight {
 public:
  TestWeight(const Storage& storage, Shape2 shape, Random& random)
      : data_(shape.rows * row_bytes(storage.format, shape.cols)),
        scales_(scale_bytes(storage, shape)) {
    view_.format = storage.format;
    view_.rows = shape.rows;
    view_.cols = shape.cols;
    view_.row_bytes = row_bytes(storage.format, shape.cols);
    view_.data = data_.data();
    const DType dtype = element_dtype(storage.format);
    for (Index i = 0; dtype == DType::u8 && i < data_.size(); ++i) {
      data_.data()[i] = static_cast<std::byte>(random.index(256));
    }
    for (Index i = 0; dtype != DType::u8 && i < shape.rows * shape.cols; ++i) {
      // Mostly ordinary, now and then large, tiny or zero.
      const float spread = random.index(16) == 0 ? random.uniform(0.0F, 40.0F) : 1.0F;
      store_number(data_.data() + i * bytes_of(dtype), dtype,
                   random.index(32) == 0 ? 0.0F : random.normal(spread));
    }
    if (storage.block.rows == 0) {
      return;
    }
    const Index columns = (shape.cols + storage.block.cols - 1) / storage.block.cols;
    view_.block_rows = storage.block.rows;
    view_.block_cols = storage.block.cols;
    view_.scale_dtype = storage.scale_dtype;
    view_.scale_inverse = storage.inverse;
    view_.matrix_scale = storage.matrix_scale;
    view_.matrix_scale_inverse = storage.matrix_inverse;
    view_.scale_row_bytes = columns * bytes_of(storage.scale_dtype);
    view_.scales = scales_.data();
    for (Index i = 0; i < scales_.size() / bytes_of(storage.scale_dtype); ++i) {
      store_number(scales_.data() + i * bytes_of(storage.scale_dtype), storage.scale_dtype,
                   random.uniform(0.02F, 3.0F));
    }
    const Index rows = (shape.rows + storage.block.rows - 1) / storage.block.rows;
    for (Index i = 0; storage.zeros && i < rows * columns; ++i) {
      zeros_.push_back(static_cast<std::int8_t>(random.index(16)) - 8);
    }
    for (Index k = 0; storage.groups && k < shape.cols; ++k) {
      groups_.push_back(static_cast<std::int32_t>(random.index(columns)));
    }
    view_.zeros = storage.zeros ? zeros_.data() : nullptr;
    view_.groups = storage.groups ? groups_.data() : nullptr;
  }

  [[nodiscard]] const WeightView& view() const noexcept { return view_; }
  [[nodiscard]] std::byte* data() noexcept { return data_.data(); }

 private:
  std::vector<std::int8_t> zeros_;
  std::vector<std::int32_t> groups_;
  static Index scale_bytes(const Storage& storage, Shape2 shape) {
    if (storage.block.rows == 0) {
      return 0;
    }
    return (shape.rows + storage.block.rows - 1) / storage.block.rows *
           ((shape.cols + storage.block.cols - 1) / storage.block.cols) *
           bytes_of(storage.scale_dtype);
  }

  GuardedBuffer<std::byte> data_;
  GuardedBuffer<std::byte> scales_;
  WeightView view_;
};

}  // namespace ottobit::test
