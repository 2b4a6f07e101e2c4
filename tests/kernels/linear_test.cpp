// SPDX-License-Identifier: Apache-2.0
// Dequantisation and matrix products of every ISA level against the plain loops of
// reference_linear.hpp: all formats and scale geometries, odd sizes, unreadable pages behind
// everything, row ranges that must not change a bit.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/kernels/reference_linear.hpp"
#include "ottobit/kernels/table.hpp"

#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/weights.hpp"

namespace ottobit {
namespace {

using test::GuardedBuffer;
using test::Random;
using test::Storage;
using test::TestWeight;

Storage with_zeros(Storage storage, bool groups = false) {
  storage.zeros = true;
  storage.groups = groups;
  return storage;
}

const std::vector<Storage>& storages() {
  static const std::vector<Storage> all{
      {FormatId::f32},
      {FormatId::f16},
      {FormatId::bf16},
      {FormatId::fp8_e4m3},
      {FormatId::fp8_e4m3, {128, 128}, DType::f32},
      {FormatId::fp8_e4m3, {128, 128}, DType::bf16},
      {FormatId::fp8_e4m3, {128, 128}, DType::f16},
      {FormatId::fp8_e4m3, {128, 128}, DType::f8_e8m0},
      {FormatId::fp8_e4m3, {128, 128}, DType::f32, true},
      {FormatId::fp8_e4m3, {64, 256}, DType::f32},
      {FormatId::fp8_e4m3, {1, 1 << 20}, DType::f32},
      {FormatId::fp8_e4m3, {1 << 20, 1 << 20}, DType::f32},
      {FormatId::fp8_e4m3, {1, 32}, DType::f8_e8m0},
      {FormatId::fp8_e4m3, {32, 32}, DType::bf16},
      {FormatId::fp8_e4m3, {7, 13}, DType::f32, true},
      {FormatId::fp8_e5m2},
      {FormatId::fp8_e5m2, {128, 128}, DType::f32},
      {FormatId::fp8_e5m2, {1, 1 << 20}, DType::bf16},
      {FormatId::fp4_e2m1},
      {FormatId::fp4_e2m1, {1, 32}, DType::f8_e8m0},
      {FormatId::fp4_e2m1, {1, 16}, DType::f8_e4m3, false, 0.37F, false},
      {FormatId::fp4_e2m1, {1, 16}, DType::f8_e4m3, false, 731.0F, true},
      {FormatId::fp4_e2m1, {5, 13}, DType::f32},
      {FormatId::fp4_e2m1, {1, 128}, DType::bf16},
      {FormatId::int4},
      {FormatId::int4, {1, 32}, DType::bf16},
      {FormatId::int4, {1, 128}, DType::f16},
      with_zeros({FormatId::int4, {1, 128}, DType::f16}),
      with_zeros({FormatId::int4, {1, 32}, DType::f16}),
      with_zeros({FormatId::int4, {1, 64}, DType::bf16}),
      with_zeros({FormatId::int8_offset, {1, 16}, DType::f16}),
      {FormatId::int8, {1, 64}, DType::bf16},
      with_zeros({FormatId::int4, {1, 1 << 20}, DType::f16}),
      with_zeros({FormatId::int4, {1, 128}, DType::f16}, true),
      {FormatId::int8},
      {FormatId::int8, {1, 1 << 20}, DType::bf16},
      {FormatId::int8, {128, 128}, DType::f32},
      {FormatId::int8_offset, {1, 128}, DType::bf16},
      with_zeros({FormatId::int8_offset, {1, 128}, DType::f16}),
      {FormatId::bf16, {128, 128}, DType::f32},
      {FormatId::f16, {3, 40}, DType::f32},
      {FormatId::f32, {128, 128}, DType::bf16, true},
  };
  return all;
}

/// Buffers of one product call and the call itself.
class Call {
 public:
  Call(const LinearKernels& kernels, Compute compute, const WeightView& w, const float* x,
       Index tokens)
      : kernels_(kernels),
        compute_(compute),
        w_(w),
        tokens_(tokens),
        packed_(aligned(kernels.packed_bytes(compute, tokens, w.cols))),
        scratch_(aligned(kernels.scratch_bytes(compute, tokens, w.cols))) {
    const Index blocks = (w.cols + 127) / 128;
    for (Index b = blocks; b-- > 0;) {  // in any order
      kernels.pack(compute, x, w.cols, tokens, w.cols, at(packed_), {b, b + 1});
    }
  }

