// SPDX-License-Identifier: Apache-2.0
// The safetensors container: 8 bytes of header length (little-endian), a JSON header, the data.
// parse_safetensors_header is a pure function over hostile bytes; SafetensorsFile is one opened
// file. Format: https://github.com/huggingface/safetensors, README.md and
// safetensors/src/tensor.rs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/source.hpp"

#include "io/mapped_file.hpp"

namespace ottobit {

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  ///< as the format demands
inline constexpr std::size_t kMaxTensorRank = 8;

/// One tensor as the header describes it. begin <= end are byte offsets from data_start.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<Index> shape;  ///< non-negative; empty for rank 0
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::uint64_t data_start = 0;       ///< offset of the data area in the file
  std::vector<StoredTensor> tensors;  ///< sorted by name
  std::vector<std::pair<std::string, std::string>> metadata;  ///< `__metadata__`, sorted by key
};

/// Reads and validates the header at the beginning of a file of `file_size` bytes. `file_bytes` is
/// the file or a leading part that holds at least the header. As strict as the reference reader:
/// header length within the file and kMaxSafetensorsHeader, a JSON object that begins with '{',
/// known dtypes, shapes whose product does not overflow, byte ranges that match dtype and shape
/// exactly and tile the data area without hole, overlap or rest, no name twice; and rank at most
/// kMaxTensorRank. Unknown keys of a tensor are ignored, as there. Throws Error{format, name, ...}.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file_bytes,
                                                         std::uint64_t file_size,
                                                         const std::string& name);

/// One opened *.safetensors file. Immutable; entries live as long as it and survive its moves.
class SafetensorsFile final : public TensorSource {
 public:
  /// Throws what MappedFile::open and parse_safetensors_header throw. Touches only the header,
  /// unless the options ask for more.
  [[nodiscard]] static SafetensorsFile open(const std::filesystem::path& path,
                                            const MapOptions& options = {},
                                            const Progress& progress = {});

  [[nodiscard]] const TensorEntry* find(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> names() const override;

  [[nodiscard]] const MappedFile& file() const noexcept { return *file_; }
  /// Names and byte ranges, sorted by name; tensors()[i] belongs to entries()[i].
  [[nodiscard]] const std::vector<StoredTensor>& tensors() const noexcept {
    return header_.tensors;
  }
  [[nodiscard]] std::span<const TensorEntry> entries() const noexcept { return entries_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& metadata() const noexcept {
    return header_.metadata;
  }

 private:
  SafetensorsFile(MappedFile file, SafetensorsHeader header);

  std::unique_ptr<const MappedFile> file_;  // on the heap: entries point to its name
  SafetensorsHeader header_;
  std::vector<TensorEntry> entries_;
};

}  // namespace ottobit
