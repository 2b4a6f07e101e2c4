// SPDX-License-Identifier: Apache-2.0
// Measuring ceilings: the same short work on every thread at once, the best of several runs. The
// best and not the median, because on a shared machine other work can only slow a run down.
#include "probe.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <sys/mman.h>

#include "probe_kernels.hpp"

namespace ottobit::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRuns = 6;
constexpr double kRunSeconds = 0.02;
constexpr std::size_t kPage = std::size_t{2} << 20U;  // of transparent huge pages on x86-64
constexpr std::size_t kMinBuffer = std::size_t{256} << 20U;
constexpr std::size_t kMaxBuffer = std::size_t{1} << 30U;

/// Seconds from a common start until the last of `threads` has done work(index).
template <class Work>
double time_together(int threads, const Work& work) {
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(threads));
  for (int index = 1; index < threads; ++index) {
    others.emplace_back([&, index] {
      ready.fetch_add(1);
      while (!go.load()) {
        std::this_thread::yield();
      }
      work(index);
    });
  }
  while (ready.load() < threads - 1) {
    std::this_thread::yield();
  }
  const Clock::time_point start = Clock::now();
  go.store(true);
  work(0);
  for (std::thread& other : others) {
    other.join();
  }
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Pages::Pages(std::size_t bytes) : mapped_(bytes + kPage) {
  void* block = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block != MAP_FAILED) {
    block_ = static_cast<std::byte*>(block);
    const auto address = reinterpret_cast<std::uintptr_t>(block_);
    data_ = block_ + (kPage - address % kPage) % kPage;
#if defined(MADV_HUGEPAGE)
    (void)madvise(data_, bytes, MADV_HUGEPAGE);  // only a hint
#endif
  }
}

Pages::~Pages() {
  if (block_ != nullptr) {
    munmap(block_, mapped_);
  }
}

ReadProbe::ReadProbe(const std::string& isa, int threads, std::size_t last_level_cache_bytes)
    : kernels_(&probe_kernels(isa)),
      threads_(std::max(1, threads)),
      slab_(std::max(kPage, std::clamp(32 * last_level_cache_bytes, kMinBuffer, kMaxBuffer) /
                                static_cast<std::size_t>(threads_) / kPage * kPage)),
      pages_(slab_ * static_cast<std::size_t>(threads_)) {
  if (pages_.data() != nullptr) {
    // The thread that reads a slab touches it first, so that it lies in that thread's memory node.
    time_together(threads_, [&](int index) {
      std::fill_n(pages_.data() + static_cast<std::size_t>(index) * slab_, slab_, std::byte{1});
    });
  }
}

double ReadProbe::pass() const {
  const double seconds = time_together(threads_, [&](int index) {
    kernels_->read(pages_.data() + static_cast<std::size_t>(index) * slab_, slab_);
  });
  return static_cast<double>(slab_) * threads_ / seconds / 1e9;
}

double ReadProbe::measure() const {
  double best = 0;
  for (int run = 0; run < kRuns && pages_.data() != nullptr; ++run) {
    best = std::max(best, pass());
  }
  return best;
}

PeakProbe::PeakProbe(const std::string& isa, int threads, bool bf16)
    : kernels_(&probe_kernels(isa)), threads_(std::max(1, threads)), bf16_(bf16) {}

const Peaks& PeakProbe::measure() {
  const bool dot = bf16_ && kernels_->bf16 != nullptr;
  best_.dp_gflops = std::max(best_.dp_gflops, dot ? rate(kernels_->bf16, kernels_->bf16_operations)
                                                  : rate(kernels_->f32, kernels_->f32_operations));
  if (kernels_->int8 != nullptr) {
    best_.int8_gops = std::max(best_.int8_gops, rate(kernels_->int8, kernels_->int8_operations));
  }
  return best_;
}

double PeakProbe::rate(void (*kernel)(long), double operations) const {
  long rounds = 1000;
  double seconds = 0;
  while ((seconds = time_together(threads_, [&](int) { kernel(rounds); })) < kRunSeconds / 4) {
    rounds *= 4;
  }
  rounds = std::max(1L, static_cast<long>(static_cast<double>(rounds) * kRunSeconds / seconds));
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    seconds = time_together(threads_, [&](int) { kernel(rounds); });
    const double total = operations * static_cast<double>(rounds) * static_cast<double>(threads_);
    best = std::max(best, total / seconds / 1e9);
  }
  return best;
}

}  // namespace ottobit::cli
