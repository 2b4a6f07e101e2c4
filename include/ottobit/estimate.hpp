// SPDX-License-Identifier: Apache-2.0
// What a model and a session will take of memory, before anything is loaded.
#pragma once

#include <cstdint>
#include <filesystem>

#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

namespace ottobit {

/// In bytes.
struct MemoryEstimate {
  std::uint64_t mapped = 0;      ///< pages of the weight files, which the system can take back
  std::uint64_t resident = 0;    ///< private memory of the model: what is not mapped, tables
  std::uint64_t kv_cache = 0;    ///< of a session whose context is full
  std::uint64_t workspace = 0;   ///< and the rest of it: activations, logits, history
  std::uint64_t file_bytes = 0;  ///< all weight files
  std::uint64_t available = 0;   ///< free now, for this process

  [[nodiscard]] std::uint64_t model() const noexcept { return mapped + resident; }
  [[nodiscard]] std::uint64_t session() const noexcept { return kv_cache + workspace; }
  [[nodiscard]] bool fits() const noexcept { return model() + session() <= available; }
};

/// Of the model that Model::open makes of the same arguments, and one session with it. Reads
/// headers and configuration, not weights. Throws as Model::open does where the folder is not a
/// model, and as Session does for options that it refuses; `memory_limit` is not looked at.
[[nodiscard]] MemoryEstimate estimate(const std::filesystem::path& directory,
                                      const Machine& machine, const ModelOptions& model,
                                      const SessionOptions& session);

}  // namespace ottobit
