// SPDX-License-Identifier: Apache-2.0
// Generation: a stream of events from a session, pulled or handed to a callback.
#include "stream.hpp"

#include <random>

namespace ottobit::capi {
namespace {

constexpr std::uint64_t kSeedFromSystem = ~std::uint64_t{0};
constexpr std::int32_t kAsConfigured = -1;
constexpr float kAsConfiguredF = -1.0F;

constexpr ottobit_generate_options generate_defaults() noexcept {
  ottobit_generate_options o{};
  o.seed = kSeedFromSystem;
  o.max_tokens = -1;
  o.thinking_budget = -1;
  o.top_k = kAsConfigured;
  o.temperature = kAsConfiguredF;
  o.top_p = kAsConfiguredF;
  o.min_p = kAsConfiguredF;
  o.typical_p = kAsConfiguredF;
  o.repetition_penalty = kAsConfiguredF;
  return o;
}
constexpr ottobit_generate_options kGenerateDefaults = generate_defaults();

/// A field of the options: -1 stands for what the model's files say.
template <class T>
T choose(T given, T configured) noexcept {
  return given == T{-1} ? configured : given;
}

/// The same where 0 stands for the usual value, too.
template <class T>
T choose_or_usual(T given, T usual) noexcept {
  return given == T{0} ? usual : choose(given, usual);
}

std::uint64_t seed_in(std::uint64_t seed) {
  if (seed != kSeedFromSystem) {
    return seed;
  }
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

SamplerOptions sampler_options(const ottobit_generate_options& o, const GenerationDefaults& model) {
  SamplerOptions options;
  options.seed = seed_in(o.seed);
  options.temperature = choose(o.temperature, model.temperature);
  options.top_k = choose(o.top_k, model.top_k);
  options.top_p = choose(o.top_p, model.top_p);
  options.min_p = choose(o.min_p, model.min_p);
  options.typical_p = choose(o.typical_p, model.typical_p);
  options.xtc_probability = choose(o.xtc_probability, 0.0F);
  options.xtc_threshold = choose_or_usual(o.xtc_threshold, options.xtc_threshold);
  const std::int32_t mirostat = choose(o.mirostat, 0);
  OTTOBIT_CHECK(mirostat == 0 || mirostat == 2, ErrorCode::argument, "mirostat",
                std::to_string(mirostat) + ", expected 0 or 2");
  options.mirostat = mirostat == 2;
  options.mirostat_tau = choose_or_usual(o.mirostat_tau, options.mirostat_tau);
  options.mirostat_eta = choose_or_usual(o.mirostat_eta, options.mirostat_eta);
  options.dry_multiplier = choose(o.dry_multiplier, 0.0F);
  options.dry_base = choose_or_usual(o.dry_base, options.dry_base);
  options.dry_allowed = choose_or_usual(o.dry_allowed, options.dry_allowed);
  options.repetition_penalty = choose(o.repetition_penalty, model.repetition_penalty);
  options.frequency_penalty = choose(o.frequency_penalty, 0.0F);
  options.presence_penalty = choose(o.presence_penalty, 0.0F);
  options.penalty_window = choose(o.penalty_window, 0);
  options.top_count = choose(o.logprobs, 0);
  const auto ids = array_in(o.bias_ids, o.bias_count, "bias_ids");
  const auto values = array_in(o.bias_values, o.bias_count, "bias_values");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    options.bias.emplace_back(ids[i], values[i]);
  }
  return options;
}

GenerateOptions generate_options(const ottobit_generate_options& o, const Model& model) {
  check_flags(o.flags, OTTOBIT_GENERATE_SPECIAL, "flags");
  OTTOBIT_CHECK(o.reserved0 == 0, ErrorCode::argument, "reserved0",
                std::to_string(o.reserved0) + ", expected 0");
  OTTOBIT_CHECK(o.reserved1 == 0, ErrorCode::argument, "reserved1",
                std::to_string(o.reserved1) + ", expected 0");
  OTTOBIT_CHECK(o.grammar == nullptr || o.grammar->model.get() == &model, ErrorCode::argument,
                "grammar", "was made for another model");
  refuse_settings(o.settings_json);
  GenerateOptions options;
  options.sampling = sampler_options(o, model.generation_defaults());
  options.max_tokens = o.max_tokens;
  options.thinking_budget = o.thinking_budget;
  if (o.grammar != nullptr) {
    options.grammar = o.grammar->grammar;  // shared
  }
  options.keep_special = (o.flags & OTTOBIT_GENERATE_SPECIAL) != 0;
  for (const char* stop : array_in(o.stop, o.stop_count, "stop")) {
    options.stop.emplace_back(&required(stop, "stop"));
  }
  if (o.dry_breakers != nullptr || o.dry_breaker_count != 0) {
    options.dry_breakers.clear();
    for (const char* text : array_in(o.dry_breakers, o.dry_breaker_count, "dry_breakers")) {
      options.dry_breakers.emplace_back(&required(text, "dry_breakers"));
    }
  }
  if (o.cancel != nullptr) {
    options.cancelled = [cancel = o.cancel] { return is_raised(cancel); };  // the stream keeps it
  }
  if (o.logits != nullptr) {
    options.edit_logits = [edit = o.logits, user = o.logits_user](std::span<float> logits) {
      const std::int32_t answer = edit(logits.data(), logits.size(), user);
      OTTOBIT_CHECK(answer >= 0, ErrorCode::callback, "logits",
                    "the callback returned " + std::to_string(answer));
    };
  }
  return options;
}

}  // namespace
}  // namespace ottobit::capi

