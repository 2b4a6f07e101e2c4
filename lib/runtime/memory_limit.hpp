// SPDX-License-Identifier: Apache-2.0
// MemoryLimit: what a model and its sessions may take together, as its host said.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ottobit/error.hpp"

namespace ottobit {

class MemoryLimit {
 public:
  /// 0: none.
  explicit MemoryLimit(std::uint64_t bytes = 0) noexcept : limit_(bytes) {}

  /// What somebody has of it, until it is destroyed.
  class Share {
   public:
    Share() noexcept = default;
    Share(MemoryLimit& of, std::uint64_t bytes) noexcept : of_(&of), bytes_(bytes) {}
    Share(Share&& other) noexcept : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (of_ != nullptr) {
        of_->taken_ -= bytes_;
      }
    }

   private:
    MemoryLimit* of_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  /// Nothing where less than that is left. From several threads at once.
  [[nodiscard]] std::optional<Share> try_take(std::uint64_t bytes) noexcept {
    std::uint64_t taken = taken_.load();
    do {
      if (limit_ != 0 && (taken > limit_ || bytes > limit_ - taken)) {
        return std::nullopt;
      }
    } while (!taken_.compare_exchange_weak(taken, taken + bytes));
    return Share(*this, bytes);
  }

  /// The same; Error{memory, subject} where less is left.
  [[nodiscard]] Share take(std::uint64_t bytes, const std::string& subject, const char* what) {
    std::optional<Share> share = try_take(bytes);
    if (!share) {
      const std::uint64_t taken = taken_.load();
      fail(ErrorCode::memory, subject,
           std::to_string(bytes) + " bytes for " + what +
               (taken == 0 ? "" : ", beside " + std::to_string(taken) + " of the model") +
               "; the limit is " + std::to_string(limit_));
    }
    return std::move(*share);
  }

 private:
  std::uint64_t limit_;
  std::atomic<std::uint64_t> taken_{0};
};

}  // namespace ottobit
