// SPDX-License-Identifier: Apache-2.0
// The elementwise and selection kernels on rows of Seed-OSS-36B, in cache.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/kernels/table.hpp"

#include "shapes.hpp"

namespace ottobit::bench {
namespace {

constexpr Index kWidth = 5120;
constexpr Index kHidden = 27648;
constexpr Index kVocab = 155136;

template <class Body>
void add(const KernelTable* table, const std::string& name, Index n, const Body& body) {
  const std::string full = name + "/f32/N" + std::to_string(n) + "/" + table->isa + "/t1";
  benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State& state) {
    std::vector<float> x(static_cast<std::size_t>(n));
    std::vector<float> y(x.size(), 0.5F);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(i * 2654435761U % 1000) / 500.0F - 1.0F;
    }
    for ([[maybe_unused]] auto step : state) {
      body(*table->elementwise, x.data(), y.data(), n);
      benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * n);
  });
}

}  // namespace

void register_elementwise() {
  for (const KernelTable* table : supported_kernel_tables()) {
    using Kernels = ElementwiseKernels;
    add(table, "rms_norm", kWidth, [](const Kernels& k, const float* x, float* y, Index n) {
      k.rms_norm(x, n, x, 1e-6F, n, y, n, {0, 1});
    });
    add(table, "silu_mul", kHidden,
        [](const Kernels& k, const float* x, float* y, Index n) { k.silu_mul(x, x, y, n); });
    add(table, "softmax", kVocab, [](const Kernels& k, const float* x, float* y, Index n) {
      std::copy(x, x + n, y);
      k.softmax(y, n);
    });
    add(table, "argmax", kVocab, [](const Kernels& k, const float* x, float*, Index n) {
      benchmark::DoNotOptimize(k.argmax(x, n));
    });
    add(table, "top_k_64", kVocab, [](const Kernels& k, const float* x, float*, Index n) {
      ScoredToken out[64];
      k.top_k(x, n, 64, out);
      benchmark::DoNotOptimize(out[63]);
    });
  }
}

}  // namespace ottobit::bench
