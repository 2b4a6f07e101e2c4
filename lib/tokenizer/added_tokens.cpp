// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/added_tokens.hpp"

#include <algorithm>
#include <utility>

#include <utf8proc.h>

#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

bool is_word(std::string_view character) noexcept {
  const auto code = static_cast<utf8proc_int32_t>(utf8::first_character(character).code);
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return false;
  }
}

bool stands_alone(std::string_view text, TextRange at) noexcept {
  const std::string_view before = text.substr(0, at.begin);
  const std::string_view after = text.substr(at.end);
  return (before.empty() || !is_word(utf8::last_character(before))) &&
         (after.empty() || !is_word(after));
}

bool overlaps(std::span<const TextRange> ranges, TextRange at) noexcept {
  const auto first = std::partition_point(
      ranges.begin(), ranges.end(), [&](const TextRange& range) { return range.end <= at.begin; });
  return first != ranges.end() && first->begin < at.end;
}

}  // namespace

void AddedTokens::add(AddedToken token) {
  if (token.content.empty()) {
    return;
  }
  std::vector<std::size_t>& bucket =
      by_first_byte_[static_cast<unsigned char>(token.content.front())];
  const auto place = std::find_if(bucket.begin(), bucket.end(), [&](std::size_t i) {
    return tokens_[i].content.size() < token.content.size();
  });
  bucket.insert(place, tokens_.size());
  tokens_.push_back(std::move(token));
}

const AddedToken* AddedTokens::match(std::string_view text, std::size_t at,
                                     const Filter& filter) const {
  for (const std::size_t i : by_first_byte_[static_cast<unsigned char>(text[at])]) {
    const AddedToken& token = tokens_[i];
    const TextRange range{at, at + token.content.size()};
    const bool wanted = token.special ? filter.special : filter.ordinary;
    if (wanted && text.substr(at).starts_with(token.content) &&
        (!token.single_word || stands_alone(text, range)) &&
        !(token.special && overlaps(filter.plain, range))) {
      return &token;
    }
  }
  return nullptr;
}

std::vector<TextPart> AddedTokens::split(std::string_view text, const Filter& filter) const {
  std::vector<TextPart> parts;
  std::size_t rest = 0;  // end of the last part
  const auto push = [&](std::size_t begin, std::size_t end, std::int32_t id) {
    if (begin < end) {
      parts.push_back({{begin, end}, id});
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = match(text, at, filter);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    while (token->lstrip && begin > rest &&
           utf8::is_space(utf8::last_character(text.substr(rest, begin - rest)))) {
      begin -= utf8::last_character(text.substr(rest, begin - rest)).size();
    }
    while (token->rstrip && end < text.size() && utf8::is_space(text.substr(end))) {
      end += utf8::first_character(text.substr(end)).length;
    }
    push(rest, begin, -1);
    push(begin, end, token->id);
    rest = at = end;
  }
  push(rest, text.size(), -1);
  return parts;
}

}  // namespace ottobit