  /// y [tokens, rows of the range], in pieces of `step` rows.
  std::vector<float> run(Index step) {
    GuardedBuffer<float> y(tokens_ * w_.rows);
    for (Index r = 0; r < w_.rows; r += step) {
      kernels_.linear(compute_, w_, at(packed_), tokens_, y.data(), w_.rows,
                      {r, std::min(w_.rows, r + step)}, at(scratch_));
    }
    return {y.begin(), y.end()};
  }

 private:
  // 64-byte aligned, and the end against a page: sizes are rounded up.
  static GuardedBuffer<std::byte> aligned(Index bytes) {
    return GuardedBuffer<std::byte>((bytes + 63) / 64 * 64);
  }
  static std::byte* at(GuardedBuffer<std::byte>& buffer) { return buffer.data(); }

  const LinearKernels& kernels_;
  Compute compute_;
  const WeightView& w_;
  Index tokens_;
  GuardedBuffer<std::byte> packed_;
  GuardedBuffer<std::byte> scratch_;
};

/// Largest error of y in units of its bound: each of K products and sums is rounded once to 24
/// bits, and so are a scaled weight, the product with a block's scale and the last few sums of
/// lanes.
double worst_error(Compute compute, const WeightView& w, const float* x, Index tokens,
                   const std::vector<float>& y) {
  const bool split = compute == Compute::bf16x2_all ||
                     (compute == Compute::bf16x2 && tokens <= 16);  // x to 17 bits
  const Compute rounding = split ? Compute::f32 : compute;
  double worst = 0.0;
  for (Index t = 0; t < tokens; ++t) {
    for (Index r = 0; r < w.rows; ++r) {
      const reference::Dot dot = reference::dot(rounding, w, r, x + t * w.cols);
      const double bound =
          (static_cast<double>(w.cols + 8) * 0x1p-24 + (split ? 0x1p-17 : 0.0)) * dot.magnitude +
          0x1p-120;
      const double error =
          std::abs(static_cast<double>(y[static_cast<std::size_t>(t * w.rows + r)]) - dot.sum);
      worst = std::isnan(error) ? 1e30 : std::max(worst, error / bound);
    }
  }
  return worst;
}

std::vector<float> activations(Random& random, Index n) {
  std::vector<float> x = random.normals(n);
  for (std::size_t i = 0; i < x.size(); i += 97) {
    x[i] *= 30.0F;  // outliers, as real activations have them
  }
  return x;
}

}  // namespace

TEST_CASE("dequantisation is exact on every level, for every code and at every edge") {
  Random random(31);
  for (const Storage& storage : storages()) {
    for (const Shape2 shape : {Shape2{1, 1}, Shape2{3, 31}, Shape2{5, 128}, Shape2{130, 259}}) {
      const TestWeight weight(storage, shape, random);
      const Index stride = shape.cols + 3;
      std::vector<float> expected(static_cast<std::size_t>(shape.rows * stride));
      std::vector<std::uint16_t> expected_bf16(expected.size());
      reference::dequant_f32(weight.view(), {0, shape.rows}, expected.data(), stride);
      reference::dequant_bf16(weight.view(), {0, shape.rows}, expected_bf16.data(), stride);
      for (const KernelTable* table : supported_kernel_tables()) {
        CAPTURE(std::string(table->isa));
        CAPTURE(storage.text());
        CAPTURE(shape.cols);
        std::vector<float> found(expected.size());
        std::vector<std::uint16_t> found_bf16(expected.size());
        const Index half = shape.rows / 2;
        for (const RowRange rows : {RowRange{0, half}, RowRange{half, shape.rows}}) {
          table->linear->dequant_f32(weight.view(), rows, found.data() + rows.begin * stride,
                                     stride);
          table->linear->dequant_bf16(weight.view(), rows, found_bf16.data() + rows.begin * stride,
                                      stride);
        }
        CHECK(found == expected);  // the gaps between rows are untouched
        CHECK(found_bf16 == expected_bf16);
      }
    }
  }
}

TEST_CASE("all 256 E4M3 codes dequantise to their numbers, NaN included") {
  std::vector<std::byte> codes(256);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::byte>(i);
  }
  WeightView w;
  w.format = FormatId::fp8_e4m3;
  w.data = codes.data();
  w.rows = 1;
  w.cols = w.row_bytes = 256;
  for (const KernelTable* table : supported_kernel_tables()) {
    std::vector<float> found(256);
    table->linear->dequant_f32(w, {0, 1}, found.data(), 256);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(std::string(table->isa));
      CAPTURE(i);
      const float expected = E4m3::decode(static_cast<std::uint8_t>(i));
      CHECK((std::isnan(expected) ? std::isnan(found[i])
                                  : std::memcmp(&found[i], &expected, sizeof expected) == 0));
    }
  }
}

