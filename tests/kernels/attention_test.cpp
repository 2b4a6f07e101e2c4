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
#include "ottobit/numeric/bf16.hpp"

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
    call.head_dim = call.value_dim = s.head_dim;
    call.kv_dtype = dtype;
    call.position = s.position;
    call.scale = 1.0F / std::sqrt(static_cast<float>(s.head_dim));
    const Index width = s.kv_heads * s.head_dim;
    const Index capacity = rows();
    const std::vector<float> keys = random.normals(capacity * width, 2.0F);
    const std::vector<float> values = random.normals(capacity * width, 2.0F);
    reference::store_kv(keys.data(), width, capacity, s.head_dim, dtype, k.data(), capacity, 0,
                        {0, s.kv_heads});
    reference::store_kv(values.data(), width, capacity, s.head_dim, dtype, v.data(), capacity, 0,
                        {0, s.kv_heads});
    call.k = {k.data(), s.head_dim, capacity * s.head_dim};
    call.v = {v.data(), s.head_dim, capacity * s.head_dim};
  }

  [[nodiscard]] Index rows() const noexcept { return call.position + call.tokens; }

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

/// Rounds the numbers of a cache to bf16.
void round_cache(GuardedBuffer<std::byte>& cache, DType dtype) {
  for (Index i = 0; i < cache.size() / cache_bytes(dtype); ++i) {
    const float x = Bf16::decode(Bf16::encode(reference::cache_element(cache.data(), dtype, i)));
    reference::store_kv(&x, 1, 1, 1, dtype, cache.data(), cache.size(), i, {0, 1});
  }
}

/// Every level against the plain loops, whatever the split over items; `call.out` is not used.
/// `slack` is added to the tolerance.
void check_levels(const AttentionCall& call, double slack = 0.0) {
  std::vector<float> expected(static_cast<std::size_t>(call.tokens * call.out_stride));
  AttentionCall reference_call = call;
  reference_call.out = expected.data();
  reference::attention(reference_call);
  for (const KernelTable* table : supported_kernel_tables()) {
    CAPTURE(std::string(table->isa));
    CAPTURE(call.heads);
    CAPTURE(call.kv_heads);
    CAPTURE(call.head_dim);
    CAPTURE(call.value_dim);
    CAPTURE(call.tokens);
    CAPTURE(call.position);
    CAPTURE(static_cast<int>(call.kv_dtype));
    const std::vector<float> found = run(*table->attention, call, 1);
    // Scores of some tens carry head_dim roundings; exp turns them into relative errors, of
    // values of magnitude up to 10.
    const double bound = slack + 10.0 * 0x1p-24 *
                                     (30.0 * static_cast<double>(call.head_dim) +
                                      static_cast<double>(call.position + call.tokens) + 32.0);
    double worst = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double error =
          std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i]));
      worst = std::isnan(error) ? 1e30 : std::max(worst, error);
    }
    CHECK(worst <= bound);
    CHECK(run(*table->attention, call, 3) == found);
    CHECK(run(*table->attention, call, 1 << 20) == found);
  }
}

}  // namespace

TEST_CASE("attention on every level equals the plain loops, whatever the split") {
  Random random(51);
  for (const Sizes& sizes : kSizes) {
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      check_levels(Fixture(sizes, dtype, random).call);
    }
  }
}

TEST_CASE("values narrower than keys, in rows of their own stride") {
  Random random(54);
  for (const Index tokens : {1, 3, 70}) {
    // Keys of 40 in rows of 56; values of 24, then of 16, begin 8 elements into the rows.
    Fixture fixture({6, 2, 56, tokens, 90}, DType::f32, random);
    AttentionCall call = fixture.call;
    call.head_dim = 40;
    call.q_stride = 6 * 40;
    call.v.data += 8 * sizeof(float);
    for (const Index value_dim : {24, 16}) {
      call.value_dim = value_dim;
      call.out_stride = 6 * value_dim;
      check_levels(call);
    }
  }
}

TEST_CASE("heads that share one latent row, whatever the number of heads that go together") {
  Random random(55);
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Index tokens : {1, 5}) {
      constexpr Index kHeads = 24;
      constexpr Index kLatent = 64;
      constexpr Index kRow = kLatent + 16;
      Fixture fixture({kHeads, 1, kRow, tokens, 75}, dtype, random);
      AttentionCall call = fixture.call;
      call.value_dim = kLatent;
      call.v = call.k;
      call.out_stride = kHeads * kLatent;
      call.k.head_stride = call.v.head_stride = 0;
      check_levels(call);
      for (const KernelTable* table : supported_kernel_tables()) {
        call.kv_heads = 1;
        const std::vector<float> together = run(*table->attention, call, 1);
        for (const Index parts : {2, 3, 24}) {
          call.kv_heads = parts;
          CHECK(run(*table->attention, call, 1) == together);
        }
      }
      call.kv_heads = 1;
    }
  }
}

