// SPDX-License-Identifier: Apache-2.0
// The elementwise kernels and the selection kernels of every ISA level against reference.hpp: odd
// lengths against unreadable pages, special values, ties.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/kernels/reference.hpp"
#include "ottobit/kernels/table.hpp"

#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

using test::GuardedBuffer;
using test::Random;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
const std::vector<Index> kLengths{1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257, 1000};

/// Largest |found - expected| relative to |expected|, or to `floor` where that is larger.
double relative(std::span<const float> expected, std::span<const float> found, double floor) {
  double worst = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double e = static_cast<double>(expected[i]);
    const double difference = std::abs(e - static_cast<double>(found[i]));
    worst =
        std::isnan(difference) ? 1e30 : std::max(worst, difference / std::max(std::abs(e), floor));
  }
  return worst;
}

template <class Test>
void on_every_level(const Test& test) {
  for (const KernelTable* table : supported_kernel_tables()) {
    CAPTURE(std::string(table->isa));
    test(*table->elementwise);
  }
}

}  // namespace

TEST_CASE("rms_norm on every level") {
  Random random(41);
  for (const Index dim : kLengths) {
    const GuardedBuffer<float> x(random.normals(3 * dim, 5.0F));
    const GuardedBuffer<float> weight(random.uniforms(dim, -2.0F, 2.0F));
    for (const float eps : {1e-6F, 1.0F}) {
      std::vector<float> expected(static_cast<std::size_t>(3 * dim));
      reference::rms_norm(x.data(), dim, weight.data(), eps, dim, expected.data(), dim, {0, 3});
      on_every_level([&](const ElementwiseKernels& kernels) {
        CAPTURE(dim);
        GuardedBuffer<float> out(3 * dim);
        kernels.rms_norm(x.data(), dim, weight.data(), eps, dim, out.data(), dim, {0, 1});
        kernels.rms_norm(x.data(), dim, weight.data(), eps, dim, out.data(), dim, {1, 3});
        // The sum of squares has at most dim roundings, half of which reach the root.
        CHECK(relative(expected, out.span(), 0.0) <= (static_cast<double>(dim) / 2 + 6) * 0x1p-24);
        GuardedBuffer<float> in_place{std::span<const float>(x.span())};
        kernels.rms_norm(in_place.data(), dim, weight.data(), eps, dim, in_place.data(), dim,
                         {0, 3});
        CHECK(std::equal(out.begin(), out.end(), in_place.begin()));
      });
    }
  }
}

TEST_CASE("rope on every level, in both layouts, leaving the rest of a head alone") {
  Random random(42);
  for (const Index half : {1, 3, 4, 8, 17, 32, 64}) {
    for (const Index rest : {0, 5}) {
      const Index heads = 3;
      const Index tokens = 2;
      const Index head_dim = 2 * half + rest;
      const Index stride = heads * head_dim;
      const GuardedBuffer<float> cosines(random.uniforms(tokens * half));
      const GuardedBuffer<float> sines(random.uniforms(tokens * half));
      const std::vector<float> x = random.normals(tokens * stride);
      for (const RopeLayout layout : {RopeLayout::half, RopeLayout::interleaved}) {
        std::vector<float> expected = x;
        reference::rope(expected.data(), stride, heads, head_dim, cosines.data(), sines.data(),
                        half, layout, {0, tokens});
        on_every_level([&](const ElementwiseKernels& kernels) {
          CAPTURE(half);
          CAPTURE(static_cast<int>(layout));
          GuardedBuffer<float> out(x);
          kernels.rope(out.data(), stride, heads, head_dim, cosines.data(), sines.data(), half,
                       layout, {0, 1});
          kernels.rope(out.data(), stride, heads, head_dim, cosines.data(), sines.data(), half,
                       layout, {1, 2});
          // Two products and a sum of magnitude up to 2 * 5: three roundings.
          for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(std::abs(expected[i] - out[static_cast<Index>(i)]) <= 3 * 0x1p-24F * 10.0F);
          }
        });
      }
    }
  }
}

