// SPDX-License-Identifier: Apache-2.0
// Published shapes by name: the config.json of a model, for measuring it without its files.
#pragma once

#include <string>

#include "io/json.hpp"

namespace ottobit {

/// Error{argument} listing the known names for another one.
[[nodiscard]] Json published_config(const std::string& shape);

}  // namespace ottobit
