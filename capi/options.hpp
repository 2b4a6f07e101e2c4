// SPDX-License-Identifier: Apache-2.0
// The options that more than one function takes, read and checked.
#pragma once

#include <cstddef>
#include <filesystem>

#include "handles.hpp"

namespace ottobit::capi {

/// A path given as UTF-8, which the system may want in another encoding.
[[nodiscard]] std::filesystem::path path_in(const char* path, std::size_t length);

/// `report` and `runtime` must outlive what is returned.
[[nodiscard]] ModelOptions model_options(const ottobit_model_options& given,
                                         const ottobit_runtime& runtime,
                                         const ProgressReport& report);
/// Of a folder, or of random weights, for which the path must be empty.
void check_source(const std::filesystem::path& folder, const ModelOptions& options);

[[nodiscard]] SessionOptions session_options(const ottobit_session_options* o);

}  // namespace ottobit::capi
