// SPDX-License-Identifier: Apache-2.0
#include "io/pages.hpp"

#include <cstring>
#include <string>
#include <utility>

#include <sys/mman.h>

#include "ottobit/error.hpp"

namespace ottobit {
namespace {

constexpr std::size_t kPage = 4096;  // at most what pages have; alignment, no more

/// Small blocks are the system's in any case.
MemoryHandle large(Index bytes, MemoryHandle memory) noexcept {
  return bytes >= static_cast<Index>(kLargeBlock) ? std::move(memory) : nullptr;
}

}  // namespace

// MAP_NORESERVE: the size is an upper bound that most conversations never reach.
Pages::Pages(const char* what, Index bytes, Size size, MemoryHandle memory)
    : size_(bytes), memory_(large(bytes, std::move(memory))) {
  if (bytes == 0) {
    return;
  }
  if (memory_ != nullptr) {
    const auto count = static_cast<std::size_t>(bytes);
    data_ = static_cast<std::byte*>(memory_->allocate(count, kPage));
    OTTOBIT_CHECK(data_ != nullptr, ErrorCode::memory, what,
                  "the host's allocator does not grant " + std::to_string(bytes) + " bytes");
    std::memset(data_, 0, count);
    return;
  }
  void* const pages = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  OTTOBIT_CHECK(pages != MAP_FAILED, ErrorCode::memory, what,
                "the system does not grant " + std::to_string(bytes >> 20) + " MiB");
  data_ = static_cast<std::byte*>(pages);
  // Advice only; a refusal changes the speed, not the result.
  ::madvise(pages, static_cast<std::size_t>(bytes),
            size == Size::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      memory_(std::move(other.memory_)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    memory_ = std::move(other.memory_);
  }
  return *this;
}

Pages::~Pages() {
  release();
}

void Pages::release() noexcept {
  if (data_ == nullptr) {
    return;
  }
  if (memory_ != nullptr) {
    memory_->deallocate(data_, static_cast<std::size_t>(size_), kPage);
  } else {
    ::munmap(data_, static_cast<std::size_t>(size_));
  }
}

}  // namespace ottobit
