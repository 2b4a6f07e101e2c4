// SPDX-License-Identifier: Apache-2.0
// Random: a small generator whose numbers are the same on every machine and standard library (those
// of <random>'s distributions are not). xoshiro256++ of Blackman and Vigna ("Scrambled Linear
// Pseudorandom Number Generators", 2021), seeded by splitmix64 (Steele, Lea, Flood, 2014).
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ottobit/isa.hpp"

namespace ottobit::test {

class Random {
 public:
  explicit Random(std::uint64_t seed = 1) noexcept {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15U;
      std::uint64_t z = seed;
      z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
      z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
      word = z ^ z >> 31U;
    }
  }

  /// 64 uniform bits.
  std::uint64_t bits() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, n); n >= 1. The bias of the remainder is below n / 2^64.
  Index index(Index n) noexcept {
    return static_cast<Index>(bits() % static_cast<std::uint64_t>(n));
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double unit() noexcept { return static_cast<double>(bits() >> 11U) * 0x1p-53; }

  /// Uniform in [low, high] (the upper end only through rounding).
  float uniform(float low = -1.0F, float high = 1.0F) noexcept {
    const auto a = static_cast<double>(low);
    const auto b = static_cast<double>(high);
    return static_cast<float>(a + (b - a) * unit());
  }

  /// Normal with mean 0 (Box and Muller, 1958; the second value of each pair is not kept).
  float normal(float deviation = 1.0F) noexcept {
    constexpr double kTwoPi = 6.283185307179586;
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
    return static_cast<float>(static_cast<double>(deviation) * radius * std::cos(kTwoPi * unit()));
  }

  std::vector<float> uniforms(Index n, float low = -1.0F, float high = 1.0F) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& value : values) {
      value = uniform(low, high);
    }
    return values;
  }

  std::vector<float> normals(Index n, float deviation = 1.0F) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& value : values) {
      value = normal(deviation);
    }
    return values;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace ottobit::test
