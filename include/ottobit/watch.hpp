// SPDX-License-Identifier: Apache-2.0
// Watch: whether the work of a call is still wanted. Work in parallel looks between its pieces,
// which take a few milliseconds at most, and leaves the rest undone where it is not.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "ottobit/error.hpp"

namespace ottobit {

/// Called with (done, total) of a long task, every few milliseconds or more often, on the thread
/// that asked for it; false asks it to end with Error{cancelled}. At the end done is total.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

class Watch {
 public:
  /// `wanted` is asked on the constructing thread only; false, or an exception, ends the work.
  explicit Watch(std::function<bool()> wanted) : wanted_(std::move(wanted)) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Whether to leave the rest. Any thread; the one that made the watch asks.
  [[nodiscard]] bool stopped() noexcept {
    if (!stopped_.load(std::memory_order_relaxed) && std::this_thread::get_id() == owner_) {
      try {
        if (!wanted_()) {
          stopped_.store(true, std::memory_order_relaxed);
        }
      } catch (...) {
        error_ = std::current_exception();
        stopped_.store(true, std::memory_order_relaxed);
      }
    }
    return stopped_.load(std::memory_order_relaxed);
  }

  /// Whether `wanted` said no. The constructing thread.
  [[nodiscard]] bool cancelled() const noexcept {
    return stopped_.load(std::memory_order_relaxed) && !error_;
  }

  /// Throws what `wanted` threw, or Error{cancelled}, if the work is to end. The constructing
  /// thread.
  void check() {
    if (stopped()) {
      if (error_) {
        std::rethrow_exception(error_);
      }
      fail(ErrorCode::cancelled, "", "cancelled");
    }
  }

 private:
  std::function<bool()> wanted_;
  std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> stopped_{false};
  std::exception_ptr error_;  // the owner's
};

}  // namespace ottobit
