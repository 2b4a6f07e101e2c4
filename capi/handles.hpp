// SPDX-License-Identifier: Apache-2.0
// What is behind the opaque handles of ottobit.h: wrappers that own a C++ object and keep alive
// what it needs. Streams and errors have one owner and are defined where they are made.
#pragma once

#include <chrono>

#include "ottobit/crew.hpp"
#include "ottobit/grammar.hpp"
#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

#include "common.hpp"

struct ottobit_runtime : ottobit::capi::Counted {
  ottobit::Machine machine;               // complete: kernels and threads are chosen
  std::shared_ptr<ottobit::Crew> crew;    // its engine, if that is the library's own
  mutable std::atomic<int> computing{0};  // calls that have a session of it
  std::int32_t log_level = 0;
  ottobit_log_fn log_function = nullptr;
  void* log_user = nullptr;

  /// Hands a line to the host's function, if it wants lines of that level.
  void log(std::int32_t level, const char* area, const std::string& text) const {
    if (log_function != nullptr && level <= log_level) {
      log_function(level, area, text.c_str(), text.size(), log_user);
    }
  }
};

struct ottobit_cancel : ottobit::capi::Counted {
  // Lock-free, and so safe in a signal handler.
  std::atomic<std::int32_t> raised{0};
  static_assert(std::atomic<std::int32_t>::is_always_lock_free);
};

struct ottobit_model : ottobit::capi::Counted {
  ottobit_model(ottobit_runtime& owner, std::shared_ptr<const ottobit::Model> opened)
      : runtime(&owner), model(std::move(opened)) {}

  ottobit::capi::Ref<ottobit_runtime> runtime;
  std::shared_ptr<const ottobit::Model> model;
};

struct ottobit_grammar : ottobit::capi::Counted {
  ottobit_grammar(const ottobit_model& owner, ottobit::GrammarHandle made)
      : model(owner.model), grammar(std::move(made)) {}

  std::shared_ptr<const ottobit::Model> model;
  ottobit::GrammarHandle grammar;
};

struct ottobit_session : ottobit::capi::Counted {
  ottobit_session(ottobit_model& owner, const ottobit::SessionOptions& options)
      : model(&owner), session(owner.model, options) {}
  ottobit_session(const ottobit_session& of, ottobit::ForkOf fork)
      : model(of.model.get()), session(fork) {
    length.store(static_cast<std::size_t>(session.length()), std::memory_order_relaxed);
  }

  ottobit::capi::Ref<ottobit_model> model;
  ottobit::Session session;
  mutable std::atomic<bool> busy{false};
  mutable std::atomic<std::size_t> length{0};  // of the session, as of the last call that ended
};

namespace ottobit::capi {

/// Gives a runtime, whose machine is otherwise complete, the engine that the options ask for.
void choose_engine(ottobit_runtime& runtime, const ottobit_runtime_options& options);

/// The host's allocator; nullptr if it has none.
[[nodiscard]] MemoryHandle host_memory(const ottobit_runtime_options& options);

/// One call's sole use of a session; Error{busy} where another call has it.
class SessionUse {
 public:
  explicit SessionUse(const ottobit_session& session) : session_(session) {
    OTTOBIT_CHECK(!session.busy.exchange(true, std::memory_order_acquire), ErrorCode::busy,
                  "session", "is in use by another call");
    session_.model->runtime->computing.fetch_add(1);
  }
  SessionUse(const SessionUse&) = delete;
  SessionUse& operator=(const SessionUse&) = delete;
  ~SessionUse() {
    session_.model->runtime->computing.fetch_sub(1);
    session_.length.store(static_cast<std::size_t>(session_.session.length()),
                          std::memory_order_relaxed);
    session_.busy.store(false, std::memory_order_release);
  }

 private:
  const ottobit_session& session_;
};

inline bool is_raised(const ottobit_cancel* cancel) noexcept {
  return cancel != nullptr && cancel->raised.load(std::memory_order_relaxed) != 0;
}

/// What a long call tells its host and hears from it. The host's function is called ten times a
/// second at most, and at the end.
struct ProgressReport {
  std::int32_t phase;
  const ottobit_cancel* cancel;
  ottobit_progress_fn function;
  void* user;

  /// Refuses to begin what is cancelled already.
  void check_start() const {
    OTTOBIT_CHECK(!is_raised(cancel), ErrorCode::cancelled, "",
                  "cancelled before it began; the cancel object is still raised");
  }

  /// For the length of one call.
  [[nodiscard]] Progress progress() const {
    using Clock = std::chrono::steady_clock;
    if (cancel == nullptr && function == nullptr) {
      return {};
    }
    return [report = *this, last = Clock::time_point{}](std::uint64_t done,
                                                        std::uint64_t total) mutable {
      if (is_raised(report.cancel)) {
        return false;
      }
      const Clock::time_point now = Clock::now();
      if (report.function == nullptr ||
          (done < total && now - last < std::chrono::milliseconds(100))) {
        return true;
      }
      last = now;
      return report.function(report.phase, done, total, report.user) == 0;
    };
  }
};

}  // namespace ottobit::capi
