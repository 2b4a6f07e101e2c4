// SPDX-License-Identifier: Apache-2.0
// PrefixStore: what the sessions of a model computed of their prompts, so that a beginning that
// many of them share is computed once. A bounded tree of blocks of tokens with their cache rows;
// where a cache holds states, which cannot be cut, some positions keep a copy of those.
//
// Blocks never change once they are in the tree. Who reads one holds it, and may go on after it
// was dropped. Safe from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/memory.hpp"
#include "ottobit/model.hpp"

#include "runtime/memory_limit.hpp"

namespace ottobit {

/// What a model of so many bytes of weights keeps at most: as asked, or as is sensible.
[[nodiscard]] std::uint64_t prefix_bound(const ModelOptions& options, std::uint64_t weights);

/// What a session has behind one position of its history.
struct PrefixMark {
  Index position = 0;
  LargeVector<std::byte> states;  ///< of a cache that has some
  LargeVector<float> logits;
  MemoryLimit::Share share{};
};

class PrefixStore {
 public:
  /// Tokens of a block.
  static constexpr Index kBlock = 32;
  /// Rows of different kinds are not exchanged.
  using Kind = std::pair<DType, Compute>;

  struct Block {
    Block* parent = nullptr;
    std::vector<Block*> children;
    std::vector<std::int32_t> ids;  ///< kBlock, or fewer where a history ended; it has no children
    LargeVector<std::byte> rows;    ///< of the layers with rows of their own, in order of each_run
    std::vector<std::shared_ptr<const PrefixMark>> marks;
    MemoryLimit::Share share{};
    std::list<std::shared_ptr<Block>>::iterator place{};  ///< among all, by use
  };

  /// What the store has of a history.
  struct Found {
    Index length = 0;  ///< tokens that are the same
    std::vector<std::shared_ptr<const Block>> blocks;
    std::vector<std::shared_ptr<const PrefixMark>> marks;  ///< among them
  };

  /// Keeps `most` bytes at most, taken from `limit`; 0: never anything.
  PrefixStore(std::uint64_t most, MemoryLimit& limit) noexcept : most_(most), limit_(limit) {}
  PrefixStore(const PrefixStore&) = delete;
  PrefixStore& operator=(const PrefixStore&) = delete;

  [[nodiscard]] bool is_on() const noexcept { return most_ > 0; }

  /// The longest beginning of `ids` that is there.
  [[nodiscard]] Found find(Kind kind, std::span<const std::int32_t> ids);

  /// Copies rows of positions [from, to) out of blocks that were found into a cache.
  static void copy_rows(const Found& found, RowRange positions, const KvCache& cache) noexcept;

  /// Adds what is missing of the history `ids`, which is in a cache that was `written` positions
  /// long, and the mark if there is one. Without memory, nothing or a part of it.
  void add(Kind kind, std::span<const std::int32_t> ids, const KvCache& cache, Index written,
           const MemoryHandle& memory, std::optional<PrefixMark> mark) noexcept;

  /// Forgets everything.
  void clear() noexcept;
  /// What is kept now.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  using Blocks = std::list<std::shared_ptr<Block>>;

  void touch(Block& last) noexcept;
  void remove(Block& leaf) noexcept;
  /// Room for so many bytes, made by removing what was not used for long, but not `keep`.
  [[nodiscard]] bool make_room(std::uint64_t bytes, const Block& keep, MemoryLimit::Share& share);
  /// Positions [first, first + ids.size()) behind `parent`; nullptr: there is no room.
  [[nodiscard]] Block* insert(Block& parent, std::span<const std::int32_t> ids, Index first,
                              const KvCache& cache, const MemoryHandle& memory);
  void insert_mark(Block& block, PrefixMark mark);

  std::uint64_t most_;
  MemoryLimit& limit_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_ = 0;
  Blocks used_;  ///< the last used first, and so a parent before its children
  std::map<Kind, Block> roots_;
};

}  // namespace ottobit
