// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/folder_tokens.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

std::optional<Config> open_if_there(const fs::path& file) {
  return is_there(file) ? std::optional(Config::open(file)) : std::nullopt;
}

/// The flags of an object; `special` where it does not say.
AddedToken token_of(const Config& entry, bool special) {
  AddedToken token;
  token.id = -1;
  token.content = entry.text("content", "");
  token.special = entry.flag("special", special);
  token.normalized = entry.flag("normalized", !token.special);
  token.single_word = entry.flag("single_word", false);
  token.lstrip = entry.flag("lstrip", false);
  token.rstrip = entry.flag("rstrip", false);
  return token;
}

/// A text, or an object that has one; nothing else is a token.
std::optional<AddedToken> special_token(const Json& value, const std::string& subject) {
  AddedToken token;
  if (value.is_object()) {
    token = token_of(Config::parse(value, subject), true);
  } else if (value.is_string()) {
    token.content = value.get<std::string>();
  }
  token.id = -1;
  token.special = true;
  return token.content.empty() ? std::nullopt : std::optional(std::move(token));
}

/// Whatever a file calls a token: bos_token, image_token, lists and objects of more.
void read_named(const Config& config, FolderTokens& out) {
  const auto add = [&](const std::string& key, const Json& value) {
    if (std::optional<AddedToken> token = special_token(value, config.subject() + ": " + key)) {
      out.named.push_back(std::move(*token));
    }
  };
  // In this order those without an id get one.
  constexpr std::string_view kFirst[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                         "pad_token", "cls_token", "mask_token"};
  const auto add_at = [&](std::string_view key) {
    const auto found = config.raw().find(key);
    if (found == config.raw().end()) {
      return;
    }
    if (found->is_structured() && !found->contains("content")) {
      for (const Json& each : *found) {
        add(std::string(key), each);
      }
    } else {
      add(std::string(key), *found);
    }
  };
  std::for_each(std::begin(kFirst), std::end(kFirst), add_at);
  for (const auto& [key, value] : config.raw().items()) {
    const bool is_first = std::find(std::begin(kFirst), std::end(kFirst), key) != std::end(kFirst);
    if (key.ends_with("_token") && !is_first) {
      add(key, value);
    }
  }
  for (const char* key :
       {"model_specific_special_tokens", "extra_special_tokens", "additional_special_tokens"}) {
    add_at(key);
  }
  const auto text_at = [&](const char* key, std::string& text) {
    const auto found = config.raw().find(key);
    if (found != config.raw().end() && text.empty()) {
      const std::optional<AddedToken> token = special_token(*found, config.subject());
      text = token ? token->content : "";
    }
  };
  text_at("bos_token", out.bos);
  text_at("eos_token", out.eos);
}

void read_decoder(const Config& decoder, FolderTokens& out) {
  for (const auto& [key, value] : decoder.raw().items()) {
    const bool number =
        !key.empty() && key.size() < 9 && key.find_first_not_of("0123456789") == std::string::npos;
    OTTOBIT_CHECK(number && value.is_object(), ErrorCode::format, decoder.subject(),
                  in_backticks(key) + " is not an id with an object");
    AddedToken token = token_of(*decoder.section(key), false);
    OTTOBIT_CHECK(!token.content.empty(), ErrorCode::format, decoder.subject(),
                  in_backticks(key) + " has no `content`");
    token.id = std::stoi(key);
    out.listed.push_back(std::move(token));
  }
}

/// {"<token>": id, ...}, of releases before 4.34.
void read_added(const Config& file, FolderTokens& out) {
  std::set<std::string_view> special;
  for (const AddedToken& token : out.named) {
    special.insert(token.content);
  }
  for (const auto& [content, id] : file.raw().items()) {
    const bool known = id.is_number_unsigned() && id.get<std::uint64_t>() < 1U << 24U;
    OTTOBIT_CHECK(known, ErrorCode::format, file.subject(),
                  in_backticks(content) + " has the id " + printable(id.dump(), 40) +
                      ", expected a number below 2^24");
    AddedToken token;
    token.id = id.get<std::int32_t>();
    token.content = content;
    token.special = special.contains(content);
    token.normalized = !token.special;
    if (!content.empty()) {
      out.listed.push_back(std::move(token));
    }
  }
}

std::int32_t id_for(const AddedToken& token, const Vocabulary& vocabulary) {
  const std::int32_t known = vocabulary.by_text.find(token.content);
  if (known >= 0) {
    return known;
  }
  const std::int32_t wanted = token.id;
  const bool is_free = wanted >= vocabulary.size() ||
                       (wanted >= 0 && vocabulary.bytes[static_cast<std::size_t>(wanted)].empty());
  return is_free ? wanted : vocabulary.size();
}

void add_one(AddedToken token, const Decoding& decoding, Vocabulary& vocabulary,
             AddedTokens& added) {
  token.id = id_for(token, vocabulary);
  if (vocabulary.by_text.find(token.content) < 0) {
    vocabulary.set(token.id, token.content, decoding, "tokenizer_config.json");
  }
  vocabulary.special[static_cast<std::size_t>(token.id)] = token.special;
  added.add(std::move(token));
}

}  // namespace

FolderTokens read_folder_tokens(const fs::path& directory) {
  FolderTokens tokens;
  const std::optional<Config> config = open_if_there(directory / "tokenizer_config.json");
  if (config) {
    read_named(*config, tokens);
    for (const auto& [key, flag] : {std::pair{"add_bos_token", &tokens.adds_bos},
                                    std::pair{"add_eos_token", &tokens.adds_eos}}) {
      if (config->has(key)) {
        *flag = config->flag(key);
      }
    }
  }
  const std::optional<Config> decoder =
      config ? config->section("added_tokens_decoder") : std::nullopt;
  if (decoder) {
    read_decoder(*decoder, tokens);
    tokens.listed_first = true;
  } else {
    if (const std::optional<Config> map = open_if_there(directory / "special_tokens_map.json")) {
      read_named(*map, tokens);
    }
    if (const std::optional<Config> file = open_if_there(directory / "added_tokens.json")) {
      read_added(*file, tokens);
    }
  }
  std::stable_sort(tokens.listed.begin(), tokens.listed.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  return tokens;
}

void add_folder_tokens(const FolderTokens& tokens, bool invent, const Decoding& decoding,
                       Vocabulary& vocabulary, AddedTokens& added) {
  std::set<std::string_view> named;
  for (const AddedToken& token : tokens.named) {
    named.insert(token.content);
  }
  for (AddedToken token : tokens.listed) {
    if (tokens.listed_first || !added.contains(token.content)) {
      token.special = token.special || named.contains(token.content);
      add_one(std::move(token), decoding, vocabulary, added);
    }
  }
  for (const AddedToken& token : tokens.named) {
    const bool has_id = vocabulary.by_text.find(token.content) >= 0;
    if (!added.contains(token.content) && (invent || has_id)) {
      add_one(token, decoding, vocabulary, added);
    }
  }
}

}  // namespace ottobit
