// SPDX-License-Identifier: Apache-2.0
#include "folder/generation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "generation_config.json";

void tell(const Warn& warn, const std::string& text) {
  if (warn) {
    warn(text);
  }
}

/// The file as an object; as far as it can be mended, or nothing.
std::optional<Config> open_generation(const fs::path& directory, const Warn& warn) {
  if (!is_there(directory / kFile)) {
    return std::nullopt;
  }
  try {
    const std::string text = read_text_file(directory / kFile);
    try {
      return Config::parse(parse_json(text, kFile), kFile);
    } catch (const Error& error) {
      Config mended = Config::parse(parse_json(without_json_extras(text), kFile), kFile);
      tell(warn, std::string(error.what()) + "; read without it");
      return mended;
    }
  } catch (const Error& error) {
    tell(warn, std::string(error.what()) + "; set aside, the answers are greedy by default");
    return std::nullopt;
  }
}

/// Members of an object that nobody vouches for.
class Wishes {
 public:
  Wishes(const Config& config, const Warn& warn) : config_(config), warn_(warn) {}

  /// `fallback` where the number is absent or outside the range.
  [[nodiscard]] float number(const char* key, double least, double most, float fallback) const {
    if (!config_.has(key)) {
      return fallback;
    }
    const Json& value = config_.raw().at(key);
    if (value.is_number() && value.get<double>() >= least && value.get<double>() <= most) {
      return static_cast<float>(value.get<double>());
    }
    tell_odd(key, value);
    return fallback;
  }

  [[nodiscard]] bool flag(const char* key) const {
    if (!config_.has(key)) {
      return false;
    }
    const Json& value = config_.raw().at(key);
    if (!value.is_boolean()) {
      tell_odd(key, value);
    }
    return value == true;
  }

 private:
  void tell_odd(const char* key, const Json& value) const {
    tell(warn_, config_.subject() + ": `" + std::string(key) + "` is " +
                    printable(value.dump(), 60) + ", which makes no sense; set aside");
  }

  const Config& config_;
  const Warn& warn_;
};

GenerationDefaults sampling_defaults(const Config& generation, const Warn& warn) {
  const Wishes wishes(generation, warn);
  GenerationDefaults defaults;
  defaults.temperature = wishes.number("temperature", 0.0, 100.0, 1.0F);
  defaults.top_p = wishes.number("top_p", 1e-6, 1.0, defaults.top_p);
  defaults.min_p = wishes.number("min_p", 0.0, 1.0, defaults.min_p);
  defaults.typical_p = wishes.number("typical_p", 1e-6, 1.0, defaults.typical_p);
  defaults.repetition_penalty =
      wishes.number("repetition_penalty", 1e-3, 1e3, defaults.repetition_penalty);
  // -1, as some engines write, and 0 are no limit; more tokens than there are is none either.
  const float top_k = wishes.number("top_k", -1.0, 1e18, 0.0F);
  constexpr float kAll = 1e9F;
  defaults.top_k = top_k < kAll ? static_cast<std::int32_t>(std::max(top_k, 0.0F)) : 0;
  // Without do_sample the answer is greedy, whatever else is said.
  return wishes.flag("do_sample") ? defaults : GenerationDefaults{};
}

/// What a file says of tokens that end an answer: a number, a list, or nothing of sense.
std::vector<std::int32_t> end_ids_of(const Config& config, Index vocab, const Warn& warn) {
  std::vector<std::int32_t> ids;
  const Json* const value = config.has("eos_token_id") ? &config.raw().at("eos_token_id") : nullptr;
  if (value == nullptr) {
    return ids;
  }
  const auto add = [&](const Json& id) {
    if (id.is_number() && std::trunc(id.get<double>()) == id.get<double>() &&
        id.get<double>() >= 0.0 && id.get<double>() < static_cast<double>(vocab)) {
      ids.push_back(static_cast<std::int32_t>(id.get<double>()));
    } else if (!id.is_null() && id != -1) {
      tell(warn, config.subject() + ": `eos_token_id` has " + printable(id.dump(), 60) +
                     ", which is no token; set aside");
    }
  };
  if (value->is_array()) {
    std::for_each(value->begin(), value->end(), add);
  } else {
    add(*value);
  }
  return ids;
}

std::vector<std::int32_t> find_end_ids(const std::optional<Config>& generation,
                                       const Config& config, Index vocab,
                                       const Tokenizer* tokenizer, const Warn& warn) {
  std::vector<std::int32_t> ids;
  if (generation) {
    ids = end_ids_of(*generation, vocab, warn);
  }
  if (ids.empty()) {
    ids = end_ids_of(config, vocab, warn);
  }
  if (ids.empty() && config.has("text_config") && config.raw().at("text_config").is_object()) {
    ids = end_ids_of(*config.section("text_config"), vocab, warn);
  }
  if (ids.empty() && tokenizer != nullptr && !tokenizer->eos_text().empty()) {
    const std::optional<std::int32_t> id = tokenizer->find_token(tokenizer->eos_text());
    if (id && *id < vocab) {
      ids.push_back(*id);
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

FolderGeneration read_generation(const fs::path& directory, const Config& config, Index vocab,
                                 const Tokenizer* tokenizer, const Warn& warn) {
  FolderGeneration result;
  const std::optional<Config> generation = open_generation(directory, warn);
  if (generation) {
    result.defaults = sampling_defaults(*generation, warn);
  }
  result.end_ids = find_end_ids(generation, config, vocab, tokenizer, warn);
  if (result.end_ids.empty()) {
    tell(warn,
         "no token ends an answer: neither generation_config.json nor config.json has an "
         "`eos_token_id`, the tokenizer no `eos_token`; answers end at their longest");
  }
  return result;
}

}  // namespace ottobit
