// SPDX-License-Identifier: Apache-2.0
// Hash tables for vocabularies of some hundred thousand tokens, which open fast and lie close
// together in memory: open addressing with linear probing (Knuth, volume 3, section 6.4,
// algorithm L), at most half full.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

namespace ottobit {

/// How many slots hold `count` keys, and twice as many soon.
[[nodiscard]] inline std::size_t slots_for(std::size_t count) noexcept {
  return std::bit_ceil(std::max<std::size_t>(count, 8) * 2);
}

/// Text -> id. Views that it gives stay valid until the next add().
class TokenTable {
 public:
  void reserve(std::size_t tokens) {
    entries_.reserve(tokens);
    if (slots_for(tokens) > slots_.size()) {
      rehash(slots_for(tokens));
    }
  }

  /// False if the text is there already, whose id then stays. Error{format} beyond 4 GiB of text.
  bool add(std::string_view text, std::int32_t id) {
    if (2 * (entries_.size() + 1) > slots_.size()) {
      rehash(slots_for(entries_.size() + 1));
    }
    OTTOBIT_CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max() - texts_.size(),
                  ErrorCode::format, "vocabulary", "more than 4 GiB of text");
    const std::uint32_t hash = hash_of(text);
    const std::size_t slot = find_slot(text, hash);
    if (slots_[slot] != kFree) {
      return false;
    }
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({hash, static_cast<std::uint32_t>(texts_.size()),
                        static_cast<std::uint32_t>(text.size()), id});
    texts_ += text;
    return true;
  }

  /// -1 if the text is none of the tokens.
  [[nodiscard]] std::int32_t find(std::string_view text) const noexcept {
    if (slots_.empty()) {
      return -1;
    }
    const std::uint32_t entry = slots_[find_slot(text, hash_of(text))];
    return entry == kFree ? -1 : entries_[entry].id;
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// see(text, id) for each, in the order in which they were added.
  template <class See>
  void for_each(See&& see) const {
    for (const Entry& entry : entries_) {
      see(text_of(entry), entry.id);
    }
  }

 private:
  struct Entry {
    std::uint32_t hash, begin, size;
    std::int32_t id;
  };
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

  [[nodiscard]] static std::uint32_t hash_of(std::string_view text) noexcept {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
  }
  [[nodiscard]] std::string_view text_of(const Entry& entry) const noexcept {
    return std::string_view(texts_).substr(entry.begin, entry.size);
  }

  /// The slot that holds the text, or the free one where it would go.
  [[nodiscard]] std::size_t find_slot(std::string_view text, std::uint32_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != kFree) {
      const Entry& entry = entries_[slots_[slot]];
      if (entry.hash == hash && text_of(entry) == text) {
        break;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  void rehash(std::size_t count) {
    slots_.assign(count, kFree);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t slot = entries_[i].hash & (count - 1);
      while (slots_[slot] != kFree) {
        slot = (slot + 1) & (count - 1);
      }
      slots_[slot] = static_cast<std::uint32_t>(i);
    }
  }

  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // a power of two of them: indices into entries_
};

/// A merge of two adjacent symbols.
struct Merge {
  std::int32_t rank = -1;  ///< the lower, the earlier; -1: none
  std::int32_t id = -1;    ///< of the merged symbol
};

/// (left, right) -> Merge.
class MergeTable {
 public:
  void reserve(std::size_t merges) {
    if (slots_for(merges) > slots_.size()) {
      rehash(slots_for(merges));
    }
  }

  /// A pair that is there already gets the new merge.
  void set(std::int32_t left, std::int32_t right, Merge merge) {
    if (2 * (size_ + 1) > slots_.size()) {
      rehash(slots_for(size_ + 1));
    }
    Slot& slot = slots_[find_slot(key_of(left, right))];
    size_ += slot.merge.rank < 0 ? 1 : 0;
    slot = {key_of(left, right), merge};
  }

  /// rank -1 if the pair does not merge.
  [[nodiscard]] Merge find(std::int32_t left, std::int32_t right) const noexcept {
    return slots_.empty() ? Merge() : slots_[find_slot(key_of(left, right))].merge;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Merge merge;  // of rank -1: free
  };

  [[nodiscard]] static std::uint64_t key_of(std::int32_t left, std::int32_t right) noexcept {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32U |
           static_cast<std::uint32_t>(right);
  }

  [[nodiscard]] std::size_t find_slot(std::uint64_t key) const noexcept {
    // Fibonacci hashing (Knuth): the upper bits of the product with 2^64 / golden ratio.
    std::size_t slot = (key * 0x9E3779B97F4A7C15U) >> shift_;
    while (slots_[slot].merge.rank >= 0 && slots_[slot].key != key) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  void rehash(std::size_t count) {
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(count));
    shift_ = 64 - std::countr_zero(count);
    for (const Slot& slot : before) {
      if (slot.merge.rank >= 0) {
        slots_[find_slot(slot.key)] = slot;
      }
    }
  }

  std::vector<Slot> slots_;  // a power of two of them
  std::size_t size_ = 0;
  int shift_ = 63;
};

}  // namespace ottobit
