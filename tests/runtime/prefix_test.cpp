// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/batch.hpp"
#include "ottobit/decoder.hpp"
#include "ottobit/estimate.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/session.hpp"

#include "runtime/prefix_store.hpp"
#include "support/golden.hpp"
#include "support/model.hpp"

namespace ottobit {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::uint64_t kRoom = std::uint64_t{64} << 20U;

std::shared_ptr<const Model> open(const char* folder, std::uint64_t prefix_bytes,
                                  std::uint64_t memory_limit = 0) {
  ModelOptions options;
  options.memory_limit = memory_limit;
  options.prefix_bytes = prefix_bytes;
  return Model::open(test::test_data(folder), {.threads = 2}, options);
}

/// `count` ids that the start tells apart.
Ids ids_of(Index count, std::int32_t start, Index vocab) {
  Ids ids(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<std::int32_t>((static_cast<Index>(i * i * 7 + i * 3) + start) % vocab);
  }
  return ids;
}

Ids together(const Ids& a, const Ids& b) {
  Ids all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

struct Read {
  std::vector<float> logits;  ///< behind the prompt, and behind each of some tokens more
  std::uint64_t reused;
  std::uint64_t computed;
};

Read read(const std::shared_ptr<const Model>& model, const SessionOptions& options,
          const Ids& prompt) {
  Session session(model, options);
  session.append(prompt);
  Read result{{}, session.stats().prompt_reused, session.stats().prompt_tokens};
  for (std::int32_t id = 1; id < 4; ++id) {
    const auto logits = session.logits();
    result.logits.insert(result.logits.end(), logits.begin(), logits.end());
    session.push(id);
  }
  return result;
}

bool has_states(const Model& model, const SessionOptions& options) {
  return KvCache(model.decoder().spec(), DType::f16, options.context, 64).state_bytes() > 0;
}

/// Models in which what is done for a token depends on how many are read beside it: which of them
/// share an expert, and whether latents are expanded.
bool mixes_tokens(const Model& model) {
  const auto& blocks = model.decoder().spec().blocks;
  return std::any_of(blocks.begin(), blocks.end(), [](const BlockSpec& block) {
    return block.beside || std::holds_alternative<MoeSpec>(block.ffn) ||
           std::holds_alternative<MlaSpec>(block.mixer);
  });
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a beginning that another session read is taken up, and the rest has the same bits") {
    for (const std::filesystem::path& path : test::golden_folders()) {
      const std::string folder = path.filename();
      CAPTURE(folder);
      const auto alone = open(folder.c_str(), 0);
      const Index vocab = alone->vocab();
      const Index context = std::min<Index>(alone->context(), 400);
      const Index begins = std::min<Index>(context - 80, 230);
      const Ids first = ids_of(begins, 5, vocab);
      for (const Compute compute : {Compute::f32, Compute::bf16, Compute::bf16x2}) {
        const SessionOptions options{.context = context, .micro_batch = 64, .compute = compute};
        const bool is_exact = !has_states(*alone, options) && !mixes_tokens(*alone);
        if (!is_exact && compute != Compute::f32) {
          continue;  // another expert is chosen where two are close
        }
        const auto model = open(folder.c_str(), kRoom);
        static_cast<void>(read(model, options, first));
        for (const Index more : {0, 1, 7, 16, 17, 26, 70}) {
          CAPTURE(more);
          CAPTURE(static_cast<int>(compute));
          const Ids prompt = together(first, ids_of(more, 11, vocab));
          const Read expected = read(alone, options, prompt);
          const Read found = read(model, options, prompt);
          CHECK(found.reused + found.computed == prompt.size());
          CHECK(expected.reused == 0);
          if (is_exact) {
            CHECK(found.logits == expected.logits);
          } else {
            CHECK(test::relative_error(found.logits, expected.logits) <= 1e-4);
          }
          if (begins + more <= alone->decoder().causal_context()) {
            CHECK(found.reused + 64 >= static_cast<std::uint64_t>(begins));
            CHECK((more > 0 || found.computed == 0));
          }
        }
      }
    }
  }

  TEST_CASE("where histories with states part, the third session finds them") {
    const auto model = open("qwen3_next-fp8", kRoom);
    const SessionOptions options{.context = 512, .micro_batch = 64, .compute = Compute::f32};
    const Ids shared = ids_of(150, 3, model->vocab());
    const auto reused = [&](std::int32_t start) {
      return read(model, options, together(shared, ids_of(40, start, model->vocab()))).reused;
    };
    CHECK(reused(1) == 0);
    CHECK(reused(2) == 128);  // the end of a micro batch
    CHECK(reused(4) == 150);
    CHECK(reused(4) == 190);
  }

  TEST_CASE("what was decoded, and what is behind it, is not given away") {
    const auto model = open("seed_oss-fp8", kRoom);
    const SessionOptions options{.context = 256, .micro_batch = 64};
    const Ids prompt = ids_of(40, 3, model->vocab());
    Session session(model, options);
    session.append(prompt);
    for (std::int32_t id = 0; id < 40; ++id) {
      static_cast<void>(session.logits());
      session.push(id);
    }
    session.append(ids_of(40, 9, model->vocab()));
    const Ids all(session.tokens().begin(), session.tokens().end());
    const Read found = read(model, options, together(all, ids_of(20, 1, model->vocab())));
    CHECK(found.reused == 40);
    const auto alone = open("seed_oss-fp8", 0);
    CHECK(found.logits ==
          read(alone, options, together(all, ids_of(20, 1, alone->vocab()))).logits);
  }

  TEST_CASE("a session that goes back takes up what another knows, also behind windows") {
    for (const char* folder : {"seed_oss-fp8", "gemma3-wrapper", "gpt_oss-mxfp4"}) {
      CAPTURE(std::string(folder));
      const auto model = open(folder, kRoom);
      const auto alone = open(folder, 0);
      const SessionOptions options{.context = 400, .micro_batch = 64, .compute = Compute::f32};
      const Ids first = ids_of(300, 3, model->vocab());
      const Ids other = together(Ids(first.begin(), first.begin() + 130), ids_of(200, 8, 64));
      static_cast<void>(read(model, options, other));
      Session session(model, options);
      session.append(first);
      session.set(other);
      CHECK(session.stats().prompt_reused >= 128 + 130);
      const auto logits = session.logits();
      const Read expected = read(alone, options, other);
      CHECK(test::relative_error(logits, std::span(expected.logits).first(logits.size())) <= 1e-4);
    }
  }

  TEST_CASE("what is kept is bounded, goes by use, and gives way to sessions") {
    const SessionOptions options{.context = 256, .micro_batch = 64};
    const auto roomy = open("seed_oss-fp8", kRoom);
    const Ids favourite = ids_of(96, 0, roomy->vocab());
    static_cast<void>(read(roomy, options, favourite));
    const std::uint64_t one = roomy->prefixes().bytes();
    CHECK(one > 0);
    const auto model = open("seed_oss-fp8", 3 * one);
    for (std::int32_t start = 0; start < 40; ++start) {
      CHECK(read(model, options, favourite).reused == (start == 0 ? 0 : 96));
      static_cast<void>(read(model, options, ids_of(96, start + 1, model->vocab())));
      CHECK(model->prefixes().bytes() <= 3 * one);
    }
    CHECK(read(model, options, ids_of(96, 40, model->vocab())).reused == 96);
    CHECK(read(model, options, ids_of(96, 2, model->vocab())).reused < 96);

    const MemoryEstimate said =
        estimate(test::test_data("seed_oss-fp8"), {.threads = 2}, {}, options);
    const std::uint64_t limit = said.mapped + said.resident + 2 * said.session() + one / 2;
    const auto limited = open("seed_oss-fp8", kRoom, limit);
    {
      static_cast<void>(read(limited, options, favourite));
      CHECK(limited->prefixes().bytes() > 0);
      const Session a(limited, options);
      const Session b(limited, options);
      CHECK(limited->prefixes().bytes() <= one / 2);
    }
  }

  TEST_CASE("sessions on several threads share prompts and stay exact") {
    const auto alone = open("seed_oss-fp8", 0);
    const auto model = open("seed_oss-fp8", kRoom);
    const SessionOptions options{.context = 256, .micro_batch = 64};
    const Ids shared = ids_of(120, 3, model->vocab());
    std::vector<Read> expected(8);
    std::vector<Read> found(8);
    const auto prompt = [&](std::size_t i) {
      return together(shared, ids_of(20 + static_cast<Index>(i), static_cast<std::int32_t>(i), 99));
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < found.size(); ++i) {
      expected[i] = read(alone, options, prompt(i));
      threads.emplace_back([&, i] { found[i] = read(model, options, prompt(i)); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].logits == expected[i].logits);
    }
  }

  TEST_CASE("of the prompts in a batch, the first is read and the others take it up") {
    const auto alone = open("seed_oss-fp8", 0);
    const auto model = open("seed_oss-fp8", kRoom);
    const SessionOptions options{.context = 256, .micro_batch = 64};
    const Ids shared = ids_of(120, 3, model->vocab());
    const auto answers = [&](const std::shared_ptr<const Model>& of, std::uint64_t& reused) {
      Batch batch(of);
      std::vector<std::unique_ptr<Session>> sessions;
      std::vector<std::unique_ptr<Generation>> generations;
      for (std::int32_t i = 0; i < 4; ++i) {
        sessions.push_back(std::make_unique<Session>(of, options));
        sessions.back()->push(together(shared, ids_of(i == 3 ? 0 : 30, i, 99)));
        GenerateOptions generate;
        generate.max_tokens = 5;
        generations.push_back(std::make_unique<Generation>(*sessions.back(), generate));
        batch.add(*generations.back());
      }
      while (batch.size() > 0) {
        static_cast<void>(batch.step());
      }
      Ids all;
      reused = 0;
      for (const auto& session : sessions) {
        all.insert(all.end(), session->tokens().begin(), session->tokens().end());
        reused += session->stats().prompt_reused;
      }
      return all;
    };
    std::uint64_t none = 0;
    std::uint64_t some = 0;
    CHECK(answers(model, some) == answers(alone, none));
    CHECK(none == 0);
    CHECK(some >= 3 * 100);
  }
}

}  // namespace ottobit
