// SPDX-License-Identifier: Apache-2.0
// The progress bar: one line, rewritten in place.
#include "progress.hpp"

#include <algorithm>
#include <utility>

#include "interrupt.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr int kWidth = 24;
constexpr const char* kClearLine = "\r\x1b[K";

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, seconds) + 0.5);
  if (whole < 60) {
    return std::to_string(whole) + " s";
  }
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

}  // namespace

ProgressBar::ProgressBar(std::string label, Unit unit, double delay_seconds)
    : label_(std::move(label)), unit_(unit), delay_seconds_(delay_seconds), start_(Clock::now()) {}

ProgressBar::~ProgressBar() {
  if (visible_) {
    write(standard_error(), kClearLine);
  }
}

std::int32_t ProgressBar::report(std::int32_t /*phase*/, std::uint64_t done, std::uint64_t total,
                                 void* user) {
  static_cast<ProgressBar*>(user)->show(done, total);
  return interrupts() > 0 ? 1 : 0;
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (!standard_error().terminal || total == 0 || (!visible_ && seconds < delay_seconds_)) {
    return;
  }
  visible_ = true;
  write(standard_error(), kClearLine + line(static_cast<double>(std::min(done, total)),
                                            static_cast<double>(total), seconds));
}

std::string ProgressBar::line(double done, double total, double seconds) const {
  const double fraction = done / total;
  const int full = static_cast<int>(fraction * kWidth);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) {
    bar += i < full ? "\u2588" : "\u2591";
  }
  const double rate = seconds > 0 ? done / seconds : 0;
  std::string text = label_ + " " + bar + " " + std::to_string(static_cast<int>(100 * fraction));
  if (unit_ == Unit::bytes) {
    text += " %  " + bytes_text(done) + " of " + bytes_text(total) + ", " + bytes_text(rate) + "/s";
  } else {
    text += " %  " + count_text(static_cast<std::uint64_t>(done)) + " of " +
            count_text(static_cast<std::uint64_t>(total)) + " tokens";
  }
  if (rate > 0) {
    text += ", " + time_text((total - done) / rate) + " left";
  }
  return text;
}

}  // namespace ottobit::cli