TEST_CASE("all 65536 BF16 and F16 codes dequantise to their numbers") {
  std::vector<std::uint16_t> codes(65536);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::uint16_t>(i);
  }
  for (const FormatId format : {FormatId::bf16, FormatId::f16}) {
    WeightView w;
    w.format = format;
    w.data = reinterpret_cast<const std::byte*>(codes.data());
    w.rows = 1;
    w.cols = 65536;
    w.row_bytes = 2 * w.cols;
    for (const KernelTable* table : supported_kernel_tables()) {
      std::vector<float> found(codes.size());
      table->linear->dequant_f32(w, {0, 1}, found.data(), w.cols);
      Index wrong = 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const float expected =
            format == FormatId::bf16 ? Bf16::decode(codes[i]) : F16::decode(codes[i]);
        wrong += std::isnan(expected) ? !std::isnan(found[i])
                                      : std::memcmp(&found[i], &expected, sizeof expected) != 0;
      }
      CAPTURE(std::string(table->isa));
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("products of every format, level and compute mode equal the plain loops") {
  Random random(32);
  for (const Storage& storage : storages()) {
    for (const Shape2 shape :
         {Shape2{1, 1}, Shape2{3, 127}, Shape2{65, 128}, Shape2{67, 300}, Shape2{130, 513}}) {
      const TestWeight weight(storage, shape, random);
      for (const Index tokens : {1, 2, 5, 8, 9, 16, 17, 33}) {
        const GuardedBuffer<float> x(activations(random, tokens * shape.cols));
        for (const KernelTable* table : supported_kernel_tables()) {
          for (const Compute compute :
               {Compute::f32, Compute::bf16, Compute::bf16x2, Compute::bf16x2_all}) {
            CAPTURE(std::string(table->isa));
            CAPTURE(storage.text());
            CAPTURE(static_cast<int>(compute));
            CAPTURE(shape.rows);
            CAPTURE(shape.cols);
            CAPTURE(tokens);
            Call call(*table->linear, compute, weight.view(), x.data(), tokens);
            const std::vector<float> y = call.run(shape.rows);
            CHECK(worst_error(compute, weight.view(), x.data(), tokens, y) <= 1.0);
            CHECK(call.run(64) == y);
          }
        }
      }
    }
  }
}

TEST_CASE("a token among up to eight has the bits that it has alone") {
  Random random(37);
  for (const Storage& storage : storages()) {
    for (const Shape2 shape : {Shape2{1, 1}, Shape2{7, 300}, Shape2{67, 513}}) {
      const TestWeight weight(storage, shape, random);
      const Index most = 8;
      const std::vector<float> x = activations(random, most * shape.cols);
      for (const KernelTable* table : supported_kernel_tables()) {
        for (const Compute compute : {Compute::f32, Compute::bf16, Compute::bf16x2}) {
          CAPTURE(std::string(table->isa));
          CAPTURE(storage.text());
          CAPTURE(static_cast<int>(compute));
          CAPTURE(shape.rows);
          std::vector<float> alone;
          for (Index t = 0; t < most; ++t) {
            Call one(*table->linear, compute, weight.view(), x.data() + t * shape.cols, 1);
            const std::vector<float> y = one.run(shape.rows);
            alone.insert(alone.end(), y.begin(), y.end());
          }
          for (Index tokens = 2; tokens <= most; ++tokens) {
            CAPTURE(tokens);
            Call call(*table->linear, compute, weight.view(), x.data(), tokens);
            const std::vector<float> y = call.run(shape.rows);
            CHECK(std::equal(y.begin(), y.end(), alone.begin()));
            CHECK(call.run(3) == y);
          }
        }
      }
    }
  }
}

TEST_CASE("products with the transposed matrix equal the plain loops") {
  Random random(35);
  for (const Storage& storage : storages()) {
    for (const Shape2 shape : {Shape2{1, 1}, Shape2{3, 127}, Shape2{17, 128}, Shape2{67, 300}}) {
      const TestWeight weight(storage, shape, random);
      const WeightView& w = weight.view();
      for (const Index tokens : {1, 3}) {
        const GuardedBuffer<float> x(activations(random, tokens * shape.rows));
        for (const KernelTable* table : supported_kernel_tables()) {
          CAPTURE(std::string(table->isa));
          CAPTURE(storage.text());
          CAPTURE(shape.rows);
          CAPTURE(shape.cols);
          GuardedBuffer<float> y(tokens * shape.cols);
          const Index cut = shape.cols / 3 / 8 * 8;
          for (const RowRange cols : {RowRange{cut, shape.cols}, RowRange{0, cut}}) {
            table->linear->linear_transposed(w, cols, x.data(), shape.rows, tokens,
                                             y.data() + cols.begin, shape.cols);
          }
          double worst = 0.0;
          for (Index i = 0; i < tokens * shape.cols; ++i) {
            const reference::Dot dot = reference::dot_transposed(
                w, i % shape.cols, x.data() + i / shape.cols * shape.rows);
            const double bound =
                static_cast<double>(shape.rows + 2) * 0x1p-24 * dot.magnitude + 0x1p-120;
            const double error = std::abs(static_cast<double>(y.data()[i]) - dot.sum);
            worst = std::isnan(error) ? 1e30 : std::max(worst, error / bound);
          }
          CHECK(worst <= 1.0);
        }
      }
    }
  }
}

TEST_CASE("a slice of rows has the elements and products of those rows") {
  Random random(36);
  for (const Storage& storage : storages()) {
    const TestWeight weight(storage, {150, 259}, random);
    const WeightView& w = weight.view();
    const GuardedBuffer<float> x(activations(random, 2 * w.cols));
    for (const RowRange rows : {RowRange{0, 20}, RowRange{37, 131}, RowRange{130, 150}}) {
      const WeightView part = slice(slice(w, {rows.begin / 2, w.rows}),
                                    {rows.begin - rows.begin / 2, rows.end - rows.begin / 2});
      CHECK(part.rows == rows.end - rows.begin);
      for (const KernelTable* table : supported_kernel_tables()) {
        for (const Index tokens : {1, 2}) {
          CAPTURE(std::string(table->isa));
          CAPTURE(storage.text());
          CAPTURE(rows.begin);
          const std::vector<float> whole =
              Call(*table->linear, Compute::bf16, w, x.data(), tokens).run(w.rows);
          const std::vector<float> found =
              Call(*table->linear, Compute::bf16, part, x.data(), tokens).run(part.rows);
          for (Index t = 0; t < tokens; ++t) {
            CHECK(std::equal(found.begin() + t * part.rows, found.begin() + (t + 1) * part.rows,
                             whole.begin() + t * w.rows + rows.begin));
          }
        }
      }
    }
  }
}

TEST_CASE("one token so wide that rows are read side by side: the same bits in any row range") {
  Random random(34);
  for (const Index cols : {12289, 12416, 13300}) {
    for (const FormatId format : {FormatId::fp8_e4m3, FormatId::bf16}) {
      const TestWeight weight({format, {128, 128}, DType::f32}, {139, cols}, random);
      const GuardedBuffer<float> x(activations(random, cols));
      for (const KernelTable* table : supported_kernel_tables()) {
        CAPTURE(std::string(table->isa));
        CAPTURE(cols);
        Call call(*table->linear, Compute::bf16, weight.view(), x.data(), 1);
        const std::vector<float> y = call.run(139);
        CHECK(worst_error(Compute::bf16, weight.view(), x.data(), 1, y) <= 1.0);
        for (const Index step : {1, 5, 64}) {
          CHECK(call.run(step) == y);
        }
      }
    }
  }
}

TEST_CASE("a product over many columns and tokens, in pieces of rows") {
  Random random(33);
  const Storage storage{FormatId::fp8_e4m3, {128, 128}, DType::f32};
  const Shape2 shape{200, 2500};
  const Index tokens = 150;
  const TestWeight weight(storage, shape, random);
  const GuardedBuffer<float> x(activations(random, tokens * shape.cols));
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const Compute compute : {Compute::f32, Compute::bf16, Compute::bf16x2_all}) {
      CAPTURE(std::string(table->isa));
      Call call(*table->linear, compute, weight.view(), x.data(), tokens);
      const std::vector<float> y = call.run(shape.rows);
      CHECK(worst_error(compute, weight.view(), x.data(), tokens, y) <= 1.0);
      CHECK(call.run(64) == y);
      CHECK(call.run(128) == y);
    }
  }
}

}  // namespace ottobit
