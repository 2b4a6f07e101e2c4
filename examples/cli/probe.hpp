// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best, measured with small kernels of its own: reading memory, and the
// instructions that matrix products are made of. A benchmark puts its rates beside these, taken in
// the same run with the same number of threads. Independent of the library on purpose.
#pragma once

#include <cstddef>
#include <string>

namespace ottobit::cli {

/// 0 where there is no kernel for this processor.
struct Ceilings {
  double read_gb_per_second = 0;  ///< plain vector loads over memory far larger than the caches
  double dp_gflops = 0;  ///< peak of the instruction for the compute type: VDPBF16PS for bf16 on
                         ///< avx512_bf16, otherwise multiply-add in f32; two operations each
  double int8_gops = 0;  ///< peak of the int8 dot product: VPDPBUSD, else VPMADDUBSW and VPMADDWD
};

struct ProbeKernels;  // probe_kernels.hpp

class Probe {
 public:
  /// `isa` is a level's name as the library reports it; `bf16` the compute type.
  Probe(const std::string& isa, int threads, bool bf16, std::size_t last_level_cache_bytes);

  /// Takes about half a second. Keeps the best of all calls and returns it. The memory it reads is
  /// allocated and returned within the call.
  const Ceilings& measure();
  [[nodiscard]] const Ceilings& best() const noexcept { return best_; }

 private:
  void measure_read();
  [[nodiscard]] double rate(void (*kernel)(long), double operations) const;

  const ProbeKernels* kernels_;
  int threads_;
  bool bf16_;
  std::size_t buffer_bytes_;
  Ceilings best_;
};

}  // namespace ottobit::cli
