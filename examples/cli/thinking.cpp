// SPDX-License-Identifier: Apache-2.0
// Splitting at thinking markers.
#include "thinking.hpp"

#include <algorithm>
#include <vector>

#include "api.hpp"

namespace ottobit::cli {
namespace {

std::int32_t single_token(const ottobit_model* model, const std::string& text) {
  const std::vector<std::int32_t> ids = tokenize(model, text, OTTOBIT_TOKENS_SPECIAL);
  return ids.size() == 1 ? ids.front() : -1;
}

/// How many bytes at the end of `text` are a beginning of `marker`, but not the whole of it.
std::size_t overlap(std::string_view text, std::string_view marker) {
  std::size_t length = marker.empty() ? 0 : std::min(text.size(), marker.size() - 1);
  while (length > 0 && text.substr(text.size() - length) != marker.substr(0, length)) {
    --length;
  }
  return length;
}

}  // namespace

ThinkingSplitter::ThinkingSplitter(const ottobit_model* model, const std::string& begin,
                                   const std::string& end, std::span<const std::int32_t> prompt) {
  if (begin.empty() || end.empty()) {
    return;
  }
  begin_ = {begin, single_token(model, begin)};
  end_ = {end, single_token(model, end)};
  for (const std::int32_t id : prompt) {
    if (id >= 0 && (id == begin_.id || id == end_.id)) {
      thinking_ = id == begin_.id;
    }
  }
  seen_ = thinking_;
}

void ThinkingSplitter::switch_to(bool thinking) noexcept {
  thinking_ = thinking;
  seen_ = seen_ || thinking;
}

void ThinkingSplitter::feed(std::int32_t token, std::string_view text, const Piece& piece) {
  if (token >= 0 && (token == begin_.id || token == end_.id)) {
    feed_marker(token == begin_.id ? begin_ : end_, text, piece);
    return;
  }
  held_ += text;
  if (!owed_.empty() && !held_.empty()) {
    const std::size_t at = held_.find(owed_);
    if (at != std::string::npos) {
      held_.erase(at, owed_.size());
    }
    owed_.clear();
  }
  feed_text(piece);
}

void ThinkingSplitter::feed_marker(const Marker& marker, std::string_view text,
                                   const Piece& piece) {
  // A marker that is not special stands in the text as well, at the latest with the next token.
  const std::size_t at = text.find(marker.text);
  const std::string before = held_ + std::string(text.substr(0, at));
  held_.clear();
  if (!before.empty()) {
    piece(thinking_, before);
  }
  switch_to(marker.id == begin_.id);
  owed_ = at == std::string_view::npos ? marker.text : "";
  if (at != std::string_view::npos && at + marker.text.size() < text.size()) {
    piece(thinking_, text.substr(at + marker.text.size()));
  }
}

void ThinkingSplitter::feed_text(const Piece& piece) {
  while (true) {
    const Marker& next = thinking_ ? end_ : begin_;
    const bool by_text = !next.text.empty() && next.id < 0;
    const std::size_t at = by_text ? held_.find(next.text) : std::string::npos;
    const std::size_t keep = by_text && at == std::string::npos ? overlap(held_, next.text) : 0;
    const std::size_t give = at != std::string::npos ? at : held_.size() - keep;
    if (give > 0) {
      piece(thinking_, std::string_view(held_).substr(0, give));
    }
    if (at == std::string::npos) {
      held_.erase(0, give);
      return;
    }
    held_.erase(0, at + next.text.size());
    switch_to(!thinking_);
  }
}

void ThinkingSplitter::finish(const Piece& piece) {
  if (!held_.empty()) {
    piece(thinking_, held_);
    held_.clear();
  }
}

}  // namespace ottobit::cli
