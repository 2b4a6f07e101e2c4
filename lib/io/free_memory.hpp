// SPDX-License-Identifier: Apache-2.0
// How much memory this process may still take, as the system says: of the machine, and of the
// control group (container, service) that the process is in.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ottobit {

/// Bytes that may be taken without pushing anything but caches out of memory: the least of what the
/// machine has and of what each control group around the process has left. UINT64_MAX where the
/// system does not say. `root`: where /proc and /sys are, for tests.
[[nodiscard]] std::uint64_t free_memory(const std::filesystem::path& root = "/");

}  // namespace ottobit
