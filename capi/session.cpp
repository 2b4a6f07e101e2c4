// SPDX-License-Identifier: Apache-2.0
// Sessions: what a model has read.
#include <limits>
#include <optional>

#include "options.hpp"

namespace ottobit::capi {
namespace {

constexpr ottobit_session_options kSessionDefaults{};

void not_negative(std::int32_t value, const char* name) {
  OTTOBIT_CHECK(value >= 0, ErrorCode::argument, name,
                std::to_string(value) + ", expected 0 or more");
}

std::optional<DType> kv_dtype_in(std::int32_t dtype) {
  switch (dtype) {
    case 0:
      return std::nullopt;
    case OTTOBIT_F32:
      return DType::f32;
    case OTTOBIT_F16:
      return DType::f16;
    case OTTOBIT_BF16:
      return DType::bf16;
    default:
      break;
  }
  const bool known = dtype >= OTTOBIT_E4M3 && dtype <= OTTOBIT_E2M1;
  fail(known ? ErrorCode::unsupported : ErrorCode::argument, "kv_dtype",
       std::to_string(dtype) + "; this release keeps keys and values in F32, F16 or BF16");
}

std::optional<Compute> compute_in(std::int32_t compute) {
  constexpr std::int32_t kFp8 = 4;
  switch (compute) {
    case 0:
      return std::nullopt;
    case static_cast<std::int32_t>(Compute::f32):
      return Compute::f32;
    case static_cast<std::int32_t>(Compute::bf16):
      return Compute::bf16;
    default:
      break;
  }
  const bool known = compute > 0 && compute <= kFp8;
  fail(known ? ErrorCode::unsupported : ErrorCode::argument, "compute",
       std::to_string(compute) + "; this release multiplies in f32 (1) or bf16 (2)");
}

}  // namespace

SessionOptions session_options(const ottobit_session_options* given) {
  const ottobit_session_options o = read_struct(given, kSessionDefaults, "session_options");
  check_flags(o.flags, 0, "flags");
  not_negative(o.context, "context");
  not_negative(o.micro_batch, "micro_batch");
  not_negative(o.keep_first, "keep_first");
  OTTOBIT_CHECK(o.on_overflow != 1, ErrorCode::unsupported, "on_overflow",
                "this release cannot shift the context; expected 0");
  OTTOBIT_CHECK(o.on_overflow == 0, ErrorCode::argument, "on_overflow",
                std::to_string(o.on_overflow) + ", expected 0");
  refuse_settings(o.settings_json);
  SessionOptions options;
  options.context = o.context;
  options.micro_batch = o.micro_batch;
  options.compute = compute_in(o.compute);
  options.kv_dtype = kv_dtype_in(o.kv_dtype);
  return options;
}

namespace {

std::span<const std::int32_t> ids_in(const std::int32_t* ids, std::size_t n) {
  OTTOBIT_CHECK(n <= std::numeric_limits<std::int32_t>::max(), ErrorCode::context, "context",
                std::to_string(n) + " tokens do not fit");
  return array_in(ids, n, "ids");
}

/// Has a session read tokens: read(session, tokens, progress).
template <class Read>
ottobit_status read_tokens(ottobit_session* s, const std::int32_t* ids, std::size_t n,
                           const ProgressReport& report, ottobit_error** err, const Read& read) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    const std::span<const std::int32_t> tokens = ids_in(ids, n);
    report.check_start();
    read(session.session, tokens, report.progress());
    return OTTOBIT_OK;
  });
}

}  // namespace
}  // namespace ottobit::capi

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_session_options_init(ottobit_session_options* o, size_t size) {
  return init_struct(o, size, kSessionDefaults);
}

ottobit_status ottobit_session_create(ottobit_model* m, const ottobit_session_options* o,
                                      ottobit_session** out, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session*& result = required_out(out);
    ottobit_model& model = required(m, "model");
    const ottobit::SessionOptions options = session_options(o);
    result = std::make_unique<ottobit_session>(model, options).release();
    return OTTOBIT_OK;
  });
}

