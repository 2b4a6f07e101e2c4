// SPDX-License-Identifier: Apache-2.0
// Arena: one aligned block of memory from which a forward pass takes its activations by moving a
// pointer. Sized once; a Mark gives back everything taken since. Not a general allocator: running
// out is a programming error (sizes are computed before the pass), reported as Error{internal}.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ottobit/error.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/memory.hpp"

namespace ottobit {

/// Alignment of every buffer handed to kernels: one cache line, one AVX-512 register.
inline constexpr Index kAlignment = 64;

constexpr Index round_up(Index value, Index multiple) noexcept {
  return (value + multiple - 1) / multiple * multiple;
}

class Arena {
 public:
  explicit Arena(Index size_bytes, const MemoryHandle& memory = {})
      : size_(round_up(size_bytes, kAlignment)),
        allocator_(memory),
        block_(allocator_.allocate(static_cast<std::size_t>(size_))) {}
  ~Arena() { allocator_.deallocate(block_, static_cast<std::size_t>(size_)); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// n elements of T, 64-byte aligned, uninitialised.
  template <class T>
  [[nodiscard]] T* take(Index n) {
    const Index bytes = round_up(n * static_cast<Index>(sizeof(T)), kAlignment);
    OTTOBIT_CHECK(
        bytes <= size_ - used_, ErrorCode::internal, "arena",
        std::to_string(bytes) + " bytes asked, " + std::to_string(size_ - used_) + " left");
    std::byte* at = block_ + used_;
    used_ += bytes;
    return reinterpret_cast<T*>(at);
  }

  [[nodiscard]] Index size() const noexcept { return size_; }

  /// Gives back what was taken after its construction.
  class Mark {
   public:
    explicit Mark(Arena& arena) noexcept : arena_(arena), used_(arena.used_) {}
    ~Mark() { arena_.used_ = used_; }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    Arena& arena_;
    Index used_;
  };

 private:
  Index size_;
  Index used_ = 0;
  LargeAllocator<std::byte> allocator_;  // aligned as promised
  std::byte* block_;
};

}  // namespace ottobit
