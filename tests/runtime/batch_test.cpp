// SPDX-License-Identifier: Apache-2.0
// Generations that go on side by side bring what each brings alone, to the last bit, for every
// family: prompts of several micro batches beside single tokens, sampled and greedy, with stop
// rules; and one that fails or is cancelled leaves the others alone.
#include "ottobit/batch.hpp"

#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/golden.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

using Ids = std::vector<std::int32_t>;

/// What a generation brought.
struct Answer {
  Ids tokens;
  std::vector<float> logprobs;
  std::string text;
  Finish finish = Finish::none;

  void take(const GenerationEvent& event) {
    if (event.token >= 0) {
      tokens.push_back(event.token);
      logprobs.push_back(event.logprob);
    }
    text += event.text;
    finish = event.finish;
  }
  bool operator==(const Answer&) const = default;
};

/// A question to a session.
struct Case {
  std::size_t prompt;  ///< tokens
  GenerateOptions options;
  Index context = 256;

  [[nodiscard]] Ids ids(const Model& model) const {
    test::Random random(static_cast<unsigned>(prompt));
    Ids ids;
    for (std::size_t i = 0; i < prompt; ++i) {
      ids.push_back(static_cast<std::int32_t>(random.index(model.vocab())));
    }
    return ids;
  }
};

GenerateOptions tokens(std::int32_t most, float temperature = 0.0F) {
  GenerateOptions options;
  options.max_tokens = most;
  options.sampling.temperature = temperature;
  options.sampling.seed = static_cast<std::uint64_t>(most);
  return options;
}

/// A prompt of one token, some of a few, some of more than one micro batch of 32; ends at different
/// times, one of them at the end of its context.
std::vector<Case> cases() {
  return {{1, tokens(9)},        {5, tokens(12, 0.8F)}, {8, tokens(7)},
          {9, tokens(11, 1.0F)}, {32, tokens(10)},      {70, tokens(8, 0.7F)},
          {100, tokens(6), 104}, {33, tokens(13)},      {2, tokens(15, 1.2F)},
          {40, tokens(5)}};
}

Answer alone(const std::shared_ptr<const Model>& model, const Case& c, bool pushed) {
  Session session(model, {.context = c.context, .micro_batch = 32});
  if (pushed) {
    session.push(c.ids(*model));
  } else {
    session.append(c.ids(*model));
  }
  Generation generation(session, c.options);
  Answer answer;
  GenerationEvent event;
  while (generation.next(event)) {
    answer.take(event);
  }
  return answer;
}

/// A session and its generation.
struct Member {
  Member(const std::shared_ptr<const Model>& model, const Case& c, bool pushed)
      : session(model, {.context = c.context, .micro_batch = 32}) {
    if (pushed) {
      session.push(c.ids(*model));
    } else {
      session.append(c.ids(*model));
    }
    generation.emplace(session, c.options);
  }
  Session session;
  std::optional<Generation> generation;
  Answer answer;
};

/// All of them side by side, one joining at each step from `first` on.
std::vector<Answer> together(const std::shared_ptr<const Model>& model,
                             const std::vector<Case>& all, bool pushed, std::size_t first) {
  std::deque<Member> members;
  std::map<const Generation*, Member*> by_generation;
  Batch batch(model);
  for (std::size_t step = 0; batch.size() > 0 || members.size() < all.size(); ++step) {
    while (members.size() < std::min(all.size(), first + step)) {
      Member& m = members.emplace_back(model, all[members.size()], pushed);
      by_generation[&*m.generation] = &m;
      batch.add(*m.generation);
    }
    for (const BatchEvent& event : batch.step()) {
      REQUIRE(!event.error);
      by_generation.at(event.generation)->answer.take(event.event);
    }
  }
  std::vector<Answer> answers;
  for (const Member& m : members) {
    answers.push_back(m.answer);
  }
  return answers;
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("sessions in a batch answer as each alone") {
    REQUIRE(test::golden_folders().size() >= 5);
    for (const std::filesystem::path& folder : test::golden_folders()) {
      CAPTURE(folder.filename().string());
      const auto model = test::open_model(folder);
      std::vector<Answer> expected;
      for (const Case& c : cases()) {
        expected.push_back(alone(model, c, true));
        CHECK(expected.back().tokens.size() > 0);
      }
      CHECK(together(model, cases(), true, cases().size()) == expected);
      CHECK(together(model, cases(), true, 2) == expected);
      CHECK(together(model, cases(), false, 3) == expected);  // prompts read before
      CHECK(alone(model, cases()[5], false) == expected[5]);
    }
  }
}

