// SPDX-License-Identifier: Apache-2.0
#include "ottobit/generate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ottobit/error.hpp"
#include "ottobit/tokenizer.hpp"

#include "answer/thinking_budget.hpp"
#include "runtime/constrained.hpp"

namespace ottobit {
namespace {

/// Text that may still turn out to be the beginning of a stop string is held back.
class StopFilter {
 public:
  explicit StopFilter(std::vector<std::string> stops) : stops_(std::move(stops)) {
    for (const std::string& stop : stops_) {
      OTTOBIT_CHECK(!stop.empty(), ErrorCode::argument, "stop", "a stop string is empty");
    }
    held_.reserve(4096);
    out_.reserve(4096);
  }

  /// Takes more text; true if a stop string is complete. Then text() ends before it.
  [[nodiscard]] bool push(std::string_view text) {
    held_ += text;
    const std::size_t found = first_stop();
    const bool stopped = found != std::string::npos;
    give(stopped ? found : held_.size() - pending());
    return stopped;
  }
  void finish() { give(held_.size()); }
  void clear() { out_.clear(); }
  /// What the calls since clear() let through.
  [[nodiscard]] std::string_view text() const noexcept { return out_; }

 private:
  [[nodiscard]] std::size_t first_stop() const {
    std::size_t first = std::string::npos;
    for (const std::string& stop : stops_) {
      first = std::min(first, held_.find(stop));
    }
    return first;
  }

  /// Length of the longest end of the held text that begins a stop string.
  [[nodiscard]] std::size_t pending() const {
    const std::string_view held = held_;
    std::size_t longest = 0;
    for (const std::string_view stop : stops_) {
      for (std::size_t n = std::min(stop.size() - 1, held.size()); n > longest; --n) {
        if (held.substr(held.size() - n) == stop.substr(0, n)) {
          longest = n;
        }
      }
    }
    return longest;
  }

  void give(std::size_t count) {
    out_.append(held_, 0, count);
    held_.erase(0, count);
  }

  std::vector<std::string> stops_;
  std::string held_;
  std::string out_;
};

/// Tokens that hold one of the texts; empty without a tokenizer.
std::vector<bool> tokens_with(const std::vector<std::string>& texts, const Model& model) {
  for (const std::string& text : texts) {
    OTTOBIT_CHECK(!text.empty(), ErrorCode::argument, "dry_breakers", "one of them is empty");
  }
  if (texts.empty() || !model.has_tokenizer()) {
    return {};
  }
  std::vector<bool> found(static_cast<std::size_t>(model.vocab()));
  const auto tokens =
      static_cast<std::int32_t>(std::min<Index>(model.vocab(), model.tokenizer().vocab_size()));
  for (std::int32_t id = 0; id < tokens; ++id) {
    const std::string_view bytes = model.tokenizer().token_bytes(id);
    found[static_cast<std::size_t>(id)] = std::any_of(
        texts.begin(), texts.end(),
        [&](const std::string& text) { return bytes.find(text) != std::string_view::npos; });
  }
  return found;
}

GenerateOptions with_breaks(GenerateOptions options, const Model& model) {
  if (options.sampling.dry_multiplier > 0.0F && options.sampling.dry_breaks.empty()) {
    options.sampling.dry_breaks = tokens_with(options.dry_breakers, model);
  }
  return options;
}

}  // namespace

struct Generation::Impl {
  Impl(Session& owner, GenerateOptions o)
      : session(owner),
        options(with_breaks(std::move(o), owner.model())),
        sampler(options.sampling, owner.model().vocab(), *owner.model().machine().kernels,
                owner.model().machine().memory),
        stops(options.stop),
        edited(owner.model().machine().memory) {
    OTTOBIT_CHECK(options.max_tokens >= -1, ErrorCode::argument, "max_tokens",
                  std::to_string(options.max_tokens) + ", expected -1 or more");
    OTTOBIT_CHECK(session.length() > 0, ErrorCode::argument, "session",
                  "it is empty: append a prompt before generating");
    OTTOBIT_CHECK(options.thinking_budget >= -1, ErrorCode::argument, "thinking_budget",
                  std::to_string(options.thinking_budget) + ", expected -1 or more");
    if (options.grammar) {
      constrained.emplace(session.model(), options.grammar);
    }
    if (options.thinking_budget >= 0 || constrained) {
      const Model& model = session.model();
      budget.emplace(answer_format(model.chat_source(), model.family()), model.tokenizer(),
                     model.end_ids(), options.thinking_budget, session.tokens());
      forced = budget->spent() ? 0 : budget->closing().size();
    }
    if (session.model().has_tokenizer()) {
      detokenizer.emplace(session.model().tokenizer(), !options.keep_special);
    } else {
      OTTOBIT_CHECK(options.stop.empty(), ErrorCode::argument, "stop",
                    "stop strings need a model with a tokenizer");
    }
    if (options.edit_logits || constrained) {
      edited.resize(static_cast<std::size_t>(session.model().vocab()));
    }
  }

