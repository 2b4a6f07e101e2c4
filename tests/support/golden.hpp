// SPDX-License-Identifier: Apache-2.0
// Golden: the expected values stored beside a test checkpoint. golden.safetensors holds token ids,
// logits and hidden states of a reference run, golden.json what rounding to bf16 does to them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/source.hpp"

#include "io/safetensors.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"

namespace ottobit::test {

class Golden {
 public:
  /// Opens `folder`/golden.safetensors and, where present, `folder`/golden.json.
  static Golden open(const std::filesystem::path& folder) {
    nlohmann::json facts = nlohmann::json::object();
    if (std::filesystem::exists(folder / "golden.json")) {
      facts = nlohmann::json::parse(read_text_file(folder / "golden.json"));
    }
    return Golden(SafetensorsFile::open(folder / "golden.safetensors"), std::move(facts));
  }

  [[nodiscard]] bool has(std::string_view name) const { return file_.find(name) != nullptr; }
  [[nodiscard]] std::vector<std::string> names() const { return file_.names(); }
  [[nodiscard]] const std::vector<Index>& shape(std::string_view name) const {
    return entry(name).shape;
  }

  /// Values of an F32 or I32 tensor, row-major. Throws if absent or of another type.
  [[nodiscard]] std::vector<float> floats(std::string_view name) const {
    return values<float>(name, DType::f32);
  }
  [[nodiscard]] std::vector<std::int32_t> ints(std::string_view name) const {
    return values<std::int32_t>(name, DType::i32);
  }

  /// golden.json as it is.
  [[nodiscard]] const nlohmann::json& facts() const noexcept { return facts_; }

 private:
  Golden(SafetensorsFile file, nlohmann::json facts)
      : file_(std::move(file)), facts_(std::move(facts)) {}

  [[nodiscard]] const TensorEntry& entry(std::string_view name) const {
    const TensorEntry* const found = file_.find(name);
    if (found == nullptr) {
      throw std::runtime_error("golden.safetensors lacks " + std::string(name));
    }
    return *found;
  }

  template <class T>
  [[nodiscard]] std::vector<T> values(std::string_view name, DType dtype) const {
    const TensorEntry& found = entry(name);
    if (found.dtype != dtype) {
      throw std::runtime_error("golden.safetensors: " + std::string(name) + " is " +
                               std::string(dtype_name(found.dtype)));
    }
    std::vector<T> result(found.bytes.size() / sizeof(T));
    if (!result.empty()) {
      std::memcpy(result.data(), found.bytes.data(), found.bytes.size());
    }
    return result;
  }

  SafetensorsFile file_;
  nlohmann::json facts_;
};

/// Every checkpoint of tests/data that has a golden.safetensors, by name.
[[nodiscard]] inline std::vector<std::filesystem::path> golden_folders() {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(test_data(""))) {
    if (std::filesystem::exists(entry.path() / "golden.safetensors")) {
      folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace ottobit::test
