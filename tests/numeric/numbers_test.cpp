// SPDX-License-Identifier: Apache-2.0
// Every code of every number format against its specification, worked out here a second time from
// sign, exponent and mantissa; and every encoding against the nearest number, found by search.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/e8m0.hpp"
#include "ottobit/numeric/f16.hpp"
#include "ottobit/numeric/fp4.hpp"
#include "ottobit/numeric/fp8.hpp"
#include "ottobit/numeric/int4.hpp"

#include "support/random.hpp"

namespace ottobit {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// The number of a code with these field widths, by the textbook; infinities and NaN left aside.
double textbook(std::uint32_t code, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto mantissa = static_cast<double>(code & ((1U << mantissa_bits) - 1U));
  const int exponent = static_cast<int>((code >> mantissa_bits) & ((1U << exponent_bits) - 1U));
  const double sign = (code >> (exponent_bits + mantissa_bits)) != 0 ? -1.0 : 1.0;
  const double fraction = std::ldexp(mantissa, -mantissa_bits);
  return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias)
                       : sign * std::ldexp(1.0 + fraction, exponent - bias);
}

/// Numbers on which rounding decides: all finite codes, their midpoints, the neighbours of both,
/// and random ones of all sizes.
std::vector<float> probes(const std::vector<float>& numbers) {
  std::vector<float> sorted;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(sorted),
               [](float x) { return std::isfinite(x); });
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> result;
  const auto add = [&](float x) {
    for (const float y : {x, std::nextafter(x, kInf), std::nextafter(x, -kInf)}) {
      result.push_back(y);
    }
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    add(sorted[i]);
    if (i > 0) {
      add(static_cast<float>((static_cast<double>(sorted[i]) + static_cast<double>(sorted[i - 1])) /
                             2));
    }
  }
  test::Random random(11);
  for (int i = 0; i < 20000; ++i) {
    result.push_back(
        std::ldexp(random.uniform(-2.0F, 2.0F), static_cast<int>(random.index(60)) - 30));
  }
  return result;
}

/// encode(x) must be a code whose number is nearest to x; of two equally near, the even code.
template <class Encode>
void check_nearest(const std::vector<float>& numbers, const Encode& encode) {
  for (const float x : probes(numbers)) {
    const std::uint32_t code = encode(x);
    const double error = std::abs(static_cast<double>(numbers[code]) - static_cast<double>(x));
    for (std::uint32_t other = 0; other < numbers.size(); ++other) {
      if (!std::isfinite(numbers[other]) || numbers[other] == numbers[code]) {
        continue;
      }
      const double distance =
          std::abs(static_cast<double>(numbers[other]) - static_cast<double>(x));
      if (distance < error || (distance == error && (code & 1U) != 0)) {
        CAPTURE(x);
        CAPTURE(code);
        CAPTURE(other);
        FAIL_CHECK("not the nearest code");
        return;
      }
    }
  }
}

template <class Format>
std::vector<float> numbers_of(int count) {
  std::vector<float> numbers;
  for (int code = 0; code < count; ++code) {
    numbers.push_back(Format::decode(static_cast<std::uint8_t>(code)));
  }
  return numbers;
}

}  // namespace

TEST_CASE("E4M3: OFP8 revision 1.0, table 2") {
  for (std::uint32_t code = 0; code < 256; ++code) {
    const float value = E4m3::decode(static_cast<std::uint8_t>(code));
    if ((code & 0x7FU) == 0x7F) {
      CHECK(std::isnan(value));
      CHECK(std::signbit(value) == (code > 127));
    } else {
      CHECK(same_bits(value, static_cast<float>(textbook(code, 4, 3))));
      CHECK(E4m3::encode(value) == code);
    }
  }
  CHECK(E4m3::decode(0x7E) == 448.0F);
  CHECK(E4m3::decode(0x08) == 0x1p-6F);
  CHECK(E4m3::decode(0x01) == 0x1p-9F);
  CHECK(E4m3::encode(kInf) == 0x7E);
  CHECK(E4m3::encode(-1e30F) == 0xFE);
  CHECK(E4m3::encode(464.0F) == 0x7E);
  CHECK(E4m3::is_nan(E4m3::encode(std::nanf(""))));
  check_nearest(numbers_of<E4m3>(256), [](float x) { return E4m3::encode(x); });
  static_assert(E4m3::decode(0x38) == 1.0F && E4m3::encode(1.0F) == 0x38);
}

TEST_CASE("E5M2: OFP8 revision 1.0, table 2") {
  for (std::uint32_t code = 0; code < 256; ++code) {
    const float value = E5m2::decode(static_cast<std::uint8_t>(code));
    const std::uint32_t magnitude = code & 0x7FU;
    if (magnitude > 0x7C) {
      CHECK(std::isnan(value));
    } else if (magnitude == 0x7C) {
      CHECK(value == (code > 127 ? -kInf : kInf));
    } else {
      CHECK(same_bits(value, static_cast<float>(textbook(code, 5, 2))));
      CHECK(E5m2::encode(value) == code);
    }
  }
  CHECK(E5m2::decode(0x7B) == 57344.0F);
  CHECK(E5m2::encode(kInf) == 0x7B);
  check_nearest(numbers_of<E5m2>(256), [](float x) { return E5m2::encode(x); });
}

