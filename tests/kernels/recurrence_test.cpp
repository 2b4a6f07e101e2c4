// SPDX-License-Identifier: Apache-2.0
// The recurrent kernels of every ISA level against the plain loops: ragged widths against
// unreadable pages, heads that share keys, sequences in pieces.
#include <algorithm>
#include <cmath>
#include <span>
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

struct Shape {
  Index heads;
  Index key_heads;
  Index key_dim;
  Index value_dim;
};

/// Rows of `dim` numbers of length 1.
std::vector<float> unit_rows(Random& random, Index rows, Index dim) {
  std::vector<float> x = random.normals(rows * dim);
  for (Index r = 0; r < rows; ++r) {
    const auto row =
        std::span(x).subspan(static_cast<std::size_t>(r * dim), static_cast<std::size_t>(dim));
    double squares = 0.0;
    for (const float value : row) {
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    std::transform(row.begin(), row.end(), row.begin(), [&](float value) {
      return static_cast<float>(static_cast<double>(value) / std::sqrt(squares));
    });
  }
  return x;
}

/// Inputs of a call of `tokens` tokens, all contiguous.
struct Input {
  Input(Random& random, const Shape& shape, Index tokens)
      : q(unit_rows(random, tokens * shape.key_heads, shape.key_dim)),
        k(unit_rows(random, tokens * shape.key_heads, shape.key_dim)),
        v(random.uniforms(tokens * shape.heads * shape.value_dim, -1.0F, 1.0F)),
        decay(random.uniforms(tokens * shape.heads * shape.key_dim, 0.5F, 1.0F)),
        beta(random.uniforms(tokens * shape.heads, 0.0F, 1.0F)),
        state(random.uniforms(shape.heads * shape.key_dim * shape.value_dim, -1.0F, 1.0F)) {}

  GuardedBuffer<float> q, k, v, decay, beta, state;
};

/// The tokens from `first` on.
enum class Rule { sum, delta, channels };

RecurrenceCall call_of(const Shape& shape, const Input& in, Index first, Index tokens, Rule rule) {
  const Index key_row = shape.key_heads * shape.key_dim;
  const Index value_row = shape.heads * shape.value_dim;
  RecurrenceCall call;
  call.q = {in.q.data() + first * key_row, key_row, shape.key_dim};
  call.k = {in.k.data() + first * key_row, key_row, shape.key_dim};
  call.v = {in.v.data() + first * value_row, value_row, shape.value_dim};
  call.decays_by_channel = rule == Rule::channels;
  call.decay_stride = shape.heads * (call.decays_by_channel ? shape.key_dim : 1);
  call.decay = in.decay.data() + first * call.decay_stride;
  call.beta = rule == Rule::sum ? nullptr : in.beta.data() + first * shape.heads;
  call.out_stride = value_row;
  call.tokens = tokens;
  call.heads = shape.heads;
  call.key_heads = shape.key_heads;
  call.key_dim = shape.key_dim;
  call.value_dim = shape.value_dim;
  return call;
}

constexpr Shape kShapes[] = {{1, 1, 1, 1},   {2, 1, 3, 7},     {4, 2, 32, 32}, {4, 4, 16, 33},
                             {2, 2, 65, 64}, {3, 1, 128, 128}, {1, 1, 8, 47}};
constexpr Index kTokens = 9;

/// With keys and queries of length 1 and decay and beta up to 1 no token makes an older error
/// larger. Each adds, for each column, the roundings of sums of A products and of a few operations
/// more, of numbers that stay below the column's first length plus the sum of its |v|.
float tolerance(const Shape& shape) {
  const auto rows = static_cast<float>(shape.key_dim);
  const float largest = std::sqrt(rows) + static_cast<float>(kTokens);
  return static_cast<float>(kTokens) * (rows + 8.0F) * 0x1p-24F * largest;
}

}  // namespace