TEST_CASE(
    "silu_mul, silu_mul_limited, sigmoid_mul, relu_squared, multiply, add and add_scaled on every "
    "level") {
  Random random(43);
  for (const Index n : kLengths) {
    std::vector<float> gates = random.normals(n, 6.0F);
    const std::vector<float> special{0.0F, -0.0F, 90.0F, -90.0F, 200.0F, -200.0F, 1e-30F};
    for (std::size_t i = 0; i < special.size() && 2 * i < gates.size(); ++i) {
      gates[2 * i] = special[i];
    }
    const GuardedBuffer<float> gate(gates);
    const GuardedBuffer<float> up(random.normals(n));
    std::vector<float> expected(static_cast<std::size_t>(n));
    reference::silu_mul(gate.data(), up.data(), expected.data(), n);
    const GateLimits limits{.gate = 4.0F, .activated = 3.5F, .up = 0.9F};
    std::vector<float> limited(static_cast<std::size_t>(n));
    reference::silu_mul_limited(gate.data(), up.data(), limits, limited.data(), n);
    std::vector<float> sigmoid(static_cast<std::size_t>(n));
    reference::sigmoid_mul(gate.data(), up.data(), sigmoid.data(), n);
    on_every_level([&](const ElementwiseKernels& kernels) {
      CAPTURE(n);
      GuardedBuffer<float> out(n);
      kernels.silu_mul(gate.data(), up.data(), out.data(), n);
      CHECK(relative(expected, out.span(), 1e-30) <= 16 * 0x1p-24);
      kernels.silu_mul_limited(gate.data(), up.data(), limits, out.data(), n);
      CHECK(relative(limited, out.span(), 1e-30) <= 16 * 0x1p-24);
      kernels.silu_mul_limited(gate.data(), up.data(), GateLimits(), out.data(), n);
      CHECK(relative(expected, out.span(), 1e-30) <= 16 * 0x1p-24);
      kernels.sigmoid_mul(gate.data(), up.data(), out.data(), n);
      CHECK(relative(sigmoid, out.span(), 1e-30) <= 16 * 0x1p-24);
      GuardedBuffer<float> sum{std::span<const float>(gate.span())};
      kernels.add(sum.data(), up.data(), n);
      for (Index i = 0; i < n; ++i) {
        CHECK(sum[i] == gate[i] + up[i]);
      }
      GuardedBuffer<float> product{std::span<const float>(gate.span())};
      kernels.multiply(product.data(), up.data(), n);
      GuardedBuffer<float> squares{std::span<const float>(gate.span())};
      kernels.relu_squared(squares.data(), n);
      std::vector<float> positive(gate.begin(), gate.end());
      reference::relu_squared(positive.data(), n);
      for (Index i = 0; i < n; ++i) {
        CHECK(product[i] == gate[i] * up[i]);
        CHECK(squares[i] == positive[static_cast<std::size_t>(i)]);
      }
      GuardedBuffer<float> scaled{std::span<const float>(gate.span())};
      std::vector<float> wanted(gate.begin(), gate.end());
      kernels.add_scaled(scaled.data(), up.data(), 0.7F, n);
      reference::add_scaled(wanted.data(), up.data(), 0.7F, n);
      for (Index i = 0; i < n; ++i) {  // two roundings, of the product and of the sum
        const float bound = 0x1p-23F * (std::abs(gate[i]) + std::abs(up[i]));
        CHECK(std::abs(scaled[i] - wanted[static_cast<std::size_t>(i)]) <= bound);
      }
    });
  }
}

TEST_CASE("gelu_mul, soft_cap and scale on every level") {
  Random random(46);
  for (const Index n : kLengths) {
    std::vector<float> gates = random.normals(n, 4.0F);
    const std::vector<float> special{0.0F, -0.0F, 90.0F, -90.0F, 0.1249F, 0.1251F, 1e-30F};
    for (std::size_t i = 0; i < special.size() && 2 * i < gates.size(); ++i) {
      gates[2 * i] = special[i];
    }
    const GuardedBuffer<float> gate(gates);
    const GuardedBuffer<float> up(random.normals(n));
    std::vector<float> gelu(static_cast<std::size_t>(n));
    reference::gelu_mul(gate.data(), up.data(), gelu.data(), n);
    std::vector<float> limited(static_cast<std::size_t>(n));
    reference::swiglu_limited(gate.data(), up.data(), 1.5F, limited.data(), n);
    std::vector<float> capped = gates;
    reference::soft_cap(capped.data(), 5.0F, n);
    on_every_level([&](const ElementwiseKernels& kernels) {
      CAPTURE(n);
      GuardedBuffer<float> out(n);
      kernels.gelu_mul(gate.data(), up.data(), out.data(), n);
      GuardedBuffer<float> swiglu(n);
      kernels.swiglu_limited(gate.data(), up.data(), 1.5F, swiglu.data(), n);
      GuardedBuffer<float> cap{std::span<const float>(gate.span())};
      kernels.soft_cap(cap.data(), 5.0F, n);
      GuardedBuffer<float> scaled{std::span<const float>(gate.span())};
      kernels.scale(scaled.data(), 0.3F, n);
      for (Index i = 0; i < n; ++i) {
        CAPTURE(gate[i]);
        const auto at = static_cast<std::size_t>(i);
        // For small results the exponent's rounding counts, which grows with the exponent; where
        // the sum of tanh in double cancels, both are next to nothing.
        const float z = std::abs(gate[i]);
        const float exponent = 2.0F * z * (1.0F + 0.05F * z * z);
        const float bound = 0x1p-24F * (16.0F + 4.0F * exponent) * std::abs(gelu[at]);
        CHECK(std::abs(out[i] - gelu[at]) <= bound + 1e-12F * std::abs(up[i]));
        const float steps = 16.0F + 4.0F * 1.702F * z;  // roundings of the exponent, and others
        CHECK(std::abs(swiglu[i] - limited[at]) <=
              0x1p-24F * steps * std::abs(limited[at]) + 1e-12F + 0x1p-22F * std::abs(gate[i]));
        CHECK(std::abs(cap[i] - capped[at]) <= 1e-6F * std::abs(capped[at]));
        CHECK(scaled[i] == gate[i] * 0.3F);
      }
    });
  }
}

