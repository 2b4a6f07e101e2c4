// SPDX-License-Identifier: Apache-2.0
// The numeric floor: decode, encode, dequantize, matmul.
#include "ottobit/matrix.hpp"

#include "handles.hpp"

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

namespace {

using ottobit::ErrorCode;
using ottobit::Index;
using ottobit::Number;

static_assert(OTTOBIT_F32 == static_cast<int>(Number::f32) &&
              OTTOBIT_INT4 == static_cast<int>(Number::int4));

ottobit::Workers workers_of(const ottobit_runtime* rt) {
  const ottobit::Machine& machine = required(rt, "runtime").machine;
  return {*machine.kernels, ottobit::Parallel(*machine.engine), machine.memory};
}

Number number_in(std::int32_t dtype, const char* name) {
  OTTOBIT_CHECK(dtype >= OTTOBIT_F32 && dtype <= OTTOBIT_INT4, ErrorCode::argument, name,
                std::to_string(dtype) + ", expected OTTOBIT_F32 (1) to OTTOBIT_INT4 (8)");
  return static_cast<Number>(dtype);
}

Index count_in(std::size_t n) {
  OTTOBIT_CHECK(n <= PTRDIFF_MAX / sizeof(float), ErrorCode::argument, "n",
                std::to_string(n) + ", more than memory can hold");
  return static_cast<Index>(n);
}

/// The distance of rows of floats, in floats.
Index float_stride(std::int64_t row_bytes, std::int64_t rows, std::int64_t cols, const char* name) {
  constexpr std::int64_t kSize = sizeof(float);
  OTTOBIT_CHECK(row_bytes % kSize == 0 && row_bytes >= 0 && row_bytes / kSize >= cols &&
                    (rows <= 1 || row_bytes <= PTRDIFF_MAX / rows),
                ErrorCode::argument, name,
                std::to_string(row_bytes) + ", expected a multiple of 4, at least " +
                    std::to_string(cols) + " floats");
  return static_cast<Index>(row_bytes / kSize);
}

const std::byte* bytes_in(const void* data) noexcept {
  return static_cast<const std::byte*>(data);
}

ottobit::Matrix matrix_in(const ottobit_matrix* given) {
  const ottobit_matrix m =
      read_struct(&required(given, "matrix"), ottobit_matrix{}, "ottobit_matrix");
  ottobit::Matrix w;
  w.number = number_in(m.dtype, "dtype");
  w.rows = static_cast<Index>(m.rows);
  w.cols = static_cast<Index>(m.cols);
  w.row_bytes = static_cast<Index>(m.row_bytes);
  w.data = bytes_in(m.data);
  OTTOBIT_CHECK(m.scale_inverse == 0 || m.scale_inverse == 1, ErrorCode::argument, "scale_inverse",
                std::to_string(m.scale_inverse) + ", expected 0 or 1");
  OTTOBIT_CHECK(
      (m.scale_dtype != 0) == (m.scales != nullptr), ErrorCode::argument, "scales",
      m.scales == nullptr ? "is NULL, but scale_dtype is not 0" : "is given, but scale_dtype is 0");
  if (m.scales != nullptr) {
    w.scales = bytes_in(m.scales);
    w.scale_number = number_in(m.scale_dtype, "scale_dtype");
    w.scale_inverse = m.scale_inverse == 1;
    w.scale_row_bytes = static_cast<Index>(m.scale_row_bytes);
    OTTOBIT_CHECK(m.matrix_scale_inverse == 0 || m.matrix_scale_inverse == 1, ErrorCode::argument,
                  "matrix_scale_inverse",
                  std::to_string(m.matrix_scale_inverse) + ", expected 0 or 1");
    w.matrix_scale = m.matrix_scale == 0.0F ? 1.0F : m.matrix_scale;
    w.matrix_scale_inverse = m.matrix_scale_inverse == 1;
    w.block_rows = m.block_rows;
    w.block_cols = m.block_cols;
  }
  return w;
}

}  // namespace

ottobit_status ottobit_decode(ottobit_runtime* rt, int32_t dtype, const void* in, size_t n,
                              float* out, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Workers workers = workers_of(rt);
    const Number number = number_in(dtype, "dtype");
    const Index count = count_in(n);
    if (count > 0) {
      ottobit::decode(workers, number, bytes_in(&required(bytes_in(in), "in")), count,
                      &required(out, "out"));
    }
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_encode(ottobit_runtime* rt, int32_t dtype, const float* in, size_t n,
                              void* out, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Workers workers = workers_of(rt);
    const Number number = number_in(dtype, "dtype");
    const Index count = count_in(n);
    if (count > 0) {
      ottobit::encode(workers, number, &required(in, "in"), count,
                      &required(static_cast<std::byte*>(out), "out"));
    }
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_dequantize(ottobit_runtime* rt, const ottobit_matrix* w, float* out,
                                  int64_t out_row_bytes, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Workers workers = workers_of(rt);
    const ottobit::Matrix matrix = matrix_in(w);
    const Index stride = float_stride(out_row_bytes, matrix.rows, matrix.cols, "out_row_bytes");
    ottobit::dequantize(workers, matrix, &required(out, "out"), stride);
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_matmul(ottobit_runtime* rt, int64_t m, int32_t x_dtype, const void* x,
                              int64_t x_row_bytes, const ottobit_matrix* w, float* y,
                              int64_t y_row_bytes, ottobit_cancel* c, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Workers workers = workers_of(rt);
    const Number number = number_in(x_dtype, "x_dtype");
    const ottobit::Matrix matrix = matrix_in(w);
    OTTOBIT_CHECK(m >= 0 && m <= std::int64_t{1} << 40, ErrorCode::argument, "m",
                  std::to_string(m) + ", expected 0 to 2^40");
    const Index stride = float_stride(y_row_bytes, m, matrix.rows, "y_row_bytes");
    if (m > 0) {
      ottobit::multiply(workers, static_cast<Index>(m), number, &required(bytes_in(x), "x"),
                        static_cast<Index>(x_row_bytes), matrix, &required(y, "y"), stride,
                        [c] { return !is_raised(c); });
    }
    return OTTOBIT_OK;
  });
}
