// SPDX-License-Identifier: Apache-2.0
// The rates of a session: reading a prompt and decoding token by token, with random tokens. What is
// timed are whole calls of the library, logits included.
#pragma once

#include <cstdint>
#include <vector>

#include "api.hpp"
#include "options.hpp"
#include "ottobit.h"

namespace ottobit::cli {

class Measurement {
 public:
  /// Keeps the session, whose context must hold what is measured. `vocab` bounds the random ids.
  Measurement(ottobit_session* session, std::int32_t vocab);

  /// Tokens per second of a prompt of `tokens` on an empty session: the median of `repeats` after
  /// one that is not counted.
  [[nodiscard]] double prompt_rate(int tokens, int repeats);

  /// Brings the session to `context` tokens, for decode_rate.
  void prepare_decode(int context);

  /// Tokens per second of single tokens after `context` tokens: of blocks of kBlockTokens, each
  /// beginning at `context` again, for a third of a second or of one block that takes longer.
  [[nodiscard]] double decode_rate(int context);

  /// Tokens in a block of decode_rate.
  static constexpr int kBlockTokens = 8;

 private:
  void restart(int keep);
  void append(int tokens);
  [[nodiscard]] double timed_block();

  ottobit_session* session_;
  std::int32_t vocab_;
  std::uint64_t state_ = 0x2545F4914F6CDD1DU;
  std::vector<std::int32_t> ids_;
  std::vector<float> logits_;
};

/// Sessions that decode side by side.
class BatchMeasurement {
 public:
  /// `count` sessions of `context` random tokens; Error where memory does not do.
  BatchMeasurement(ottobit_model* model, const MachineOptions& machine, int count, int context);

  /// Steps per second, each of a token of every session; for about as long as
  /// Measurement::decode_rate.
  [[nodiscard]] double step_rate();

 private:
  [[nodiscard]] double timed_block();

  ottobit_model* model_;
  std::vector<Session> sessions_;
  int context_;
};

/// Private memory of this process in bytes (RssAnon of /proc/self/status); 0 where unknown.
[[nodiscard]] std::uint64_t private_bytes();

}  // namespace ottobit::cli
