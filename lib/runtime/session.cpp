// SPDX-License-Identifier: Apache-2.0
#include "ottobit/session.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "runtime/log_sum.hpp"
#include "runtime/session_impl.hpp"
#include "runtime/session_state.hpp"

namespace ottobit {

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
  const std::uint64_t reused = s.stats.prompt_reused;
  const auto account = [&] {
    s.stats.prompt_seconds += seconds_since(start);
    s.stats.prompt_tokens += static_cast<std::uint64_t>(std::max(s.computed, before) - before) -
                             (s.stats.prompt_reused - reused);
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
  o.uniform = s.uniform;
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

void Session::push(std::span<const std::int32_t> ids) {
  impl_->check_room(static_cast<Index>(ids.size()));
  impl_->check_ids(ids);
  impl_->tokens.insert(impl_->tokens.end(), ids.begin(), ids.end());
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
    const bool is_prompt = s.pending() > 1;  // that was pushed
    s.compute_tail(wanted ? Progress(progress) : Progress());
    s.stats.decode_seconds += seconds_since(start);
    if (s.states.exist() && is_prompt) {
      s.states.save(s.computed, s.logits);
    }
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
