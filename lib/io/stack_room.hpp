// SPDX-License-Identifier: Apache-2.0
// StackRoom: how far calls within calls may go on the host's thread, whose stack may be small.
// Depth that no level of nesting bounds to a few KiB asks here and ends in an error, not in a
// fault.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ottobit {

/// Belongs to the thread that made it, near the beginning of a call of the library.
class StackRoom {
 public:
  StackRoom() noexcept : soft_end_(here() - kAlways) {}

  /// Whether there is room for a few more calls: always within kAlways bytes below the place where
  /// this was made; beyond them, while the thread's stack has 16 KiB left.
  [[nodiscard]] bool left() const noexcept { return here() > soft_end_ || here() > hard_end(); }

  /// What a thread must have room for, the library's other calls aside.
  static constexpr std::uintptr_t kAlways = 32 * 1024;

 private:
  static std::uintptr_t here() noexcept {
#if defined(__GNUC__)
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#else
    const volatile char local = 0;
    return reinterpret_cast<std::uintptr_t>(&local);
#endif
  }
  /// The lowest address to use; asks the system once. Where it does not know, or the thread runs on
  /// another stack than its own, as fibres do, the soft one.
  std::uintptr_t hard_end() const noexcept;

  std::uintptr_t soft_end_;
  mutable std::uintptr_t hard_end_ = 0;  // 0: not asked for yet
};

}  // namespace ottobit
