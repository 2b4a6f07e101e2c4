// SPDX-License-Identifier: Apache-2.0
#include "answer/thinking_budget.hpp"

#include <algorithm>

#include "ottobit/error.hpp"

namespace ottobit {
namespace {

/// How long a report may take before it is cut short all the same.
constexpr Index kLongestReport = 64;

/// The ids of a marker: one token, or a row that begins with a control token.
std::vector<std::int32_t> marker_ids(const Tokenizer& tokenizer, std::string_view marker) {
  if (marker.empty()) {
    return {};
  }
  std::vector<std::int32_t> ids = tokenizer.encode(marker, {.parse_special = true});
  OTTOBIT_CHECK(ids.size() == 1 || tokenizer.is_special(ids.front()), ErrorCode::unsupported,
                "thinking_budget", "the tokenizer has no token for " + std::string(marker));
  return ids;
}

}  // namespace

ThinkingBudget::ThinkingBudget(const AnswerFormat& format, const Tokenizer& tokenizer,
                               std::span<const std::int32_t> ends, Index tokens,
                               std::span<const std::int32_t> history)
    : ends_(ends), tokens_(tokens) {
  if (format.think.open.empty() ||
      (tokens < 0 && !tokenizer.find_token(format.think.close).has_value())) {
    return;
  }
  patience_ = format.patience;
  open_ = marker_ids(tokenizer, format.think.open);
  close_ = marker_ids(tokenizer, format.think.close);
  report_begin_ = marker_ids(tokenizer, format.report.open);
  report_end_ = marker_ids(tokenizer, format.report.close);
  closing_ = tokenizer.encode(format.end_thinking, {.parse_special = true});
  longest_ = std::max({open_.size(), close_.size(), report_begin_.size(), report_end_.size()});
  last_.reserve(longest_);
  for (const std::int32_t id : history) {
    see(id);
  }
}

bool ThinkingBudget::ends_with(const std::vector<std::int32_t>& marker) const noexcept {
  return !marker.empty() && marker.size() <= last_.size() &&
         std::equal(marker.rbegin(), marker.rend(), last_.rbegin());
}

void ThinkingBudget::see(std::int32_t id) {
  if (open_.empty()) {
    return;
  }
  if (last_.size() == longest_) {
    last_.erase(last_.begin());
  }
  last_.push_back(id);
  if (ends_with(close_)) {
    thinking_ = false;
  } else if (ends_with(open_)) {
    thinking_ = true;
    reporting_ = false;
  } else if (std::find(ends_.begin(), ends_.end(), id) != ends_.end()) {  // of an earlier answer
    thinking_ = false;
    used_ = 0;
  } else if (thinking_) {
    reporting_ = ends_with(report_begin_) || (reporting_ && !ends_with(report_end_));
    ++used_;
  }
}

bool ThinkingBudget::spent() const noexcept {
  const Index limit = tokens_ + patience_;
  return tokens_ >= 0 && thinking_ && used_ >= limit &&
         (!reporting_ || used_ >= limit + kLongestReport);
}

}  // namespace ottobit
