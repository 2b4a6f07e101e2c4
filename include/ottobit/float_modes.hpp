// SPDX-License-Identifier: Apache-2.0
// DefaultFloatModes: how a thread computes with floating-point numbers is a matter of its mode.
// Hosts change theirs: another rounding, denormals taken for zero, traps that end the process.
// Within the life of this object the calling thread rounds to nearest, keeps denormals and traps
// nothing; its end gives back what was there, sticky flags included.
#pragma once

#include <cstdint>

namespace ottobit {

class DefaultFloatModes {
 public:
  DefaultFloatModes(const DefaultFloatModes&) = delete;
  DefaultFloatModes& operator=(const DefaultFloatModes&) = delete;

#if defined(__x86_64__)
  DefaultFloatModes() noexcept {
    constexpr std::uint32_t kSse = 0x1F80;  // all exceptions masked, nearest, no FTZ, no DAZ
    constexpr std::uint16_t kX87 = 0x037F;  // the same, and 64-bit mantissas
    asm volatile("stmxcsr %0\n\tfnstenv %1\n\tfnclex" : "=m"(sse_), "=m"(x87_) : : "memory");
    asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(kSse), "m"(kX87) : "memory");
  }
  ~DefaultFloatModes() {
    asm volatile("fldenv %1\n\tldmxcsr %0" : : "m"(sse_), "m"(x87_) : "memory");
  }

 private:
  std::uint32_t sse_ = 0;
  std::uint32_t x87_[7] = {};
#elif defined(__aarch64__)
  DefaultFloatModes() noexcept {
    constexpr std::uint64_t kDefault = 0;
    asm volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(control_), "=r"(status_) : : "memory");
    asm volatile("msr fpcr, %0" : : "r"(kDefault) : "memory");
  }
  ~DefaultFloatModes() {
    asm volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(control_), "r"(status_) : "memory");
  }

 private:
  std::uint64_t control_ = 0;
  std::uint64_t status_ = 0;
#else
  DefaultFloatModes() noexcept = default;
  ~DefaultFloatModes() = default;
#endif
};

}  // namespace ottobit
