// SPDX-License-Identifier: Apache-2.0
// The filters (`value | name(args)`) and tests (`value is name(args)`) of templates. The tables are
// constant; the parser looks names up, so that an unknown one is an error with line and column
// before anything is rendered.
#pragma once

#include <string_view>

#include "jinja/runtime.hpp"

namespace ottobit::jinja {

struct Filter {
  std::string_view name;
  Value (*call)(Runtime& rt, const Value& input, const Args& args);
};

struct Test {
  std::string_view name;
  bool (*call)(Runtime& rt, const Value& input, const Args& args);
};

/// Null where there is no such filter or test.
const Filter* find_filter(std::string_view name) noexcept;
const Test* find_test(std::string_view name) noexcept;

/// The parts of find_filter.
const Filter* find_text_filter(std::string_view name) noexcept;
const Filter* find_list_filter(std::string_view name) noexcept;

}  // namespace ottobit::jinja
