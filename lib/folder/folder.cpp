// SPDX-License-Identifier: Apache-2.0
#include "folder/folder.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>

#include "ottobit/error.hpp"
#include "ottobit/layers/kv_cache.hpp"

#include "folder/quantization.hpp"
#include "io/gguf.hpp"
#include "io/printable.hpp"

namespace ottobit {
namespace fs = std::filesystem;

void require_directory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  OTTOBIT_CHECK(fs::exists(status), ErrorCode::io, path_text(directory),
                "no such folder; expected a model folder with config.json and *.safetensors");
  OTTOBIT_CHECK(fs::is_directory(status) || directory.extension() != ".gguf", ErrorCode::io,
                path_text(directory),
                "is a GGUF file, expected a folder. " + gguf_advice(directory));
  OTTOBIT_CHECK(fs::is_directory(status), ErrorCode::io, path_text(directory),
                "is a file, expected the folder that holds config.json and *.safetensors");
}

Config open_config(const fs::path& directory) {
  if (!is_there(directory / "config.json")) {
    const fs::path gguf = find_gguf(directory);
    OTTOBIT_CHECK(gguf.empty(), ErrorCode::io, path_text(directory),
                  "no config.json, but " + file_name_text(gguf) + ". " + gguf_advice(gguf));
  }
  return Config::open(directory / "config.json");
}

std::string folder_name(const fs::path& directory) {
  std::error_code error;
  fs::path path = fs::absolute(directory, error).lexically_normal();
  if (!path.has_filename()) {
    path = path.parent_path();
  }
  return file_name_text(path);
}

namespace {

/// Sizes that are possible each for itself may give a cache whose bytes no number counts.
void require_countable_cache(const DecoderSpec& spec, const Config& config) {
  constexpr double kMost = 4e18;  // below 2^62
  const KvCache one_position(spec, DType::f32, 1, 1);
  const double bytes =
      static_cast<double>(one_position.bytes()) * static_cast<double>(spec.context);
  OTTOBIT_CHECK(bytes < kMost, ErrorCode::format, config.subject(),
                "a context of " + std::to_string(spec.context) + " with " +
                    std::to_string(one_position.bytes()) + " bytes for each position is none");
}

}  // namespace

FolderConfig read_config(const Config& config, const fs::path& directory) {
  FolderConfig folder;
  folder.family = &family_of(config);
  if (config.has("architectures")) {
    const std::vector<std::string> names = config.texts("architectures");
    folder.architecture = names.empty() ? "" : names.front();
  }
  folder.spec = folder.family->describe(config);
  validate(folder.spec, config);
  require_countable_cache(folder.spec, config);
  const std::optional<Config> text =
      folder.spec.wrapped ? config.section("text_config") : std::nullopt;
  const bool inside = text && !config.has("quantization_config");
  folder.scale_blocks = read_scale_blocks(inside ? *text : config, directory);
  folder.repacks = is_repacked(inside ? *text : config);
  folder.exact_zeros = has_exact_zeros(inside ? *text : config);
  // The text's keys may stand among those of the media.
  folder.unknown_keys =
      folder.spec.wrapped ? unknown_keys(config, text.value_or(config)) : unknown_keys(config);
  return folder;
}

void require_understood(const FolderConfig& folder, const Warn& warn) {
  for (const UnknownKey& unknown : folder.unknown_keys) {
    const std::string text =
        "`" + printable(unknown.key) + "`, here " + printable(unknown.value, 60) +
        ", is not known to this release and may change what the model computes";
    if (!warn) {
      fail(ErrorCode::unsupported, "config.json",
           text + "; a lenient open passes over it (--lenient, OTTOBIT_MODEL_LENIENT)");
    }
    warn("config.json: " + text);
  }
}

bool has_tokenizer_file(const fs::path& directory) {
  return is_there(directory / "tokenizer.json") || is_there(directory / "tokenizer.model") ||
         is_there(directory / "tiktoken.model");
}

}  // namespace ottobit
