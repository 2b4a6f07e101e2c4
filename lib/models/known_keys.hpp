// SPDX-License-Identifier: Apache-2.0
// Which keys of config.json nobody needs to understand. A family reads every key that it computes
// with; of the others, makers, trainers and tools write many, and only those count that may change
// what the model computes and have a value that does.
#pragma once

#include <string>
#include <vector>

#include "io/config.hpp"

namespace ottobit {

struct UnknownKey {
  std::string key;    ///< with the objects around it, "rope_scaling.key"
  std::string value;  ///< as it stands there
};

/// Keys that nobody has read, of this object and of the nested ones that were read
/// too, but for those that are neutral (null, false, 0, 1, empty) or known to
/// concern training, generation or other software.
[[nodiscard]] std::vector<UnknownKey> unknown_keys(const Config& config);

/// The same of a multimodal configuration, less what its `text_config` says in the same way and
/// what concerns images, videos and sounds; with those of `text`, its section.
[[nodiscard]] std::vector<UnknownKey> unknown_keys(const Config& wrapper, const Config& text);

}  // namespace ottobit
