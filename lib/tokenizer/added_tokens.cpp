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
  begins_[static_cast<unsigned char>(token.content.front())] = true;
  const auto [at, is_new] = by_content_.try_emplace(token.content, tokens_.size());
  if (is_new) {
    tokens_.push_back(std::move(token));
  } else {
    tokens_[at->second] = std::move(token);
  }
}

bool AddedTokens::contains(std::string_view content) const noexcept {
  return by_content_.find(content) != by_content_.end();
}

const AddedToken* AddedTokens::match(std::string_view text, std::size_t at, const Filter& filter,
                                     std::size_t& specials) const {
  std::string_view rest = text.substr(at);
  while (!rest.empty() && begins_[static_cast<unsigned char>(rest.front())]) {
    // Whatever begins `rest` sorts before it; the longest of those last, but for contents that only
    // have a beginning in common with it.
    auto found = by_content_.upper_bound(rest);
    if (found == by_content_.begin()) {
      return nullptr;
    }
    --found;
    const std::string& content = found->first;
    const auto differ = std::mismatch(content.begin(), content.end(), rest.begin(), rest.end());
    const auto common = static_cast<std::size_t>(differ.first - content.begin());
    if (common < content.size()) {
      rest = rest.substr(0, common);
      continue;
    }
    const AddedToken& token = tokens_[found->second];
    bool plain = token.special && overlaps(filter.plain, {at, at + content.size()});
    if (token.special && filter.texts != nullptr) {
      plain = specials >= filter.texts->size() || (*filter.texts)[specials];
      ++specials;
    }
    if (!plain) {
      return &token;
    }
    rest = rest.substr(0, content.size() - 1);
  }
  return nullptr;
}

std::vector<TextPart> AddedTokens::split(std::string_view text, const Filter& filter) const {
  std::vector<TextPart> parts;
  std::size_t specials = 0;
  std::size_t rest = 0;  // end of the last part
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = match(text, at, filter, specials);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + token->content.size();
    const bool wanted = token->special ? filter.special : filter.ordinary;
    at = end;  // what is found and not wanted is passed over as a whole
    if (!wanted || (token->single_word && !stands_alone(text, {begin, end}))) {
      continue;
    }
    while (token->rstrip && end < text.size() && utf8::is_space(text.substr(end))) {
      end += utf8::first_character(text.substr(end)).length;
    }
    if (token->lstrip) {
      begin = std::max(begin, rest);
      while (begin > rest &&
             utf8::is_space(utf8::last_character(text.substr(rest, begin - rest)))) {
        begin -= utf8::last_character(text.substr(rest, begin - rest)).size();
      }
    }
    if (rest < begin) {
      parts.push_back({{rest, begin}, -1});
    }
    if (begin < end) {
      parts.push_back({{begin, end}, token->id});
    }
    rest = end;  // before the white space that the last one took, where this one lies in it
  }
  if (rest < text.size()) {
    parts.push_back({{rest, text.size()}, -1});
  }
  return parts;
}

}  // namespace ottobit
