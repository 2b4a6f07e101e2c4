// SPDX-License-Identifier: Apache-2.0
// ottobit_bench: kernels by name, `kernel/format/shape/isa/threads`. Each row has `roof`, its share
// of the ceiling that bounds it, measured by the same process: reading memory, or the peak of the
// multiply-add instruction.
//   ottobit_bench --benchmark_filter=gemv/fp8 --benchmark_repetitions=9
//                 --benchmark_report_aggregates_only=true
#include <map>
#include <tuple>

#include <benchmark/benchmark.h>

#include "shapes.hpp"

namespace ottobit::bench {

const Ceilings& ceilings(const std::string& isa, int threads, bool bf16) {
  constexpr std::size_t kLastLevelCache = 32U << 20U;
  static std::map<std::tuple<std::string, int, bool>, Ceilings> measured;
  const auto [at, fresh] = measured.try_emplace({isa, threads, bf16});
  if (fresh) {
    at->second = {cli::ReadProbe(isa, threads, kLastLevelCache).measure(),
                  cli::PeakProbe(isa, threads, bf16).measure().dp_gflops};
  }
  return at->second;
}

void register_linear();
void register_attention();
void register_elementwise();

}  // namespace ottobit::bench

int main(int argc, char** argv) {
  ottobit::bench::register_linear();
  ottobit::bench::register_attention();
  ottobit::bench::register_elementwise();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