TEST_CASE("where a call may round: queries, keys, values and weights to nearest, nothing else") {
  Random random(58);
  for (Sizes sizes : kSizes) {
    sizes.head_dim = (sizes.head_dim + 1) / 3 * 2 + 1;  // odd ones, too
    for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
      Fixture fixture(sizes, dtype, random);
      AttentionCall& call = fixture.call;
      call.scale = 0.125F;  // of a power of two: rounding before and after is the same
      call.may_round = true;
      std::vector<std::vector<float>> raw;
      for (const KernelTable* table : supported_kernel_tables()) {
        raw.push_back(run(*table->attention, call, 1));
      }
      for (float& x : fixture.q) {
        x = Bf16::decode(Bf16::encode(x));
      }
      round_cache(fixture.k, dtype);
      round_cache(fixture.v, dtype);
      // What is left is the rounding of weights, by 2^-9 of each, of values up to 10.
      check_levels(call, 10.0 * 0x1p-9);
      for (std::size_t i = 0; i < raw.size(); ++i) {
        const KernelTable* table = supported_kernel_tables()[i];
        CAPTURE(std::string(table->isa));
        if (table->linear->has_fast_bf16) {
          CHECK(run(*table->attention, call, 1) == raw[i]);
        }
      }
    }
  }
}

TEST_CASE("windows, chunks, caps and sinks, one by one and together") {
  Random random(56);
  const std::vector<float> sinks = random.normals(6, 3.0F);
  for (const auto& [tokens, position] :
       {std::pair<Index, Index>{1, 0}, {1, 200}, {75, 0}, {75, 130}}) {
    Fixture fixture({6, 2, 24, tokens, position}, DType::bf16, random);
    for (const Index window : {0, 1, 24, 64, 100, 1000}) {
      for (const Index chunk : {0, 32, 90}) {
        for (const float cap : {0.0F, 2.5F}) {
          AttentionCall call = fixture.call;
          call.window = window;
          call.chunk = chunk;
          call.cap = cap;
          call.sinks = (window + chunk) % 3 == 0 ? sinks.data() : nullptr;
          CAPTURE(window);
          CAPTURE(chunk);
          check_levels(call);
        }
      }
    }
  }
}

TEST_CASE("queries that see chosen blocks of keys only") {
  Random random(58);
  for (const auto& [tokens, position] :
       {std::pair<Index, Index>{1, 200}, {3, 700}, {75, 0}, {40, 330}}) {
    Fixture fixture({12, 2, 24, tokens, position}, DType::bf16, random);
    for (const Index block : {1, 16, 48, 64, 128}) {
      AttentionCall call = fixture.call;
      call.block = block;
      call.blocks = (fixture.rows() + block - 1) / block;
      GuardedBuffer<std::uint8_t> chosen(tokens * call.kv_heads * call.blocks);
      for (Index t = 0; t < tokens; ++t) {
        for (Index g = 0; g < call.kv_heads; ++g) {
          std::uint8_t* const its = chosen.data() + (t * call.kv_heads + g) * call.blocks;
          std::generate_n(its, call.blocks, [&] { return random.index(5) == 0 ? 1 : 0; });
          // Every query sees a key: its own, or, of an odd one, the first.
          its[t % 2 == 0 ? (position + t) / block : 0] = 1;
        }
      }
      call.chosen = chosen.data();
      CAPTURE(block);
      for (const float cap : {0.0F, 2.5F}) {
        call.cap = cap;
        check_levels(call);
      }
      // All blocks chosen are no choice, to the bit.
      std::fill(chosen.begin(), chosen.end(), std::uint8_t{1});
      const KernelTable& table = *supported_kernel_tables().back();
      CHECK(run(*table.attention, call, 1) == [&] {
        call.chosen = nullptr;
        return run(*table.attention, call, 1);
      }());
    }
  }
}

TEST_CASE("a ring of rows holds what a window needs: the bits of the whole sequence") {
  Random random(57);
  constexpr Index kWindow = 40;
  constexpr Index kRing = 128;
  for (const Index tokens : {1, 30, 89}) {
    for (const Index position : {0, 39, 64, 100, 127, 128, 250}) {
      Fixture fixture({4, 2, 16, tokens, position}, DType::f32, random);
      AttentionCall call = fixture.call;
      call.window = kWindow;
      const Index row = 16 * sizeof(float);
      GuardedBuffer<std::byte> k(2 * kRing * row);
      GuardedBuffer<std::byte> v(2 * kRing * row);
      for (Index head = 0; head < 2; ++head) {
        for (Index p = std::max<Index>(0, fixture.rows() - kRing); p < fixture.rows(); ++p) {
          const Index from = (head * fixture.rows() + p) * row;
          const Index to = (head * kRing + p % kRing) * row;
          std::copy_n(fixture.k.data() + from, row, k.data() + to);
          std::copy_n(fixture.v.data() + from, row, v.data() + to);
        }
      }
      AttentionCall ring = call;
      ring.ring = kRing;
      ring.k = {k.data(), 16, kRing * 16};
      ring.v = {v.data(), 16, kRing * 16};
      CAPTURE(tokens);
      CAPTURE(position);
      check_levels(ring);
      for (const KernelTable* table : supported_kernel_tables()) {
        CHECK(run(*table->attention, ring, 1) == run(*table->attention, call, 1));
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
      std::fill_n(fixture.k.data() + head * fixture.rows() * row - row, row, std::byte{0x41});
      std::fill_n(fixture.v.data() + head * fixture.rows() * row - row, row, std::byte{0x41});
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
      std::vector<float> numbers = random.normals(tokens * heads * head_dim, 100.0F);
      numbers.front() = 65519.9F;  // rounds to the largest F16, as does all above
      numbers.back() = -1e30F;
      numbers[numbers.size() / 2] = 3e-6F;
      const GuardedBuffer<float> x(numbers);
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
