// SPDX-License-Identifier: Apache-2.0
#include "io/pages.hpp"

#include <string>
#include <utility>

#include <sys/mman.h>

#include "ottobit/error.hpp"

namespace ottobit {

// MAP_NORESERVE: the size is an upper bound that most conversations never reach.
Pages::Pages(const char* what, Index bytes, Size size) : size_(bytes) {
  if (bytes == 0) {
    return;
  }
  void* memory = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  OTTOBIT_CHECK(memory != MAP_FAILED, ErrorCode::memory, what,
                "the system does not grant " + std::to_string(bytes >> 20) + " MiB");
  data_ = static_cast<std::byte*>(memory);
  // Advice only; a refusal changes the speed, not the result.
  ::madvise(memory, static_cast<std::size_t>(bytes),
            size == Size::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Pages::~Pages() {
  release();
}

void Pages::release() noexcept {
  if (data_ != nullptr) {
    ::munmap(data_, static_cast<std::size_t>(size_));
  }
}

}  // namespace ottobit
