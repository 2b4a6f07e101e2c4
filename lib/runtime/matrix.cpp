// SPDX-License-Identifier: Apache-2.0
#include "ottobit/matrix.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "ottobit/error.hpp"
#include "ottobit/format/list.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/numeric/fp4.hpp"
#include "ottobit/numeric/int4.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {
namespace {

constexpr Index kLongest = Index{1} << 40;  // rows or columns
constexpr Index kPiece = Index{1} << 14;    // numbers a thread takes at a time

FormatId format_of(Number number) noexcept {
  switch (number) {
    case Number::f32:
      return FormatId::f32;
    case Number::f16:
      return FormatId::f16;
    case Number::bf16:
      return FormatId::bf16;
    case Number::e4m3:
      return FormatId::fp8_e4m3;
    case Number::e5m2:
      return FormatId::fp8_e5m2;
    case Number::e8m0:
      return FormatId::e8m0;
    case Number::e2m1:
      return FormatId::fp4_e2m1;
    case Number::int4:
      return FormatId::int4;
  }
  return FormatId::f32;
}

DType scale_dtype(Number number) noexcept {
  switch (number) {
    case Number::f16:
      return DType::f16;
    case Number::bf16:
      return DType::bf16;
    case Number::e8m0:
      return DType::f8_e8m0;
    case Number::e4m3:
      return DType::f8_e4m3;
    default:
      return DType::f32;
  }
}

/// Numbers [begin, end) of a row of codes; begin is even.
void decode_range(const KernelTable& kernels, Number number, const std::byte* in, Index begin,
                  Index end, float* out) noexcept {
  WeightView row;
  row.format = format_of(number);
  row.data = in + number_bytes(number, begin);
  row.rows = 1;
  row.cols = end - begin;
  row.row_bytes = number_bytes(number, row.cols);
  kernels.linear->dequant_f32(row, {0, 1}, out + begin, row.cols);
}

template <class Code, class Encode>
void encode_each(const float* in, Index begin, Index end, std::byte* out, Encode to_code) noexcept {
  for (Index i = begin; i < end; ++i) {
    const Code code = to_code(in[i]);
    std::memcpy(out + i * static_cast<Index>(sizeof(code)), &code, sizeof(code));
  }
}

/// Two codes to a byte, the low half first.
template <class Encode>
void encode_pairs(const float* in, Index begin, Index end, std::byte* out,
                  Encode to_code) noexcept {
  for (Index i = begin; i < end; i += 2) {
    const unsigned low = to_code(in[i]);
    const unsigned high = i + 1 < end ? to_code(in[i + 1]) : 0U;
    out[i / 2] = static_cast<std::byte>(low | high << 4U);
  }
}

/// Codes [begin, end); begin is even, and so is end unless it is the last.
void encode_range(Number number, const float* in, Index begin, Index end, std::byte* out) noexcept {
  switch (number) {
    case Number::f32:
      return encode_each<float>(in, begin, end, out, [](float x) { return x; });
    case Number::f16:
      return encode_each<std::uint16_t>(in, begin, end, out, F16::encode);
    case Number::bf16:
      return encode_each<std::uint16_t>(in, begin, end, out, Bf16::encode);
    case Number::e4m3:
      return encode_each<std::uint8_t>(in, begin, end, out, E4m3::encode);
    case Number::e5m2:
      return encode_each<std::uint8_t>(in, begin, end, out, E5m2::encode);
    case Number::e8m0:
      return encode_each<std::uint8_t>(in, begin, end, out, E8m0::encode);
    case Number::e2m1:
      return encode_pairs(in, begin, end, out, E2m1::encode);
    case Number::int4:
      return encode_pairs(in, begin, end, out, Int4Code::encode);
  }
}

void check_rows(const char* name, Index rows, Index row_bytes, Index least) {
  OTTOBIT_CHECK(rows <= 1 || row_bytes >= least, ErrorCode::argument, name,
                std::to_string(row_bytes) + ", a row takes " + std::to_string(least) + " bytes");
  OTTOBIT_CHECK(rows <= 1 || row_bytes <= std::numeric_limits<Index>::max() / rows,
                ErrorCode::argument, name,
                std::to_string(row_bytes) + ", more than memory can hold in " +
                    std::to_string(rows) + " rows");
}

Index blocks(Index n, Index block) noexcept {
  return block == 0 ? 1 : (n + block - 1) / block;
}

void check(const Matrix& w) {
  OTTOBIT_CHECK(w.rows >= 0 && w.rows <= kLongest, ErrorCode::argument, "rows",
                std::to_string(w.rows) + ", expected 0 to 2^40");
  OTTOBIT_CHECK(w.cols >= 0 && w.cols <= kLongest, ErrorCode::argument, "cols",
                std::to_string(w.cols) + ", expected 0 to 2^40");
  check_rows("row_bytes", w.rows, w.row_bytes, number_bytes(w.number, w.cols));
  OTTOBIT_CHECK(w.data != nullptr || w.rows == 0 || w.cols == 0, ErrorCode::argument, "data",
                "is NULL");
  if (w.scales == nullptr) {
    return;
  }
  OTTOBIT_CHECK(w.block_rows >= 0, ErrorCode::argument, "block_rows",
                std::to_string(w.block_rows) + ", expected 0 or more");
  OTTOBIT_CHECK(w.block_cols >= 0, ErrorCode::argument, "block_cols",
                std::to_string(w.block_cols) + ", expected 0 or more");
  OTTOBIT_CHECK(w.scale_number == Number::f32 || w.scale_number == Number::f16 ||
                    w.scale_number == Number::bf16 || w.scale_number == Number::e8m0 ||
                    w.scale_number == Number::e4m3,
                ErrorCode::argument, "scale_dtype", "expected F32, F16, BF16, E8M0 or E4M3");
  check_rows("scale_row_bytes", blocks(w.rows, w.block_rows), w.scale_row_bytes,
             number_bytes(w.scale_number, blocks(w.cols, w.block_cols)));
}

/// The matrix as kernels see it.
WeightView view_of(const Matrix& w) noexcept {
  WeightView view;
  view.format = format_of(w.number);
  view.data = w.data;
  view.rows = w.rows;
  view.cols = w.cols;
  view.row_bytes = w.row_bytes;
  if (w.scales != nullptr) {
    view.scale_dtype = scale_dtype(w.scale_number);
    view.scale_inverse = w.scale_inverse;
    view.matrix_scale = w.matrix_scale;
    view.matrix_scale_inverse = w.matrix_scale_inverse;
    view.scales = w.scales;
    view.scale_row_bytes = w.scale_row_bytes;
    view.block_rows = w.block_rows == 0 ? std::max<Index>(w.rows, 1) : w.block_rows;
    view.block_cols = w.block_cols == 0 ? std::max<Index>(w.cols, 1) : w.block_cols;
  }
  return view;
}

}  // namespace

