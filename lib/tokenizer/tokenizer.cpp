// SPDX-License-Identifier: Apache-2.0
#include "ottobit/tokenizer.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <variant>

#include "ottobit/error.hpp"

#include "io/config.hpp"
#include "io/printable.hpp"
#include "tokenizer/json_tokenizer.hpp"
#include "tokenizer/sentencepiece.hpp"
#include "tokenizer/tiktoken.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {

struct Tokenizer::Impl {
  std::variant<JsonTokenizer, SentencePiece, Tiktoken> model;
  AddedTokens added;
  Vocabulary vocabulary;
  Decoding decoding;
  std::vector<std::int32_t> prefix, suffix;
  std::string kind;
  std::string bos_text;
  std::string eos_text;

  void check(std::int32_t id) const {
    OTTOBIT_CHECK(id >= 0 && id < vocabulary.size(), ErrorCode::argument, "token",
                  "id " + std::to_string(id) + " is not in the tokenizer's vocabulary of " +
                      std::to_string(vocabulary.size()));
  }

  void encode_text(std::string_view text, bool first, std::vector<std::int32_t>& ids) const {
    if (const auto* json = std::get_if<JsonTokenizer>(&model)) {
      json->encode(text, first, ids);
    } else if (const auto* ranks = std::get_if<Tiktoken>(&model)) {
      ranks->encode(text, ids);
    } else {
      std::get<SentencePiece>(model).encode(text, ids);
    }
  }

  static std::unique_ptr<Impl> from_json(JsonTokenizer json, const Config* config);
  static std::unique_ptr<Impl> from_pieces(SentencePiece pieces, const Config* config);
  static std::unique_ptr<Impl> from_ranks(Tiktoken ranks, const Config* config);
  void configure(const Config* config, bool adds_bos);
};

namespace {

/// bos_token and the like: a string or {"content": "..."}.
std::string token_text(const Config& config, const char* key) {
  if (!config.has(key)) {
    return {};
  }
  if (config.raw().at(key).is_object()) {
    return config.section(key)->text("content", "");
  }
  return config.text(key);
}

/// Control words that only tokenizer_config.json names (`added_tokens_decoder`).
void add_configured(const Config& config, Vocabulary& vocabulary, AddedTokens& added) {
  const std::optional<Config> tokens = config.section("added_tokens_decoder");
  if (!tokens) {
    return;
  }
  for (const auto& [key, value] : tokens->raw().items()) {
    const bool number =
        !key.empty() && key.size() < 9 && key.find_first_not_of("0123456789") == std::string::npos;
    OTTOBIT_CHECK(number && value.is_object(), ErrorCode::format, tokens->subject(),
                  in_backticks(key) + " is not an id with an object");
    const Config entry = *tokens->section(key);
    AddedToken token;
    token.id = std::stoi(key);
    token.content = entry.text("content");
    token.special = entry.flag("special", false);
    token.single_word = entry.flag("single_word", false);
    token.lstrip = entry.flag("lstrip", false);
    token.rstrip = entry.flag("rstrip", false);
    vocabulary.set(token.id, token.content, {}, tokens->subject());
    vocabulary.special[static_cast<std::size_t>(token.id)] = token.special;
    added.add(std::move(token));
  }
}

}  // namespace

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_json(JsonTokenizer json,
                                                            const Config* config) {
  auto impl = std::make_unique<Impl>(Impl{.model = std::move(json)});
  auto& parts = std::get<JsonTokenizer>(impl->model);
  impl->added = std::move(parts.added);
  impl->vocabulary = std::move(parts.vocabulary);
  impl->decoding = std::move(parts.decoding);
  impl->prefix = std::move(parts.prefix);
  impl->suffix = std::move(parts.suffix);
  impl->kind = std::move(parts.kind);
  if (config != nullptr) {
    impl->bos_text = token_text(*config, "bos_token");
    impl->eos_text = token_text(*config, "eos_token");
  }
  return impl;
}

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_pieces(SentencePiece pieces,
                                                              const Config* config) {
  auto impl = std::make_unique<Impl>(Impl{.model = std::move(pieces)});
  const auto& model = std::get<SentencePiece>(impl->model);
  impl->vocabulary = model.vocabulary();
  impl->decoding.byte_fallback = true;
  impl->decoding.strip_first_space = model.adds_space();
  impl->kind = "sentencepiece (tokenizer.model)";
  for (std::int32_t id = 0; id < impl->vocabulary.size(); ++id) {
    const auto at = static_cast<std::size_t>(id);
    if (impl->vocabulary.special[at]) {
      impl->added.add({.id = id, .content = impl->vocabulary.bytes[at], .special = true});
    }
  }
  const auto text_of = [&](std::int32_t id) {
    return id < 0 ? std::string() : impl->vocabulary.bytes[static_cast<std::size_t>(id)];
  };
  impl->bos_text = text_of(model.bos());
  impl->eos_text = text_of(model.eos());
  impl->configure(config, true);  // the classes behind these files add BOS
  return impl;
}

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_ranks(Tiktoken ranks, const Config* config) {
  auto impl = std::make_unique<Impl>(Impl{.model = std::move(ranks)});
  impl->vocabulary = std::get<Tiktoken>(impl->model).vocabulary();
  impl->kind = "byte-level BPE (tiktoken.model)";
  impl->configure(config, false);
  return impl;
}

