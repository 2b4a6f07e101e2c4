// SPDX-License-Identifier: Apache-2.0
// The choice of experts against its definition in plain loops: scores, correction, groups, ties.
#include "ottobit/layers/router.hpp"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

Router make_router(const RouterSpec& spec, const std::vector<float>& bias) {
  const WeightReader reader{[](const std::string&, Shape2 shape) {
                              WeightView view;
                              view.rows = shape.rows;
                              view.cols = shape.cols;
                              return view;
                            },
                            {},
                            [&](const std::string&, const std::vector<Index>&) {
                              return Floats(bias.begin(), bias.end());
                            },
                            [](const std::string&, const std::vector<Index>&) { return false; }};
  return Router::bind(spec, 1, {}, WeightScope(reader));
}

/// The definition: weights of all experts, 0 for those not chosen.
std::vector<double> expected_weights(const RouterSpec& spec, const std::vector<float>& logits,
                                     const std::vector<float>& bias) {
  const auto experts = static_cast<std::size_t>(spec.experts);
  std::vector<double> score(experts);
  double all = 0.0;
  for (const float logit : logits) {
    all += std::exp(static_cast<double>(logit));
  }
  std::vector<double> choice(experts);
  for (std::size_t e = 0; e < experts; ++e) {
    const double x = static_cast<double>(logits[e]);
    score[e] = spec.score == RouterScore::softmax   ? std::exp(x) / all
               : spec.score == RouterScore::sigmoid ? 1.0 / (1.0 + std::exp(-x))
                                                    : std::sqrt(std::log(1.0 + std::exp(x)));
    choice[e] = score[e] + (bias.empty() ? 0.0 : static_cast<double>(bias[e]));
  }
  const std::size_t size = experts / static_cast<std::size_t>(spec.groups);
  std::vector<std::pair<double, std::size_t>> groups;
  for (std::size_t first = 0; first < experts; first += size) {
    std::vector<double> members(choice.begin() + static_cast<std::ptrdiff_t>(first),
                                choice.begin() + static_cast<std::ptrdiff_t>(first + size));
    std::sort(members.rbegin(), members.rend());
    groups.emplace_back(-(members[0] + (size > 1 ? members[1] : 0.0)), first);
  }
  std::sort(groups.begin(), groups.end());
  std::vector<std::pair<double, std::size_t>> allowed;
  for (std::size_t g = 0; g < static_cast<std::size_t>(spec.chosen_groups); ++g) {
    for (std::size_t e = groups[g].second; e < groups[g].second + size; ++e) {
      allowed.emplace_back(-choice[e], e);
    }
  }
  std::sort(allowed.begin(), allowed.end());
  allowed.resize(static_cast<std::size_t>(spec.chosen));
  double sum = 0.0;
  for (const auto& [unused, e] : allowed) {
    sum += score[e];
  }
  std::vector<double> weights(experts);
  for (const auto& [unused, e] : allowed) {
    weights[e] = (spec.normalised ? score[e] / sum : score[e]) * spec.scale;
  }
  return weights;
}

void check_router(const RouterSpec& spec, const std::vector<float>& logits,
                  const std::vector<float>& bias) {
  const Router router = make_router(spec, bias);
  const auto experts = static_cast<std::size_t>(spec.experts);
  std::vector<float> scores = logits;
  std::vector<float> choice(experts);
  std::vector<ScoredToken> best(experts);
  std::vector<Assignment> chosen(static_cast<std::size_t>(spec.chosen));
  router.assign(*find_kernel_table("")->elementwise, 0, scores.data(), choice.data(), best.data(),
                chosen.data());
  const std::vector<double> expected = expected_weights(spec, logits, bias);
  std::vector<double> found(experts);
  std::int32_t last = -1;
  for (const Assignment& assignment : chosen) {
    CHECK(assignment.expert > last);  // ascending, each once
    last = assignment.expert;
    found[static_cast<std::size_t>(assignment.expert)] = static_cast<double>(assignment.weight);
  }
  for (std::size_t e = 0; e < experts; ++e) {
    CAPTURE(e);
    CHECK((found[e] > 0.0) == (expected[e] > 0.0));
    CHECK(found[e] == doctest::Approx(expected[e]).epsilon(1e-5));
  }
}

}  // namespace

