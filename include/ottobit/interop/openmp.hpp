// SPDX-License-Identifier: Apache-2.0
// OpenMpEngine: for applications that compute with OpenMP themselves and are compiled with it. The
// work of the library runs in their team; ottobit itself needs no OpenMP. Without OpenMP the
// calling thread does it all.
#pragma once

#include "ottobit/engine.hpp"
#include "ottobit/float_modes.hpp"

namespace ottobit {

class OpenMpEngine final : public Engine {
 public:
  explicit OpenMpEngine(int threads) noexcept : Engine(threads) {}

  /// The number of threads is a clause of the region: the application's settings are left alone.
  void run(int parts, float /*nanoseconds*/, Work work, void* context) noexcept override {
#if defined(_OPENMP)
#pragma omp parallel for num_threads(parts) schedule(static, 1)
#endif
    for (int i = 0; i < parts; ++i) {
      const DefaultFloatModes modes;
      work(context, i);
    }
  }
};

}  // namespace ottobit
