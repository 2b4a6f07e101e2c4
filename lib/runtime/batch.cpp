// SPDX-License-Identifier: Apache-2.0
#include "ottobit/batch.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "runtime/session_impl.hpp"

namespace ottobit {
namespace {

/// Tokens that one pass over the weights multiplies as it would one (kernels/pack.hpp).
constexpr Index kMostTogether = 8;

}  // namespace

struct Batch::Impl {
  explicit Impl(std::shared_ptr<const Model> owner) : model(std::move(owner)) {}

  /// A generation and its session, at work in a step.
  struct Member {
    Generation* generation;
    Session::Impl* session;
    std::exception_ptr error;
  };

  [[nodiscard]] static Session::Impl& session_of(const Generation& generation) noexcept {
    return *generation.session().impl_;
  }

  /// The generations that need logits which are not computed.
  [[nodiscard]] std::vector<Member> waiting() const {
    std::vector<Member> all;
    for (Generation* generation : generations) {
      Session::Impl& session = session_of(*generation);
      if (session.pending() > 0 && !generation->needs_nothing()) {
        all.push_back({generation, &session, nullptr});
      }
    }
    return all;
  }

  /// Whether all that a member waits for goes into a pass with others.
  [[nodiscard]] static bool waits_for_few(const Member& m) noexcept {
    return m.session->pending() <= std::min(kMostTogether, m.session->batch);
  }

  /// Computes the few tokens that members wait for, in passes of as many as go together.
  void compute_few(std::span<Member> few) {
    while (!few.empty()) {
      Index tokens = 0;
      std::size_t count = 0;
      while (count < few.size() && few[count].session->ctx.compute == few[0].session->ctx.compute &&
             tokens + few[count].session->pending() <= kMostTogether) {
        tokens += few[count].session->pending();
        ++count;
      }
      compute_together(few.first(count));
      few = few.subspan(count);
    }
  }

  void compute_together(std::span<Member> members) {
    const auto start = Clock::now();
    model->check_files();
    ExecContext ctx = context_for(members);
    std::vector<Passage> passages;
    for (const Member& m : members) {
      passages.push_back(m.session->passage(m.session->pending(), 1, m.session->logits.data()));
    }
    Watch watch([&] {
      return std::any_of(members.begin(), members.end(),
                         [](const Member& m) { return !m.generation->is_cancelled(); });
    });
    ctx.parallel.set_watch(&watch);
    try {
      model->decoder().forward(ctx, passages);
    } catch (...) {
      for (const Member& m : members) {
        m.session->take_back(m.session->pending());
      }
      if (watch.cancelled()) {  // by every one of them, as their events will say
        return;
      }
      throw;
    }
    const double seconds = seconds_since(start);
    for (Member& m : members) {
      const Index count = m.session->pending();
      m.session->advance(count);
      m.session->stats.decode_seconds += seconds;
      if (count > 1 && m.session->states.exist()) {  // a short prompt
        m.session->states.save(m.session->computed, m.session->logits);
      }
      check_finite(m);
    }
  }

  /// Reads a micro batch of a prompt.
  void read_prompt(Member& m) {
    Session::Impl& session = *m.session;
    const auto start = Clock::now();
    session.take_prefix();
    const Index before = session.computed;
    const Progress wanted = [&](std::uint64_t, std::uint64_t) {
      return !m.generation->is_cancelled();
    };
    try {
      if (session.pending() > 0) {
        session.compute_batch({wanted, session.computed, session.pending()});
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::cancelled) {
        throw;
      }
      return;  // as its event will say
    }
    session.stats.prompt_tokens += static_cast<std::uint64_t>(session.computed - before);
    session.stats.prompt_seconds += seconds_since(start);
    if (session.states.exist()) {
      session.states.save(session.computed, session.logits);
    }
    if (session.pending() == 0) {
      check_finite(m);
    }
  }

  static void check_finite(Member& m) {
    try {
      m.session->check_finite({});
    } catch (...) {
      m.error = std::current_exception();
    }
  }

  /// What a pass of these members runs on.
  [[nodiscard]] ExecContext context_for(std::span<const Member> members) {
    const Machine& machine = model->machine();
    const Compute compute = members[0].session->ctx.compute;
    Index context = 0;
    for (const Member& m : members) {
      context = std::max(context, m.session->context);
    }
    if (!arena || made_for != std::pair(compute, context)) {
      const Index bytes = model->decoder().workspace(
          {*machine.kernels, compute, machine.threads, kMostTogether, context, kMostTogether});
      if (!arena || arena->size() < bytes) {
        arena.reset();
        share = {};
        share =
            model->memory_limit().take(static_cast<std::uint64_t>(bytes), model->name(), "a batch");
        arena.emplace(bytes, machine.memory);
      }
      made_for = {compute, context};
    }
    return {*machine.kernels, compute, Parallel(*machine.engine), *arena};
  }

  /// The next event of a generation whose logits are there, or which needs none.
  void give_event(Generation* generation) {
    BatchEvent& given = events.emplace_back();
    given.generation = generation;
    try {
      (void)generation->next(given.event);
    } catch (...) {
      given.error = std::current_exception();
    }
  }

  std::shared_ptr<const Model> model;
  std::vector<Generation*> generations;
  std::vector<BatchEvent> events;
  MemoryLimit::Share share;
  std::optional<Arena> arena;
  std::pair<Compute, Index> made_for;
};

Batch::Batch(std::shared_ptr<const Model> model)
    : impl_(std::make_unique<Impl>(std::move(model))) {}

Batch::~Batch() = default;

void Batch::add(Generation& generation) {
  Impl& b = *impl_;
  OTTOBIT_CHECK(generation.session().shared_model() == b.model, ErrorCode::argument, "session",
                "is of another model than the batch");
  const bool known = std::any_of(
      b.generations.begin(), b.generations.end(),
      [&](const Generation* other) { return &other->session() == &generation.session(); });
  OTTOBIT_CHECK(!known, ErrorCode::argument, "session", "is in the batch already");
  b.generations.push_back(&generation);
}

void Batch::remove(const Generation& generation) noexcept {
  std::erase(impl_->generations, &generation);
}

std::size_t Batch::size() const noexcept {
  return impl_->generations.size();
}

std::span<const BatchEvent> Batch::step() {
  Impl& b = *impl_;
  b.events.clear();
  b.events.reserve(b.generations.size());
  std::vector<Impl::Member> members = b.waiting();
  const auto prompts = std::stable_partition(
      members.begin(), members.end(),
      [](const Impl::Member& m) { return m.session->pending() <= kMostTogether; });
  b.compute_few({members.begin(), prompts});
  if (prompts != members.end()) {
    b.read_prompt(*prompts);
  }

  for (Generation* generation : b.generations) {
    const auto member = std::find_if(members.begin(), members.end(), [&](const Impl::Member& m) {
      return m.generation == generation;
    });
    if (member != members.end() && member->error) {
      b.events.push_back({generation, {}, member->error});
    } else if (Impl::session_of(*generation).pending() == 0 || generation->needs_nothing()) {
      b.give_event(generation);
    }
  }
  for (const BatchEvent& event : b.events) {
    if (event.error || event.event.finish != Finish::none) {
      remove(*event.generation);
    }
  }
  return b.events;
}

}  // namespace ottobit
