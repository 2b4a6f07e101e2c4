// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/prefix_store.hpp"
#include "runtime/session_impl.hpp"

namespace ottobit {
namespace {

/// Micro batches that are not cut short of kSplitTokens by a block more or less.
constexpr Index kLeastBatch = 2 * PrefixStore::kBlock;

/// How much of `known` positions a session may take up that would otherwise read [begin, end) in
/// micro batches of `batch`: where its batches would have many tokens, so must those of the rest.
Index usable(Index known, Index begin, Index end, Index batch) {
  const Index rest = (end - begin) % batch;
  const bool ends_short = rest > 0 && rest <= kSplitTokens;
  const Index most = std::min(known, end - (ends_short ? rest : kSplitTokens + 1));
  if (most <= begin) {
    return begin;
  }
  const Index boundary = std::min(begin + round_up(most - begin, batch), end);
  const bool is_short = boundary > most && boundary - most <= kSplitTokens;
  return is_short ? boundary - kSplitTokens - 1 : most;
}

}  // namespace

void Session::Impl::take_prefix() {
  PrefixStore& store = model->prefixes();
  next_end = 0;
  const Index begin = computed;
  const Index end = length();
  if (!store.is_on() || batch < kLeastBatch || end - begin <= kSplitTokens ||
      uniform_length() < begin || end > decoder.causal_context() || ctx.observer.see != nullptr) {
    return;
  }
  const PrefixStore::Found found = store.find({cache.dtype(), plan.compute}, tokens);
  const PrefixMark* mark = nullptr;
  for (const auto& each : found.marks) {
    const bool is_later = each->position > (mark == nullptr ? begin : mark->position);
    if (is_later && (each->position == end || states.exist())) {
      mark = each.get();
    }
  }
  const Index taken = mark != nullptr  ? mark->position
                      : states.exist() ? begin
                                       : usable(found.length, begin, end, batch);
  if (taken < end && !states.exist()) {
    next_end = std::min(begin + round_up(taken - begin, batch), end);
  } else if (end - found.length > kSplitTokens && found.length - taken > kSplitTokens) {
    next_end = found.length;  // where histories part, the next one shall find states
  }
  if (taken <= begin) {
    return;
  }
  PrefixStore::copy_rows(found, {begin, taken}, cache);
  if (mark != nullptr) {
    std::copy(mark->logits.begin(), mark->logits.end(), logits.begin());
  }
  if (mark != nullptr && states.exist()) {
    cache.restore_states(mark->states.data());
    states.save(taken, logits);
  }
  computed = uniform = marked = taken;
  stats.prompt_reused += number(taken - begin);
  note_progress();
}

Index Session::Impl::next_count() const noexcept {
  if (next_end <= computed || next_end >= length()) {
    return std::min(batch, pending());
  }
  const Index left = next_end - computed;
  const bool leaves_few = left > batch && left - batch <= kSplitTokens;
  return leaves_few ? left - batch / 2 : std::min(batch, left);
}

void Session::Impl::give_prefix() noexcept {
  PrefixStore& store = model->prefixes();
  if (!store.is_on() || batch < kLeastBatch || uniform_length() < computed) {
    return;
  }
  const bool is_scored = pending() == 0 || states.exist();
  if (is_scored && !all_finite(logits)) {
    return;
  }
  const Index row_bytes = std::max<Index>(cache.bytes_per_position(), 1);
  const Index interval = std::max(batch, cache.state_bytes() / row_bytes);
  marked = std::min(marked, computed);
  const bool marks = pending() == 0 || computed == next_end || computed - marked >= interval;
  std::optional<PrefixMark> mark;
  try {
    if (is_scored && marks) {
      const MemoryHandle& memory = model->machine().memory;
      mark.emplace(PrefixMark{computed, LargeVector<std::byte>(memory), logits});
      if (states.exist()) {
        mark->states = LargeVector<std::byte>(index(cache.state_bytes()), memory);
        cache.save_states(mark->states.data());
      }
      marked = computed;
    }
  } catch (...) {  // without memory there will be less to find
    mark.reset();
  }
  store.add({cache.dtype(), plan.compute}, std::span(tokens).first(index(computed)), cache, written,
            model->machine().memory, std::move(mark));
}

MemoryLimit::Share Session::Impl::take_share() const {
  const std::uint64_t bytes = plan.memory(decoder, model->machine()).bytes();
  MemoryLimit& limit = model->memory_limit();
  if (std::optional<MemoryLimit::Share> taken = limit.try_take(bytes)) {
    return std::move(*taken);
  }
  model->prefixes().clear();
  return limit.take(bytes, model->name(), "a session");
}

}  // namespace ottobit
