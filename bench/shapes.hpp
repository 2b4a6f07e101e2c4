// SPDX-License-Identifier: Apache-2.0
// Matrices of published models, and the machine's ceilings that each row is compared with.
#pragma once

#include <array>
#include <string>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/weight.hpp"

#include "probe.hpp"

namespace ottobit::bench {

/// W [N, K] by the name of its place in a model.
struct MatrixShape {
  const char* name;
  Index n;
  Index k;
};

/// Seed-OSS-36B: config.json of the published folder.
inline constexpr std::array<MatrixShape, 4> kSeedOss{{
    {"gate_proj", 27648, 5120},
    {"down_proj", 5120, 27648},
    {"q_proj", 10240, 5120},
    {"k_proj", 1024, 5120},
}};

struct Ceilings {
  double read_gb_per_second;
  double dp_gflops;
};
/// For that number of threads on that level, measured once per run.
const Ceilings& ceilings(const std::string& isa, int threads, bool bf16);

}  // namespace ottobit::bench