/// What tokenizer_config.json says beside the vocabulary; `adds_bos` where it does not say.
void Tokenizer::Impl::configure(const Config* config, bool adds_bos) {
  bool adds_eos = false;
  // The ids of the vocabulary's own, should the configuration name tokens that it does not have.
  std::int32_t bos_id = vocabulary.by_text.find(bos_text);
  std::int32_t eos_id = vocabulary.by_text.find(eos_text);
  if (config != nullptr) {
    add_configured(*config, vocabulary, added);
    const std::string bos = token_text(*config, "bos_token");
    const std::string eos = token_text(*config, "eos_token");
    bos_text = bos.empty() ? bos_text : bos;
    eos_text = eos.empty() ? eos_text : eos;
    bos_id = vocabulary.by_text.find(bos_text) >= 0 ? vocabulary.by_text.find(bos_text) : bos_id;
    eos_id = vocabulary.by_text.find(eos_text) >= 0 ? vocabulary.by_text.find(eos_text) : eos_id;
    adds_bos = config->flag("add_bos_token", adds_bos);
    adds_eos = config->flag("add_eos_token", false);
  }
  if (adds_bos && bos_id >= 0) {
    prefix.push_back(bos_id);
  }
  if (adds_eos && eos_id >= 0) {
    suffix.push_back(eos_id);
  }
}

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&& other) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&& other) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::open(const std::filesystem::path& directory) {
  const auto has = [&](const char* name) { return is_there(directory / name); };
  std::optional<Config> config;
  if (has("tokenizer_config.json")) {
    config = Config::open(directory / "tokenizer_config.json");
  }
  const Config* const settings = config ? &*config : nullptr;
  if (has("tokenizer.json")) {
    return Tokenizer(Impl::from_json(JsonTokenizer::open(directory / "tokenizer.json"), settings));
  }
  if (has("tokenizer.model")) {
    return Tokenizer(
        Impl::from_pieces(SentencePiece::open(directory / "tokenizer.model"), settings));
  }
  OTTOBIT_CHECK(has("tiktoken.model"), ErrorCode::io, path_text(directory),
                "no tokenizer.json, tokenizer.model or tiktoken.model in the folder");
  return Tokenizer(Impl::from_ranks(Tiktoken::open(directory / "tiktoken.model"), settings));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text,
                                            const EncodeOptions& options) const {
  OTTOBIT_CHECK(utf8::is_valid(text), ErrorCode::argument, "text", "is not UTF-8");
  std::vector<std::int32_t> ids;
  if (options.add_bos) {
    ids = impl_->prefix;
  }
  const AddedTokens::Filter filter{.special = options.parse_special, .plain = options.plain};
  for (const TextPart& part : impl_->added.split(text, filter)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
    } else {
      impl_->encode_text(text.substr(part.range.begin, part.range.end - part.range.begin),
                         part.range.begin == 0, ids);
    }
  }
  if (options.add_bos) {
    ids.insert(ids.end(), impl_->suffix.begin(), impl_->suffix.end());
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special) const {
  IncrementalDetokenizer detokenizer(*this, skip_special);
  std::string text;
  for (const std::int32_t id : ids) {
    text += detokenizer.push(id);
  }
  text += detokenizer.finish();
  return text;
}

std::string_view Tokenizer::token_bytes(std::int32_t id) const {
  impl_->check(id);
  return impl_->vocabulary.bytes[static_cast<std::size_t>(id)];
}

std::int32_t Tokenizer::vocab_size() const noexcept {
  return impl_->vocabulary.size();
}

std::optional<std::int32_t> Tokenizer::find_token(std::string_view text) const {
  const std::int32_t id = impl_->vocabulary.by_text.find(text);
  return id < 0 ? std::nullopt : std::optional(id);
}

bool Tokenizer::is_special(std::int32_t id) const noexcept {
  return id >= 0 && id < impl_->vocabulary.size() &&
         impl_->vocabulary.special[static_cast<std::size_t>(id)];
}

const std::string& Tokenizer::bos_text() const noexcept {
  return impl_->bos_text;
}
const std::string& Tokenizer::eos_text() const noexcept {
  return impl_->eos_text;
}
std::string_view Tokenizer::kind() const noexcept {
  return impl_->kind;
}

IncrementalDetokenizer::IncrementalDetokenizer(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(*tokenizer.impl_), skip_special_(skip_special) {
  constexpr std::size_t kRoom = 1024;  // longer than any published token
  waiting_.reserve(kRoom);
  out_.reserve(kRoom);
}

namespace {

/// Bytes of a fallback are a character together or each of them is none.
void flush_fallback(std::string& bytes, std::string& out) {
  if (utf8::is_valid(bytes)) {
    out += bytes;
  } else {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      out += utf8::kReplacement;
    }
  }
  bytes.clear();
}

}  // namespace

std::string_view IncrementalDetokenizer::push(std::int32_t id) {
  tokenizer_.check(id);
  out_.clear();
  const auto at = static_cast<std::size_t>(id);
  if (skip_special_ && tokenizer_.vocabulary.special[at]) {
    return out_;
  }
  const std::string& bytes = tokenizer_.vocabulary.bytes[at];
  if (!tokenizer_.decoding.byte_fallback) {
    waiting_ += bytes;
    utf8::move_lossy(waiting_, out_, false);
  } else if (tokenizer_.vocabulary.is_byte[at]) {
    waiting_ += bytes;
  } else {
    flush_fallback(waiting_, out_);
    out_ += bytes;
  }
  if (at_start_ && !out_.empty()) {
    at_start_ = false;
    if (tokenizer_.decoding.strip_first_space && out_.front() == ' ') {
      out_.erase(0, 1);
    }
  }
  return out_;
}

std::string_view IncrementalDetokenizer::finish() {
  out_.clear();
  if (tokenizer_.decoding.byte_fallback) {
    flush_fallback(waiting_, out_);
  } else {
    utf8::move_lossy(waiting_, out_, true);
  }
  at_start_ = true;
  return out_;
}

}  // namespace ottobit
