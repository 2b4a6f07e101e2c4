// SPDX-License-Identifier: Apache-2.0
// The description of this machine that ottobit_cpu_json hands out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cpu/features.hpp"

namespace ottobit {

/// One JSON object in one line, ASCII only:
///   {"architecture":"x86_64","brand":"...","cores":2,"processors":4,
///    "levels":["avx512","avx2","baseline"],"features":["sse3",...],
///    "cache_bytes":{"l1d":32768,"l2":1048576,"l3":33554432}}
/// `levels` are the names of the usable kernel tables, best first; `cores` is usable_cores().
/// Caches of unknown size are left out.
std::string cpu_json(std::span<const std::string_view> levels);

/// The same of a given machine.
std::string cpu_json(const CpuFeatures& cpu, int cores, int processors,
                     std::span<const std::string_view> levels);

}  // namespace ottobit
