// SPDX-License-Identifier: Apache-2.0
// The version of this copy of the library. CMakeLists.txt reads the text below, so that the number
// exists once; the C header repeats it as OTTOBIT_VERSION, which a repository check compares.
#pragma once

#include <cstdint>
#include <string_view>

namespace ottobit {

/// "major.minor.patch", as in semantic versioning.
inline constexpr std::string_view kVersionText = "0.1.0";

inline constexpr std::uint32_t kVersionMajor = 0;
inline constexpr std::uint32_t kVersionMinor = 1;
inline constexpr std::uint32_t kVersionPatch = 0;

/// 0x00MMmmpp, the form of OTTOBIT_VERSION in ottobit.h.
inline constexpr std::uint32_t kVersionNumber =
    (kVersionMajor << 16U) | (kVersionMinor << 8U) | kVersionPatch;

}  // namespace ottobit