TEST_CASE("the recurrence on every level equals the plain loops, whatever the split") {
  Random random(61);
  for (const Shape& shape : kShapes) {
    for (const Rule rule : {Rule::sum, Rule::delta, Rule::channels}) {
      const Input in(random, shape, kTokens);
      const Index size = kTokens * shape.heads * shape.value_dim;
      std::vector<float> expected(static_cast<std::size_t>(size));
      std::vector<float> expected_state(in.state.begin(), in.state.end());
      RecurrenceCall wanted = call_of(shape, in, 0, kTokens, rule);
      wanted.state = expected_state.data();
      wanted.out = expected.data();
      reference::recurrence(wanted);
      for (const KernelTable* table : supported_kernel_tables()) {
        CAPTURE(std::string(table->isa));
        CAPTURE(shape.key_dim);
        CAPTURE(shape.value_dim);
        CAPTURE(static_cast<int>(rule));
        const RecurrentKernels& kernels = *table->recurrent;
        GuardedBuffer<float> state{std::span<const float>(in.state.span())};
        GuardedBuffer<float> out(size);
        for (const RowRange tokens : {RowRange{0, 4}, RowRange{4, kTokens}}) {
          RecurrenceCall call = call_of(shape, in, tokens.begin, tokens.end - tokens.begin, rule);
          call.state = state.data();
          call.out = out.data() + tokens.begin * call.out_stride;
          const Index items = kernels.items(call);
          kernels.recurrence(call, {items / 2, items});
          kernels.recurrence(call, {0, items / 2});
        }
        for (Index i = 0; i < size; ++i) {
          CHECK(std::abs(out[i] - expected[static_cast<std::size_t>(i)]) <= tolerance(shape));
        }
        for (Index i = 0; i < static_cast<Index>(expected_state.size()); ++i) {
          CHECK(std::abs(state[i] - expected_state[static_cast<std::size_t>(i)]) <=
                tolerance(shape));
        }
      }
    }
  }
}

TEST_CASE("a recurrence whose tokens decay alike takes one row of factors") {
  Random random(62);
  const Shape shape{2, 2, 16, 20};
  const Input in(random, shape, kTokens);
  std::vector<float> repeated;
  for (Index t = 0; t < kTokens; ++t) {
    repeated.insert(repeated.end(), in.decay.begin(), in.decay.begin() + shape.heads);
  }
  for (const KernelTable* table : supported_kernel_tables()) {
    CAPTURE(std::string(table->isa));
    std::vector<float> results[2];
    for (const bool once : {false, true}) {
      std::vector<float> state(in.state.begin(), in.state.end());
      std::vector<float>& out = results[once ? 1 : 0];
      out.resize(static_cast<std::size_t>(kTokens * shape.heads * shape.value_dim));
      RecurrenceCall call = call_of(shape, in, 0, kTokens, Rule::sum);
      call.decay = once ? in.decay.data() : repeated.data();
      call.decay_stride = once ? 0 : shape.heads;
      call.state = state.data();
      call.out = out.data();
      table->recurrent->recurrence(call, {0, table->recurrent->items(call)});
    }
    CHECK(results[0] == results[1]);
  }
}

TEST_CASE("short_conv on every level equals the plain loops") {
  Random random(63);
  for (const Index channels : {1, 5, 16, 33, 100}) {
    for (const Index taps : {1, 2, 4}) {
      const Index tokens = 5;
      const GuardedBuffer<float> x(random.normals((taps - 1 + tokens) * channels));
      const GuardedBuffer<float> weight(random.normals(taps * channels));
      const GuardedBuffer<float> bias(random.normals(channels));
      for (const bool silu : {true, false}) {
        for (const float* added : {static_cast<const float*>(nullptr), bias.data()}) {
          ShortConvCall call{x.data(), weight.data(), added, nullptr, taps, channels, silu};
          std::vector<float> expected(static_cast<std::size_t>(tokens * channels));
          call.out = expected.data();
          reference::short_conv(call, {0, tokens});
          for (const KernelTable* table : supported_kernel_tables()) {
            CAPTURE(std::string(table->isa));
            CAPTURE(channels);
            CAPTURE(taps);
            GuardedBuffer<float> out(tokens * channels);
            call.out = out.data();
            table->recurrent->short_conv(call, {2, 5});
            table->recurrent->short_conv(call, {0, 2});
            for (Index t = 0; t < tokens; ++t) {
              for (Index c = 0; c < channels; ++c) {
                // silu has a slope of at most 1.1, and rounds a few times itself
                float terms = added == nullptr ? 0.0F : std::abs(bias[c]);
                for (Index j = 0; j < taps; ++j) {
                  terms += std::abs(weight[j * channels + c] * x[(t + j) * channels + c]);
                }
                const auto i = static_cast<std::size_t>(t * channels + c);
                const float bound =
                    0x1p-24F * (1.1F * static_cast<float>(taps + 2) * terms + 16.0F * terms);
                CHECK(std::abs(out[t * channels + c] - expected[i]) <= bound);
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace ottobit
