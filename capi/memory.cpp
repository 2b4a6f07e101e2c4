// SPDX-License-Identifier: Apache-2.0
// The host's allocator as a Memory.
#include <cstdint>

#include "handles.hpp"

namespace ottobit::capi {
namespace {

constexpr ottobit_allocator kNoAllocator{};

class HostMemory final : public Memory {
 public:
  explicit HostMemory(const ottobit_allocator& functions) noexcept : functions_(functions) {}

  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    void* const block = functions_.allocate(bytes, alignment, functions_.user);
    if (reinterpret_cast<std::uintptr_t>(block) % alignment == 0) {
      return block;
    }
    deallocate(block, bytes, alignment);  // kernels rely on it
    return nullptr;
  }

  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    functions_.deallocate(block, bytes, alignment, functions_.user);
  }

 private:
  ottobit_allocator functions_;
};

}  // namespace

MemoryHandle host_memory(const ottobit_runtime_options& options) {
  if (options.allocator == nullptr) {
    return nullptr;
  }
  const ottobit_allocator functions = read_struct(options.allocator, kNoAllocator, "allocator");
  OTTOBIT_CHECK(functions.reserved0 == 0, ErrorCode::argument, "allocator",
                "reserved0 is " + std::to_string(functions.reserved0) + ", expected 0");
  OTTOBIT_CHECK(functions.allocate != nullptr && functions.deallocate != nullptr,
                ErrorCode::argument, "allocator",
                "allocate or deallocate is NULL, expected both functions");
  return std::make_shared<HostMemory>(functions);
}

}  // namespace ottobit::capi