TEST_CASE("E2M1: OCP MX 1.0, section 5.3.3") {
  const std::vector<float> magnitudes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
  for (std::uint32_t code = 0; code < 16; ++code) {
    const float expected = (code > 7 ? -1.0F : 1.0F) * magnitudes[code & 7U];
    CHECK(same_bits(E2m1::decode(static_cast<std::uint8_t>(code)), expected));
    CHECK(E2m1::encode(expected) == code);
  }
  CHECK(E2m1::encode(1e9F) == 7);
  CHECK(E2m1::encode(-kInf) == 15);
  check_nearest(numbers_of<E2m1>(16), [](float x) { return E2m1::encode(x); });
}

TEST_CASE("INT4 with an offset of 8") {
  for (int code = 0; code < 16; ++code) {
    const auto value = static_cast<float>(code - 8);
    CHECK(same_bits(Int4Code::decode(static_cast<std::uint8_t>(code)), value));
    CHECK(Int4Code::encode(value) == code);
  }
  CHECK(Int4Code::encode(kInf) == 15);
  CHECK(Int4Code::encode(-1e9F) == 0);
  CHECK(Int4Code::encode(std::numeric_limits<float>::quiet_NaN()) == 8);
  check_nearest(numbers_of<Int4Code>(16), [](float x) { return Int4Code::encode(x); });
}

TEST_CASE("E8M0: OCP MX 1.0, section 5.4.1") {
  for (int code = 0; code < 255; ++code) {
    const float value = E8m0::decode(static_cast<std::uint8_t>(code));
    CHECK(static_cast<double>(value) == std::ldexp(1.0, code - 127));
    CHECK(E8m0::encode(value) == code);
  }
  CHECK(std::isnan(E8m0::decode(255)));
  CHECK(E8m0::encode(-1.0F) == 255);
  CHECK(E8m0::encode(std::nanf("")) == 255);
  CHECK(E8m0::encode(0.0F) == 0);
  CHECK(E8m0::encode(kInf) == 254);
  CHECK(E8m0::encode(1.49F) == 127);
  CHECK(E8m0::encode(1.51F) == 128);
  CHECK(E8m0::encode(1.5F) == 128);  // a tie goes to the even code
  CHECK(E8m0::encode(3.0F) == 128);
}

TEST_CASE("F16: IEEE 754 binary16") {
  for (std::uint32_t code = 0; code < 65536; ++code) {
    const float value = F16::decode(static_cast<std::uint16_t>(code));
    const std::uint32_t magnitude = code & 0x7FFFU;
    if (magnitude > 0x7C00) {
      CHECK(std::isnan(value));
    } else if (magnitude == 0x7C00) {
      CHECK(value == (code > 0x7FFF ? -kInf : kInf));
      CHECK(F16::encode(value) == code);
    } else if (!same_bits(value, static_cast<float>(textbook(code, 5, 10))) ||
               F16::encode(value) != code) {
      CAPTURE(code);
      FAIL_CHECK("not the textbook's number");
    }
  }
  CHECK(F16::encode(65519.0F) == 0x7BFF);
  CHECK(F16::encode(65520.0F) == 0x7C00);  // rounds to 65536, which is infinity
  CHECK(F16::encode(0x1p-25F) == 0);       // a tie between 0 and the smallest
  CHECK(F16::encode(0x1.8p-25F) == 1);
}

TEST_CASE("BF16: the upper half of binary32, rounded to nearest even") {
  for (std::uint32_t code = 0; code < 65536; ++code) {
    const float value = Bf16::decode(static_cast<std::uint16_t>(code));
    CHECK(std::bit_cast<std::uint32_t>(value) == code << 16U);
    if (!std::isnan(value)) {
      CHECK(Bf16::encode(value) == code);
    }
  }
  CHECK(Bf16::encode(std::bit_cast<float>(0x3F808000U)) == 0x3F80);  // ties to even
  CHECK(Bf16::encode(std::bit_cast<float>(0x3F818000U)) == 0x3F82);
  CHECK(Bf16::encode(std::bit_cast<float>(0x3F808001U)) == 0x3F81);
  CHECK(Bf16::encode(std::numeric_limits<float>::max()) == 0x7F80);
  CHECK(std::isnan(Bf16::decode(Bf16::encode(std::bit_cast<float>(0x7F800001U)))));
}

TEST_CASE("dtype names and widths are those of the safetensors format") {
  for (const DTypeInfo& info : kDTypes) {
    CHECK(parse_dtype(info.name) == info.dtype);
    CHECK(dtype_name(info.dtype) == info.name);
    CHECK(dtype_bits(info.dtype) == info.bits);
  }
  CHECK_FALSE(parse_dtype("F8_E4M4").has_value());
  CHECK_FALSE(parse_dtype("").has_value());
  CHECK_FALSE(parse_dtype("bf16").has_value());
}

}  // namespace ottobit
