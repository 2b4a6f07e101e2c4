// SPDX-License-Identifier: Apache-2.0
// Attention of Seed-OSS-36B (80 heads of 128, 8 key/value heads) by context, level and cache type:
// one query, which reads the cache once, and a prompt's block of queries.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/arena.hpp"
#include "ottobit/kernels/table.hpp"

#include "runtime/pages.hpp"
#include "shapes.hpp"

namespace ottobit::bench {
namespace {

struct Case {
  const KernelTable* table;
  DType dtype;
  Index tokens;
  Index context;
};

void attend(benchmark::State& state, const Case& c) {
  constexpr Index kHeads = 80;
  constexpr Index kGroups = 8;
  constexpr Index kWidth = 128;
  const std::vector<float> q(static_cast<std::size_t>(c.tokens * kHeads * kWidth), 0.01F);
  std::vector<float> out(q.size());
  const Index cache = kGroups * c.context * kWidth * dtype_bits(c.dtype) / 8;
  const Pages k("keys", cache, Pages::Size::huge);
  const Pages v("values", cache, Pages::Size::huge);
  AttentionCall call;
  call.q = q.data();
  call.out = out.data();
  call.q_stride = call.out_stride = kHeads * kWidth;
  call.tokens = c.tokens;
  call.heads = kHeads;
  call.kv_heads = kGroups;
  call.head_dim = call.value_dim = kWidth;
  call.k = {k.data(), kWidth, c.context * kWidth};
  call.v = {v.data(), kWidth, c.context * kWidth};
  call.kv_dtype = c.dtype;
  call.position = c.context - c.tokens;
  call.scale = 0.088F;
  Arena arena(c.table->attention->scratch_bytes(call));
  auto* const scratch = arena.take<std::byte>(arena.size());
  const Index items = c.table->attention->items(call);
  for ([[maybe_unused]] auto step : state) {
    c.table->attention->attention(call, {0, items}, scratch);
    benchmark::ClobberMemory();
  }
  const auto steps = static_cast<double>(state.iterations());
  const double keys = static_cast<double>(c.context) - static_cast<double>(c.tokens - 1) / 2;
  const double flops = 4.0 * static_cast<double>(c.tokens * kHeads * kWidth) * keys * steps;
  const cli::Ceilings& roof = ceilings(c.table->isa, 1, false);
  using benchmark::Counter;
  state.counters["GB/s"] =
      Counter(2.0 * static_cast<double>(cache) * steps / 1e9, Counter::kIsRate);
  state.counters["GFLOP/s"] = Counter(flops / 1e9, Counter::kIsRate);
  state.counters["roof"] =
      c.tokens == 1
          ? Counter(2.0 * static_cast<double>(cache) * steps / 1e9 / roof.read_gb_per_second,
                    Counter::kIsRate)
          : Counter(flops / 1e9 / roof.dp_gflops, Counter::kIsRate);
}

}  // namespace

void register_attention() {
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const DType dtype : {DType::f16, DType::bf16, DType::f32}) {
      for (const Index context : {512, 8192}) {
        for (const Index tokens : {1, 64}) {
          const Case c{table, dtype, tokens, context};
          const std::string name = "attention/" + std::string(dtype_name(dtype)) +
                                   "/H80_G8_A128_C" + std::to_string(context) + "_T" +
                                   std::to_string(tokens) + "/" + table->isa + "/t1";
          benchmark::RegisterBenchmark(name.c_str(), [c](benchmark::State& s) { attend(s, c); });
        }
      }
    }
  }
}

}  // namespace ottobit::bench
