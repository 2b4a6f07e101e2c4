// SPDX-License-Identifier: Apache-2.0
#include "ottobit/sampler.hpp"

#include <cmath>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

using test::expect_error;

const KernelTable& kernels() {
  return *find_kernel_table("");
}

/// How often each token is drawn.
std::map<std::int32_t, int> draw(SamplerOptions options, const std::vector<float>& logits,
                                 int count, const std::vector<std::int32_t>& history = {}) {
  Sampler sampler(std::move(options), static_cast<Index>(logits.size()), kernels());
  std::map<std::int32_t, int> seen;
  for (int i = 0; i < count; ++i) {
    ++seen[sampler.sample(logits, history).id];
  }
  return seen;
}

const std::vector<float> kLogits = {1.0F, 3.0F, 2.0F, -1.0F, 0.0F, 2.5F};

}  // namespace

TEST_CASE("temperature 0 takes the largest logit, the first of equals") {
  CHECK(draw({}, kLogits, 3) == std::map<std::int32_t, int>{{1, 3}});
  CHECK(draw({}, {2.0F, 2.0F}, 3) == std::map<std::int32_t, int>{{0, 3}});
}

TEST_CASE("sampling follows the softmax of the logits over the temperature") {
  constexpr int kDraws = 40000;
  for (const float temperature : {0.5F, 1.0F, 2.0F}) {
    const auto seen = draw({.seed = 7, .temperature = temperature}, kLogits, kDraws);
    double sum = 0.0;
    for (const float logit : kLogits) {
      sum += std::exp(static_cast<double>(logit / temperature));
    }
    for (std::size_t i = 0; i < kLogits.size(); ++i) {
      const double p = std::exp(static_cast<double>(kLogits[i] / temperature)) / sum;
      const auto found = seen.find(static_cast<std::int32_t>(i));
      const double share = found == seen.end() ? 0.0 : static_cast<double>(found->second) / kDraws;
      // Five standard deviations of a binomial share.
      CHECK(std::abs(share - p) <= 5.0 * std::sqrt(p * (1.0 - p) / kDraws));
    }
  }
}

TEST_CASE("equal seeds draw equal tokens, other seeds others") {
  test::Random random(3);
  const std::vector<float> logits = random.normals(1000);
  const auto sequence = [&](std::uint64_t seed) {
    Sampler sampler({.seed = seed, .temperature = 1.0F}, 1000, kernels());
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 20; ++i) {
      ids.push_back(sampler.sample(logits, {}).id);
    }
    return ids;
  };
  CHECK(sequence(1) == sequence(1));
  CHECK(sequence(1) != sequence(2));
}

TEST_CASE("top-k, top-p and min-p cut the tail and keep the likeliest") {
  const auto ids = [](const std::map<std::int32_t, int>& seen) {
    std::vector<std::int32_t> keys;
    for (const auto& [id, count] : seen) {
      keys.push_back(id);
    }
    return keys;
  };
  using Ids = std::vector<std::int32_t>;
  CHECK(ids(draw({.temperature = 1.0F, .top_k = 1}, kLogits, 200)) == Ids{1});
  CHECK(ids(draw({.temperature = 1.0F, .top_k = 3}, kLogits, 2000)) == Ids{1, 2, 5});
  CHECK(ids(draw({.temperature = 1.0F, .top_k = 100}, kLogits, 5000)) == Ids{0, 1, 2, 3, 4, 5});
  // Probabilities: 1: 0.457, 5: 0.277, 2: 0.168, 0: 0.062, 4: 0.023, 3: 0.008.
  CHECK(ids(draw({.temperature = 1.0F, .top_p = 0.4F}, kLogits, 2000)) == Ids{1});
  CHECK(ids(draw({.temperature = 1.0F, .top_p = 0.5F}, kLogits, 2000)) == Ids{1, 5});
  CHECK(ids(draw({.temperature = 1.0F, .top_p = 0.8F}, kLogits, 2000)) == Ids{1, 2, 5});
  CHECK(ids(draw({.temperature = 1.0F, .top_p = 1e-6F}, kLogits, 200)) == Ids{1});
  // Relative to the likeliest: 5: 0.607, 2: 0.368, 0: 0.135.
  CHECK(ids(draw({.temperature = 1.0F, .min_p = 0.5F}, kLogits, 2000)) == Ids{1, 5});
  CHECK(ids(draw({.temperature = 1.0F, .min_p = 0.2F}, kLogits, 2000)) == Ids{1, 2, 5});
  CHECK(ids(draw({.temperature = 1.0F, .top_k = 2, .top_p = 0.99F, .min_p = 0.1F}, kLogits,
                 2000)) == Ids{1, 5});
}

TEST_CASE("top-p over a flat and large vocabulary keeps about its share") {
  const std::vector<float> logits(5000, 0.0F);
  const auto seen = draw({.seed = 5, .temperature = 1.0F, .top_p = 0.5F}, logits, 20000);
  CHECK(seen.rbegin()->first < 2510);  // ties go by index: the first half
  CHECK(seen.size() > 2300);
}

TEST_CASE("typical-p and XTC drop likely tokens, too") {
  // Entropy 1.8 bits: the surprise of token 1, 0.9 bits, is farther from it than that of 5 and 2.
  const auto typical = draw({.seed = 3, .temperature = 1.0F, .typical_p = 0.2F}, kLogits, 200);
  CHECK(typical.size() == 1);
  CHECK(typical.count(5) == 1);
  const auto all = draw({.seed = 3, .temperature = 1.0F, .xtc_probability = 1.0F}, kLogits, 500);
  CHECK(all.count(1) == 0);  // 1, 5 and 2 have 0.1 or more
  CHECK(all.count(5) == 0);
  CHECK(all.count(2) == 1);
  const auto half = draw({.seed = 3, .temperature = 1.0F, .xtc_probability = 0.5F}, kLogits, 500);
  CHECK(half.count(1) == 1);
}

