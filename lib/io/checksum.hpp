// SPDX-License-Identifier: Apache-2.0
// Checksum: 64 bits that tell whether bytes are the same, as a file's end and a model's name. Not
// against those who mean to deceive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace ottobit {

class Checksum {
 public:
  /// The same bytes in pieces of any size give the same sum.
  void add(std::span<const std::byte> bytes) noexcept {
    length_ += bytes.size();
    while (!bytes.empty()) {
      if (filled_ == 0 && bytes.size() >= sizeof(block_)) {
        mix(bytes.data());
        bytes = bytes.subspan(sizeof(block_));
        continue;
      }
      const std::size_t taken =
          bytes.size() < sizeof(block_) - filled_ ? bytes.size() : sizeof(block_) - filled_;
      std::memcpy(block_ + filled_, bytes.data(), taken);
      filled_ += taken;
      bytes = bytes.subspan(taken);
      if (filled_ == sizeof(block_)) {
        mix(block_);
        filled_ = 0;
      }
    }
  }
  /// The text, and where it ends.
  void add(std::string_view text) noexcept {
    add(std::as_bytes(std::span(text)));
    add_number(text.size());
  }
  void add_number(std::uint64_t number) noexcept { add(std::as_bytes(std::span(&number, 1))); }

  [[nodiscard]] std::uint64_t value() const noexcept {
    Checksum end = *this;
    std::memset(end.block_ + filled_, 0, sizeof(block_) - filled_);
    end.mix(end.block_);
    std::uint64_t sum = length_;
    for (const std::uint64_t lane : end.lanes_) {
      sum = step(sum, lane);
    }
    return step(sum, sum >> 32U);
  }

 private:
  // One word after the other through a multiplication by an odd number (Fibonacci hashing) and a
  // rotation, which are one to one: two texts that differ in a word differ afterwards.
  static std::uint64_t step(std::uint64_t sum, std::uint64_t word) noexcept {
    constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;
    const std::uint64_t product = (sum ^ word) * kGoldenRatio;
    return product << 29U | product >> 35U;
  }
  /// A word for each lane, so that four multiplications run at once.
  void mix(const std::byte* block) noexcept {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      std::uint64_t word = 0;
      std::memcpy(&word, block + lane * sizeof(word), sizeof(word));
      lanes_[lane] = step(lanes_[lane], word);
    }
  }

  std::uint64_t lanes_[4] = {1, 2, 3, 4};
  std::uint64_t length_ = 0;
  std::byte block_[32] = {};
  std::size_t filled_ = 0;
};

}  // namespace ottobit
