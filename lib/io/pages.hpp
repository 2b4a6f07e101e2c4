// SPDX-License-Identifier: Apache-2.0
// Pages: private anonymous memory. Zero and page-aligned; straight from the system, it is physical
// only where it was touched: a KV cache for a long context costs what is used of it.
#pragma once

#include <cstddef>

#include "ottobit/isa.hpp"
#include "ottobit/memory.hpp"

namespace ottobit {

class Pages {
 public:
  enum class Size { normal, huge };  ///< huge: ask for 2 MiB pages where the system offers them

  /// Error{memory} with `what` as subject if the address space is not granted. 0 bytes: no memory.
  /// What comes from a `memory` is filled with zeros here, and so all physical.
  Pages(const char* what, Index bytes, Size size, MemoryHandle memory = {});
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] Index size() const noexcept { return size_; }

 private:
  void release() noexcept;

  std::byte* data_ = nullptr;
  Index size_ = 0;
  MemoryHandle memory_;
};

}  // namespace ottobit
