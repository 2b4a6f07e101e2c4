// SPDX-License-Identifier: Apache-2.0
// The methods templates call on strings, lists and dicts.
#pragma once

#include <string_view>

#include "jinja/runtime.hpp"

namespace ottobit::jinja {

/// One method of a type; `self` is the object it is called on.
struct Method {
  std::string_view name;
  Value (*call)(Runtime& rt, const Value& self, const Args& args);
};

/// The method of this object, or null.
const Method* find_method(const Value& object, std::string_view name) noexcept;

/// The tables behind find_method.
const Method* find_string_method(std::string_view name) noexcept;
const Method* find_container_method(const Value& object, std::string_view name) noexcept;

/// str.strip and its relatives; `characters` null: white space.
StrRef strip(Runtime& rt, const StrRef& s, const Str* characters, bool left, bool right);
/// str.replace; count < 0: all.
StrRef replace(Runtime& rt, const StrRef& s, const Str& from, const Str& to, std::int64_t count);
/// str.upper, str.lower, str.capitalize, str.title.
StrRef upper(Runtime& rt, const Str& s);
StrRef lower(Runtime& rt, const Str& s);
StrRef capitalize(Runtime& rt, const Str& s);
StrRef title(Runtime& rt, const Str& s);
/// str.splitlines without the line ends.
std::vector<Value> split_lines(Runtime& rt, const StrRef& s);
/// separator.join(items); raises where an item is no string.
Value join(Runtime& rt, const Str& separator, const std::vector<Value>& items);

}  // namespace ottobit::jinja
