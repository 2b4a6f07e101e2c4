// SPDX-License-Identifier: Apache-2.0
// How a recurrent layer takes the states of a pass's sequences through their tokens.
#pragma once

#include <algorithm>
#include <span>

#include "ottobit/kernels/table.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/sequence.hpp"

namespace ottobit {

/// `call_of(sequence)`: its recurrence but for the state, which is what its layer keeps; at
/// position 0 that begins as zeros.
template <class CallOf>
void recur(ExecContext& ctx, std::span<const Sequence> all, const CallOf& call_of) {
  auto* const calls = ctx.arena.take<RecurrenceCall>(static_cast<Index>(all.size()));
  std::transform(all.begin(), all.end(), calls, [&](const Sequence& at) {
    RecurrenceCall call = call_of(at);
    call.tokens = at.tokens;
    call.state = reinterpret_cast<float*>(at.layer(ctx).k);
    if (at.position == 0) {
      std::fill_n(call.state, call.heads * call.key_dim * call.value_dim, 0.0F);
    }
    return call;
  });
  const RecurrentKernels& kernels = *ctx.kernels.recurrent;
  for_items(ctx, std::span<const RecurrenceCall>(calls, all.size()), kernels.items,
            [&](const RecurrenceCall& call, RowRange items, int) noexcept {
              kernels.recurrence(call, items);
            });
}

/// For recur().
inline void recur_workspace(const WorkspaceFor& use, ArenaSize& size) {
  size.take<RecurrenceCall>(use.sequences);
}

}  // namespace ottobit