  /// The scores of the next token; false if the computation was cancelled.
  [[nodiscard]] bool compute() {
    if (!options.cancelled) {
      (void)session.logits();
      return true;
    }
    try {
      (void)session.logits([this] { return !options.cancelled(); });
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::cancelled) {
        throw;
      }
      return false;
    }
  }

  [[nodiscard]] Sample choose() {
    std::span<const float> logits = session.logits();
    is_forced = forced < (budget ? budget->closing().size() : 0);
    if (is_forced) {
      return sampler.chosen(logits, budget->closing()[forced++]);
    }
    const bool bound = constrained && !budget->thinking();
    if (!options.edit_logits && !bound) {
      return sampler.sample(logits, session.tokens());
    }
    std::copy(logits.begin(), logits.end(), edited.begin());
    if (options.edit_logits) {
      options.edit_logits(edited);
    }
    if (!bound) {
      return sampler.chosen(logits, sampler.sample(edited, session.tokens()).id);
    }
    return choose_bound(logits);
  }

  /// A token of the grammar, with its probability among all tokens.
  [[nodiscard]] Sample choose_bound(std::span<const float> logits) {
    constrained->mask(edited);
    std::int32_t id = sampler.sample(edited, session.tokens()).id;
    if (!constrained->allows(id)) {  // all that are allowed have a probability of zero
      id = static_cast<std::int32_t>(session.model().machine().kernels->elementwise->argmax(
          edited.data(), static_cast<Index>(edited.size())));
      OTTOBIT_CHECK(constrained->allows(id), ErrorCode::grammar, "grammar",
                    "the logits callback forbids all tokens that may come next");
    }
    return sampler.chosen(logits, id);
  }

  /// Why no further token can come, before one is computed.
  [[nodiscard]] Finish exhausted() const {
    if (options.cancelled && options.cancelled()) {
      return Finish::cancel;
    }
    if (constrained && constrained->over()) {
      return Finish::end;
    }
    if (options.max_tokens >= 0 && generated >= options.max_tokens) {
      return Finish::length;
    }
    return session.length() >= session.context() ? Finish::context : Finish::none;
  }

  /// Appends the token to the text, if the tokenizer knows it (models have more rows than tokens);
  /// true if a stop string is complete.
  [[nodiscard]] bool push_text(std::int32_t id) {
    return detokenizer && id < session.model().tokenizer().vocab_size() &&
           stops.push(detokenizer->push(id));
  }

  /// Appends the token to history and text; true if a stop string is complete.
  [[nodiscard]] bool accept(std::int32_t id) {
    session.push(id);
    ++generated;
    if (constrained && !budget->thinking() && !is_forced) {
      constrained->accept(id);
    }
    if (budget) {
      budget->see(id);
      if (budget->spent() && forced == budget->closing().size()) {
        forced = 0;
      }
    }
    return push_text(id);
  }

  void flush_text() {
    if (detokenizer && !stops.push(detokenizer->finish())) {
      stops.finish();
    }
  }

  Session& session;
  GenerateOptions options;
  Sampler sampler;
  StopFilter stops;
  std::optional<IncrementalDetokenizer> detokenizer;
  LargeVector<float> edited;  // [V], only with edit_logits or a grammar
  std::optional<Constrained> constrained;
  std::optional<ThinkingBudget> budget;  // with `constrained`, too: it knows when thinking ends
  std::size_t forced = 0;  // how many tokens of budget->closing() were written; all: none is due
  bool is_forced = false;  // the token at hand is one of them
  std::int32_t generated = 0;
  bool finished = false;
};

Generation::Generation(Session& session, GenerateOptions options)
    : impl_(std::make_unique<Impl>(session, std::move(options))) {}

Generation::~Generation() = default;

std::uint64_t Generation::seed() const noexcept {
  return impl_->options.sampling.seed;
}

Session& Generation::session() const noexcept {
  return impl_->session;
}
bool Generation::needs_nothing() const {
  return impl_->finished || impl_->exhausted() != Finish::none;
}
bool Generation::is_cancelled() const {
  return impl_->options.cancelled && impl_->options.cancelled();
}

bool Generation::next(GenerationEvent& event) {
  Impl& g = *impl_;
  event = {};
  if (g.finished) {
    return false;
  }
  g.stops.clear();
  event.finish = g.exhausted();
  if (event.finish == Finish::none && !g.compute()) {
    event.finish = Finish::cancel;
  }
  if (event.finish == Finish::none) {
    const Sample sample = g.choose();
    event.token = sample.id;
    event.logprob = sample.logprob;
    event.top = sample.top;
    if (g.session.model().is_end(sample.id)) {
      event.finish = Finish::end;
      if (g.options.keep_special) {
        (void)g.push_text(sample.id);
      }
    } else if (g.accept(sample.id)) {
      event.finish = Finish::stop;
    } else {
      const Finish next = g.exhausted();
      event.finish = next == Finish::cancel ? Finish::none : next;  // reported by the next event
    }
  }
  g.finished = event.finish != Finish::none;
  if (g.finished && event.finish != Finish::stop) {
    g.flush_text();
  }
  event.text = g.stops.text();
  return true;
}

}  // namespace ottobit
