// SPDX-License-Identifier: Apache-2.0
// Checkpoint: all tensors of a published model folder by name, whichever shards they lie in. Knows
// safetensors folders only, and says what else it met when it finds none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/source.hpp"

#include "io/mapped_file.hpp"
#include "io/safetensors.hpp"

namespace ottobit {

/// Immutable after open; owns the mappings, so entries live as long as it. Movable: entries keep
/// their addresses.
class Checkpoint final : public TensorSource {
 public:
  /// Opens `model.safetensors.index.json` (its `weight_map` lists the shards), unless one of them
  /// is missing and `model.safetensors` is there instead; else `model.safetensors`, else the only
  /// *.safetensors file of the folder or all that are numbered "-00001-of-0000N". Reads headers
  /// only, unless the options ask for all pages; `progress` counts bytes of all files together.
  /// Throws Error{io}: no such folder, no safetensors in it, a listed shard missing; Error{format}:
  /// broken index or header; Error{checkpoint}: index and shards disagree about a tensor;
  /// Error{cancelled}, Error{memory} as MappedFile::open does.
  [[nodiscard]] static Checkpoint open(const std::filesystem::path& dir,
                                       const MapOptions& options = {},
                                       const Progress& progress = {});

  [[nodiscard]] const TensorEntry* find(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;

  /// As MappedFile::check_unchanged, of all files.
  void check_unchanged() const;

  /// Sizes of all files together, headers included.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  [[nodiscard]] Index shard_count() const noexcept { return static_cast<Index>(shards_.size()); }

 private:
  struct Named {
    std::string_view name;     // lies in shards_
    const TensorEntry* entry;  // lies in shards_
  };

  Checkpoint() = default;
  void index_tensors();

  std::vector<SafetensorsFile> shards_;  // in the order of their file names
  std::vector<Named> tensors_;           // sorted by name
  std::uint64_t file_bytes_ = 0;
};

}  // namespace ottobit
