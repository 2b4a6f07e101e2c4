// SPDX-License-Identifier: Apache-2.0
// What the library knows about itself and the machine it runs on, for the C interface and for
// tools.
#pragma once

#include <string>

namespace ottobit {

/// Physical cores this process may use, at least 1: what Machine::threads 0 means.
[[nodiscard]] int usable_cores();

/// This machine as one JSON object: brand, cores, levels usable (best first), features, caches.
[[nodiscard]] std::string cpu_json();

/// This build as one JSON object: version, compiler, parallel, levels, licence, bundled libraries.
[[nodiscard]] std::string build_json();

}  // namespace ottobit
