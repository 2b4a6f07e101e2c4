// SPDX-License-Identifier: Apache-2.0
// Whole models in tests: opening fixtures on a chosen ISA level, running prompts in pieces,
// comparing with golden logits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

#include "support/golden.hpp"
#include "support/paths.hpp"

namespace ottobit::test {

inline std::filesystem::path example_model() {
  return std::filesystem::path(OTTOBIT_EXAMPLES_DIR) / "models" / "otto-mini";
}

inline std::shared_ptr<const Model> open_model(const std::filesystem::path& folder,
                                               const KernelTable* kernels = nullptr,
                                               int threads = 2) {
  return Model::open(folder, {.kernels = kernels, .threads = threads});
}

/// Logits [T, V] of ids, read `piece` tokens at a time.
inline std::vector<float> logits_of(Session& session, std::span<const std::int32_t> ids,
                                    Index piece) {
  const auto vocab = static_cast<std::size_t>(session.model().vocab());
  std::vector<float> logits(ids.size() * vocab);
  for (std::size_t at = 0; at < ids.size(); at += static_cast<std::size_t>(piece)) {
    const std::size_t count = std::min(static_cast<std::size_t>(piece), ids.size() - at);
    session.append_all_logits(ids.subspan(at, count),
                              std::span(logits).subspan(at * vocab, count * vocab));
  }
  return logits;
}

inline std::int32_t argmax_of(std::span<const float> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// `count` greedy tokens after `ids`.
inline std::vector<std::int32_t> greedy(Session& session, std::span<const std::int32_t> ids,
                                        std::size_t count) {
  session.append(ids);
  std::vector<std::int32_t> tokens;
  while (tokens.size() < count) {
    tokens.push_back(argmax_of(session.logits()));
    session.push(tokens.back());
  }
  return tokens;
}

/// Largest |a - b| over largest |a|: the fidelity bound's measure.
inline double relative_error(std::span<const float> expected, std::span<const float> found) {
  double largest = 0.0;
  double error = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    error =
        std::max(error, std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i])));
  }
  return std::isnan(error) ? 1e30 : error / largest;
}

/// Kullback-Leibler divergence of the distributions softmax(expected) and softmax(found).
inline double kl_divergence(std::span<const float> expected, std::span<const float> found) {
  const auto log_sum = [](std::span<const float> x) {
    const double top = static_cast<double>(*std::max_element(x.begin(), x.end()));
    double sum = 0.0;
    for (const float value : x) {
      sum += std::exp(static_cast<double>(value) - top);
    }
    return top + std::log(sum);
  };
  const double a = log_sum(expected);
  const double b = log_sum(found);
  double divergence = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double p = static_cast<double>(expected[i]) - a;
    const double q = static_cast<double>(found[i]) - b;
    divergence += std::exp(p) * (p - q);
  }
  return std::isnan(divergence) ? 1e30 : divergence;
}

}  // namespace ottobit::test
