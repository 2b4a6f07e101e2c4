// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/json_tokenizer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "io/replace.hpp"
#include "tokenizer/byte_level.hpp"
#include "tokenizer/spec.hpp"

namespace ottobit {
namespace {

constexpr std::int32_t kMaxVocab = 1 << 24;

const Json& part(const Json& root, const char* key) {
  static const Json null;
  const auto found = root.find(key);
  return found == root.end() ? null : *found;
}

/// The member `key` of `model`, moved out of it; null if there is none.
OrderedJson take_from_model(OrderedJson& root, const char* key) {
  OrderedJson taken;
  if (root.is_object() && root.contains("model") && root["model"].is_object() &&
      root["model"].contains(key)) {
    taken.swap(root["model"][key]);
  }
  return taken;
}

/// The byte of "<0x0A>", or -1.
int fallback_byte(std::string_view spelling) {
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling.back() != '>') {
    return -1;
  }
  int byte = -1;
  const auto [end, error] = std::from_chars(spelling.data() + 3, spelling.data() + 5, byte, 16);
  return error == std::errc() && end == spelling.data() + 5 ? byte : -1;
}

void parse_decoder(const Json& spec, Decoding& decoding, const std::string& subject, int depth) {
  const std::string type = spec_type(spec, subject, depth);
  const std::string where = subject + ": " + type;
  if (type == "Sequence") {
    for (const Json& step : spec_list(spec, "decoders", where)) {
      parse_decoder(step, decoding, subject, depth + 1);
    }
  } else if (type == "ByteLevel") {
    decoding.byte_level = true;
  } else if (type == "ByteFallback") {
    decoding.byte_fallback = true;
  } else if (type == "Replace") {
    const SplitPattern pattern = spec_pattern(spec, where);
    OTTOBIT_CHECK(!pattern.is_regex, ErrorCode::unsupported, where,
                  "a regular expression in a decoder is not known");
    decoding.replace.emplace_back(pattern.text, spec_text(spec, "content", where));
  } else if (type == "Metaspace") {
    const std::string mark =
        spec.contains("replacement") ? spec_text(spec, "replacement", where) : "\u2581";
    OTTOBIT_CHECK(!mark.empty(), ErrorCode::format, where, "an empty `replacement`");
    decoding.replace.emplace_back(mark, " ");
    decoding.strip_first_token =
        !spec.contains("prepend_scheme") || spec_text(spec, "prepend_scheme", where) != "never";
  } else if (type == "Strip") {
    const bool one_space = spec_text(spec, "content", where) == " " && part(spec, "start") == 1 &&
                           part(spec, "stop") == 0;
    OTTOBIT_CHECK(one_space, ErrorCode::unsupported, where, "known is only one space at the start");
    decoding.strip_first_space = true;
  } else if (type != "Fuse") {
    fail_unknown(subject, "decoder", type);
  }
}

/// Collects the control tokens a template puts before and after the text.
void parse_post_processor(const Json& spec, JsonTokenizer& out, const std::string& subject,
                          int depth) {
  const std::string type = spec_type(spec, subject, depth);
  const std::string where = subject + ": " + type;
  if (type == "Sequence") {
    for (const Json& step : spec_list(spec, "processors", where)) {
      parse_post_processor(step, out, subject, depth + 1);
    }
    return;
  }
  if (type == "ByteLevel") {
    return;  // concerns offsets only
  }
  if (type != "TemplateProcessing") {
    fail_unknown(subject, "post-processor", type);
  }
  bool before = true;
  for (const Json& item : spec_list(spec, "single", where)) {
    if (item.contains("Sequence")) {
      before = false;
      continue;
    }
    OTTOBIT_CHECK(item.contains("SpecialToken") && item["SpecialToken"].is_object(),
                  ErrorCode::format, where, "`single` holds neither a token nor the text");
    const std::string name = spec_text(item["SpecialToken"], "id", where);
    const Json& tokens = part(spec, "special_tokens");
    OTTOBIT_CHECK(tokens.is_object() && tokens.contains(name) && tokens[name].is_object(),
                  ErrorCode::format, where,
                  in_backticks(name) + " is missing from `special_tokens`");
    for (const Json& id : spec_list(tokens[name], "ids", where)) {
      const bool known =
          id.is_number_unsigned() &&
          id.get<std::uint64_t>() < static_cast<std::uint64_t>(out.vocabulary.size());
      OTTOBIT_CHECK(known, ErrorCode::format, where,
                    "id " + id.dump() + " of " + in_backticks(name) + " is not in the vocabulary");
      (before ? out.prefix : out.suffix).push_back(id.get<std::int32_t>());
    }
  }
}

void parse_added(const Json& list, JsonTokenizer& out, const std::string& subject) {
  OTTOBIT_CHECK(list.is_null() || list.is_array(), ErrorCode::format, subject,
                "`added_tokens` is " + std::string(json_type_text(list)) + ", expected an array");
  for (const Json& item : list) {
    const std::string where = subject + ": added_tokens";
    OTTOBIT_CHECK(item.is_object(), ErrorCode::format, where,
                  "holds " + std::string(json_type_text(item)) + ", expected objects");
    AddedToken token;
    token.content = spec_text(item, "content", where);
    const Json& id = part(item, "id");
    OTTOBIT_CHECK(id.is_number_unsigned() && id.get<std::uint64_t>() < kMaxVocab, ErrorCode::format,
                  where,
                  "id " + id.dump() + " of " + in_backticks(token.content) + ", expected 0 to " +
                      std::to_string(kMaxVocab - 1));
    token.id = id.get<std::int32_t>();
    token.special = spec_flag(item, "special", false, where);
    token.normalized = spec_flag(item, "normalized", false, where);
    token.single_word = spec_flag(item, "single_word", false, where);
    token.lstrip = spec_flag(item, "lstrip", false, where);
    token.rstrip = spec_flag(item, "rstrip", false, where);
    out.vocabulary.set(token.id, token.content, out.decoding, subject);
    out.vocabulary.special[static_cast<std::size_t>(token.id)] = token.special;
    out.added.add(std::move(token));
  }
}

}  // namespace

