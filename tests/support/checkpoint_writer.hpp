// SPDX-License-Identifier: Apache-2.0
// CheckpointWriter: makes safetensors files and sharded folders for tests. It checks nothing, so
// that it can write wrong ones too; what it writes by default is valid.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/source.hpp"

#include "support/json.hpp"
#include "support/temp_directory.hpp"

namespace ottobit::test {

/// A safetensors file with that header text and data. The header is not padded.
inline std::string safetensors_text(std::string_view header, std::string_view data = {}) {
  std::string text;
  for (unsigned i = 0; i < 8; ++i) {
    text += static_cast<char>(header.size() >> (8U * i) & 0xFFU);
  }
  text += header;
  text += data;
  return text;
}

class CheckpointWriter {
 public:
  struct Tensor {
    std::string name;
    DType dtype = DType::f32;
    std::vector<Index> shape;
    std::string bytes;
  };

  /// All tensors of a source, to be changed and written elsewhere.
  static CheckpointWriter from(const TensorSource& source) {
    CheckpointWriter writer;
    for (const std::string& name : source.names()) {
      const TensorEntry& entry = *source.find(name);
      writer.add(name, entry.dtype, entry.shape, entry.bytes);
    }
    return writer;
  }

  /// Adds a tensor, or replaces the one of that name. Written in the order of adding.
  CheckpointWriter& add(std::string name, DType dtype, std::vector<Index> shape,
                        std::span<const std::byte> bytes) {
    Tensor made{std::move(name), dtype, std::move(shape),
                std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
    const auto at = position(made.name);
    if (at == tensors_.end()) {
      tensors_.push_back(std::move(made));
    } else {
      *at = std::move(made);
    }
    return *this;
  }

  /// The same from values, whose memory is written as it is.
  template <class T>
  CheckpointWriter& add_values(std::string name, DType dtype, std::vector<Index> shape,
                               const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    return add(std::move(name), dtype, std::move(shape), std::as_bytes(std::span(values)));
  }

  CheckpointWriter& remove(std::string_view name) {
    tensors_.erase(required(name));
    return *this;
  }
  CheckpointWriter& rename(std::string_view name, std::string new_name) {
    required(name)->name = std::move(new_name);
    return *this;
  }
  [[nodiscard]] Tensor& tensor(std::string_view name) { return *required(name); }
  [[nodiscard]] const std::vector<Tensor>& tensors() const noexcept { return tensors_; }

  /// One file `dir/file`.
  void write(const std::filesystem::path& dir,
             const std::string& file = "model.safetensors") const {
    write_text(dir / file, file_text(tensors_));
  }

  /// model-0000i-of-0000n.safetensors, tensors dealt out in turn, and the index.
  void write_sharded(const std::filesystem::path& dir, int shards) const {
    nlohmann::json index = {{"metadata", {{"total_size", 0}}},
                            {"weight_map", nlohmann::json::object()}};
    std::uint64_t total = 0;
    for (int shard = 0; shard < shards; ++shard) {
      std::vector<Tensor> mine;
      for (std::size_t i = static_cast<std::size_t>(shard); i < tensors_.size();
           i += static_cast<std::size_t>(shards)) {
        mine.push_back(tensors_[i]);
        total += tensors_[i].bytes.size();
        index["weight_map"][tensors_[i].name] = shard_name(shard, shards);
      }
      write_text(dir / shard_name(shard, shards), file_text(mine));
    }
    index["metadata"]["total_size"] = total;
    write_text(dir / "model.safetensors.index.json", index.dump(2));
  }

  /// `shard` counts from 0.
  [[nodiscard]] static std::string shard_name(int shard, int shards) {
    char text[64] = {};
    std::snprintf(text, sizeof text, "model-%05d-of-%05d.safetensors", shard + 1, shards);
    return text;
  }

  /// The bytes of a file that holds these tensors in this order; data begins 8-byte aligned.
  [[nodiscard]] static std::string file_text(const std::vector<Tensor>& tensors) {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    std::string data;
    for (const Tensor& tensor : tensors) {
      const std::size_t begin = data.size();
      data += tensor.bytes;
      header[tensor.name] = {{"dtype", std::string(dtype_name(tensor.dtype))},
                             {"shape", tensor.shape},
                             {"data_offsets", {begin, data.size()}}};
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    return safetensors_text(text, data);
  }

 private:
  std::vector<Tensor>::iterator position(std::string_view name) {
    return std::find_if(tensors_.begin(), tensors_.end(),
                        [&](const Tensor& tensor) { return tensor.name == name; });
  }
  std::vector<Tensor>::iterator required(std::string_view name) {
    const auto at = position(name);
    if (at == tensors_.end()) {
      throw std::runtime_error("no tensor " + std::string(name));
    }
    return at;
  }

  std::vector<Tensor> tensors_;
};

}  // namespace ottobit::test
