// SPDX-License-Identifier: Apache-2.0
// The generator must give the same numbers everywhere and roughly the distributions it names.
#include "support/random.hpp"

#include <doctest/doctest.h>

namespace ottobit::test {
namespace {

TEST_CASE("Random depends on its seed alone") {
  Random a(42);
  Random b(42);
  Random c(43);
  CHECK(a.bits() == b.bits());
  CHECK(a.bits() != c.bits());
  // splitmix64 from 0 fills the state with e220a8397b1dcdaf 6e789e6aa1b965f4 06c45d188009454f
  // f88bb8a8724c81ec; the first output is rotl(s0 + s3, 23) + s0.
  Random zero(0);
  CHECK(zero.bits() == 0x53175D61490B23DFU);
}

TEST_CASE("Random's uniform and normal numbers have their mean and deviation") {
  Random random(7);
  constexpr Index kCount = 20000;
  double sum = 0.0;
  double squares = 0.0;
  for (const float value : random.normals(kCount, 2.0F)) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  CHECK(sum / kCount == doctest::Approx(0.0).epsilon(0.1));
  CHECK(squares / kCount == doctest::Approx(4.0).epsilon(0.1));
  for (const float value : random.uniforms(kCount, -3.0F, 5.0F)) {
    REQUIRE(value >= -3.0F);
    REQUIRE(value <= 5.0F);
  }
  for (int i = 0; i < 1000; ++i) {
    const Index index = random.index(3);
    REQUIRE(index >= 0);
    REQUIRE(index < 3);
  }
}

}  // namespace
}  // namespace ottobit::test