void Vocabulary::set(std::int32_t id, std::string_view spelling, const Decoding& decoding,
                     const std::string& subject) {
  place(id, spelling, decoding, subject);
  by_text.add(spelling, id);
}

void Vocabulary::set_all(const TokenTable& tokens, const Decoding& decoding,
                         const std::string& subject) {
  by_text = tokens;
  bytes.reserve(tokens.size());
  tokens.for_each(
      [&](std::string_view spelling, std::int32_t id) { place(id, spelling, decoding, subject); });
}

void Vocabulary::place(std::int32_t id, std::string_view spelling, const Decoding& decoding,
                       const std::string& subject) {
  OTTOBIT_CHECK(id >= 0 && id < kMaxVocab, ErrorCode::format, subject,
                "id " + std::to_string(id) + " of " + in_backticks(spelling) + ", expected 0 to " +
                    std::to_string(kMaxVocab - 1));
  const auto at = static_cast<std::size_t>(id);
  if (at >= bytes.size()) {
    bytes.resize(at + 1);
    special.resize(at + 1);
    is_byte.resize(at + 1);
  }
  const int byte = decoding.byte_fallback ? fallback_byte(spelling) : -1;
  is_byte[at] = byte >= 0;
  if (byte >= 0) {
    bytes[at] = std::string(1, static_cast<char>(static_cast<unsigned char>(byte)));
    return;
  }
  const std::size_t most = 1024 + 64 * spelling.size();
  std::string text(spelling);
  if (decoding.strip_first_token && text.find(' ') != std::string::npos) {
    at_start[id] = replace_all(text, decoding.replace.back().first, "", most);
  }
  for (const auto& [from, to] : decoding.replace) {
    text = replace_all(text, from, to, most);
  }
  bytes[at] = decoding.byte_level ? byte_level_bytes(text).value_or(text) : text;
}

