// SPDX-License-Identifier: Apache-2.0
// Memory: where large blocks come from. The system's, or a host's that counts or limits what its
// parts take. What grows with a model's weights, vocabulary or context asks here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace ottobit {

/// Arrays of fewer bytes come from operator new in any case.
inline constexpr std::size_t kLargeBlock = std::size_t{64} << 10U;

/// What gives memory. Called on the threads that call the library, several at once.
class Memory {
 public:
  virtual ~Memory() = default;
  /// `bytes` > 0, aligned to a power of two, of any content; nullptr if there are none.
  [[nodiscard]] virtual void* allocate(std::size_t bytes, std::size_t alignment) noexcept = 0;
  virtual void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept = 0;

 protected:
  Memory() = default;
  Memory(const Memory&) = default;
  Memory& operator=(const Memory&) = default;
};

/// Shared by all that took blocks from it. nullptr: the system.
using MemoryHandle = std::shared_ptr<Memory>;

/// For containers: arrays of kLargeBlock bytes and more come from a Memory.
template <class T>
class LargeAllocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  LargeAllocator() noexcept = default;
  LargeAllocator(MemoryHandle memory) noexcept  // NOLINT(google-explicit-constructor)
      : memory_(std::move(memory)) {}
  template <class U>
  LargeAllocator(const LargeAllocator<U>& other) noexcept  // NOLINT(google-explicit-constructor)
      : memory_(other.memory()) {}

  [[nodiscard]] T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    const std::size_t bytes = n * sizeof(T);
    if (!memory_ || bytes < kLargeBlock) {
      return static_cast<T*>(::operator new (bytes, std::align_val_t{kAlign}));
    }
    void* const block = memory_->allocate(bytes, kAlign);
    if (block == nullptr) {
      throw std::bad_alloc();
    }
    return static_cast<T*>(block);
  }

  void deallocate(T* block, std::size_t n) noexcept {
    const std::size_t bytes = n * sizeof(T);
    if (!memory_ || bytes < kLargeBlock) {
      ::operator delete (block, std::align_val_t{kAlign});
    } else {
      memory_->deallocate(block, bytes, kAlign);
    }
  }

  [[nodiscard]] const MemoryHandle& memory() const noexcept { return memory_; }

  template <class U>
  bool operator==(const LargeAllocator<U>& other) const noexcept {
    return memory_ == other.memory();
  }

 private:
  static constexpr std::size_t kAlign = std::max<std::size_t>(alignof(T), 64);

  MemoryHandle memory_;
};

/// std::vector whose large arrays come from a Memory.
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

/// Numbers that are copied from a checkpoint: norms, biases, small tables.
using Floats = LargeVector<float>;

}  // namespace ottobit