Index number_bytes(Number number, Index n) noexcept {
  switch (number) {
    case Number::f32:
      return 4 * n;
    case Number::f16:
    case Number::bf16:
      return 2 * n;
    case Number::e4m3:
    case Number::e5m2:
    case Number::e8m0:
      return n;
    case Number::e2m1:
    case Number::int4:
      return n / 2 + n % 2;
  }
  return n;
}

void decode(const Workers& workers, Number number, const std::byte* in, Index n, float* out) {
  workers.parallel.for_rows(n, kPiece, [&](Index begin, Index end, int) noexcept {
    decode_range(workers.kernels, number, in, begin, end, out);
  });
}

void encode(const Workers& workers, Number number, const float* in, Index n, std::byte* out) {
  workers.parallel.for_rows(n, kPiece, [&](Index begin, Index end, int) noexcept {
    encode_range(number, in, begin, end, out);
  });
}

void dequantize(const Workers& workers, const Matrix& w, float* out, Index out_stride) {
  check(w);
  const WeightView view = view_of(w);
  const Index grain = std::max<Index>(1, kPiece / std::max<Index>(w.cols, 1));
  workers.parallel.for_rows(w.rows, grain, [&](Index begin, Index end, int) noexcept {
    workers.kernels.linear->dequant_f32(view, {begin, end}, out + begin * out_stride, out_stride);
  });
}

void multiply(const Workers& workers, Index m, Number x_number, const std::byte* x,
              Index x_row_bytes, const Matrix& w, float* y, Index y_stride,
              const std::function<bool()>& proceed) {
  check(w);
  check_rows("x_row_bytes", m, x_row_bytes, number_bytes(x_number, w.cols));
  if (m == 0 || w.rows == 0) {
    return;
  }
  if (w.cols == 0) {
    for (Index t = 0; t < m; ++t) {
      std::fill_n(y + t * y_stride, w.rows, 0.0F);
    }
    return;
  }
  constexpr Index kTile = 256;
  const Index tile = std::min(m, kTile);
  ArenaSize size;
  size.take<float>(tile * w.cols);
  Packed::workspace({workers.kernels, Compute::f32, workers.parallel.threads(), tile}, w.cols,
                    size);
  Arena arena(size.bytes(), workers.memory);
  ExecContext ctx{workers.kernels, Compute::f32, workers.parallel, arena};
  std::optional<Watch> watch;
  if (proceed) {
    ctx.parallel.set_watch(&watch.emplace(proceed));
  }
  float* const floats = arena.take<float>(tile * w.cols);
  Linear linear;
  linear.weight = view_of(w);
  for (Index first = 0; first < m; first += tile) {
    const Arena::Mark mark(arena);
    const Index tokens = std::min(tile, m - first);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        decode_range(workers.kernels, x_number, x + (first + t) * x_row_bytes, 0, w.cols,
                     floats + t * w.cols);
      }
    });
    const Packed packed(ctx, floats, w.cols, tokens, w.cols);
    packed.multiply({{linear, y + first * y_stride, y_stride}});
  }
}

}  // namespace ottobit
