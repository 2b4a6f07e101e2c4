// SPDX-License-Identifier: Apache-2.0
// GuardedBuffer: an array between two unreadable pages, so that a kernel that reads or writes one
// byte past its end (or before its beginning) crashes the test instead of passing by luck.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "ottobit/isa.hpp"

namespace ottobit::test {

/// Which end of the array lies against its unreadable page; the other end has up to a page of
/// slack.
enum class GuardSide { after, before };

/// `size` elements, zero at first. With GuardSide::after the byte behind the last element faults,
/// with GuardSide::before the byte ahead of the first. Aligned for T only, on purpose: with
/// `after`, data() has whatever alignment size * sizeof(T) leaves.
template <class T>
class GuardedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit GuardedBuffer(Index size, GuardSide side = GuardSide::after) : size_(size) {
    const long reported = ::sysconf(_SC_PAGESIZE);
    const std::size_t page = reported > 0 ? static_cast<std::size_t>(reported) : 4096;
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    const std::size_t inner = (bytes + page - 1) / page * page;
    mapped_bytes_ = inner + 2 * page;
    void* const base =
        ::mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
      throw std::bad_alloc();
    }
    base_ = static_cast<std::byte*>(base);
    if (inner > 0 && ::mprotect(base_ + page, inner, PROT_READ | PROT_WRITE) != 0) {
      static_cast<void>(::munmap(base_, mapped_bytes_));
      throw std::bad_alloc();
    }
    std::byte* const first = side == GuardSide::after ? base_ + page + inner - bytes : base_ + page;
    data_ = static_cast<T*>(static_cast<void*>(first));
  }

  explicit GuardedBuffer(std::span<const T> values, GuardSide side = GuardSide::after)
      : GuardedBuffer(static_cast<Index>(values.size()), side) {
    if (!values.empty()) {
      std::memcpy(static_cast<void*>(data_), values.data(), values.size_bytes());
    }
  }
  explicit GuardedBuffer(const std::vector<T>& values, GuardSide side = GuardSide::after)
      : GuardedBuffer(std::span<const T>(values), side) {}
  GuardedBuffer(std::initializer_list<T> values, GuardSide side = GuardSide::after)
      : GuardedBuffer(std::span<const T>(values.begin(), values.size()), side) {}

  GuardedBuffer(GuardedBuffer&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)),
        mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  GuardedBuffer& operator=(GuardedBuffer&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(mapped_bytes_, other.mapped_bytes_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() {
    if (base_ != nullptr) {
      static_cast<void>(::munmap(base_, mapped_bytes_));
    }
  }

  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] Index size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T& operator[](Index i) noexcept { return data_[i]; }
  [[nodiscard]] const T& operator[](Index i) const noexcept { return data_[i]; }
  [[nodiscard]] T* begin() noexcept { return data_; }
  [[nodiscard]] T* end() noexcept { return data_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return data_; }
  [[nodiscard]] const T* end() const noexcept { return data_ + size_; }
  [[nodiscard]] std::span<T> span() noexcept { return {data_, static_cast<std::size_t>(size_)}; }
  [[nodiscard]] std::span<const T> span() const noexcept {
    return {data_, static_cast<std::size_t>(size_)};
  }
  void fill(const T& value) { std::fill(begin(), end(), value); }

 private:
  std::byte* base_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  T* data_ = nullptr;
  Index size_ = 0;
};

}  // namespace ottobit::test
