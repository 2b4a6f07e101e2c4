// SPDX-License-Identifier: Apache-2.0
#include "ottobit/crew.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "ottobit/float_modes.hpp"

namespace ottobit {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a worker looks for the next region, and a caller for the end of a worker's share,
/// before they sleep. Between the regions of a forward pass lie a few microseconds.
constexpr auto kLook = std::chrono::microseconds(10);
constexpr auto kLongLook = std::chrono::microseconds(200);
/// Work, in nanoseconds, that is worth waking a sleeping worker for: that of one region; or, while
/// regions have followed each other for a while, of several that it missed. A host that pauses
/// between small pieces of work is not served faster by two cores, it only pays for both.
constexpr float kWorthWaking = 60'000.0F;
constexpr float kMuchMissed = 20'000.0F;
constexpr auto kWhile = std::chrono::microseconds(500);
constexpr auto kPause = std::chrono::milliseconds(1);
/// Enough for every kernel; the host's thread-local variables come on top.
constexpr std::size_t kStackBytes = std::size_t{1} << 20;

void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

/// Looks until `seen()`, for `time` at most; false if it was not seen.
template <class Seen>
bool look(Clock::duration time, const Seen& seen) noexcept {
  const auto end = Clock::now() + time;
  do {
    for (int i = 0; i < 8; ++i) {
      if (seen()) {
        return true;
      }
      relax();
    }
  } while (Clock::now() < end);
  return false;
}

/// Signals are the host's affair: none is delivered to a worker but those that a fault of its own
/// raises.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

/// The workers of one process. A job is open while it has seats: whoever takes one works on it. The
/// caller closes it before it waits for those who do.
struct Crew::Team {
  explicit Team(const CrewOptions& chosen) noexcept : options(chosen) {}

  static constexpr std::uint32_t kHeld = 1U << 31U;       // some caller has it
  static constexpr std::uint32_t kSeat = 1U << 16U;       // bits 16 to 30: seats left
  static constexpr std::uint32_t kSeats = kHeld - kSeat;  // all of them
  static constexpr std::uint32_t kWorking = kSeat - 1U;   // bits 0 to 15: workers in it

  const CrewOptions& options;
  const pid_t process = getpid();

  alignas(64) std::atomic<std::uint32_t> job{0};  // 0: none
  Work work = nullptr;  // of the job, as `context`: written by its caller before it opens
  void* context = nullptr;

  alignas(64) std::atomic<std::uint32_t> calls{0};  // another number wakes those asleep
  std::atomic<int> looking{0};
  std::atomic<int> asleep{0};
  std::atomic<int> callers{0};              // threads within run()
  std::atomic<float> missed{0.0F};          // work that a worker awake would have shared
  std::atomic<Clock::duration> since{{}};   // when the regions without a pause between them began
  std::atomic<Clock::duration> latest{{}};  // when the latest of them did
  std::atomic<bool> ending{false};

  std::mutex starting;
  std::vector<pthread_t> workers;
  std::atomic<int> started{0};
  std::atomic<bool> refused{false};  // the system gave no more threads

  [[nodiscard]] bool has_seats() const noexcept { return (job.load() & kSeats) != 0; }
  void run(int parts, float nanoseconds, Work what, void* with) noexcept;
  void note_pause() noexcept;
  bool has_missed(float nanoseconds) noexcept;
  void wake(int wanted) noexcept;
  void start(int wanted) noexcept;
  bool end() noexcept;

  bool take_a_seat() noexcept;
  void serve(int index) noexcept;