TEST_CASE("softmax on every level: any size of numbers, -inf is 0") {
  Random random(44);
  for (const Index n : kLengths) {
    std::vector<float> x = random.normals(n, 20.0F);
    if (n > 2) {
      x[1] = -kInf;
      x[2] = -1e30F;
    }
    for (const float shift : {0.0F, 1e4F, -1e4F}) {
      std::vector<float> shifted = x;
      for (float& value : shifted) {
        value += shift;
      }
      std::vector<float> expected = shifted;
      reference::softmax(expected.data(), n);
      on_every_level([&](const ElementwiseKernels& kernels) {
        CAPTURE(n);
        GuardedBuffer<float> out(shifted);
        kernels.softmax(out.data(), n);
        // x - max is rounded, by less than 88 * 2^-24 where exp is not 0; then exp to a few units,
        // the sum of n of them, the quotient.
        CHECK(relative(expected, out.span(), 1e-30) <= (static_cast<double>(n) + 8 + 88) * 0x1p-24);
      });
    }
  }
}

TEST_CASE("argmax on every level: the first of equals, NaN never") {
  Random random(45);
  for (const Index n : kLengths) {
    for (int round = 0; round < 20; ++round) {
      std::vector<float> x = random.normals(n);
      for (float& value : x) {
        value = round % 2 == 0 ? std::round(value) : value;  // many ties
        value = random.index(10) == 0 ? kNan : random.index(50) == 0 ? -kInf : value;
      }
      const GuardedBuffer<float> guarded(x);
      const Index expected = reference::argmax(x.data(), n);
      on_every_level([&](const ElementwiseKernels& kernels) {
        CAPTURE(n);
        CHECK(kernels.argmax(guarded.data(), n) == expected);
      });
    }
  }
  on_every_level([](const ElementwiseKernels& kernels) {
    const std::vector<float> nothing(40, kNan);
    CHECK(kernels.argmax(nothing.data(), 40) == 0);
    const std::vector<float> lowest(40, -kInf);
    CHECK(kernels.argmax(lowest.data(), 40) == 0);
  });
}

TEST_CASE("top_k on every level: descending, ties by index, NaN last") {
  Random random(46);
  for (const Index n : kLengths) {
    for (const Index k : {Index{1}, Index{2}, Index{5}, n / 2, n}) {
      if (k < 1 || k > n) {
        continue;
      }
      std::vector<float> x = random.normals(n);
      for (float& value : x) {
        value = random.index(3) == 0 ? std::round(value) : value;
        value = random.index(12) == 0 ? kNan : value;
      }
      const GuardedBuffer<float> guarded(x);
      std::vector<ScoredToken> expected(static_cast<std::size_t>(k));
      reference::top_k(x.data(), n, k, expected.data());
      on_every_level([&](const ElementwiseKernels& kernels) {
        CAPTURE(n);
        CAPTURE(k);
        GuardedBuffer<ScoredToken> found(k);
        kernels.top_k(guarded.data(), n, k, found.data());
        for (Index i = 0; i < k; ++i) {
          CHECK(found[i].id == expected[static_cast<std::size_t>(i)].id);
        }
      });
    }
  }
}

}  // namespace ottobit
