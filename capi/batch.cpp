// SPDX-License-Identifier: Apache-2.0
// Batches: generations of several sessions that go on side by side.
#include "ottobit/batch.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "stream.hpp"

struct ottobit_batch {
  explicit ottobit_batch(ottobit_model& of) : model(&of), batch(of.model) {}

  struct Member {
    std::unique_ptr<ottobit_stream> stream;
    void* user;
  };
  /// What the last step brought: of `members`, or of those who left with it.
  struct Event {
    ottobit_stream* stream;
    void* user;
    const ottobit::BatchEvent* brought;
  };

  [[nodiscard]] auto find(const ottobit_session& session) {
    return std::find_if(members.begin(), members.end(), [&](const Member& member) {
      return member.stream->session.get() == &session;
    });
  }
  void forget_events() noexcept {
    events.clear();
    left.clear();
  }

  ottobit::capi::Ref<ottobit_model> model;
  ottobit::Batch batch;
  std::vector<Member> members;
  std::vector<Member> left;
  std::vector<Event> events;
  std::atomic<bool> busy{false};
};

namespace ottobit::capi {
namespace {

/// One call's sole use of a batch.
class BatchUse {
 public:
  explicit BatchUse(ottobit_batch& batch) : batch_(batch) {
    OTTOBIT_CHECK(!batch.busy.exchange(true, std::memory_order_acquire), ErrorCode::busy, "batch",
                  "is in use by another call");
  }
  BatchUse(const BatchUse&) = delete;
  BatchUse& operator=(const BatchUse&) = delete;
  ~BatchUse() { batch_.busy.store(false, std::memory_order_release); }

 private:
  ottobit_batch& batch_;
};

/// Of the events that a step brought: whose they are, and who leaves with them. There is room.
void take_events(ottobit_batch& b, std::span<const BatchEvent> brought) noexcept {
  for (const BatchEvent& event : brought) {
    const auto member = std::find_if(
        b.members.begin(), b.members.end(),
        [&](const ottobit_batch::Member& m) { return &m.stream->generation == event.generation; });
    b.events.push_back({member->stream.get(), member->user, &event});
    if (event.error || event.event.finish != Finish::none) {
      b.left.push_back(std::move(*member));
      b.members.erase(member);
    }
  }
}

}  // namespace
}  // namespace ottobit::capi

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_batch_create(ottobit_model* m, ottobit_batch** out, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_batch*& result = required_out(out);
    result = std::make_unique<ottobit_batch>(required(m, "model")).release();
    return OTTOBIT_OK;
  });
}

void ottobit_batch_release(ottobit_batch* b) {
  const std::unique_ptr<ottobit_batch> last(b);
}

ottobit_status ottobit_batch_add(ottobit_batch* b, ottobit_session* s,
                                 const ottobit_generate_options* o, void* user,
                                 ottobit_error** err) {
  return guard(err, [&] {
    ottobit_batch& batch = required(b, "batch");
    const BatchUse using_batch(batch);
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    auto stream = std::make_unique<ottobit_stream>(session, o);
    batch.members.reserve(batch.members.size() + 1);
    batch.batch.add(stream->generation);
    batch.members.push_back({std::move(stream), user});
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_batch_remove(ottobit_batch* b, ottobit_session* s, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_batch& batch = required(b, "batch");
    const BatchUse using_batch(batch);
    const auto member = batch.find(required(s, "session"));
    OTTOBIT_CHECK(member != batch.members.end(), ottobit::ErrorCode::argument, "session",
                  "is not in the batch");
    batch.forget_events();
    batch.batch.remove(member->stream->generation);
    batch.members.erase(member);
    return OTTOBIT_OK;
  });
}

size_t ottobit_batch_size(const ottobit_batch* b) {
  return b == nullptr ? 0 : b->batch.size();
}

ottobit_status ottobit_batch_step(ottobit_batch* b, size_t* events, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_batch& batch = required(b, "batch");
    const BatchUse using_batch(batch);
    size_t& count = required(events, "events");
    count = 0;
    batch.forget_events();
    if (batch.members.empty()) {
      return OTTOBIT_END;
    }
    std::deque<SessionUse> uses;
    for (const ottobit_batch::Member& member : batch.members) {
      uses.emplace_back(*member.stream->session);
    }
    batch.events.reserve(batch.members.size());
    batch.left.reserve(batch.members.size());
    take_events(batch, batch.batch.step());
    count = batch.events.size();
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_batch_event(ottobit_batch* b, size_t i, ottobit_session** s, void** user,
                                   ottobit_event* event, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_batch& batch = required(b, "batch");
    const BatchUse using_batch(batch);
    const std::size_t size = struct_size(event, "event");
    OTTOBIT_CHECK(i < batch.events.size(), ottobit::ErrorCode::argument, "i",
                  std::to_string(i) + ", the step brought " + std::to_string(batch.events.size()) +
                      " events");
    const ottobit_batch::Event& its = batch.events[i];
    if (s != nullptr) {
      *s = its.stream->session.get();
    }
    if (user != nullptr) {
      *user = its.user;
    }
    if (its.brought->error) {
      std::rethrow_exception(its.brought->error);
    }
    ottobit_event result{};
    its.stream->write(its.brought->event, result);
    write_struct(event, result, size);
    return OTTOBIT_OK;
  });
}