TEST_CASE("Mirostat draws tokens of the surprise that it aims at, on the average") {
  std::vector<float> logits;  // of Zipf's law
  for (int rank = 1; rank <= 5000; ++rank) {
    logits.push_back(-std::log(static_cast<float>(rank)));
  }
  for (const float target : {2.0F, 4.0F, 6.0F}) {
    Sampler sampler({.seed = 5, .temperature = 1.0F, .mirostat = true, .mirostat_tau = target},
                    static_cast<Index>(logits.size()), kernels());
    constexpr int kDraws = 4000;
    double sum = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      sum -= static_cast<double>(sampler.sample(logits, {}).logprob) / std::log(2.0);
    }
    // The bound is corrected by the probability among the tokens left, which is larger than that
    // among all, by less than the share that was cut off.
    const double mean = sum / kDraws;
    CHECK(mean >= static_cast<double>(target) - 0.05);
    CHECK(mean <= static_cast<double>(target) + 2.5);
  }
}

TEST_CASE("DRY keeps a greedy answer from going round in circles") {
  const std::vector<std::int32_t> circle = {1, 2, 0, 1, 2, 0, 1, 2};
  const std::vector<float> logits = {3.0F, 2.9F, 0.0F};
  CHECK(draw({}, logits, 1, circle).count(0) == 1);
  CHECK(draw({.dry_multiplier = 0.8F}, logits, 1, circle).count(1) == 1);
  CHECK(draw({.dry_multiplier = 0.8F, .dry_allowed = 6}, logits, 1, circle).count(0) == 1);
  // What repeats are the five tokens 0 1 2 0 1 2 before; with 1 a breaker, only the 2 after it.
  const std::vector<bool> after_one = {false, true, false};
  CHECK(draw({.dry_multiplier = 0.8F, .dry_breaks = after_one}, logits, 1, circle).count(0) == 1);
  CHECK(draw({.dry_multiplier = 0.8F, .dry_allowed = 1, .dry_breaks = after_one}, logits, 1, circle)
            .count(1) == 1);
  CHECK(draw({.dry_multiplier = 0.8F, .dry_allowed = 0, .dry_breaks = {false, false, true}}, logits,
             1, circle)
            .count(0) == 1);
}

TEST_CASE("penalties look at the history, the bias at the token") {
  const std::vector<std::int32_t> history = {1, 1, 1, 5};
  CHECK(draw({.repetition_penalty = 2.0F}, kLogits, 1, history).begin()->first == 2);
  CHECK(
      draw({.repetition_penalty = 2.0F, .penalty_window = 1}, kLogits, 1, history).begin()->first ==
      1);
  CHECK(draw({.frequency_penalty = 0.2F}, kLogits, 1, history).begin()->first == 1);
  CHECK(draw({.frequency_penalty = 0.3F}, kLogits, 1, history).begin()->first == 5);
  CHECK(draw({.presence_penalty = 1.1F}, kLogits, 1, history).begin()->first == 2);
  CHECK(draw({.bias = {{3, 10.0F}}}, kLogits, 1).begin()->first == 3);
  CHECK(draw({.bias = {{1, -INFINITY}}}, kLogits, 1).begin()->first == 5);
  // A negative logit is multiplied: it must not gain by repetition.
  CHECK(draw({.repetition_penalty = 2.0F}, {-1.0F, -1.5F}, 1, {0}).begin()->first == 1);
}

TEST_CASE("log-probabilities are those of the unmodified logits") {
  Sampler sampler({.bias = {{3, 100.0F}}, .top_count = 2}, 6, kernels());
  const Sample sample = sampler.sample(kLogits, {});
  double sum = 0.0;
  for (const float logit : kLogits) {
    sum += std::exp(static_cast<double>(logit));
  }
  CHECK(sample.id == 3);
  CHECK(static_cast<double>(sample.logprob) == doctest::Approx(-1.0 - std::log(sum)).epsilon(1e-5));
  REQUIRE(sample.top.size() == 2);
  CHECK(sample.top[0].id == 1);
  CHECK(sample.top[1].id == 5);
  CHECK(static_cast<double>(sample.top[0].score) ==
        doctest::Approx(3.0 - std::log(sum)).epsilon(1e-5));
}

TEST_CASE("sampler options out of range are refused by name") {
  const auto refused = [](SamplerOptions options, const char* name) {
    expect_error(ErrorCode::argument, {name}, [&] { Sampler(std::move(options), 6, kernels()); });
  };
  refused({.temperature = -0.5F}, "temperature");
  refused({.temperature = NAN}, "temperature");
  refused({.top_k = -1}, "top_k");
  refused({.top_p = 0.0F}, "top_p");
  refused({.top_p = 1.5F}, "top_p");
  refused({.min_p = -0.1F}, "min_p");
  refused({.repetition_penalty = 0.0F}, "repetition_penalty");
  refused({.frequency_penalty = INFINITY}, "frequency_penalty");
  refused({.presence_penalty = NAN}, "presence_penalty");
  refused({.penalty_window = -1}, "penalty_window");
  refused({.bias = {{6, 1.0F}}}, "bias_ids");
  refused({.bias = {{0, NAN}}}, "bias_values");
  refused({.top_count = 7}, "logprobs");
}

}  // namespace ottobit
