// SPDX-License-Identifier: Apache-2.0
#include "runtime/prefix_store.hpp"

#include <algorithm>

namespace ottobit {
namespace {

std::size_t index(Index i) {
  return static_cast<std::size_t>(i);
}

/// visit(Run) for all rows that a position has of its own.
template <class Visit>
void each_row_run(const KvCache& cache, const Visit& visit) {
  for (std::size_t layer = 0; layer < cache.layers(); ++layer) {
    if (!cache.is_borrowed(layer) && !cache.is_state(layer)) {
      cache.each_run(layer, visit);
    }
  }
}

/// From which position on all layers still have the rows of a history of that length.
Index first_kept(const KvCache& cache, Index written, Index length) {
  Index first = 0;
  for (std::size_t layer = 0; layer < cache.layers(); ++layer) {
    first = std::max(first, cache.kept(layer, written, length).begin);
  }
  return first;
}

/// The child that has most of the beginning of `ids`, and how many of them; nullptr: none has one.
std::pair<PrefixStore::Block*, Index> best_child(const PrefixStore::Block& of,
                                                 std::span<const std::int32_t> ids) {
  std::pair<PrefixStore::Block*, Index> best{nullptr, 0};
  for (PrefixStore::Block* child : of.children) {
    const auto ends = std::mismatch(child->ids.begin(), child->ids.end(), ids.begin(), ids.end());
    const auto common = static_cast<Index>(ends.first - child->ids.begin());
    if (common > best.second) {
      best = {child, common};
    }
  }
  return best;
}

std::uint64_t bytes_of(const PrefixMark& mark) {
  return sizeof(PrefixMark) + mark.states.size() + mark.logits.size() * sizeof(float);
}

std::uint64_t bytes_of(std::span<const std::int32_t> ids, std::uint64_t rows) {
  return sizeof(PrefixStore::Block) + ids.size_bytes() + rows;
}

std::uint64_t bytes_of(const PrefixStore::Block& block) {
  std::uint64_t bytes = bytes_of(block.ids, block.rows.size());
  for (const auto& mark : block.marks) {
    bytes += bytes_of(*mark);
  }
  return bytes;
}

}  // namespace

std::uint64_t prefix_bound(const ModelOptions& options, std::uint64_t weights) {
  constexpr std::uint64_t kLeast = std::uint64_t{16} << 20U;
  constexpr std::uint64_t kMost = std::uint64_t{512} << 20U;
  if (options.prefix_bytes != ModelOptions::kChosen) {
    return options.prefix_bytes;
  }
  return options.random_json.empty() ? std::clamp(weights / 4, kLeast, kMost) : 0;
}

PrefixStore::Found PrefixStore::find(Kind kind, std::span<const std::int32_t> ids) {
  Found found;
  const std::lock_guard lock(mutex_);
  const auto root = roots_.find(kind);
  if (root == roots_.end()) {
    return found;
  }
  Block* at = &root->second;
  for (bool whole = true; whole;) {
    const auto [child, common] = best_child(*at, ids.subspan(index(found.length)));
    whole = common == kBlock;
    if (child != nullptr) {
      at = child;
      found.length += common;
      found.blocks.push_back(*child->place);
    }
  }
  touch(*at);
  for (const auto& block : found.blocks) {
    for (const auto& mark : block->marks) {
      if (mark->position <= found.length) {
        found.marks.push_back(mark);
      }
    }
  }
  return found;
}

void PrefixStore::copy_rows(const Found& found, RowRange positions, const KvCache& cache) noexcept {
  Index first = 0;  // position of the block
  for (const auto& block : found.blocks) {
    const auto count = static_cast<Index>(block->ids.size());
    const RowRange wanted{std::max(positions.begin, first), std::min(positions.end, first + count)};
    const std::byte* rows = block->rows.data();
    each_row_run(cache, [&](const KvCache::Run& run) {
      if (wanted.begin < wanted.end) {
        const std::byte* from = rows + (wanted.begin - first) * run.row_bytes;
        run.each(wanted, [&](std::byte* to, Index size) {
          std::copy_n(from, size, to);
          from += size;
        });
      }
      rows += count * run.row_bytes;
    });
    first += count;
  }
}

void PrefixStore::add(Kind kind, std::span<const std::int32_t> ids, const KvCache& cache,
                      Index written, const MemoryHandle& memory,
                      std::optional<PrefixMark> mark) noexcept {
  if (!is_on()) {
    return;
  }
  const auto length = static_cast<Index>(ids.size());
  const Index kept = first_kept(cache, written, length);
  try {
    const std::lock_guard lock(mutex_);
    Block* at = &roots_[kind];
    for (Index first = 0; first < length; first += kBlock) {
      const auto piece = ids.subspan(index(first), index(std::min(kBlock, length - first)));
      const auto [child, common] = best_child(*at, piece);
      Block* next = index(common) == piece.size() ? child : nullptr;
      if (next == nullptr && first >= kept) {
        next = insert(*at, piece, first, cache, memory);
      }
      if (next == nullptr) {  // a ring has gone on, or there is no room
        return;
      }
      at = next;
    }
    touch(*at);
    if (mark) {
      insert_mark(*at, std::move(*mark));
    }
  } catch (...) {  // without memory there will be less to find
    return;
  }
}

PrefixStore::Block* PrefixStore::insert(Block& parent, std::span<const std::int32_t> ids,
                                        Index first, const KvCache& cache,
                                        const MemoryHandle& memory) {
  const auto count = static_cast<Index>(ids.size());
  Index size = 0;
  each_row_run(cache, [&](const KvCache::Run& run) { size += count * run.row_bytes; });
  touch(parent);
  auto block = std::make_shared<Block>();
  if (!make_room(bytes_of(ids, static_cast<std::uint64_t>(size)), parent, block->share)) {
    return nullptr;
  }
  block->parent = &parent;
  block->ids.assign(ids.begin(), ids.end());
  block->rows = LargeVector<std::byte>(index(size), memory);
  std::byte* to = block->rows.data();
  each_row_run(cache, [&](const KvCache::Run& run) {
    run.each({first, first + count},
             [&](const std::byte* from, Index bytes) { to = std::copy_n(from, bytes, to); });
  });
  const auto [shorter, common] = best_child(parent, ids);
  const bool is_longer = shorter != nullptr && index(common) == shorter->ids.size();
  if (is_longer) {
    block->marks = shorter->marks;
  }
  parent.children.reserve(parent.children.size() + 1);
  block->place =
      used_.insert(parent.parent == nullptr ? used_.begin() : std::next(parent.place), block);
  parent.children.push_back(block.get());
  bytes_ += bytes_of(*block);
  if (is_longer) {
    remove(*shorter);
  }
  return block.get();
}

void PrefixStore::insert_mark(Block& block, PrefixMark mark) {
  const bool known = std::any_of(block.marks.begin(), block.marks.end(), [&](const auto& other) {
    return other->position == mark.position;
  });
  const std::uint64_t bytes = bytes_of(mark);
  if (!known && make_room(bytes, block, mark.share)) {
    block.marks.push_back(std::make_shared<const PrefixMark>(std::move(mark)));
    bytes_ += bytes;
  }
}

void PrefixStore::touch(Block& last) noexcept {
  for (Block* block = &last; block->parent != nullptr; block = block->parent) {
    used_.splice(used_.begin(), used_, block->place);
  }
}

bool PrefixStore::make_room(std::uint64_t bytes, const Block& keep, MemoryLimit::Share& share) {
  if (bytes > most_) {
    return false;
  }
  while (true) {
    if (bytes_ + bytes <= most_) {
      if (std::optional<MemoryLimit::Share> taken = limit_.try_take(bytes)) {
        share = std::move(*taken);
        return true;
      }
    }
    if (used_.empty() || used_.back().get() == &keep) {
      return false;
    }
    remove(*used_.back());
  }
}

void PrefixStore::remove(Block& leaf) noexcept {
  std::erase(leaf.parent->children, &leaf);
  bytes_ -= bytes_of(leaf);
  used_.erase(leaf.place);  // destroys it, if nobody reads it
}

void PrefixStore::clear() noexcept {
  const std::lock_guard lock(mutex_);
  roots_.clear();
  used_.clear();
  bytes_ = 0;
}

std::uint64_t PrefixStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace ottobit
