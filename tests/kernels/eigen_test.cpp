// SPDX-License-Identifier: Apache-2.0
// Kernels of every ISA level against Eigen in f64: formulas as matrices, written without looking at
// reference.hpp, so that a mistake in the plain loops would show here.
#if defined(OTTOBIT_EIGEN)

#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <doctest/doctest.h>

#include "ottobit/arena.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/fp8.hpp"

#include "support/random.hpp"

namespace ottobit {
namespace {

using test::Random;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Codes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

MatrixF random_matrix(Random& random, Index rows, Index cols) {
  const std::vector<float> numbers = random.normals(rows * cols);
  return Eigen::Map<const MatrixF>(numbers.data(), rows, cols);
}

/// Codes in blocks of 128 x 128, as published: each block has its own scale.
struct BlockScaled {
  Codes codes;
  MatrixF scales;

  BlockScaled(Random& random, Index rows, Index cols)
      : codes(random_matrix(random, rows, cols).unaryExpr(&E4m3::encode)),
        scales(random_matrix(random, (rows + 127) / 128, (cols + 127) / 128).cwiseAbs()) {}

  [[nodiscard]] WeightView view() const {
    WeightView w;
    w.format = FormatId::fp8_e4m3;
    w.data = reinterpret_cast<const std::byte*>(codes.data());
    w.scales = reinterpret_cast<const std::byte*>(scales.data());
    w.rows = codes.rows();
    w.cols = w.row_bytes = codes.cols();
    w.block_rows = w.block_cols = 128;
    w.scale_row_bytes = scales.cols() * static_cast<Index>(sizeof(float));
    return w;
  }
  [[nodiscard]] Matrix numbers() const {
    Matrix w = codes.unaryExpr(&E4m3::decode).cast<double>();
    for (Index i = 0; i < w.rows(); ++i) {
      for (Index j = 0; j < w.cols(); ++j) {
        w(i, j) *= static_cast<double>(scales(i / 128, j / 128));
      }
    }
    return w;
  }
};

MatrixF multiply(const LinearKernels& kernels, Compute compute, const WeightView& w,
                 const MatrixF& x) {
  MatrixF y(x.rows(), w.rows);
  const Index packed = round_up(kernels.packed_bytes(compute, x.rows(), w.cols), kAlignment);
  Arena arena(packed + kernels.scratch_bytes(compute, x.rows(), w.cols));
  auto* const at = arena.take<std::byte>(arena.size());
  kernels.pack(compute, x.data(), w.cols, x.rows(), w.cols, at, {0, (w.cols + 127) / 128});
  kernels.linear(compute, w, at, x.rows(), y.data(), w.rows, {0, w.rows}, at + packed);
  return y;
}

/// softmax(scale q k^T) v of one head, its queries the last of the positions.
Matrix attend(const Matrix& q, const Matrix& k, const Matrix& v, double scale) {
  Matrix weights = scale * q * k.transpose();
  for (Index t = 0; t < q.rows(); ++t) {
    weights.row(t).tail(q.rows() - 1 - t).setConstant(-HUGE_VAL);
    weights.row(t) = (weights.row(t).array() - weights.row(t).maxCoeff()).exp();
    weights.row(t) /= weights.row(t).sum();
  }
  return weights * v;
}

}  // namespace

TEST_CASE("block-scaled products are those of Eigen") {
  Random random(71);
  for (const Index tokens : {1, 5, 40}) {
    const BlockScaled weight(random, 200, 333);
    const MatrixF x = random_matrix(random, tokens, 333);
    const MatrixF rounded =
        x.unaryExpr([](float number) { return Bf16::decode(Bf16::encode(number)); });
    const Matrix w = weight.numbers();
    for (const KernelTable* table : supported_kernel_tables()) {
      CAPTURE(std::string(table->isa));
      for (const Compute compute : {Compute::f32, Compute::bf16}) {
        const Matrix used = (compute == Compute::f32 ? x : rounded).cast<double>();
        const Matrix expected = used * w.transpose();
        const Matrix magnitude = used.cwiseAbs() * w.cwiseAbs().transpose();
        const Matrix found = multiply(*table->linear, compute, weight.view(), x).cast<double>();
        // A rounding to 24 bits for each product, and some for scales and the last sums.
        const double bound = (333.0 + 8.0) * 0x1p-24;
        CHECK(((found - expected).array().abs() <= bound * magnitude.array()).all());
      }
    }
  }
}

TEST_CASE("attention is that of Eigen") {
  Random random(72);
  constexpr Index kDim = 48;
  constexpr Index kKeys = 150;
  const MatrixF k = random_matrix(random, kKeys, kDim);
  const MatrixF v = random_matrix(random, kKeys, kDim);
  for (const Index tokens : {1, 70}) {
    const MatrixF q = random_matrix(random, tokens, 2 * kDim);  // two heads share keys and values
    for (const KernelTable* table : supported_kernel_tables()) {
      CAPTURE(std::string(table->isa));
      MatrixF found(tokens, 2 * kDim);
      AttentionCall call;
      call.q = q.data();
      call.out = found.data();
      call.q_stride = call.out_stride = 2 * kDim;
      call.tokens = tokens;
      call.heads = 2;
      call.kv_heads = 1;
      call.head_dim = call.value_dim = kDim;
      call.k = {reinterpret_cast<const std::byte*>(k.data()), kDim, 0};
      call.v = {reinterpret_cast<const std::byte*>(v.data()), kDim, 0};
      call.kv_dtype = DType::f32;
      call.position = kKeys - tokens;
      call.scale = 0.25F;
      Arena arena(table->attention->scratch_bytes(call));
      table->attention->attention(call, {0, table->attention->items(call)},
                                  arena.take<std::byte>(arena.size()));
      for (const Index head : {0, 1}) {
        const Matrix expected = attend(q.middleCols(head * kDim, kDim).cast<double>(),
                                       k.cast<double>(), v.cast<double>(), 0.25);
        const Matrix error = found.middleCols(head * kDim, kDim).cast<double>() - expected;
        // Scores up to some tens, of 48 products each; then sums over 150 values of at most 5.
        CHECK(error.cwiseAbs().maxCoeff() <= 5.0 * 0x1p-24 * (30.0 * kDim + kKeys + 32.0));
      }
    }
  }
}

TEST_CASE("norm, softmax and gate are those of Eigen") {
  Random random(73);
  constexpr Index kDim = 133;
  const MatrixF x = random_matrix(random, 3, kDim);
  const MatrixF weight = random_matrix(random, 1, kDim);
  const Eigen::ArrayXd numbers = x.row(0).cast<double>().array();
  for (const KernelTable* table : supported_kernel_tables()) {
    CAPTURE(std::string(table->isa));
    const ElementwiseKernels& kernels = *table->elementwise;
    const auto near = [](const MatrixF& found, const Eigen::ArrayXd& expected) {
      const Eigen::ArrayXd error = found.row(0).cast<double>().transpose().array() - expected;
      return (error.abs() <= (kDim + 8.0) * 0x1p-24 * expected.abs() + 0x1p-120).all();
    };
    MatrixF found = x;
    kernels.rms_norm(x.data(), kDim, weight.data(), 1e-6F, kDim, found.data(), kDim, {0, 3});
    CHECK(near(found, numbers / std::sqrt(numbers.square().mean() + 1e-6) *
                          weight.row(0).cast<double>().transpose().array()));
    found = x;
    kernels.softmax(found.data(), kDim);
    CHECK(near(found, numbers.exp() / numbers.exp().sum()));
    kernels.silu_mul(x.data(), weight.data(), found.data(), kDim);
    CHECK(near(found, numbers / (1.0 + (-numbers).exp()) *
                          weight.row(0).cast<double>().transpose().array()));
  }
}

}  // namespace ottobit

#endif