JsonTokenizer JsonTokenizer::open(const std::filesystem::path& file) {
  const std::string subject = file_name_text(file);
  OrderedJson file_root = parse_ordered_json(read_text_file(file), subject);
  Bpe::Source source;
  source.vocab = take_from_model(file_root, "vocab");
  source.merges = take_from_model(file_root, "merges");
  const Json root(file_root);
  OTTOBIT_CHECK(root.is_object(), ErrorCode::format, subject,
                std::string(json_type_text(root)) + ", expected an object");
  const Json& model = source.options = part(root, "model");
  OTTOBIT_CHECK(model.is_object(), ErrorCode::format, subject,
                "`model` is " + std::string(json_type_text(model)) + ", expected an object");
  JsonTokenizer out;
  // Files of the first versions leave the type out; they are BPE.
  const std::string type = model.contains("type") ? spec_text(model, "type", subject) : "BPE";
  if (type != "BPE") {
    fail_unknown(subject, "model", type);
  }
  out.normalizer = Normalizer::parse(part(root, "normalizer"), subject + ": normalizer");
  out.pre_tokenizer = PreTokenizer::parse(part(root, "pre_tokenizer"), subject + ": pre_tokenizer");
  if (!part(root, "decoder").is_null()) {
    parse_decoder(part(root, "decoder"), out.decoding, subject + ": decoder", 0);
  }
  const bool byte_level = out.pre_tokenizer.is_byte_level();
  out.bpe = Bpe::parse(source, byte_level, subject + ": model");
  out.vocabulary.set_all(out.bpe.vocab(), out.decoding, subject);
  parse_added(part(root, "added_tokens"), out, subject);
  if (!part(root, "post_processor").is_null()) {
    parse_post_processor(part(root, "post_processor"), out, subject + ": post_processor", 0);
  }
  out.kind = std::string(byte_level ? "byte-level BPE (" : "BPE (") + subject + ")";
  return out;
}

void JsonTokenizer::part_added() {
  const AddedTokens all = std::move(added);
  added = AddedTokens();
  for (AddedToken token : all.tokens()) {
    if (token.normalized) {
      unnormalized.add(token);
      token.content = normalizer.apply(token.content);
      // As such it is decoded, too.
      vocabulary.place(token.id, token.content, decoding, "tokenizer.json");
    }
    (token.normalized ? normalized : added).add(std::move(token));
  }
}

/// Which of the special tokens that normalised text holds, in order, are plain text. The first of
/// them is taken for the first that the text itself holds, and so on; where that cannot be, all
/// are.
std::vector<bool> JsonTokenizer::plain_specials(std::string_view text, std::string_view normal_text,
                                                std::span<const TextRange> plain) const {
  const auto specials = [](const AddedTokens& tokens, std::string_view in) {
    std::vector<TextPart> found = tokens.split(in, {.special = true, .ordinary = true});
    std::erase_if(found, [&](const TextPart& part) {
      return part.id < 0 || std::none_of(tokens.tokens().begin(), tokens.tokens().end(),
                                         [&](const AddedToken& token) {
                                           return token.id == part.id && token.special;
                                         });
    });
    return found;
  };
  const std::vector<TextPart> written = specials(unnormalized, text);
  const std::vector<TextPart> found = specials(normalized, normal_text);
  const bool alike = written.size() == found.size() &&
                     std::equal(written.begin(), written.end(), found.begin(),
                                [](const TextPart& a, const TextPart& b) { return a.id == b.id; });
  std::vector<bool> texts;
  for (const TextPart& part : written) {
    texts.push_back(!alike || std::any_of(plain.begin(), plain.end(), [&](const TextRange& range) {
      return range.begin < part.range.end && part.range.begin < range.end;
    }));
  }
  texts.resize(found.size(), true);
  return texts;
}

void JsonTokenizer::encode(std::string_view text, bool first, const AddedTokens::Filter& filter,
                           std::vector<std::int32_t>& ids) const {
  const std::string normal_text = normalizer.empty() ? std::string(text) : normalizer.apply(text);
  AddedTokens::Filter later{.special = filter.special, .ordinary = filter.ordinary};
  std::vector<bool> texts;
  if (!filter.plain.empty() && filter.special && !normalized.empty()) {
    texts = plain_specials(text, normal_text, filter.plain);
    later.texts = &texts;
  }
  for (const TextPart& part : normalized.split(normal_text, later)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    std::vector<std::string> pieces(
        1, normal_text.substr(part.range.begin, part.range.end - part.range.begin));
    pre_tokenizer.apply(pieces, first && part.range.begin == 0);
    for (const std::string& piece : pieces) {
      bpe.encode(piece, ids);
    }
  }
}

}  // namespace ottobit
