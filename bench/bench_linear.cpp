// SPDX-License-Identifier: Apache-2.0
// Dequantisation, one token (gemv) and many tokens (gemm) by format, shape, level and threads.
// Weights of gemv and dequant lie in memory, not in caches: as many copies as fill 512 MiB are
// taken in turn.
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/arena.hpp"
#include "ottobit/crew.hpp"
#include "ottobit/format/recognise.hpp"
#include "ottobit/layers/linear.hpp"

#include "io/pages.hpp"
#include "shapes.hpp"

namespace ottobit::bench {
namespace {

constexpr Index kWorkingSet = Index{512} << 20;
constexpr Index kFewTokens =
    8;  ///< that one pass over the weights serves; their ceiling is reading
constexpr std::array<Index, 4> kFew{1, 2, 4, 8};

/// Copies of one random matrix with block scales (FP8) or without.
class Weights {
 public:
  Weights(FormatId format, bool zero_points, Index n, Index k)
      : linear_(
            static_cast<std::size_t>(std::max<Index>(1, kWorkingSet / (n * row_bytes(format, k))))),
        bytes_(n * row_bytes(format, k)),
        pages_("weights", bytes_ * static_cast<Index>(linear_.size()), Pages::Size::huge),
        scales_(static_cast<std::size_t>((n + 127) / 128 * ((k + 127) / 128)), 0.01F),
        row_scales_(static_cast<std::size_t>(n * ((k + 127) / 128)), 0x2000),
        narrow_scales_(static_cast<std::size_t>(n * ((k + 31) / 32)), std::uint8_t{120}),
        zeros_(row_scales_.size(), std::int8_t{3}) {
    std::uint64_t state = 0x9E3779B97F4A7C15U;
    for (Index i = 0; i + 8 <= pages_.size(); i += 8) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      // E4M3 below 2 in magnitude; as BF16 or F32 numbers all finite and small.
      const std::uint64_t word =
          state & (format == FormatId::fp8_e4m3 ? 0xBFBFBFBFBFBFBFBFU : 0xBDFFBDFFBDFFBDFFU);
      std::memcpy(pages_.data() + i, &word, sizeof word);
    }
    for (std::size_t i = 0; i < linear_.size(); ++i) {
      WeightView& w = linear_[i].weight;
      w.format = format;
      w.rows = n;
      w.cols = k;
      w.row_bytes = row_bytes(format, k);
      w.data = pages_.data() + static_cast<Index>(i) * bytes_;
      if (format == FormatId::fp8_e4m3) {
        w.scales = reinterpret_cast<const std::byte*>(scales_.data());
        w.scale_row_bytes = (k + 127) / 128 * 4;
        w.block_rows = w.block_cols = 128;
      } else if (format == FormatId::fp4_e2m1) {  // MXFP4
        w.scale_dtype = DType::f8_e8m0;
        w.scales = reinterpret_cast<const std::byte*>(narrow_scales_.data());
        w.scale_row_bytes = (k + 31) / 32;
        w.block_rows = 1;
        w.block_cols = 32;
      } else if (row_bytes(format, 2) <= 2) {  // of 4 and 8 bits, a scale for 128 columns
        w.scale_dtype = DType::f16;
        w.scales = reinterpret_cast<const std::byte*>(row_scales_.data());
        w.scale_row_bytes = (k + 127) / 128 * 2;
        w.block_rows = 1;
        w.block_cols = 128;
        w.zeros = zero_points ? zeros_.data() : nullptr;
      }
    }
  }

  [[nodiscard]] const Linear& next() noexcept { return linear_[turn_++ % linear_.size()]; }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }

 private:
  std::vector<Linear> linear_;
  Index bytes_;
  Pages pages_;
  std::vector<float> scales_;
  std::vector<std::uint16_t> row_scales_;
  std::vector<std::uint8_t> narrow_scales_;
  std::vector<std::int8_t> zeros_;
  std::size_t turn_ = 0;
};

const char* short_name(FormatId format) {
  return format == FormatId::fp8_e4m3   ? "fp8_e4m3_block"
         : format == FormatId::bf16     ? "bf16"
         : format == FormatId::int4     ? "int4_group"
         : format == FormatId::int8     ? "int8_group"
         : format == FormatId::fp4_e2m1 ? "mxfp4"
         : format == FormatId::f16      ? "f16"
                                        : "f32";
}

struct Case {
  FormatId format;
  MatrixShape shape;
  const KernelTable* table;
  int threads;
  Index tokens;
  bool zero_points = false;
};

bool computes_in_bf16(const Case& c) {
  return c.table->linear->has_fast_bf16;
}