ottobit_stream::ottobit_stream(ottobit_session& owner, const ottobit_generate_options* o)
    : ottobit_stream(owner, ottobit::capi::read_struct(o, ottobit::capi::kGenerateDefaults,
                                                       "generate_options")) {}

ottobit_stream::ottobit_stream(ottobit_session& owner, const ottobit_generate_options& o)
    : session(&owner),
      cancel(o.cancel),
      generation(owner.session, ottobit::capi::generate_options(o, *owner.model->model)) {}

bool ottobit_stream::next(ottobit_event& event) {
  ottobit::GenerationEvent step;
  if (ended || !generation.next(step)) {
    return false;
  }
  write(step, event);
  return true;
}

void ottobit_stream::write(const ottobit::GenerationEvent& step, ottobit_event& event) {
  top_ids.clear();
  top_logprobs.clear();
  for (const ottobit::ScoredToken& token : step.top) {
    top_ids.push_back(token.id);
    top_logprobs.push_back(token.score);
  }
  event.finish = static_cast<std::int32_t>(step.finish);
  event.token = step.token;
  event.logprob = step.logprob;
  event.text = step.text.empty() ? "" : step.text.data();
  event.text_len = step.text.size();
  event.top_ids = top_ids.data();
  event.top_logprobs = top_logprobs.data();
  event.top_count = top_ids.size();
  event.seed = generation.seed();
}

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_generate_options_init(ottobit_generate_options* o, size_t size) {
  return init_struct(o, size, kGenerateDefaults);
}

ottobit_status ottobit_stream_start(ottobit_session* s, const ottobit_generate_options* o,
                                    ottobit_stream** out, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_stream*& result = required_out(out);
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    result = std::make_unique<ottobit_stream>(session, o).release();
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_stream_next(ottobit_stream* st, ottobit_event* event, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_stream& stream = required(st, "stream");
    const std::size_t size = struct_size(event, "event");
    const SessionUse use(*stream.session);
    ottobit_event result{};
    try {
      if (!stream.next(result)) {
        return OTTOBIT_END;
      }
    } catch (...) {
      stream.ended = true;
      throw;
    }
    write_struct(event, result, size);
    return OTTOBIT_OK;
  });
}

void ottobit_stream_release(ottobit_stream* st) {
  const std::unique_ptr<ottobit_stream> last(st);
}

ottobit_status ottobit_generate(ottobit_session* s, const ottobit_generate_options* o,
                                ottobit_event_fn on_event, void* user, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    OTTOBIT_CHECK(on_event != nullptr, ottobit::ErrorCode::argument, "on_event", "is NULL");
    const SessionUse use(session);
    ottobit_stream stream(session, o);
    ottobit_event event{};
    event.struct_size = sizeof(event);
    while (stream.next(event) && on_event(&event, user) == 0) {
    }
    return OTTOBIT_OK;
  });
}
