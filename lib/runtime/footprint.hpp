// SPDX-License-Identifier: Apache-2.0
// What an open model keeps in memory, known before it is opened.
#pragma once

#include <cstdint>
#include <filesystem>

#include "ottobit/decoder.hpp"
#include "ottobit/model.hpp"

namespace ottobit {

struct Footprint {
  std::uint64_t file_bytes = 0;
  std::uint64_t mapped = 0;    ///< of those
  std::uint64_t resident = 0;  ///< private memory
  std::uint64_t repacked = 0;  ///< of that, matrices that are laid out anew
  Decoder decoder;             ///< whose matrices have no data

  [[nodiscard]] std::uint64_t bytes() const noexcept { return mapped + resident; }
};

/// Throws as Model::open does, but for what weights, tokenizer and template have inside.
[[nodiscard]] Footprint footprint_of(const std::filesystem::path& directory,
                                     const KernelTable& kernels, const ModelOptions& options);

}  // namespace ottobit
