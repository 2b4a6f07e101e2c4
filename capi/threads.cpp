// SPDX-License-Identifier: Apache-2.0
// The engine of a runtime: the library's own crew, or the host's parallel_for.
#include <atomic>

#include "handles.hpp"

namespace ottobit::capi {
namespace {

constexpr ottobit_thread_hooks kNoHooks{};

/// Hands each region to the host as one loop.
class HostEngine final : public Engine {
 public:
  HostEngine(int threads, const ottobit_thread_hooks& hooks) noexcept
      : Engine(threads), hooks_(hooks) {}

  void run(int parts, float /*nanoseconds*/, Work work, void* context) noexcept override {
    Loop loop{work, context, parts};
    hooks_.parallel_for(parts, &Loop::body, &loop, hooks_.user);
    if (loop.calls.load(std::memory_order_acquire) < parts) {  // a host that left calls out
      work(context, 0);
    }
  }

 private:
  struct Loop {
    Work work;
    void* context;
    int parts;
    std::atomic<int> calls{0};

    static void OTTOBIT_CALL body(void* self, std::int32_t index) noexcept {
      auto& loop = *static_cast<Loop*>(self);
      if (index >= 0 && index < loop.parts) {
        const DefaultFloatModes modes;
        loop.work(loop.context, index);
        loop.calls.fetch_add(1, std::memory_order_release);
      }
    }
  };

  ottobit_thread_hooks hooks_;
};

std::function<void(int)> hook(void(OTTOBIT_CALL* function)(std::int32_t, void*), void* user) {
  if (function == nullptr) {
    return {};
  }
  return [function, user](int index) { function(index, user); };
}

}  // namespace

void choose_engine(ottobit_runtime& runtime, const ottobit_runtime_options& options) {
  const ottobit_thread_hooks hooks = read_struct(options.thread_hooks, kNoHooks, "thread_hooks");
  OTTOBIT_CHECK(hooks.reserved0 == 0, ErrorCode::argument, "thread_hooks",
                "reserved0 is " + std::to_string(hooks.reserved0) + ", expected 0");
  if (hooks.parallel_for != nullptr) {
    runtime.machine.engine = std::make_shared<HostEngine>(runtime.machine.threads, hooks);
    return;
  }
  runtime.crew = std::make_shared<Crew>(
      CrewOptions{runtime.machine.threads,
                  (options.flags & OTTOBIT_RUNTIME_SPIN) != 0,
                  {hook(hooks.on_start, hooks.user), hook(hooks.on_stop, hooks.user)}});
  runtime.machine.engine = runtime.crew;
}

}  // namespace ottobit::capi
