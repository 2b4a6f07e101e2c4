// SPDX-License-Identifier: Apache-2.0
// expect_error: states that an action throws an Error of that code whose message holds those parts,
// and that the message keeps the house style: one line, no trailing period.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/error.hpp"

namespace ottobit::test {

template <class Action>
void expect_error(ErrorCode code, const std::vector<std::string_view>& parts,
                  const Action& action) {
  bool thrown = false;
  try {
    action();
  } catch (const Error& error) {
    thrown = true;
    const std::string what = error.what();
    INFO("message: " << what);
    CHECK(static_cast<int>(error.code()) == static_cast<int>(code));
    for (const std::string_view part : parts) {
      INFO("expected part: " << std::string(part));
      CHECK(what.find(part) != std::string::npos);
    }
    CHECK(what.find('\n') == std::string::npos);
    CHECK(what.starts_with(error.subject()));
    CHECK_FALSE(what.ends_with('.'));
    CHECK(what.size() < 2000);
  }
  INFO("code: " << static_cast<int>(code));
  CHECK(thrown);
}

}  // namespace ottobit::test
