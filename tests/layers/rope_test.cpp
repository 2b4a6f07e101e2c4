// SPDX-License-Identifier: Apache-2.0
// Frequencies of scaled rotary embeddings where their papers fix them.
#include "ottobit/layers/rope.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace ottobit {
namespace {

RopePair pair_of(double index, double dim, double theta) {
  return {index, std::pow(theta, -2.0 * index / dim), dim, theta};
}

/// What the pair's frequency is multiplied by.
double ratio(const RopeYarn& yarn, double index, double theta) {
  const RopePair pair = pair_of(index, 64.0, theta);
  return scale_frequency(yarn, pair) / pair.frequency;
}

}  // namespace

TEST_CASE("YaRN keeps fast pairs, divides slow ones and blends between") {
  // DeepSeek-V3: 32 turns within 4096 positions fall between pairs 10 and 11, one turn between 22
  // and 23; the ramp of 13 pairs runs from 10 to 23.
  const RopeYarn yarn{.factor = 40.0};
  CHECK(ratio(yarn, 0, 1e4) == doctest::Approx(1.0));
  CHECK(ratio(yarn, 10, 1e4) == doctest::Approx(1.0));
  CHECK(ratio(yarn, 11, 1e4) == doctest::Approx(12.0 / 13.0 + 1.0 / 13.0 / 40.0));
  CHECK(ratio(yarn, 22, 1e4) == doctest::Approx(1.0 / 13.0 + 12.0 / 13.0 / 40.0));
  CHECK(ratio(yarn, 23, 1e4) == doctest::Approx(1.0 / 40.0));
  CHECK(ratio(yarn, 31, 1e4) == doctest::Approx(1.0 / 40.0));
}

TEST_CASE("YaRN without rounding starts and ends its blend between pairs") {
  RopeYarn yarn{.factor = 32.0};
  yarn.truncate = false;
  const double low = 64.0 * std::log(4096.0 / (64.0 * std::acos(-1.0))) / (2.0 * std::log(1e4));
  CHECK(low == doctest::Approx(10.47).epsilon(0.001));
  CHECK(ratio(yarn, 10, 1e4) == doctest::Approx(1.0));
  CHECK(ratio(yarn, 11, 1e4) > 12.0 / 13.0 + 1.0 / 13.0 / 32.0);  // the ramp starts later
  CHECK(ratio(yarn, 11, 1e4) < 1.0);
}

TEST_CASE("YaRN with equal betas is a step of one pair, and never a division by zero") {
  // Kimi K2: one turn within 4096 positions lies between pairs 19 and 20 at theta 50000.
  RopeYarn yarn{.factor = 32.0};
  yarn.beta_fast = 1.0;
  CHECK(ratio(yarn, 19, 5e4) == doctest::Approx(1.0));
  CHECK(ratio(yarn, 20, 5e4) == doctest::Approx(1.0 / 32.0));
  yarn.truncate = false;  // now both ends are the same number
  CHECK(ratio(yarn, 19, 5e4) == doctest::Approx(1.0));
  CHECK(ratio(yarn, 20, 5e4) == doctest::Approx(1.0 / 32.0));
}

TEST_CASE("a proportional rotation turns the fast pairs as ever, and leaves the slow ones") {
  const RopeProportional quarter{.part = 0.25};  // of Gemma 4: 64 of 256 pairs
  for (const double index : {0.0, 1.0, 63.0, 64.0, 255.0}) {
    const RopePair pair = pair_of(index, 512.0, 1e6);
    CHECK(scale_frequency(quarter, pair) == (index < 64.0 ? pair.frequency : 0.0));
  }
  const RopePair pair = pair_of(3.0, 512.0, 1e6);
  CHECK(scale_frequency(RopeProportional{.factor = 4.0}, pair) == pair.frequency / 4.0);
}

}  // namespace ottobit