TEST_CASE("experts are chosen and weighted as the families define it") {
  test::Random random(71);
  for (const RouterScore score :
       {RouterScore::softmax, RouterScore::sigmoid, RouterScore::sqrt_softplus}) {
    for (const bool corrected : {false, true}) {
      for (const bool normalised : {false, true}) {
        for (const auto& groups :
             {std::pair<Index, Index>{1, 1}, {8, 4}, {8, 8}, {16, 3}, {32, 5}}) {
          RouterSpec spec{.experts = 32, .chosen = 5, .score = score};
          spec.groups = groups.first;
          spec.chosen_groups = groups.second;
          spec.normalised = normalised;
          spec.scale = 2.5;
          spec.correction_bias = corrected ? "bias" : "";
          CAPTURE(spec.groups);
          CAPTURE(corrected);
          check_router(spec, random.normals(32, 2.0F),
                       corrected ? random.normals(32, 0.3F) : std::vector<float>{});
        }
      }
    }
  }
}

TEST_CASE("a table sends tokens to experts that their scores weigh; it names each once") {
  test::Random random(73);
  const std::vector<float> logits = random.normals(8, 2.0F);
  RouterSpec spec{.experts = 8, .chosen = 2, .score = RouterScore::sqrt_softplus};
  spec.table = "table";
  spec.vocab = 3;
  const Router router = make_router(spec, {0, 1, 7, 3, 5, 2});
  std::vector<float> scores = logits;
  std::vector<float> choice(8);
  std::vector<ScoredToken> best(8);
  std::vector<Assignment> found(2);
  router.assign(*find_kernel_table("")->elementwise, 1, scores.data(), choice.data(), best.data(),
                found.data());
  const auto score = [&](std::size_t e) {
    return std::sqrt(std::log(1.0 + std::exp(static_cast<double>(logits[e]))));
  };
  CHECK(found[0].expert == 3);
  CHECK(found[1].expert == 7);
  CHECK(found[0].weight == doctest::Approx(score(3) / (score(3) + score(7))).epsilon(1e-5));
  CHECK(found[1].weight == doctest::Approx(score(7) / (score(3) + score(7))).epsilon(1e-5));
  for (const std::vector<float>& wrong :
       {std::vector<float>{0, 1, 7, 8, 5, 2}, {0, 1, 7, 7, 5, 2}, {0, 1, 7, -1, 5, 2}}) {
    test::expect_error(ErrorCode::checkpoint, {"table", "token 1"},
                       [&] { (void)make_router(spec, wrong); });
  }
}

TEST_CASE("numbers of the experts weigh what was chosen, and choose nothing") {
  test::Random random(72);
  const std::vector<float> logits = random.normals(16, 2.0F);
  const std::vector<float> factors = random.normals(16, 1.0F);
  const RouterSpec plain{.experts = 16, .chosen = 4};
  RouterSpec spec = plain;
  spec.scales = "scales";
  std::vector<float> scores = logits;
  std::vector<float> choice(16);
  std::vector<ScoredToken> best(16);
  std::vector<Assignment> chosen(4);
  make_router(spec, factors)
      .assign(*find_kernel_table("")->elementwise, 0, scores.data(), choice.data(), best.data(),
              chosen.data());
  const std::vector<double> expected = expected_weights(plain, logits, {});
  for (const Assignment& assignment : chosen) {
    const auto e = static_cast<std::size_t>(assignment.expert);
    CHECK(expected[e] > 0.0);
    CHECK(static_cast<double>(assignment.weight) ==
          doctest::Approx(expected[e] * static_cast<double>(factors[e])).epsilon(1e-5));
  }
}

TEST_CASE("equal scores go to the lower expert and the lower group; NaN is survived") {
  RouterSpec spec{.experts = 12, .chosen = 4, .score = RouterScore::sigmoid};
  spec.groups = 3;
  spec.chosen_groups = 2;
  check_router(spec, std::vector<float>(12, 0.25F), {});
  std::vector<float> scores(12, std::nanf(""));
  std::vector<float> choice(12);
  std::vector<ScoredToken> best(12);
  std::vector<Assignment> chosen(4);
  make_router(spec, {}).assign(*find_kernel_table("")->elementwise, 0, scores.data(), choice.data(),
                               best.data(), chosen.data());
  for (const Assignment& assignment : chosen) {
    CHECK(assignment.expert >= 0);
    CHECK(assignment.expert < 12);
  }
}

}  // namespace ottobit
