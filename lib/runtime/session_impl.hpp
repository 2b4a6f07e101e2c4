// SPDX-License-Identifier: Apache-2.0
// What a session is made of, and how it reads the tokens of its history that are not computed yet:
// by itself, in micro batches, or as a part of a pass of several sessions (batch.cpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/decoder.hpp"
#include "ottobit/error.hpp"
#include "ottobit/session.hpp"

#include "io/pages.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/saved_states.hpp"
#include "runtime/session_options.hpp"
#include "runtime/session_state.hpp"

namespace ottobit {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Session::Impl {
  Impl(std::shared_ptr<const Model> owner, const SessionOptions& session_options)
      : model(std::move(owner)),
        decoder(model->decoder()),
        options(session_options),
        plan(plan_session(decoder.spec(), *model->machine().kernels, options)),
        context(plan.context),
        batch(plan.batch),
        share(take_share()),
        cache(plan.cache(decoder.spec())),
        pages("KV cache", cache.bytes(), Pages::Size::normal, model->machine().memory),
        arena(plan.workspace(decoder, model->machine()), model->machine().memory),
        ctx{*model->machine().kernels, plan.compute, Parallel(*model->machine().engine), arena},
        tokens(model->machine().memory),
        logits(static_cast<std::size_t>(model->vocab()), model->machine().memory),
        states(cache, logits.size(), model->machine().memory) {
    cache.attach(pages.data());
    tokens.reserve(static_cast<std::size_t>(context));
  }

  [[nodiscard]] Index length() const noexcept { return static_cast<Index>(tokens.size()); }

  [[nodiscard]] StateParts parts() {
    return {model->fingerprint(), cache, states, tokens, logits, computed, written, oldest};
  }

  void check_room(Index count) const {
    OTTOBIT_CHECK(count <= context - length(), ErrorCode::context, "context",
                  std::to_string(count) + " tokens after " + std::to_string(length()) +
                      " do not fit in " + std::to_string(context));
  }

  void check_ids(std::span<const std::int32_t> ids) const {
    for (const std::int32_t id : ids) {
      OTTOBIT_CHECK(id >= 0 && id < model->vocab(), ErrorCode::argument, "token",
                    "id " + std::to_string(id) + " is not in the vocabulary of " +
                        std::to_string(model->vocab()));
    }
  }

  /// After the history became shorter, or a micro batch brought no logits: goes back to where the
  /// last token is computed again. States, whose micro batches all bring logits, go back to the end
  /// of the last prompt, if that is still part of the history, or to the beginning.
  void forget_logits() noexcept {
    if (!states.exist()) {
      computed = std::min(computed, std::max<Index>(length() - 1, 0));
    } else if (computed > length()) {
      computed = states.restore(length(), logits);
    }
    if (!cache.holds(computed, written, oldest)) {
      computed = written = oldest =
          0;  // a ring has lost what the next token sees: all is read again
    }
  }

  /// Who wants to hear of a pass: what of `total` tokens is done, `first` being the first of them.
  struct Report {
    const Progress& progress;
    Index first;
    Index total;
  };

  /// Tokens that are in the history but not in the cache.
  [[nodiscard]] Index pending() const noexcept { return length() - computed; }

  /// Computes those tokens, in micro batches.
  void compute_tail(const Progress& progress) {
    take_prefix();
    if (pending() == 0) {
      return;
    }
    const Report report{progress, computed, pending()};
    while (pending() > 0) {
      compute_batch(report);
      const Index done = computed - report.first;
      const bool wanted = !progress || progress(number(done), number(report.total));
      OTTOBIT_CHECK(wanted || pending() == 0, ErrorCode::cancelled, "",
                    cancelled_after(done, report.total));
      if (pending() > 0 && states.exist() && progress) {
        states.save(computed, logits);  // where the next batch is cancelled, this one stays
      }
    }
    check_finite(progress);
  }

  /// Computes a micro batch of them.
  void compute_batch(const Report& report) {
    const Index count = next_count();
    pass(count, count == pending() || states.exist() ? 1 : 0, logits.data(), report);
    give_prefix();
  }

  /// Reads the next `count` tokens of the history; the logits of the last `scored` to `out`. If
  /// it fails or is cancelled, the tokens before them are as they were.
  void pass(Index count, Index scored, float* out, const Report& report) {
    model->check_files();
    const auto layers = static_cast<Index>(decoder.spec().blocks.size());
    const auto done = [&] { return computed - report.first + count * ctx.layer / layers; };
    std::optional<Watch> watch;
    if (report.progress) {
      watch.emplace([&] { return report.progress(number(done()), number(report.total)); });
      ctx.parallel.set_watch(&*watch);
    }
    const Passage next = passage(count, scored, out);
    try {
      decoder.forward(ctx, {&next, 1});
    } catch (...) {
      ctx.parallel.set_watch(nullptr);
      take_back(count);
      OTTOBIT_CHECK(!watch || !watch->cancelled(), ErrorCode::cancelled, "",
                    cancelled_after(computed - report.first, report.total));
      throw;
    }
    ctx.parallel.set_watch(nullptr);
    advance(count);
  }

  /// The next `count` tokens of the history for a pass; the logits of the last `scored` to `out`.
  [[nodiscard]] Passage passage(Index count, Index scored, float* out) const noexcept {
    return {std::span(tokens).subspan(index(computed), index(count)),
            computed,
            length(),
            &cache,
            scored,
            out};
  }
  /// After a pass that read them.
  void advance(Index count) noexcept {
    const bool stays = computed <= uniform && count > kSplitTokens;
    uniform = length() > decoder.causal_context() ? 0 : uniform_length() + (stays ? count : 0);
    computed += count;
    note_progress();
  }
  /// After one that did not come to its end: the tokens before them are as they were.
  void take_back(Index count) noexcept {
    written = std::max(written, computed + count);
    if (states.exist()) {
      computed = states.restore(computed, logits);
    }
    if (!cache.holds(computed, written, oldest)) {
      computed = written = oldest = 0;
    }
  }