  struct Recruit {
    Team* team;
    int index;
  };
  static void* begin(void* recruit) noexcept;
};

// --- the caller ----------------------------------------------------------------------------------

void Crew::Team::run(int parts, float nanoseconds, Work what, void* with) noexcept {
  const int others = callers.fetch_add(1, std::memory_order_relaxed);
  const int seats = std::min(parts, options.threads - others) - 1;
  note_pause();
  const bool alone = looking.load(std::memory_order_relaxed) == 0;
  const bool worth_waking = nanoseconds >= kWorthWaking || (alone && has_missed(nanoseconds));
  std::uint32_t none = 0;
  if (seats < 1 || (alone && !worth_waking) ||
      !job.compare_exchange_strong(none, kHeld, std::memory_order_acquire)) {
    what(with, 0);
    callers.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  work = what;
  context = with;
  job.store(kHeld + static_cast<std::uint32_t>(seats) * kSeat);
  if (worth_waking) {
    start(seats);
    wake(seats - looking.load());
  }
  what(with, 0);
  const auto done = [&] { return (job.load(std::memory_order_acquire) & kWorking) == 0; };
  job.fetch_and(~kSeats, std::memory_order_acq_rel);
  if (!done() && !look(kLook, done)) {
    while (!done()) {
      const std::uint32_t now = job.load(std::memory_order_acquire);
      if ((now & kWorking) != 0) {
        job.wait(now, std::memory_order_acquire);
      }
    }
  }
  job.store(0, std::memory_order_release);
  callers.fetch_sub(1, std::memory_order_relaxed);
}

void Crew::Team::note_pause() noexcept {
  const Clock::duration now = Clock::now().time_since_epoch();
  if (now - latest.load(std::memory_order_relaxed) > kPause) {
    since.store(now, std::memory_order_relaxed);
    missed.store(0.0F, std::memory_order_relaxed);
  }
  latest.store(now, std::memory_order_relaxed);
}

/// Counts a small region with those that a sleeping worker missed; true if it should wake for them.
bool Crew::Team::has_missed(float nanoseconds) noexcept {
  const float all = missed.load(std::memory_order_relaxed) + nanoseconds;
  const bool enough =
      all >= kMuchMissed &&
      latest.load(std::memory_order_relaxed) - since.load(std::memory_order_relaxed) >= kWhile;
  missed.store(enough ? 0.0F : all, std::memory_order_relaxed);
  return enough;
}

void Crew::Team::wake(int wanted) noexcept {
  const int sleepers = asleep.load();
  if (wanted < 1 || sleepers == 0) {
    return;
  }
  calls.fetch_add(1);
  if (wanted >= sleepers) {
    calls.notify_all();
    return;
  }
  for (int i = 0; i < wanted; ++i) {
    calls.notify_one();
  }
}

void Crew::Team::start(int wanted) noexcept {
  if (started.load(std::memory_order_relaxed) >= wanted ||
      refused.load(std::memory_order_relaxed)) {
    return;
  }
  const std::unique_lock lock(starting, std::try_to_lock);
  if (!lock.owns_lock()) {
    return;
  }
  const SignalsBlocked blocked;
  pthread_attr_t attributes;
  bool more = pthread_attr_init(&attributes) == 0;
  const bool made = more;
  more = more && pthread_attr_setstacksize(&attributes, kStackBytes) == 0;
  while (more && started.load() < wanted) {
    const int index = started.load() + 1;
    auto* recruit = new (std::nothrow) Recruit{this, index};
    pthread_t thread{};
    more = recruit != nullptr && pthread_create(&thread, &attributes, begin, recruit) == 0;
    if (more) {
      workers[static_cast<std::size_t>(index - 1)] = thread;
      started.store(index);
    } else {
      delete recruit;
    }
  }
  if (made) {
    pthread_attr_destroy(&attributes);
  }
  refused.store(!more);
}

bool Crew::Team::end() noexcept {
  const std::lock_guard lock(starting);
  std::uint32_t none = 0;
  if (!job.compare_exchange_strong(none, kHeld, std::memory_order_acquire)) {
    return false;
  }
  ending.store(true);
  calls.fetch_add(1);
  calls.notify_all();
  for (int i = 0; i < started.load(); ++i) {
    pthread_join(workers[static_cast<std::size_t>(i)], nullptr);
  }
  started.store(0);
  refused.store(false);
  ending.store(false);
  job.store(0, std::memory_order_release);
  return true;
}

// --- the workers ---------------------------------------------------------------------------------

bool Crew::Team::take_a_seat() noexcept {
  std::uint32_t now = job.load(std::memory_order_acquire);
  while ((now & kSeats) != 0) {
    if (!job.compare_exchange_weak(now, now - kSeat + 1, std::memory_order_acq_rel,
                                   std::memory_order_acquire)) {
      continue;
    }
    work(context, static_cast<int>((now & kSeats) / kSeat));
    if (job.fetch_sub(1, std::memory_order_acq_rel) == kHeld + 1) {
      job.notify_one();
    }
    return true;
  }
  return false;
}

void Crew::Team::serve(int index) noexcept {
  if (options.hooks.on_start) {
    options.hooks.on_start(index);
  }
  const Clock::duration long_enough = options.spin ? kLongLook : kLook;
  while (!ending.load()) {
    looking.fetch_add(1);
    look(long_enough, [&] { return has_seats() || ending.load(); });
    looking.fetch_sub(1);
    if (take_a_seat()) {
      continue;
    }
    const std::uint32_t before = calls.load();
    asleep.fetch_add(1);
    if (!has_seats() && !ending.load()) {
      calls.wait(before);
    }
    asleep.fetch_sub(1);
  }
  if (options.hooks.on_stop) {
    options.hooks.on_stop(index);
  }
}

void* Crew::Team::begin(void* recruit) noexcept {
  const Recruit self = *static_cast<Recruit*>(recruit);
  delete static_cast<Recruit*>(recruit);
  const DefaultFloatModes modes;
  self.team->serve(self.index);
  return nullptr;
}

// --- the crew ------------------------------------------------------------------------------------

Crew::Crew(CrewOptions options)
    : Engine(options.threads), options_(std::move(options)), team_(nullptr) {}

Crew::~Crew() {
  Team* last = team_.load();
  if (last != nullptr && last->process == getpid()) {
    last->end();
    delete last;
  }
}

/// This process's. In a forked child the parent's workers do not exist and its locks may be held
/// for ever: what the parent knew of them is left where it is.
Crew::Team* Crew::team() noexcept {
  Team* known = team_.load(std::memory_order_acquire);
  if (known != nullptr && known->process == getpid()) {
    return known;
  }
  try {
    auto fresh = std::make_unique<Team>(options_);
    fresh->workers.resize(static_cast<std::size_t>(threads()));
    if (team_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
      known = fresh.release();
    }
    return known;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Crew::run(int parts, float nanoseconds, Work work, void* context) noexcept {
  Team* mine = threads() > 1 ? team() : nullptr;
  if (mine == nullptr) {
    work(context, 0);
  } else {
    mine->run(parts, nanoseconds, work, context);
  }
}

bool Crew::park() noexcept {
  Team* mine = team_.load();
  return mine == nullptr || mine->process != getpid() || mine->end();
}

}  // namespace ottobit
