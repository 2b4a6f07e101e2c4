// SPDX-License-Identifier: Apache-2.0
// Scoring given tokens: against the log-probabilities of golden logits, in pieces of any size, and
// what it leaves behind.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/session.hpp"

#include "support/errors.hpp"
#include "support/golden.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"

namespace ottobit {
namespace {

using test::expect_error;
using test::Golden;

double log_probability(std::span<const float> logits, std::int32_t id) {
  double sum = 0.0;
  for (const float logit : logits) {
    sum += std::exp(static_cast<double>(logit));
  }
  return static_cast<double>(logits[static_cast<std::size_t>(id)]) - std::log(sum);
}

std::vector<float> scored(Session& session, std::span<const std::int32_t> ids) {
  std::vector<float> out(ids.size());
  session.score(ids, out);
  return out;
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("scores are the log-probabilities of the golden logits") {
    // Plain, latent and windowed attention, and recurrent states.
    for (const char* folder : {"llama3-bf16-tied", "seed_oss-fp8", "deepseek_v3-fp8",
                               "gpt_oss-mxfp4", "qwen3_next-fp8"}) {
      CAPTURE(folder);
      const std::shared_ptr<const Model> model = test::open_model(test::test_data(folder));
      const Golden golden = Golden::open(test::test_data(folder));
      const std::vector<std::int32_t> ids = golden.ints("short.ids");
      const std::vector<std::int32_t> positions = golden.ints("short.positions");
      const std::vector<float> logits = golden.floats("short.logits");
      const auto vocab = static_cast<std::size_t>(model->vocab());
      for (const Index batch : {Index{0}, Index{3}}) {
        CAPTURE(batch);
        Session session(model, {.context = 256, .micro_batch = batch, .compute = Compute::f32});
        const std::vector<float> scores = scored(session, ids);
        CHECK(scores.front() == 0.0F);
        CHECK(session.stats().prompt_tokens == ids.size());
        std::size_t compared = 0;
        for (std::size_t i = 0; i < positions.size(); ++i) {
          const auto next = static_cast<std::size_t>(positions[i]) + 1;
          if (next < ids.size()) {
            const double expected =
                log_probability(std::span(logits).subspan(i * vocab, vocab), ids[next]);
            CHECK(std::abs(static_cast<double>(scores[next]) - expected) <
                  1e-3 * std::max(1.0, std::abs(expected)));
            ++compared;
          }
        }
        CHECK(compared > 3);
        // The session goes on as if it had been appended to.
        Session plain(model, {.context = 256, .compute = Compute::f32});
        plain.append(ids);
        CHECK(test::relative_error(plain.logits(), session.logits()) < 1e-4);
        CHECK(test::greedy(session, {}, 4) == test::greedy(plain, {}, 4));
      }
    }
  }

  TEST_CASE("scores do not depend on how the tokens are handed over") {
    const std::shared_ptr<const Model> model = test::open_model(test::test_data("qwen3_next-fp8"));
    const std::vector<std::int32_t> ids =
        Golden::open(test::test_data("qwen3_next-fp8")).ints("short.ids");
    Session whole(model, {.compute = Compute::f32});
    Session parts(model, {.compute = Compute::f32});
    const std::vector<float> expected = scored(whole, ids);
    std::vector<float> found = scored(parts, std::span(ids).first(3));
    const std::vector<float> rest = scored(parts, std::span(ids).subspan(3));
    found.insert(found.end(), rest.begin(), rest.end());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CHECK(std::abs(found[i] - expected[i]) < 1e-3F);
    }
    CHECK(scored(parts, {}).empty());
  }

  TEST_CASE("scoring that fails or is cancelled leaves what it finished") {
    const std::shared_ptr<const Model> model =
        test::open_model(test::test_data("llama3-bf16-tied"));
    Session session(model, {.context = 16, .micro_batch = 4});
    const std::vector<std::int32_t> ids(12, 5);
    std::vector<float> out(12);
    expect_error(ErrorCode::cancelled, {"cancelled after 4 of 12"},
                 [&] { session.score(ids, out, [](auto done, auto) { return done < 4; }); });
    CHECK(session.length() == 4);
    session.score(std::span(ids).first(8), std::span(out).first(8));
    CHECK(session.length() == 12);
    expect_error(ErrorCode::context, {"context"}, [&] { session.score(ids, out); });
    expect_error(ErrorCode::argument, {"out", "has room for 11, expected 12"},
                 [&] { session.score(ids, std::span(out).first(11)); });
    const std::vector<std::int32_t> bad(2, -1);
    expect_error(ErrorCode::argument, {"-1"}, [&] { session.score(bad, std::span(out).first(2)); });
    CHECK(session.length() == 12);
  }
}

}  // namespace ottobit
