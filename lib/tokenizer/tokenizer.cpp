// SPDX-License-Identifier: Apache-2.0
#include "ottobit/tokenizer.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <variant>

#include "ottobit/error.hpp"

#include "io/config.hpp"
#include "io/printable.hpp"
#include "tokenizer/folder_tokens.hpp"
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

  void encode_text(std::string_view text, bool first, const AddedTokens::Filter& filter,
                   std::vector<std::int32_t>& ids) const {
    if (const auto* json = std::get_if<JsonTokenizer>(&model)) {
      json->encode(text, first, filter, ids);
    } else if (const auto* ranks = std::get_if<Tiktoken>(&model)) {
      ranks->encode(text, ids);
    } else {
      std::get<SentencePiece>(model).encode(text, ids);
    }
  }

  static std::unique_ptr<Impl> from_json(JsonTokenizer json, const FolderTokens& tokens);
  static std::unique_ptr<Impl> from_pieces(SentencePiece pieces, const FolderTokens& tokens);
  static std::unique_ptr<Impl> from_ranks(Tiktoken ranks, const FolderTokens& tokens);
  void configure(const FolderTokens& tokens, bool adds_bos);
  void add_ends(std::int32_t bos, std::int32_t eos);
};

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_json(JsonTokenizer json,
                                                            const FolderTokens& tokens) {
  auto impl = std::make_unique<Impl>(Impl{.model = std::move(json)});
  auto& parts = std::get<JsonTokenizer>(impl->model);
  add_folder_tokens(tokens, true, parts.decoding, parts.vocabulary, parts.added);
  parts.part_added();
  impl->decoding = std::move(parts.decoding);
  impl->kind = std::move(parts.kind);
  impl->added = std::move(parts.added);
  impl->vocabulary = std::move(parts.vocabulary);
  impl->bos_text = tokens.bos;
  impl->eos_text = tokens.eos;
  impl->prefix = std::move(parts.prefix);
  impl->suffix = std::move(parts.suffix);
  return impl;
}

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_pieces(SentencePiece pieces,
                                                              const FolderTokens& tokens) {
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
  impl->configure(tokens, true);  // the classes behind these files add BOS
  return impl;
}

std::unique_ptr<Tokenizer::Impl> Tokenizer::Impl::from_ranks(Tiktoken ranks,
                                                             const FolderTokens& tokens) {
  auto impl = std::make_unique<Impl>(Impl{.model = std::move(ranks)});
  impl->vocabulary = std::get<Tiktoken>(impl->model).vocabulary();
  impl->kind = "byte-level BPE (tiktoken.model)";
  impl->configure(tokens, false);
  return impl;
}

/// What the files beside the vocabulary say; `adds_bos` where they do not say.
void Tokenizer::Impl::configure(const FolderTokens& tokens, bool adds_bos) {
  add_folder_tokens(tokens, false, {}, vocabulary, added);
  // The ids of the vocabulary's own, should the files name tokens that it does not have.
  std::int32_t bos = vocabulary.by_text.find(bos_text);
  std::int32_t eos = vocabulary.by_text.find(eos_text);
  const auto choose = [&](std::string& text, std::int32_t& id, const std::string& named) {
    text = named.empty() ? text : named;
    id = vocabulary.by_text.find(text) >= 0 ? vocabulary.by_text.find(text) : id;
  };
  choose(bos_text, bos, tokens.bos);
  choose(eos_text, eos, tokens.eos);
  add_ends(tokens.adds_bos.value_or(adds_bos) ? bos : -1,
           tokens.adds_eos.value_or(false) ? eos : -1);
}

/// What an encoded text begins and ends with; -1: nothing.
void Tokenizer::Impl::add_ends(std::int32_t bos, std::int32_t eos) {
  if (bos >= 0) {
    prefix.push_back(bos);
  }
  if (eos >= 0) {
    suffix.push_back(eos);
  }
}

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&& other) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&& other) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::open(const std::filesystem::path& directory) {
  const auto has = [&](const char* name) { return is_there(directory / name); };
  const FolderTokens settings = read_folder_tokens(directory);
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

namespace {

/// What of `ranges` lies within `whole`, counted from its beginning.
std::vector<TextRange> ranges_within(std::span<const TextRange> ranges, TextRange whole) {
  std::vector<TextRange> inside;
  for (auto at =
           std::partition_point(ranges.begin(), ranges.end(),
                                [&](const TextRange& range) { return range.end <= whole.begin; });
       at != ranges.end() && at->begin < whole.end; ++at) {
    inside.push_back({std::max(at->begin, whole.begin) - whole.begin,
                      std::min(at->end, whole.end) - whole.begin});
  }
  return inside;
}

}  // namespace

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
      AddedTokens::Filter inside{.special = options.parse_special};
      std::vector<TextRange> plain = ranges_within(options.plain, part.range);
      inside.plain = plain;
      impl_->encode_text(text.substr(part.range.begin, part.range.end - part.range.begin),
                         part.range.begin == 0, inside, ids);
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
  if (at_start_ && tokenizer_.decoding.strip_first_token) {
    at_start_ = false;
    const auto special_case = tokenizer_.vocabulary.at_start.find(id);
    if (special_case != tokenizer_.vocabulary.at_start.end()) {
      out_ = special_case->second;
    } else {
      std::erase(out_, ' ');
    }
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
