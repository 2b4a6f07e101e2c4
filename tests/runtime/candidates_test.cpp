// SPDX-License-Identifier: Apache-2.0
#include "runtime/candidates.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "support/random.hpp"

namespace ottobit {
namespace {

using test::Random;

/// Random candidates, likeliest first; ids are their ranks.
LargeVector<Candidate> random_candidates(Random& random, Index n) {
  std::vector<double> weights;
  for (const float x : random.normals(n, 2.0F)) {
    weights.push_back(std::exp(static_cast<double>(x)));
  }
  std::sort(weights.rbegin(), weights.rend());
  LargeVector<Candidate> candidates;
  for (const double weight : weights) {
    candidates.push_back({static_cast<std::int32_t>(candidates.size()), weight});
  }
  return candidates;
}

std::vector<std::int32_t> ids_of(const LargeVector<Candidate>& candidates) {
  std::vector<std::int32_t> ids;
  for (const Candidate& candidate : candidates) {
    ids.push_back(candidate.id);
  }
  return ids;
}

/// The definition, one token at a time.
std::vector<std::int32_t> typical_ids(const LargeVector<Candidate>& candidates, double mass) {
  const double total = total_weight(candidates);
  double entropy = 0.0;
  for (const Candidate& c : candidates) {
    entropy -= c.weight / total * std::log(c.weight / total);
  }
  std::vector<std::int32_t> rest = ids_of(candidates);
  std::vector<std::int32_t> kept;
  for (double sum = 0.0; !rest.empty() && sum < mass;) {
    const auto distance = [&](std::int32_t id) {
      const double p = candidates[static_cast<std::size_t>(id)].weight / total;
      return std::abs(-std::log(p) - entropy);
    };
    const auto nearest = std::min_element(
        rest.begin(), rest.end(), [&](auto a, auto b) { return distance(a) < distance(b); });
    sum += candidates[static_cast<std::size_t>(*nearest)].weight / total;
    kept.push_back(*nearest);
    rest.erase(nearest);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

/// For each token the longest run before an earlier occurrence that the history ends with, too, and
/// that holds no token which breaks it.
std::vector<std::int32_t> longest_runs(const std::vector<std::int32_t>& history,
                                       const std::vector<bool>& breaks, Index vocab) {
  std::vector<std::int32_t> longest(static_cast<std::size_t>(vocab));
  const std::size_t size = history.size();
  for (std::size_t at = 1; at < size; ++at) {
    for (std::size_t n = 1; n <= at; ++n) {
      const auto run = history.end() - static_cast<std::ptrdiff_t>(n);
      if (std::equal(run, history.end(), history.begin() + static_cast<std::ptrdiff_t>(at - n)) &&
          std::none_of(run, history.end(), [&](std::int32_t id) {
            return !breaks.empty() && breaks[static_cast<std::size_t>(id)];
          })) {
        auto& known = longest[static_cast<std::size_t>(history[at])];
        known = std::max(known, static_cast<std::int32_t>(n));
      }
    }
  }
  return longest;
}

}  // namespace

TEST_CASE("typical sampling keeps what its definition keeps, likeliest first") {
  Random random(71);
  for (int round = 0; round < 200; ++round) {
    const LargeVector<Candidate> all = random_candidates(random, 1 + round % 40);
    for (const double mass : {0.01, 0.2, 0.5, 0.9}) {
      LargeVector<Candidate> kept = all;
      keep_typical(kept, mass);
      CHECK(ids_of(kept) == typical_ids(all, mass));
    }
  }
}

TEST_CASE("tokens of no weight do not disturb typical sampling") {
  LargeVector<Candidate> candidates = {{4, 0.6}, {2, 0.4}, {1, 0.0}, {3, 0.0}};
  keep_typical(candidates, 0.999);
  CHECK(ids_of(candidates) == std::vector<std::int32_t>{4, 2});
}

TEST_CASE("XTC drops the top choices but the least likely of them") {
  const LargeVector<Candidate> all = {{0, 4.0}, {1, 3.0}, {2, 2.0}, {3, 1.0}};
  const auto left = [&](double threshold) {
    LargeVector<Candidate> candidates = all;
    exclude_top_choices(candidates, threshold);
    return ids_of(candidates);
  };
  CHECK(left(0.15) == std::vector<std::int32_t>{2, 3});
  CHECK(left(0.3) == std::vector<std::int32_t>{1, 2, 3});
  CHECK(left(0.35) == std::vector<std::int32_t>{0, 1, 2, 3});  // one choice is no choice
  CHECK(left(0.0) == std::vector<std::int32_t>{3});
  CHECK(left(1.0) == std::vector<std::int32_t>{0, 1, 2, 3});
}

TEST_CASE("the penalty of repetitions counts the longest run that a token would go on with") {
  Random random(72);
  constexpr Index kVocab = 4;
  std::vector<std::int32_t> longest(kVocab);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int32_t> history;
    for (const float x : random.uniforms(round % 30, 0.0F, 3.999F)) {
      history.push_back(static_cast<std::int32_t>(x));
    }
    std::vector<float> scores(kVocab, 1.0F);
    const std::vector<bool> breaks = round % 2 == 0
                                         ? std::vector<bool>()
                                         : std::vector<bool>{false, round % 3 == 0, true, false};
    penalise_repeats({.multiplier = 0.5F, .base = 1.5F, .allowed = 2}, breaks, history, scores,
                     longest);
    const std::vector<std::int32_t> runs = longest_runs(history, breaks, kVocab);
    for (std::size_t id = 0; id < kVocab; ++id) {
      const float penalty =
          runs[id] < 2 ? 0.0F : 0.5F * std::pow(1.5F, static_cast<float>(runs[id] - 2));
      CHECK(scores[id] == 1.0F - penalty);
      CHECK(longest[id] == 0);
    }
  }
}

TEST_CASE("a history of one token over and over is penalised in bounded time and size") {
  const std::vector<std::int32_t> history(100000, 1);
  std::vector<float> scores(2);
  std::vector<std::int32_t> longest(2);
  penalise_repeats({.multiplier = 1.0F}, {}, history, scores, longest);
  CHECK(scores[0] == 0.0F);
  CHECK(std::isfinite(scores[1]));
  CHECK(scores[1] < -1e9F);
}

TEST_CASE("Mirostat's bound follows what is drawn") {
  Mirostat mirostat(3.0, 0.1);
  CHECK(mirostat.least() == doctest::Approx(std::exp2(-6.0)));
  mirostat.drawn(std::exp2(-3.0));  // as surprising as wished
  CHECK(mirostat.least() == doctest::Approx(std::exp2(-6.0)));
  mirostat.drawn(std::exp2(-5.0));  // more: the bound tightens
  CHECK(mirostat.least() == doctest::Approx(std::exp2(-5.8)));
  mirostat.drawn(1.0);  // less: it opens
  CHECK(mirostat.least() == doctest::Approx(std::exp2(-6.1)));
}

}  // namespace ottobit
