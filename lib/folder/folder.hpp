// SPDX-License-Identifier: Apache-2.0
// What the small files of a model folder say: config.json, the presence of a
// tokenizer. Read before any weight; shared by opening and inspecting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/spec.hpp"
#include "ottobit/weight.hpp"

#include "io/config.hpp"
#include "models/known_keys.hpp"
#include "models/registry.hpp"

namespace ottobit {

/// Hears of what is odd and yet read, or passed over; one line each. May be empty.
using Warn = std::function<void(std::string_view)>;

/// A family, its data and the scale blocks of its weights.
struct FolderConfig {
  const Family* family = nullptr;
  std::string architecture;  ///< config.json's first `architectures`, may be empty
  DecoderSpec spec;
  std::vector<Shape2> scale_blocks;      ///< what read_scale_blocks gives
  bool repacks = false;                  ///< its matrices are laid out anew in memory
  bool exact_zeros = false;              ///< GPTQ's zero points are as stored, not one less
  std::vector<UnknownKey> unknown_keys;  ///< of config.json, with an effect we do not know
};

/// Error{io} if `directory` is not one.
void require_directory(const std::filesystem::path& directory);

/// config.json of a folder. Throws what Config::open throws; of a folder that has none, but GGUF
/// files, Error{io} says what to take instead.
[[nodiscard]] Config open_config(const std::filesystem::path& directory);

/// The name of a folder for people: its last component.
[[nodiscard]] std::string folder_name(const std::filesystem::path& directory);

/// `directory`: where config.json was read from; empty if from nowhere.
[[nodiscard]] FolderConfig read_config(const Config& config,
                                       const std::filesystem::path& directory);

/// Error{unsupported} if config.json has a key of unknown effect; a call of `warn` for each
/// instead, if given.
void require_understood(const FolderConfig& folder, const Warn& warn);

[[nodiscard]] bool has_tokenizer_file(const std::filesystem::path& directory);

}  // namespace ottobit
