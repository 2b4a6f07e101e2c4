// SPDX-License-Identifier: Apache-2.0
#include "ottobit/session.hpp"

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

#include "io/pages.hpp"
#include "runtime/log_sum.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/saved_states.hpp"
#include "runtime/session_options.hpp"
#include "runtime/session_state.hpp"

namespace ottobit {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

struct Session::Impl {
  Impl(std::shared_ptr<const Model> owner, const SessionOptions& session_options)
      : model(std::move(owner)),
        decoder(model->decoder()),
        options(session_options),
        plan(plan_session(decoder.spec(), *model->machine().kernels, options)),
        context(plan.context),
        batch(plan.batch),
        share(model->memory_limit().take(plan.memory(decoder, model->machine()).bytes(),
                                         model->name(), "a session")),
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

  /// Computes the tokens that are in the history but not in the cache, in micro batches.
  void compute_tail(const Progress& progress) {
    const Index total = length() - computed;
    const Index first = computed;
    while (computed < length()) {
      const Index count = std::min(batch, length() - computed);
      const bool last = computed + count == length();
      pass(count, last || states.exist() ? 1 : 0, logits.data(), {progress, first, total});
      if (!last) {
        OTTOBIT_CHECK(!progress || progress(number(computed - first), number(total)),
                      ErrorCode::cancelled, "", cancelled_after(computed - first, total));
        if (states.exist() && progress) {
          states.save(computed, logits);  // where the next batch is cancelled, this one stays
        }
      } else if (progress) {
        progress(number(total), number(total));
      }
    }
    if (total > 0) {
      check_finite(progress);
    }
  }

  /// Who wants to hear of a pass: what of `total` tokens is done, `first` being the first of them.
  struct Report {
    const Progress& progress;
    Index first;
    Index total;
  };

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
    const Passage passage{std::span(tokens).subspan(index(computed), index(count)),
                          computed,
                          length(),
                          &cache,
                          scored,
                          out};
    try {
      decoder.forward(ctx, {&passage, 1});
    } catch (...) {
      ctx.parallel.set_watch(nullptr);
      written = std::max(written, computed + count);
      if (states.exist()) {
        computed = states.restore(computed, logits);
      }
      if (!cache.holds(computed, written, oldest)) {
        computed = written = oldest = 0;
      }
      OTTOBIT_CHECK(!watch || !watch->cancelled(), ErrorCode::cancelled, "",
                    cancelled_after(computed - report.first, report.total));
      throw;
    }
    ctx.parallel.set_watch(nullptr);
    computed += count;
    note_progress();
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
    computed = written = oldest = 0;
    states.forget();
    pages = Pages("KV cache", cache.bytes(), Pages::Size::normal, model->machine().memory);
    cache.attach(pages.data());
  }

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
  LargeVector<float> logits;         // after token computed - 1
  SavedStates states;                // after the last prompt
  SessionStats stats;
};

Session::Session(std::shared_ptr<const Model> model, const SessionOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), options)) {}

Session::~Session() = default;

void Session::append(std::span<const std::int32_t> ids, const Progress& progress) {
  Impl& s = *impl_;
  s.check_room(static_cast<Index>(ids.size()));
  s.check_ids(ids);
  if (ids.empty()) {
    return;
  }
  const Index history = s.length();
  s.tokens.insert(s.tokens.end(), ids.begin(), ids.end());
  const auto start = Clock::now();
  const Index before = s.computed;
  const auto account = [&] {
    s.stats.prompt_seconds += seconds_since(start);
    s.stats.prompt_tokens += static_cast<std::uint64_t>(std::max(s.computed, before) - before);
  };
  try {
    s.compute_tail(progress);
  } catch (...) {
    account();
    s.tokens.resize(Impl::index(std::max(s.computed, history)));
    s.forget_logits();
    throw;
  }
  if (s.states.exist() && ids.size() > 1) {  // one by one, each would pay for the copy
    s.states.save(s.computed, s.logits);
  }
  account();
}

Index Session::set(std::span<const std::int32_t> ids, const Progress& progress) {
  Impl& s = *impl_;
  const auto ends = std::mismatch(s.tokens.begin(), s.tokens.end(), ids.begin(), ids.end());
  const auto common = static_cast<Index>(ends.first - s.tokens.begin());
  const auto rest = ids.subspan(Impl::index(common));
  OTTOBIT_CHECK(static_cast<Index>(ids.size()) <= s.context, ErrorCode::context, "context",
                std::to_string(ids.size()) + " tokens do not fit in " + std::to_string(s.context));
  s.check_ids(rest);  // before anything is forgotten
  if (common < s.length()) {
    truncate(common);
  }
  const Index reused = s.computed + 1 < common ? s.computed : common;
  append(rest, progress);
  s.stats.prompt_reused += static_cast<std::uint64_t>(reused);
  return common;
}

void Session::truncate(Index keep) {
  Impl& s = *impl_;
  OTTOBIT_CHECK(keep >= 0 && keep <= s.length(), ErrorCode::argument, "keep",
                std::to_string(keep) + " of " + std::to_string(s.length()) + " tokens");
  if (keep < s.length()) {
    s.tokens.resize(Impl::index(keep));
    s.forget_logits();
  }
}

