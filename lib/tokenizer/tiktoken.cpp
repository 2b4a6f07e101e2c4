// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/tiktoken.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "ottobit/error.hpp"

#include "io/json.hpp"
#include "io/printable.hpp"

namespace ottobit {
namespace {

// Runs of Han; words without Han, capitals first, contractions included; up to three digits; runs
// of signs; line ends; spaces.
constexpr const char* kKimiPattern =
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// RFC 4648, padded; nothing if it is not.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const int digit = pad ? 0 : base64_digit(text[i]);
    if (digit < 0) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    if (i % 4 == 3) {
      for (const unsigned shift : {16U, 8U, 0U}) {
        bytes.push_back(static_cast<char>(bits >> shift & 0xFFU));
      }
      bits = 0;
    }
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

struct RankedToken {
  std::string bytes;
  std::int32_t rank;
};

RankedToken parse_line(std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  OTTOBIT_CHECK(space != std::string_view::npos, ErrorCode::format, where,
                in_backticks(line.substr(0, 60)) + " is not a token in base64 and a rank");
  std::optional<std::string> bytes = from_base64(line.substr(0, space));
  OTTOBIT_CHECK(
      bytes && !bytes->empty(), ErrorCode::format, where,
      in_backticks(line.substr(0, std::min<std::size_t>(space, 60))) + " is not a token in base64");
  const std::string_view number = line.substr(space + 1);
  std::int32_t rank = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rank);
  OTTOBIT_CHECK(error == std::errc() && end == number.data() + number.size() && rank >= 0,
                ErrorCode::format, where, in_backticks(number.substr(0, 60)) + " is not a rank");
  return {std::move(*bytes), rank};
}

}  // namespace

Tiktoken::Tiktoken(Bpe bpe, Vocabulary vocabulary)
    : bpe_(std::move(bpe)),
      vocabulary_(std::move(vocabulary)),
      pattern_(kKimiPattern, "the pattern of tiktoken.model") {}

Tiktoken Tiktoken::open(const std::filesystem::path& file) {
  const std::string subject = file_name_text(file);
  const std::string text = read_text_file(file);
  Vocabulary vocabulary;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty()) {
      continue;
    }
    const std::string where = subject + ", line " + std::to_string(number);
    const RankedToken token = parse_line(line, where);
    const auto known = static_cast<std::size_t>(token.rank);
    OTTOBIT_CHECK(token.rank >= vocabulary.size() || vocabulary.bytes[known].empty(),
                  ErrorCode::format, where,
                  "rank " + std::to_string(token.rank) + " stands there twice");
    OTTOBIT_CHECK(vocabulary.by_text.find(token.bytes) < 0, ErrorCode::format, where,
                  "the token stands there twice");
    vocabulary.set(token.rank, token.bytes, {}, where);
  }
  Bpe bpe = Bpe::from_ranks(vocabulary.by_text, subject);
  return {std::move(bpe), std::move(vocabulary)};
}

void Tiktoken::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  Regex::Search search(pattern_, text);
  std::size_t at = 0;
  while (const std::optional<TextRange> match = search.next(at)) {
    bpe_.encode(text.substr(match->begin, match->end - match->begin), ids);
    at = match->end;
  }
}

}  // namespace ottobit
