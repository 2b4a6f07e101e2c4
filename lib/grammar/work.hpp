// SPDX-License-Identifier: Apache-2.0
// What compiling a grammar may cost: a count of steps, so that a short text with a long meaning
// ends in an error and not in hours.
#pragma once

#include <cstdint>
#include <string>

#include "ottobit/error.hpp"

namespace ottobit::grammar {

class Work {
 public:
  explicit Work(const std::string& subject) : subject_(subject) {}

  /// Error{grammar, subject} once all is spent.
  void spend(std::uint64_t steps) {
    OTTOBIT_CHECK(steps <= left_, ErrorCode::grammar, subject_,
                  "the grammar takes too much work to compile: repeat less within repetitions, or "
                  "put fewer alternatives that begin alike side by side");
    left_ -= steps;
  }

 private:
  /// About a second.
  static constexpr std::uint64_t kSteps = 70'000'000;

  const std::string& subject_;
  std::uint64_t left_ = kSteps;
};

}  // namespace ottobit::grammar
