// SPDX-License-Identifier: Apache-2.0
#include "io/free_memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace ottobit {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// The number at the front of a text, behind blanks.
std::optional<std::uint64_t> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// The number behind `key` in a file of "key number" lines; of a file of one number for "".
std::optional<std::uint64_t> number_of(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key)) {
      return number_in(std::string_view(line).substr(key.size()));
    }
  }
  return std::nullopt;
}

/// What a control group and those around it leave. `limit`, `usage` and the line of memory.stat
/// that counts file pages that can be dropped have other names in the two versions.
std::uint64_t left_in_group(fs::path group, const fs::path& top, const char* limit,
                            const char* usage, std::string_view droppable) {
  std::uint64_t least = kUnlimited;
  while (true) {
    if (const auto most = number_of(group / limit, "")) {  // "max": no number
      const std::uint64_t used = number_of(group / usage, "").value_or(0);
      const std::uint64_t cache = number_of(group / "memory.stat", droppable).value_or(0);
      const std::uint64_t held = used - std::min(cache, used);
      least = std::min(least, *most - std::min(held, *most));
    }
    if (group == top || !group.has_relative_path() || group == group.parent_path()) {
      return least;
    }
    group = group.parent_path();
  }
}

/// Of the group named in /proc/self/cgroup; in a container that sees its own group as the root,
/// the folder of that name is not there, and the root counts.
fs::path group_folder(const fs::path& top, std::string_view name) {
  const fs::path folder = top / fs::path(name).relative_path();
  std::error_code error;
  return fs::is_directory(folder, error) ? folder : top;
}

std::uint64_t left_in_groups(const fs::path& root) {
  std::uint64_t least = kUnlimited;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:memory:/name", or "0::/name"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string kind = line.substr(first + 1, second - first - 1);
    const std::string name = line.substr(second + 1);
    if (kind.empty()) {
      const fs::path top = root / "sys/fs/cgroup";
      least = std::min(least, left_in_group(group_folder(top, name), top, "memory.max",
                                            "memory.current", "inactive_file "));
    } else if (kind == "memory") {
      const fs::path top = root / "sys/fs/cgroup/memory";
      least = std::min(least, left_in_group(group_folder(top, name), top, "memory.limit_in_bytes",
                                            "memory.usage_in_bytes", "total_inactive_file "));
    }
  }
  return least;
}

}  // namespace

std::uint64_t free_memory(const fs::path& root) {
  const std::optional<std::uint64_t> kilobytes = number_of(root / "proc/meminfo", "MemAvailable:");
  return std::min(kilobytes ? *kilobytes * 1024 : kUnlimited, left_in_groups(root));
}

}  // namespace ottobit