TEST_CASE("micro batches of fewer tokens than a pass holds") {
  for (const char* folder : {"gemma3-wrapper", "gpt_oss-mxfp4", "qwen3_next-fp8"}) {
    CAPTURE(std::string(folder));
    const auto model = test::open_model(test::test_data(folder));
    const std::vector<Case> all = {{6, tokens(5)}, {90, tokens(6)}, {8, tokens(7)}};
    std::deque<Session> sessions;
    std::deque<Generation> generations;
    Batch batch(model);
    std::map<const Generation*, Answer> found;
    for (const Case& c : all) {
      sessions.emplace_back(model, SessionOptions{.context = 128, .micro_batch = 3});
      sessions.back().push(c.ids(*model));
      batch.add(generations.emplace_back(sessions.back(), c.options));
    }
    while (batch.size() > 0) {
      for (const BatchEvent& event : batch.step()) {
        REQUIRE(!event.error);
        found[event.generation].take(event.event);
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      Session session(model, {.context = 128, .micro_batch = 3});
      session.push(all[i].ids(*model));
      Generation generation(session, all[i].options);
      Answer expected;
      GenerationEvent event;
      while (generation.next(event)) {
        expected.take(event);
      }
      CHECK(found.at(&generations[i]) == expected);
    }
  }
}

TEST_CASE("a batch on every level: the same bits as alone") {
  for (const KernelTable* table : supported_kernel_tables()) {
    CAPTURE(std::string(table->isa));
    const auto model = test::open_model(test::example_model(), table);
    std::vector<Answer> expected;
    for (const Case& c : cases()) {
      expected.push_back(alone(model, c, true));
    }
    CHECK(together(model, cases(), true, 1) == expected);
  }
}

TEST_CASE("a batch refuses strangers and doubles, and forgets who leaves") {
  const auto model = test::open_model(test::example_model());
  const auto other = test::open_model(test::example_model());
  Member a(model, {3, tokens(4)}, true);
  Member b(other, {3, tokens(4)}, true);
  Batch batch(model);
  CHECK(batch.step().empty());
  batch.add(*a.generation);
  CHECK_THROWS_AS(batch.add(*b.generation), Error);
  Generation again(a.session, tokens(1));
  CHECK_THROWS_AS(batch.add(again), Error);
  CHECK(batch.size() == 1);
  batch.remove(*b.generation);
  CHECK(batch.size() == 1);
  batch.remove(*a.generation);
  CHECK(batch.size() == 0);
  CHECK(batch.step().empty());
  GenerationEvent event;  // and goes on alone
  REQUIRE(a.generation->next(event));
  CHECK(event.token >= 0);
}

TEST_CASE("who is cancelled or fails leaves the batch, and the others go on") {
  const auto model = test::open_model(test::example_model());
  std::atomic<bool> cancelled = false;
  Case stopped{50, tokens(100)};
  stopped.options.cancelled = [&] { return cancelled.load(); };
  Case failing{4, tokens(100)};
  int calls = 0;
  failing.options.edit_logits = [&](std::span<float>) {
    if (++calls == 3) {
      fail(ErrorCode::callback, "logits", "enough");
    }
  };
  const Case steady{6, tokens(20)};
  const Answer expected = alone(model, steady, true);
  Member a(model, stopped, true);
  Member b(model, failing, true);
  Member c(model, steady, true);
  Batch batch(model);
  for (Member* m : {&a, &b, &c}) {
    batch.add(*m->generation);
  }
  int failures = 0;
  for (int step = 0; batch.size() > 0; ++step) {
    cancelled = step >= 7;
    for (const BatchEvent& event : batch.step()) {
      Member& m = event.generation == &*a.generation   ? a
                  : event.generation == &*b.generation ? b
                                                       : c;
      if (event.error) {
        ++failures;
        CHECK(&m == &b);
      } else {
        m.answer.take(event.event);
      }
    }
  }
  CHECK(failures == 1);
  CHECK(b.answer.tokens.size() == 2);
  CHECK(a.answer.finish == Finish::cancel);
  CHECK(a.answer.tokens.size() < 7);
  CHECK(c.answer == expected);
}

TEST_CASE("a cancelled prompt is left between its micro batches or within one") {
  const auto model = test::open_model(test::example_model());
  Case stopped{200, tokens(3)};
  std::atomic<int> asked = 0;
  stopped.options.cancelled = [&] { return ++asked > 4; };
  Member a(model, stopped, true);
  Batch batch(model);
  batch.add(*a.generation);
  while (batch.size() > 0) {
    for (const BatchEvent& event : batch.step()) {
      REQUIRE(!event.error);
      a.answer.take(event.event);
    }
  }
  CHECK(a.answer.finish == Finish::cancel);
  CHECK(a.answer.tokens.empty());
}

}  // namespace ottobit