  /// Reads ids, as many as a micro batch has at most; the logits of each to `out`.
  void read_all(std::span<const std::int32_t> ids, float* out, const Report& report) {
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    const auto count = static_cast<Index>(ids.size());
    pass(count, count, out, report);
    std::copy_n(out + (count - 1) * model->vocab(), logits.size(), logits.begin());
  }

  static std::string cancelled_after(Index done, Index total) {
    return "cancelled after " + std::to_string(number(done)) + " of " + std::to_string(total) +
           " tokens";
  }

  /// A NaN or infinity in a weight ends up here; the error names the tensor.
  void check_finite(const Progress& progress) {
    if (all_finite(logits)) {
      return;
    }
    forget_all();
    Progress still_wanted;
    if (progress) {
      still_wanted = [&](auto, auto) { return progress(0, 1); };
    }
    model->check_finite(still_wanted);
    const Index layer = first_overflow(still_wanted);
    forget_all();
    const auto layers = static_cast<Index>(decoder.spec().blocks.size());
    fail(ErrorCode::checkpoint, model->name(),
         "the numbers are not finite " +
             (layer == 0       ? "in the embedding"
              : layer > layers ? "in the output layer"
                               : "after block " + std::to_string(layer - 1) + " (" +
                                     decoder.spec().blocks[index(layer - 1)].scope + ")") +
             " although all weights are: a weight or a number in config.json is too large or too "
             "small");
  }

  /// Which residual stream, reading the history again, has a number that is not finite: that before
  /// block i, or the normalised one after the last (i = blocks); blocks + 1: none has.
  [[nodiscard]] Index first_overflow(const Progress& progress) {
    struct Search {
      Index layer;
      static void look(void* user, Index layer, const float* x, Index tokens, Index dim) {
        auto& search = *static_cast<Search*>(user);
        if (layer < search.layer && !all_finite({x, index(tokens * dim)})) {
          search.layer = layer;
        }
      }
    };
    const auto layers = static_cast<Index>(decoder.spec().blocks.size());
    Search search{layers + 1};
    const ResidualObserver before = std::exchange(ctx.observer, {&Search::look, &search});
    try {
      while (computed < length() && search.layer > layers) {
        pass(std::min(batch, length() - computed), 1, logits.data(), {progress, 0, length()});
      }
    } catch (...) {
      ctx.observer = before;
      throw;
    }
    ctx.observer = before;
    return search.layer;
  }

  [[nodiscard]] static bool all_finite(std::span<const float> x) noexcept {
    float sum = 0.0F;
    for (const float each : x) {
      sum += each - each;  // 0, or NaN for NaN and infinities
    }
    return !std::isnan(sum);
  }

  /// All is read again: NaN in the cache spoils rows beside it.
  void forget_all() {
    computed = written = oldest = uniform = 0;
    states.forget();
    pages = Pages("KV cache", cache.bytes(), Pages::Size::normal, model->machine().memory);
    cache.attach(pages.data());
  }

  // ---- what sessions of a model know of each other's prompts: session_prefix.cpp ----

  /// The beginning of the history whose rows have the bits that another session would give them:
  /// those that were read many at a time.
  [[nodiscard]] Index uniform_length() const noexcept { return std::min(uniform, computed); }
  /// Takes up what other sessions computed of the tokens to come, such that the rest has the bits
  /// that it would have without (in models with experts, latents or states: that it has behind the
  /// beginning read by itself).
  void take_prefix();
  /// Keeps what was computed for other sessions.
  void give_prefix() noexcept;
  /// Tokens of the next micro batch.
  [[nodiscard]] Index next_count() const noexcept;

  /// Memory of the session; what is kept for others gives way.
  [[nodiscard]] MemoryLimit::Share take_share() const;

  void note_progress() noexcept {
    written = std::max(written, computed);
    stats.kv_bytes = std::max(stats.kv_bytes, static_cast<std::uint64_t>(cache.bytes(computed)));
    stats.peak_bytes = stats.kv_bytes + static_cast<std::uint64_t>(cache.state_bytes()) +
                       static_cast<std::uint64_t>(arena.size()) + sizeof(float) * logits.size() +
                       sizeof(std::int32_t) * tokens.capacity();
  }

  static std::size_t index(Index i) noexcept { return static_cast<std::size_t>(i); }
  static std::uint64_t number(Index i) noexcept {
    return static_cast<std::uint64_t>(std::max<Index>(i, 0));
  }

  std::shared_ptr<const Model> model;
  const Decoder& decoder;
  SessionOptions options;
  SessionPlan plan;
  Index context;
  Index batch;
  MemoryLimit::Share share;
  KvCache cache;
  Pages pages;
  Arena arena;
  ExecContext ctx;
  LargeVector<std::int32_t> tokens;  // history; capacity = context
  Index computed = 0;                // tokens whose keys and values are in the cache
  Index written = 0;                 // the most it ever had since it was last begun anew
  Index oldest = 0;                  // windows begin here: a restored session has no more
  Index uniform = 0;                 // see uniform_length
  Index next_end = 0;                // where a micro batch is to end, if it lies ahead
  Index marked = 0;                  // where states were last kept for other sessions
  LargeVector<float> logits;         // after token computed - 1
  SavedStates states;                // after the last prompt
  SessionStats stats;
};

}  // namespace ottobit
