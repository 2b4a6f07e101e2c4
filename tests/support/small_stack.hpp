// SPDX-License-Identifier: Apache-2.0
// A thread with a small stack, as hosts with many threads have them.
#pragma once

#include <cstddef>
#include <exception>

#include <pthread.h>

namespace ottobit::test {

/// What the library's calls must do with, the thread's own needs included. Sanitizers take several
/// times as much for each call.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kSmallStack = 512 * 1024;
#else
inline constexpr std::size_t kSmallStack = 64 * 1024;
#endif

/// Calls `work` on a thread with a stack of so many bytes; what it throws comes out of this call.
template <class Work>
void on_stack(std::size_t bytes, const Work& work) {
  struct Run {
    const Work& work;
    std::exception_ptr thrown;
    static void* body(void* self) {
      Run& run = *static_cast<Run*>(self);
      try {
        run.work();
      } catch (...) {
        run.thrown = std::current_exception();
      }
      return nullptr;
    }
  };
  Run run{work, nullptr};
  pthread_attr_t attributes;
  pthread_t thread = 0;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, bytes) != 0 ||
      pthread_create(&thread, &attributes, &Run::body, &run) != 0) {
    throw std::bad_alloc();
  }
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  if (run.thrown != nullptr) {
    std::rethrow_exception(run.thrown);
  }
}

}  // namespace ottobit::test