void products(benchmark::State& state, const Case& c) {
  Weights weights(c.format, c.zero_points, c.shape.n, c.shape.k);
  const Compute compute = computes_in_bf16(c) ? Compute::bf16x2 : Compute::f32;  // the defaults
  const std::vector<float> x(static_cast<std::size_t>(c.tokens * c.shape.k), 0.5F);
  std::vector<float> y(static_cast<std::size_t>(c.tokens * c.shape.n));
  ArenaSize size;
  Packed::workspace({*c.table, compute, c.threads, c.tokens}, c.shape.k, size);
  Arena arena(size.bytes());
  Crew crew(CrewOptions{c.threads});
  ExecContext ctx{*c.table, compute, Parallel(crew), arena};
  for ([[maybe_unused]] auto step : state) {
    const Arena::Mark mark(arena);
    const Packed packed(ctx, x.data(), c.shape.k, c.tokens, c.shape.k);
    packed.multiply({{weights.next(), y.data(), c.shape.n}});
    benchmark::ClobberMemory();
  }
  const double bytes =
      static_cast<double>(weights.bytes()) * static_cast<double>(state.iterations());
  const double flops = 2.0 * static_cast<double>(c.tokens * c.shape.n * c.shape.k) *
                       static_cast<double>(state.iterations());
  const Ceilings& roof = ceilings(c.table->isa, c.threads, computes_in_bf16(c));
  const bool reads = c.tokens <= kFewTokens;
  const double ceiling = reads ? roof.read_gb_per_second : roof.dp_gflops;
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(bytes / 1e9, Counter::kIsRate);
  state.counters["GFLOP/s"] = Counter(flops / 1e9, Counter::kIsRate);
  state.counters["roof"] = Counter((reads ? bytes : flops) / 1e9 / ceiling, Counter::kIsRate);
}

void dequant(benchmark::State& state, const Case& c) {
  Weights weights(c.format, c.zero_points, c.shape.n, c.shape.k);
  Crew crew(CrewOptions{c.threads});
  const Parallel parallel(crew);
  std::vector<float> rows(static_cast<std::size_t>(c.threads * 16 * c.shape.k));
  for ([[maybe_unused]] auto step : state) {
    const WeightView& w = weights.next().weight;
    parallel.for_rows(w.rows, 16, [&](Index begin, Index end, int worker) noexcept {
      for (Index r = begin; r < end; r += 16) {
        c.table->linear->dequant_f32(w, {r, std::min(end, r + 16)},
                                     rows.data() + worker * 16 * w.cols, w.cols);
      }
    });
    benchmark::ClobberMemory();
  }
  const double bytes =
      static_cast<double>(weights.bytes()) * static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(bytes / 1e9, Counter::kIsRate);
  state.counters["roof"] = Counter(
      bytes / 1e9 / ceilings(c.table->isa, c.threads, false).read_gb_per_second, Counter::kIsRate);
}

void add(const std::string& kernel, void (*run)(benchmark::State&, const Case&), const Case& c) {
  const std::string name = kernel + "/" + short_name(c.format) + (c.zero_points ? "_zeros/" : "/") +
                           c.shape.name + "_N" + std::to_string(c.shape.n) + "_K" +
                           std::to_string(c.shape.k) +
                           (c.tokens > 1 ? "_T" + std::to_string(c.tokens) : "") + "/" +
                           c.table->isa + "/t" + std::to_string(c.threads);
  benchmark::RegisterBenchmark(name.c_str(), [run, c](benchmark::State& state) {
    run(state, c);
  })->UseRealTime();
}

}  // namespace

void register_linear() {
  const int all = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<int> threads{1};
  if (all > 1) {
    threads.push_back(all);
  }
  for (const KernelTable* table : supported_kernel_tables()) {
    for (const int count : threads) {
      for (const FormatId format : {FormatId::int4, FormatId::int8}) {
        for (const bool zero_points : {false, true}) {
          for (const Index tokens : kFew) {
            add("gemv", products, {format, kSeedOss[0], table, count, tokens, zero_points});
          }
          add("gemm", products, {format, kSeedOss[2], table, count, 512, zero_points});
        }
      }
      for (const FormatId format : {FormatId::fp4_e2m1, FormatId::f16}) {
        for (const Index tokens : kFew) {
          add("gemv", products, {format, kSeedOss[0], table, count, tokens});
        }
        add("gemm", products, {format, kSeedOss[2], table, count, 512});
      }
      for (const FormatId format : {FormatId::fp8_e4m3, FormatId::bf16}) {
        add("dequant", dequant, {format, kSeedOss[0], table, count, 1});
        for (const MatrixShape& shape : kSeedOss) {
          for (const Index tokens : kFew) {
            add("gemv", products, {format, shape, table, count, tokens});
          }
        }
        for (const Index tokens : {16, 64, 512}) {
          add("gemm", products, {format, kSeedOss[2], table, count, tokens});
        }
      }
    }
  }
}

}  // namespace ottobit::bench
