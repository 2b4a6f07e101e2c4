// SPDX-License-Identifier: Apache-2.0
// Timing of whole library calls.
#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "api.hpp"
#include "interrupt.hpp"

namespace ottobit::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kDecodeSeconds = 1.0 / 3;
constexpr int kWarmTokens = 2;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// An ottobit_progress_fn: Ctrl-C ends a long prompt.
std::int32_t OTTOBIT_CALL stop_on_interrupt(std::int32_t /*phase*/, std::uint64_t /*done*/,
                                            std::uint64_t /*total*/, void* /*user*/) {
  return interrupts() > 0 ? 1 : 0;
}

}  // namespace

Measurement::Measurement(ottobit_session* session, std::int32_t vocab)
    : session_(session), vocab_(vocab), logits_(static_cast<std::size_t>(vocab)) {}

void Measurement::restart(int keep) {
  call([&](ottobit_error** err) {
    return ottobit_session_truncate(session_, static_cast<std::size_t>(keep), err);
  });
}

void Measurement::append(int tokens) {
  ids_.resize(static_cast<std::size_t>(tokens));
  for (std::int32_t& id : ids_) {
    // Knuth's MMIX constants, The Art of Computer Programming, vol. 2, 3.3.4.
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    id = static_cast<std::int32_t>((state_ >> 33U) % static_cast<std::uint64_t>(vocab_));
  }
  call([&](ottobit_error** err) {
    return ottobit_session_append(session_, ids_.data(), ids_.size(), nullptr, stop_on_interrupt,
                                  nullptr, err);
  });
  std::size_t need = 0;
  call([&](ottobit_error** err) {
    return ottobit_session_logits(session_, logits_.data(), logits_.size(), &need, err);
  });
  if (interrupts() > 0) {
    throw ApiError(OTTOBIT_E_CANCELLED, "stopped");
  }
}

double Measurement::prompt_rate(int tokens, int repeats) {
  std::vector<double> rates;
  for (int run = 0; run <= repeats; ++run) {
    restart(0);
    const Clock::time_point start = Clock::now();
    append(tokens);
    if (run > 0) {
      rates.push_back(tokens / seconds_since(start));
    }
  }
  return median(std::move(rates));
}

double Measurement::timed_block() {
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < kBlockTokens; ++i) {
    append(1);
  }
  return seconds_since(start);
}

void Measurement::prepare_decode(int context) {
  restart(0);
  append(context);
  for (int i = 0; i < kWarmTokens; ++i) {
    append(1);
  }
}

double Measurement::decode_rate(int context) {
  int tokens = 0;
  double seconds = 0;
  while (seconds < kDecodeSeconds) {
    restart(context - 1);
    append(1);  // untimed: after a restart the last token kept is read again beside the new one
    seconds += timed_block();
    tokens += kBlockTokens;
  }
  return tokens / seconds;
}

BatchMeasurement::BatchMeasurement(ottobit_model* model, const MachineOptions& machine, int count,
                                   int context)
    : model_(model), context_(context) {
  for (int i = 0; i < count; ++i) {
    sessions_.push_back(make_session(model, machine));
    Measurement(sessions_.back().get(), ottobit_model_vocab(model)).prepare_decode(context);
  }
}

double BatchMeasurement::timed_block() {
  ottobit_batch* made = nullptr;
  call([&](ottobit_error** err) { return ottobit_batch_create(model_, &made, err); });
  const Batch batch(made);
  ottobit_generate_options options;
  (void)ottobit_generate_options_init(&options, sizeof options);
  options.temperature = 0;
  for (const Session& session : sessions_) {
    call([&](ottobit_error** err) {
      return ottobit_session_truncate(session.get(), static_cast<std::size_t>(context_), err);
    });
    call([&](ottobit_error** err) {
      return ottobit_batch_add(made, session.get(), &options, nullptr, err);
    });
  }
  Clock::time_point start;
  for (int step = 0; step <= Measurement::kBlockTokens; ++step) {
    if (step == 1) {
      start = Clock::now();  // the first one may read more than a token of each
    }
    std::size_t events = 0;
    call([&](ottobit_error** err) { return ottobit_batch_step(made, &events, err); });
  }
  return seconds_since(start);
}

double BatchMeasurement::step_rate() {
  int steps = 0;
  double seconds = 0;
  while (seconds < kDecodeSeconds) {
    seconds += timed_block();
    steps += Measurement::kBlockTokens;
  }
  return steps / seconds;
}

std::uint64_t private_bytes() {
  struct Closer {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Closer> file(std::fopen("/proc/self/status", "r"));
  char line[256];
  constexpr char kField[] = "RssAnon:";
  while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
    if (std::strncmp(line, kField, sizeof kField - 1) == 0) {
      return 1024 * std::strtoull(line + sizeof kField - 1, nullptr, 10);
    }
  }
  return 0;
}

}  // namespace ottobit::cli
