// SPDX-License-Identifier: Apache-2.0
// SavedStates: what recurrent layers knew at the end of the last prompt. Their states cannot go
// back; with a copy, another answer to the same prompt costs nothing.
#pragma once

#include <algorithm>
#include <span>

#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/memory.hpp"

#include "io/pages.hpp"

namespace ottobit {

class SavedStates {
 public:
  /// Of a cache; without states in it there is nothing to save, and no memory is taken.
  SavedStates(const KvCache& cache, std::size_t vocab, const MemoryHandle& memory)
      : cache_(cache),
        pages_("saved states", cache.state_bytes(), Pages::Size::normal, memory),
        logits_(cache.state_bytes() > 0 ? vocab : 0, memory) {}

  /// Whether the cache has states.
  [[nodiscard]] bool exist() const noexcept { return cache_.state_bytes() > 0; }

  /// Keeps the states and the logits after `position` tokens.
  void save(Index position, std::span<const float> logits) noexcept {
    cache_.save_states(pages_.data());
    std::copy(logits.begin(), logits.end(), logits_.begin());
    position_ = position;
  }

  /// Brings states and logits back if they belong to one of the first `length` positions; the
  /// position, or 0: nothing is there, and nothing any more.
  [[nodiscard]] Index restore(Index length, std::span<float> logits) noexcept {
    if (position_ > length) {
      forget();
    }
    if (position_ > 0) {
      cache_.restore_states(pages_.data());
      std::copy(logits_.begin(), logits_.end(), logits.begin());
    }
    return position_;
  }

  void forget() noexcept { position_ = 0; }

  /// Of a cache of the same sizes.
  void copy_from(const SavedStates& other) noexcept {
    std::copy_n(other.pages_.data(), other.position_ > 0 ? cache_.state_bytes() : 0, pages_.data());
    std::copy(other.logits_.begin(), other.logits_.end(), logits_.begin());
    position_ = other.position_;
  }

  /// What was saved, as bytes in two pieces; after `position` tokens, 0: nothing. Who writes to
  /// them says after how many with `set_position`.
  [[nodiscard]] Index position() const noexcept { return position_; }
  void set_position(Index position) noexcept { position_ = position; }
  template <class Visit>
  void each_piece(const Visit& visit) {
    visit(pages_.data(), cache_.state_bytes());
    visit(reinterpret_cast<std::byte*>(logits_.data()),
          static_cast<Index>(logits_.size() * sizeof(float)));
  }

 private:
  const KvCache& cache_;
  Pages pages_;
  LargeVector<float> logits_;
  Index position_ = 0;
};

}  // namespace ottobit