ottobit_session* ottobit_session_retain(ottobit_session* s) {
  return retain_handle(s);
}

void ottobit_session_release(ottobit_session* s) {
  release_handle(s);
}

ottobit_status ottobit_session_append(ottobit_session* s, const int32_t* ids, size_t n,
                                      ottobit_cancel* c, ottobit_progress_fn progress, void* user,
                                      ottobit_error** err) {
  return read_tokens(s, ids, n, {OTTOBIT_PHASE_PREFILL, c, progress, user}, err,
                     [](ottobit::Session& session, auto tokens, const ottobit::Progress& watch) {
                       session.append(tokens, watch);
                     });
}

ottobit_status ottobit_session_push(ottobit_session* s, const int32_t* ids, size_t n,
                                    ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    session.session.push(array_in(ids, n, "ids"));
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_session_score(ottobit_session* s, const int32_t* ids, size_t n,
                                     float* logprobs, ottobit_cancel* c,
                                     ottobit_progress_fn progress, void* user,
                                     ottobit_error** err) {
  return read_tokens(s, ids, n, {OTTOBIT_PHASE_PREFILL, c, progress, user}, err,
                     [&](ottobit::Session& session, auto tokens, const ottobit::Progress& watch) {
                       OTTOBIT_CHECK(logprobs != nullptr || n == 0, ottobit::ErrorCode::argument,
                                     "logprobs", "is NULL");
                       session.score(tokens, std::span(logprobs, n), watch);
                     });
}

ottobit_status ottobit_session_set(ottobit_session* s, const int32_t* ids, size_t n, size_t* reused,
                                   ottobit_cancel* c, ottobit_progress_fn progress, void* user,
                                   ottobit_error** err) {
  return read_tokens(s, ids, n, {OTTOBIT_PHASE_PREFILL, c, progress, user}, err,
                     [&](ottobit::Session& session, auto tokens, const ottobit::Progress& watch) {
                       const ottobit::Index kept = session.set(tokens, watch);
                       if (reused != nullptr) {
                         *reused = static_cast<std::size_t>(kept);
                       }
                     });
}

ottobit_status ottobit_session_truncate(ottobit_session* s, size_t keep, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<ottobit::Index>::max());
    session.session.truncate(static_cast<ottobit::Index>(std::min(keep, kMost)));
    return OTTOBIT_OK;
  });
}

size_t ottobit_session_length(const ottobit_session* s) {
  return s == nullptr ? 0 : s->length.load(std::memory_order_relaxed);
}

ottobit_status ottobit_session_tokens(const ottobit_session* s, int32_t* ids, size_t cap,
                                      size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    return Buffer<std::int32_t>{ids, cap, need}.give(session.session.tokens());
  });
}

ottobit_status ottobit_session_logits(ottobit_session* s, float* out, size_t cap, size_t* need,
                                      ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    const Buffer<float> buffer{out, cap, need};
    const auto vocab = static_cast<std::size_t>(session.model->model->vocab());
    return buffer.asks_size(vocab) ? OTTOBIT_OK : buffer.give(session.session.logits());
  });
}

ottobit_status ottobit_session_stats(const ottobit_session* s, ottobit_stats* out,
                                     ottobit_error** err) {
  return guard(err, [&] {
    const ottobit_session& session = required(s, "session");
    const std::size_t size = struct_size(out, "stats");
    const SessionUse use(session);
    const ottobit::SessionStats& stats = session.session.stats();
    ottobit_stats result{};
    result.prompt_tokens = stats.prompt_tokens;
    result.prompt_reused = stats.prompt_reused;
    result.generated_tokens = stats.generated_tokens;
    result.load_seconds = session.model->model->load_seconds();
    result.prompt_seconds = stats.prompt_seconds;
    result.decode_seconds = stats.decode_seconds;
    result.kv_bytes = stats.kv_bytes;
    result.peak_bytes = stats.peak_bytes;
    write_struct(out, result, size);
    return OTTOBIT_OK;
  });
}
