// SPDX-License-Identifier: Apache-2.0
// The rates of a session: reading a prompt and decoding token by token, with random tokens. What is
// timed are whole calls of the library, logits included.
#pragma once

#include <cstdint>
#include <vector>

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

/// Private memory of this process in bytes (RssAnon of /proc/self/status); 0 where unknown.
[[nodiscard]] std::uint64_t private_bytes();

}  // namespace ottobit::cli
