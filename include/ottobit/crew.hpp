// SPDX-License-Identifier: Apache-2.0
// Crew: the library's own threads. They start when there is work for them, sleep when there is
// none, and end with the crew. Nobody waits for a thread that has not begun: the caller of a region
// does what no worker has taken, so a crew whose threads get no core, or that could start none,
// costs nothing but its help.
#pragma once

#include <atomic>
#include <functional>

#include "ottobit/engine.hpp"

namespace ottobit {

/// What the host does on each worker when it starts and before it ends: names, priorities.
struct CrewHooks {
  std::function<void(int index)> on_start;  ///< index counts from 1; must not throw
  std::function<void(int index)> on_stop;
};

struct CrewOptions {
  int threads = 1;    ///< the caller's included
  bool spin = false;  ///< workers look longer for the next region before they sleep
  CrewHooks hooks{};
};

/// Any thread may run regions, several at once: one of them has the workers, of which it wants as
/// many less as there are other callers; the others run alone.
/// A forked child finds no workers and starts its own.
class Crew final : public Engine {
 public:
  explicit Crew(CrewOptions options);
  /// Ends the workers. No region may be running.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void run(int parts, float nanoseconds, Work work, void* context) noexcept override;

  /// Ends the workers; the next region starts new ones. False, and nothing is ended, while a
  /// region is running.
  bool park() noexcept;

 private:
  struct Team;
  [[nodiscard]] Team* team() noexcept;

  CrewOptions options_;
  std::atomic<Team*> team_;
};

}  // namespace ottobit
