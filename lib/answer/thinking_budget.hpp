// SPDX-License-Identifier: Apache-2.0
// Ends a model's thinking when it has used the tokens it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/tokenizer.hpp"

#include "answer/answer.hpp"

namespace ottobit {

/// Counts the tokens between the markers of thinking, over all such places of one answer. A model
/// that was trained to keep a budget by itself (Seed-OSS) has some tokens more to do so, and is not
/// interrupted in a report about it.
class ThinkingBudget {
 public:
  /// `tokens`: -1 sets no limit, and then a tokenizer without the markers is no error.
  /// `ends`: the tokens that end an answer; they must outlive the budget. `history`: the tokens so
  /// far; the answer under way begins behind the last of its ends. Without effect for a format
  /// without thinking. Error{unsupported} where the tokenizer has no tokens for the markers.
  ThinkingBudget(const AnswerFormat& format, const Tokenizer& tokenizer,
                 std::span<const std::int32_t> ends, Index tokens,
                 std::span<const std::int32_t> history);

  /// The next token of the answer.
  void see(std::int32_t id);
  /// The thinking is open.
  [[nodiscard]] bool thinking() const noexcept { return thinking_; }
  /// True when the thinking must end now.
  [[nodiscard]] bool spent() const noexcept;
  /// What ends it.
  [[nodiscard]] std::span<const std::int32_t> closing() const noexcept { return closing_; }

 private:
  [[nodiscard]] bool ends_with(const std::vector<std::int32_t>& marker) const noexcept;

  std::span<const std::int32_t> ends_;
  Index tokens_;
  Index patience_ = 0;
  std::vector<std::int32_t> open_;  // empty: the model does not think
  std::vector<std::int32_t> close_;
  std::vector<std::int32_t> report_begin_;
  std::vector<std::int32_t> report_end_;
  std::vector<std::int32_t> closing_;
  std::size_t longest_ = 0;  // of the markers above
  std::vector<std::int32_t> last_;
  bool thinking_ = false;
  bool reporting_ = false;
  Index used_ = 0;
};

}  // namespace ottobit