Session::Session(ForkOf of) : Session(of.session.impl_->model, of.session.impl_->options) {
  const Impl& s = *of.session.impl_;
  Impl& o = *impl_;
  o.tokens.assign(s.tokens.begin(), s.tokens.end());
  o.logits = s.logits;
  o.computed = s.computed;
  o.written = s.written;
  o.oldest = s.oldest;
  for (std::size_t i = 0; i < s.cache.layers(); ++i) {
    if (!s.cache.is_borrowed(i)) {
      const RowRange kept = s.cache.kept(i, s.written, s.computed);
      s.cache.each_run(i, [&](const KvCache::Run& run) {
        run.each(kept, [&](const std::byte* rows, Index size) {
          std::copy_n(rows, size, o.pages.data() + (rows - s.pages.data()));
        });
      });
    }
  }
  o.states.copy_from(s.states);
}

void Session::save(const std::function<void(std::span<const std::byte>)>& sink,
                   const Progress& progress) {
  write_state(impl_->parts(), sink, progress);
}

std::uint64_t Session::saved_bytes() const {
  return state_bytes(impl_->parts());
}

void Session::restore(const std::function<void(std::span<std::byte>)>& source,
                      const std::string& name, const Progress& progress) {
  Impl& s = *impl_;
  bool begun = false;
  try {
    read_state(s.parts(), source, name, progress, [&] {
      begun = true;
      s.tokens.clear();
      s.forget_all();
    });
  } catch (...) {
    if (begun) {
      s.tokens.clear();
      s.forget_all();
    }
    throw;
  }
}

void Session::push(std::int32_t id) {
  impl_->check_room(1);
  impl_->check_ids({&id, 1});
  impl_->tokens.push_back(id);
  impl_->stats.generated_tokens += 1;
}

Index Session::length() const noexcept {
  return impl_->length();
}
Index Session::context() const noexcept {
  return impl_->context;
}
Compute Session::compute() const noexcept {
  return impl_->ctx.compute;
}
std::span<const std::int32_t> Session::tokens() const noexcept {
  return impl_->tokens;
}
const SessionStats& Session::stats() const noexcept {
  return impl_->stats;
}
const Model& Session::model() const noexcept {
  return *impl_->model;
}
const std::shared_ptr<const Model>& Session::shared_model() const noexcept {
  return impl_->model;
}

std::span<const float> Session::logits(const std::function<bool()>& wanted) {
  Impl& s = *impl_;
  OTTOBIT_CHECK(s.length() > 0, ErrorCode::argument, "session",
                "it is empty: nothing was appended");
  if (s.computed < s.length()) {
    const auto start = Clock::now();
    const auto progress = [&](std::uint64_t, std::uint64_t) { return wanted(); };
    s.compute_tail(wanted ? Progress(progress) : Progress());
    s.stats.decode_seconds += seconds_since(start);
  }
  return s.logits;
}

void Session::score(std::span<const std::int32_t> ids, std::span<float> out,
                    const Progress& progress) {
  constexpr Index kMostLogits = Index{1} << 22U;  // at once: 16 MB
  Impl& s = *impl_;
  OTTOBIT_CHECK(
      out.size() == ids.size(), ErrorCode::argument, "out",
      "has room for " + std::to_string(out.size()) + ", expected " + std::to_string(ids.size()));
  s.check_room(static_cast<Index>(ids.size()));
  s.check_ids(ids);
  const ElementwiseKernels& kernels = *s.model->machine().kernels->elementwise;
  const std::size_t vocab = s.logits.size();
  const std::size_t most =
      Impl::index(std::clamp(kMostLogits / s.model->vocab(), Index{1}, s.batch));
  const MemoryHandle& memory = s.model->machine().memory;
  LargeVector<float> rows(std::min(most, ids.size()) * vocab, memory);
  LargeVector<float> scratch(vocab, memory);
  const auto log_probability = [&](std::span<const float> row, std::int32_t id) {
    return row[Impl::index(id)] - log_sum_exp(kernels, row, scratch.data());
  };
  const Index history = s.length();
  const auto total = static_cast<Index>(ids.size());
  const auto start = Clock::now();
  try {
    for (std::size_t at = 0; at < ids.size(); at += most) {
      const auto part = ids.subspan(at, std::min(most, ids.size() - at));
      out[at] = s.length() == 0 ? 0.0F : log_probability(logits(), part.front());
      s.read_all(part, rows.data(), {progress, history, total});
      s.check_finite(progress);
      for (std::size_t i = 1; i < part.size(); ++i) {
        out[at + i] = log_probability(std::span(rows).subspan((i - 1) * vocab, vocab), part[i]);
      }
      s.stats.prompt_tokens += part.size();
      const Index done = s.computed - history;
      OTTOBIT_CHECK(!progress || progress(Impl::number(done), ids.size()) || done == total,
                    ErrorCode::cancelled, "", Impl::cancelled_after(done, total));
    }
  } catch (...) {
    s.tokens.resize(Impl::index(std::max(s.computed, history)));
    s.forget_logits();
    throw;
  }
  s.stats.prompt_seconds += seconds_since(start);
  if (s.states.exist() && ids.size() > 1) {
    s.states.save(s.computed, s.logits);
  }
}

void Session::append_all_logits(std::span<const std::int32_t> ids, std::span<float> out) {
  Impl& s = *impl_;
  const Index vocab = s.model->vocab();
  const auto count = static_cast<Index>(ids.size());
  s.check_room(count);
  s.check_ids(ids);
  OTTOBIT_CHECK(count <= s.batch && static_cast<Index>(out.size()) == count * vocab,
                ErrorCode::argument, "append_all_logits",
                std::to_string(count) + " tokens, expected at most a micro batch of " +
                    std::to_string(s.batch) + " and room for the logits of each");
  if (ids.empty()) {
    return;
  }
  s.compute_tail({});
  s.read_all(ids, out.data(), {{}, s.length(), count});
}

void Session::observe(ResidualObserver observer) noexcept {
  impl_->ctx.observer = observer;
}

}  // namespace ottobit
