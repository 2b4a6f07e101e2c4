// SPDX-License-Identifier: Apache-2.0
#include "io/stack_room.hpp"

#include <algorithm>

#if defined(__linux__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace ottobit {
namespace {

struct Stack {
  std::uintptr_t begin = 0;  // the lowest address; equal to `end`: not known
  std::uintptr_t end = 0;
};

Stack own_stack() noexcept {
  Stack stack;
#if defined(__linux__)
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) {
    return stack;
  }
  void* address = nullptr;
  std::size_t size = 0;
  std::size_t guard = 0;
  if (::pthread_attr_getstack(&attributes, &address, &size) == 0 &&
      ::pthread_attr_getguardsize(&attributes, &guard) == 0 && guard < size) {
    stack.begin = reinterpret_cast<std::uintptr_t>(address) + guard;
    stack.end = reinterpret_cast<std::uintptr_t>(address) + size;
  }
  static_cast<void>(::pthread_attr_destroy(&attributes));
#elif defined(__APPLE__)
  stack.end = reinterpret_cast<std::uintptr_t>(::pthread_get_stackaddr_np(::pthread_self()));
  stack.begin = stack.end - ::pthread_get_stacksize_np(::pthread_self());
#endif
  return stack;
}

}  // namespace

std::uintptr_t StackRoom::hard_end() const noexcept {
  constexpr std::uintptr_t kMargin = 16 * 1024;
  if (hard_end_ == 0) {
    const Stack stack = own_stack();
    const bool on_it = here() > stack.begin && here() < stack.end;
    hard_end_ = on_it ? std::min(stack.begin + kMargin, soft_end_) : soft_end_;
  }
  return hard_end_;
}

}  // namespace ottobit
