// SPDX-License-Identifier: Apache-2.0
// Attention of Seed-OSS-36B (80 heads of 128, 8 key/value heads) and of DeepSeek-V3 on its latents
// (128 heads share rows of 576, of which 512 are values) by context, level and cache type: one
// query, which reads the cache once, and a prompt's block of queries.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/arena.hpp"
#include "ottobit/kernels/table.hpp"

#include "io/pages.hpp"
#include "shapes.hpp"

namespace ottobit::bench {
namespace {

struct Heads {
  const char* name;
  Index heads;
  Index groups;
  Index key_dim;
  Index value_dim;
  bool latent;  ///< keys and values are the same rows for all groups
  bool may_round;
};
constexpr Heads kSeed{"H80_G8_A128", 80, 8, 128, 128, false, false};
constexpr Heads kDeepSeek{"H128_latent_A576_B512", 128, 2, 576, 512, true, false};
constexpr Heads kRounded{"H128_latent_A576_B512_rounded", 128, 2, 576, 512, true, true};

struct Case {
  const KernelTable* table;
  DType dtype;
  Heads heads;
  Index tokens;
  Index context;
};

void attend(benchmark::State& state, const Case& c) {
  const Heads& h = c.heads;
  const std::vector<float> q(static_cast<std::size_t>(c.tokens * h.heads * h.key_dim), 0.01F);
  std::vector<float> out(static_cast<std::size_t>(c.tokens * h.heads * h.value_dim));
  const Index rows = h.latent ? c.context : h.groups * c.context;
  const Index cache = rows * h.key_dim * dtype_bits(c.dtype) / 8;
  const Pages k("keys", cache, Pages::Size::huge);
  const Pages v("values", h.latent ? 0 : cache, Pages::Size::huge);
  AttentionCall call;
  call.q = q.data();
  call.out = out.data();
  call.q_stride = h.heads * h.key_dim;
  call.out_stride = h.heads * h.value_dim;
  call.tokens = c.tokens;
  call.heads = h.heads;
  call.kv_heads = h.groups;
  call.head_dim = h.key_dim;
  call.value_dim = h.value_dim;
  const Index head_stride = h.latent ? 0 : c.context * h.key_dim;
  call.k = {k.data(), h.key_dim, head_stride};
  call.v = {h.latent ? k.data() : v.data(), h.key_dim, head_stride};
  call.kv_dtype = c.dtype;
  call.position = c.context - c.tokens;
  call.scale = 0.088F;
  call.may_round = h.may_round;
  Arena arena(c.table->attention->scratch_bytes(call));
  auto* const scratch = arena.take<std::byte>(arena.size());
  const Index items = c.table->attention->items(call);
  for ([[maybe_unused]] auto step : state) {
    c.table->attention->attention(call, {0, items}, scratch);
    benchmark::ClobberMemory();
  }
  const auto steps = static_cast<double>(state.iterations());
  const double keys = static_cast<double>(c.context) - static_cast<double>(c.tokens - 1) / 2;
  const double flops =
      2.0 * static_cast<double>(c.tokens * h.heads * (h.key_dim + h.value_dim)) * keys * steps;
  const double bytes = static_cast<double>(cache) * (h.latent ? 1.0 : 2.0) * steps;
  const bool rounds = h.may_round && c.table->linear->has_fast_bf16;
  const Ceilings& roof = ceilings(c.table->isa, 1, rounds);
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(bytes / 1e9, Counter::kIsRate);
  state.counters["GFLOP/s"] = Counter(flops / 1e9, Counter::kIsRate);
  state.counters["roof"] = c.tokens == 1 && !h.latent
                               ? Counter(bytes / 1e9 / roof.read_gb_per_second, Counter::kIsRate)
                               : Counter(flops / 1e9 / roof.dp_gflops, Counter::kIsRate);
}

}  // namespace

void register_attention() {
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const DType dtype : {DType::f16, DType::bf16, DType::f32}) {
      for (const Index context : {512, 8192}) {
        for (const Heads& heads : {kSeed, kDeepSeek, kRounded}) {
          for (const Index tokens : {1, heads.latent ? 16 : 64}) {
            const Case c{table, dtype, heads, tokens, context};
            const std::string name = "attention/" + std::string(dtype_name(dtype)) + "/" +
                                     heads.name + "_C" + std::to_string(context) + "_T" +
                                     std::to_string(tokens) + "/" + table->isa + "/t1";
            benchmark::RegisterBenchmark(name.c_str(), [c](benchmark::State& s) { attend(s, c); });
          }
        }
      }
    }
  }
}

}  // namespace ottobit::bench
