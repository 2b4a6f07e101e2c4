// SPDX-License-Identifier: Apache-2.0
// Attention and the KV store of every ISA level against reference.hpp: head counts, head widths,
// cache types, positions, one query and many, in any split over items.
#include <algorithm>
#include <cmath>
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

struct Sizes {
  Index heads;
  Index kv_heads;
  Index head_dim;
  Index tokens;
  Index position;
};

const std::vector<Sizes> kSizes{
    {1, 1, 2, 1, 0},     {2, 1, 8, 1, 5},      {6, 2, 48, 1, 70},  {6, 2, 48, 9, 0},
    {8, 8, 64, 5, 33},   {4, 1, 128, 1, 300},  {4, 1, 128, 70, 3}, {3, 3, 40, 17, 129},
    {16, 2, 32, 33, 31}, {10, 2, 256, 2, 100}, {5, 5, 6, 3, 0},    {12, 1, 64, 65, 64},
};

Index cache_bytes(DType dtype) {
  return dtype_bits(dtype) / 8;
}

/// A call with random queries and a cache that ends against an unreadable page.
struct Fixture {
  Fixture(const Sizes& s, DType dtype, Random& random)
      : q(random.normals(s.tokens * s.heads * s.head_dim)),
        k(s.kv_heads * (s.position + s.tokens) * s.head_dim * cache_bytes(dtype)),
        v(k.size()) {
    call.q = q.data();
    call.q_stride = call.out_stride = s.heads * s.head_dim;
    call.tokens = s.tokens;
    call.heads = s.heads;
    call.kv_heads = s.kv_heads;
    call.head_dim = s.head_dim;
    call.kv_dtype = dtype;
    call.capacity = s.position + s.tokens;
    call.position = s.position;
    call.scale = 1.0F / std::sqrt(static_cast<float>(s.head_dim));
    const Index width = s.kv_heads * s.head_dim;
    const std::vector<float> keys = random.normals(call.capacity * width, 2.0F);
    const std::vector<float> values = random.normals(call.capacity * width, 2.0F);
    reference::store_kv(keys.data(), width, call.capacity, s.head_dim, dtype, k.data(),
                        call.capacity, 0, {0, s.kv_heads});
    reference::store_kv(values.data(), width, call.capacity, s.head_dim, dtype, v.data(),
                        call.capacity, 0, {0, s.kv_heads});
    call.k = k.data();
    call.v = v.data();
  }

  GuardedBuffer<float> q;
  GuardedBuffer<std::byte> k;
  GuardedBuffer<std::byte> v;
  AttentionCall call;
};

std::vector<float> run(const AttentionKernels& kernels, AttentionCall call, Index step) {
  GuardedBuffer<float> out(call.tokens * call.out_stride);
  GuardedBuffer<std::byte> scratch((kernels.scratch_bytes(call) + 63) / 64 * 64);
  call.out = out.data();
  const Index items = kernels.items(call);
  for (Index i = 0; i < items; i += step) {
    kernels.attention(call, {i, std::min(items, i + step)}, scratch.data());
  }
  return {out.begin(), out.end()};
}

}  // namespace

TEST_CASE("attention on every level equals the plain loops, whatever the split") {
  Random random(51);
  for (const Sizes& sizes : kSizes) {
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      Fixture fixture(sizes, dtype, random);
      std::vector<float> expected(static_cast<std::size_t>(sizes.tokens * fixture.call.out_stride));
      AttentionCall reference_call = fixture.call;
      reference_call.out = expected.data();
      reference::attention(reference_call);
      for (const KernelTable* table : supported_kernel_tables()) {
        CAPTURE(std::string(table->isa));
        CAPTURE(sizes.heads);
        CAPTURE(sizes.head_dim);
        CAPTURE(sizes.tokens);
        CAPTURE(sizes.position);
        CAPTURE(static_cast<int>(dtype));
        const std::vector<float> found = run(*table->attention, fixture.call, 1);
        // Scores of some tens carry head_dim roundings; exp turns them into relative errors, of
        // values of magnitude up to 10.
        const double bound = 10.0 * 0x1p-24 *
                             (30.0 * static_cast<double>(sizes.head_dim) +
                              static_cast<double>(fixture.call.capacity) + 32.0);
        double worst = 0.0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const double error =
              std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i]));
          worst = std::isnan(error) ? 1e30 : std::max(worst, error);
        }
        CHECK(worst <= bound);
        CHECK(run(*table->attention, fixture.call, 3) == found);
        CHECK(run(*table->attention, fixture.call, 1 << 20) == found);
      }
    }
  }
}

TEST_CASE("a query sees its own position and those before it, no later key") {
  Random random(52);
  for (const KernelTable* table : supported_kernel_tables()) {
    Fixture fixture({4, 2, 32, 20, 45}, DType::f32, random);
    const std::vector<float> before = run(*table->attention, fixture.call, 1);
    // Change the key and the value of the last position: only the last query may notice.
    const Index row = fixture.call.head_dim * 4;
    for (Index head = 1; head <= 2; ++head) {
      std::fill_n(fixture.k.data() + head * fixture.call.capacity * row - row, row,
                  std::byte{0x41});
      std::fill_n(fixture.v.data() + head * fixture.call.capacity * row - row, row,
                  std::byte{0x41});
    }
    const std::vector<float> after = run(*table->attention, fixture.call, 1);
    const auto last = before.end() - fixture.call.out_stride;
    CAPTURE(std::string(table->isa));
    CHECK(std::equal(before.begin(), last, after.begin()));
    CHECK_FALSE(std::equal(last, before.end(), after.end() - fixture.call.out_stride));
  }
}

TEST_CASE("store_kv on every level rounds to nearest even and touches its rows only") {
  Random random(53);
  for (const Index head_dim : {1, 6, 16, 48, 129}) {
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      const Index heads = 3;
      const Index tokens = 4;
      const Index capacity = 9;
      const GuardedBuffer<float> x(random.normals(tokens * heads * head_dim, 100.0F));
      const Index bytes = heads * capacity * head_dim * cache_bytes(dtype);
      std::vector<std::byte> expected(static_cast<std::size_t>(bytes), std::byte{0xEE});
      reference::store_kv(x.data(), heads * head_dim, tokens, head_dim, dtype, expected.data(),
                          capacity, 5, {0, heads});
      for (const KernelTable* table : supported_kernel_tables()) {
        CAPTURE(std::string(table->isa));
        CAPTURE(head_dim);
        GuardedBuffer<std::byte> cache(bytes);
        cache.fill(std::byte{0xEE});
        table->attention->store_kv(x.data(), heads * head_dim, tokens, head_dim, dtype,
                                   cache.data(), capacity, 5, {0, 1});
        table->attention->store_kv(x.data(), heads * head_dim, tokens, head_dim, dtype,
                                   cache.data(), capacity, 5, {1, heads});
        CHECK(std::equal(expected.begin(), expected.end(), cache.begin()));
      }
    }
  }
}

}  // namespace ottobit
