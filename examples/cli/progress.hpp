// SPDX-License-Identifier: Apache-2.0
// A bar on standard error for what takes long: loading and reading a prompt. It appears only on a
// terminal and only once the work has lasted longer than a moment; it removes itself at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ottobit.h"

namespace ottobit::cli {

class ProgressBar {
 public:
  enum class Unit { bytes, tokens };

  ProgressBar(std::string label, Unit unit, double delay_seconds);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// An ottobit_progress_fn; `user` is the bar. Asks the library to stop after Ctrl-C.
  static std::int32_t OTTOBIT_CALL report(std::int32_t phase, std::uint64_t done,
                                          std::uint64_t total, void* user);

 private:
  using Clock = std::chrono::steady_clock;
  void show(std::uint64_t done, std::uint64_t total);
  [[nodiscard]] std::string line(double done, double total, double seconds) const;

  std::string label_;
  Unit unit_;
  double delay_seconds_;
  Clock::time_point start_;
  bool visible_ = false;
};

}  // namespace ottobit::cli
