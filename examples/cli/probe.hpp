// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best, measured with small kernels of its own: reading memory, and the
// instructions that matrix products are made of. A benchmark puts its rates beside these, taken in
// the same run with the same number of threads. Independent of the library on purpose.
#pragma once

#include <cstddef>
#include <string>

namespace ottobit::cli {

/// Peaks of arithmetic; 0 where there is no kernel for this processor.
struct Peaks {
  double dp_gflops = 0;  ///< of the instruction for the compute type: for bf16 TDPBF16PS on
                         ///< amx_bf16 and VDPBF16PS on avx512_bf16, otherwise multiply-add in f32
  double int8_gops = 0;  ///< of the int8 dot product: VPDPBUSD, else VPMADDUBSW and VPMADDWD
};

struct ProbeKernels;  // probe_kernels.hpp

/// Private memory in huge pages where the system has them; null where there is not enough.
class Pages {
 public:
  explicit Pages(std::size_t bytes);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  [[nodiscard]] std::byte* data() const noexcept { return data_; }

 private:
  std::size_t mapped_;
  std::byte* block_ = nullptr;
  std::byte* data_ = nullptr;
};

/// What plain vector loads of `threads` threads reach in memory far larger than the caches, at this
/// moment: where a machine is shared it changes from second to second. Holds the memory that it
/// reads, from 256 MiB to 1 GiB.
class ReadProbe {
 public:
  /// `isa` is a level's name as the library reports it.
  ReadProbe(const std::string& isa, int threads, std::size_t last_level_cache_bytes);

  /// GB/s, the best of several passes (some tenths of a second together); 0 where the memory is
  /// lacking.
  [[nodiscard]] double measure() const;

 private:
  [[nodiscard]] double pass() const;

  const ProbeKernels* kernels_;
  int threads_;
  std::size_t slab_;  ///< bytes that one thread reads
  Pages pages_;
};

class PeakProbe {
 public:
  /// `bf16` is the compute type.
  PeakProbe(const std::string& isa, int threads, bool bf16);

  /// Takes about a quarter of a second. Keeps the best of all calls and returns it.
  const Peaks& measure();

 private:
  [[nodiscard]] double rate(void (*kernel)(long), double operations) const;

  const ProbeKernels* kernels_;
  int threads_;
  bool bf16_;
  Peaks best_;
};

}  // namespace ottobit::cli
