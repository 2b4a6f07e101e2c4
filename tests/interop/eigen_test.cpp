// SPDX-License-Identifier: Apache-2.0
#include "ottobit/interop/eigen.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

WeightView view_of(const std::vector<float>& values, Index rows, Index cols, Index stride) {
  WeightView w;
  w.format = FormatId::f32;
  w.data = std::as_bytes(std::span(values)).data();
  w.rows = rows;
  w.cols = cols;
  w.row_bytes = stride * static_cast<Index>(sizeof(float));
  return w;
}

}  // namespace

TEST_CASE("an F32 weight is an Eigen matrix in place, row stride included") {
  test::Random random(4);
  const std::vector<float> values = random.normals(3 * 7);
  const EigenMap map = eigen_map(view_of(values, 3, 5, 7));
  CHECK(map.rows() == 3);
  CHECK(map.cols() == 5);
  CHECK(map(2, 4) == values[2 * 7 + 4]);
  CHECK(map.data() == values.data());
  CHECK(eigen_matrix(view_of(values, 3, 5, 7), *find_kernel_table("")) == map);
}

TEST_CASE("a weight in another format is refused in place and given as a copy") {
  const std::vector<std::uint16_t> bits = {0x3F80, 0x4000, 0xC040, 0x0000};  // BF16 1, 2, -3, 0
  WeightView w;
  w.format = FormatId::bf16;
  w.data = std::as_bytes(std::span(bits)).data();
  w.rows = 2;
  w.cols = 2;
  w.row_bytes = 4;
  test::expect_error(ErrorCode::unsupported, {"F32"}, [&] { (void)eigen_map(w); });
  EigenMatrix expected(2, 2);
  expected << 1.0F, 2.0F, -3.0F, 0.0F;
  CHECK(eigen_matrix(w, *find_kernel_table("")) == expected);
}

TEST_CASE("a span is an Eigen vector in place") {
  const std::vector<float> x = {1.0F, 2.0F, 3.0F};
  CHECK(eigen_map(std::span<const float>(x)).sum() == 6.0F);
}

}  // namespace ottobit
