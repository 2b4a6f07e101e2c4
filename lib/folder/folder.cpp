// SPDX-License-Identifier: Apache-2.0
#include "folder/folder.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>

#include "ottobit/error.hpp"

#include "folder/quantization.hpp"
#include "io/printable.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

GenerationDefaults sampling_defaults(const Config& generation) {
  const auto number = [&](const char* key, double least, double most, float silent) {
    if (!generation.has(key)) {
      return silent;
    }
    const double value = generation.number(key);
    OTTOBIT_CHECK(value >= least && value <= most, ErrorCode::format, generation.subject(),
                  "`" + std::string(key) + "` is " + std::to_string(value) + ", expected " +
                      std::to_string(least) + " to " + std::to_string(most));
    return static_cast<float>(value);
  };
  GenerationDefaults defaults;
  defaults.temperature = number("temperature", 0.0, 100.0, 1.0F);
  defaults.top_p = number("top_p", 1e-6, 1.0, defaults.top_p);
  defaults.min_p = number("min_p", 0.0, 1.0, defaults.min_p);
  defaults.typical_p = number("typical_p", 1e-6, 1.0, defaults.typical_p);
  defaults.repetition_penalty =
      number("repetition_penalty", 1e-3, 1e3, defaults.repetition_penalty);
  if (generation.has("top_k")) {
    const Index most = std::numeric_limits<std::int32_t>::max();
    defaults.top_k = static_cast<std::int32_t>(std::min(generation.integer("top_k"), most));
  }
  // Without do_sample the answer is greedy, whatever else is said.
  return generation.flag("do_sample", false) ? defaults : GenerationDefaults{};
}

}  // namespace

void require_directory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  OTTOBIT_CHECK(fs::exists(status), ErrorCode::io, path_text(directory),
                "no such folder; expected a model folder with config.json and *.safetensors");
  OTTOBIT_CHECK(fs::is_directory(status), ErrorCode::io, path_text(directory),
                "is a file, expected the folder that holds config.json and *.safetensors");
}

std::string folder_name(const fs::path& directory) {
  std::error_code error;
  fs::path path = fs::absolute(directory, error).lexically_normal();
  if (!path.has_filename()) {
    path = path.parent_path();
  }
  return file_name_text(path);
}

FolderConfig read_config(const Config& config, const fs::path& directory) {
  FolderConfig folder;
  folder.family = &family_of(config);
  if (config.has("architectures")) {
    const std::vector<std::string> names = config.texts("architectures");
    folder.architecture = names.empty() ? "" : names.front();
  }
  folder.spec = folder.family->describe(config);
  validate(folder.spec, config);
  const std::optional<Config> text =
      folder.spec.wrapped ? config.section("text_config") : std::nullopt;
  const bool inside = text && !config.has("quantization_config");
  folder.scale_blocks = read_scale_blocks(inside ? *text : config, directory);
  folder.unknown_keys = text ? unknown_keys(config, *text) : unknown_keys(config);
  return folder;
}

void require_understood(const FolderConfig& folder,
                        const std::function<void(std::string_view)>& warn) {
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

FolderGeneration read_generation(const fs::path& directory, const Config& config) {
  FolderGeneration result;
  std::optional<Config> generation;
  if (is_there(directory / "generation_config.json")) {
    generation = Config::open(directory / "generation_config.json");
    result.defaults = sampling_defaults(*generation);
  }
  const Config& source = generation && generation->has("eos_token_id") ? *generation : config;
  if (source.has("eos_token_id")) {
    for (const Index id : source.integers("eos_token_id")) {
      OTTOBIT_CHECK(id <= std::numeric_limits<std::int32_t>::max(), ErrorCode::format,
                    source.subject(), "`eos_token_id` is " + std::to_string(id));
      result.end_ids.push_back(static_cast<std::int32_t>(id));
    }
  }
  std::sort(result.end_ids.begin(), result.end_ids.end());
  return result;
}

bool has_tokenizer_file(const fs::path& directory) {
  return is_there(directory / "tokenizer.json") || is_there(directory / "tokenizer.model") ||
         is_there(directory / "tiktoken.model");
}

std::uint64_t weight_file_bytes(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".safetensors") {
      const std::uint64_t size = it->file_size(error);
      bytes += error ? 0 : size;
    }
  }
  return bytes;
}

}  // namespace ottobit
