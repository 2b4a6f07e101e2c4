// SPDX-License-Identifier: Apache-2.0
// Counting the cores this process may use: affinity mask, topology and control groups of Linux.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#if defined(__linux__)
#include <sched.h>
#endif

#include "cpu/features.hpp"

namespace ottobit {
namespace {

constexpr std::size_t kMostCpus = 4096;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};

/// The first 4 KiB of a file of /proc or /sys, without trailing white space; empty if unreadable.
std::string read_small_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) {
    return {};
  }
  std::array<char, 4096> buffer{};
  const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get());
  std::string text(buffer.data(), size);
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

/// Takes a number off the front of text.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// Logical processors of the affinity mask; empty where there is none.
std::vector<int> affinity() {
  std::vector<int> cpus;
#if defined(__linux__)
  const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(kMostCpus),
                                                             [](cpu_set_t* s) { CPU_FREE(s); });
  const std::size_t bytes = CPU_ALLOC_SIZE(kMostCpus);
  if (set == nullptr || ::sched_getaffinity(0, bytes, set.get()) != 0) {
    return cpus;
  }
  for (std::size_t cpu = 0; cpu < kMostCpus; ++cpu) {
    if (CPU_ISSET_S(cpu, bytes, set.get())) {
      cpus.push_back(static_cast<int>(cpu));
    }
  }
#endif
  return cpus;
}

/// quota / period of one control group, 0 where it has no limit. Version 2 has "max 100000" or
/// "150000 100000" in cpu.max, version 1 two files, with quota -1 for none.
double group_cpus(const std::string& directory) {
  std::string text = read_small_file(directory + "/cpu.max");
  if (text.empty()) {
    const std::string quota = read_small_file(directory + "/cpu.cfs_quota_us");
    text = quota + " " + read_small_file(directory + "/cpu.cfs_period_us");
  }
  std::string_view rest = text;
  const std::optional<std::int64_t> quota = take_number<std::int64_t>(rest);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::optional<std::int64_t> period = take_number<std::int64_t>(rest);
  if (!quota || !period || *quota <= 0 || *period <= 0) {
    return 0.0;
  }
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

double smaller_limit(double a, double b) {
  if (a <= 0.0 || b <= 0.0) {
    return std::max(a, b);
  }
  return std::min(a, b);
}

/// The smallest limit of `path` below `mount` and of all its parents.
double path_cpus(const std::string& mount, std::string path) {
  constexpr int kMostParents = 64;
  double limit = 0.0;
  for (int i = 0; i < kMostParents; ++i) {
    while (!path.empty() && path.back() == '/') {
      path.pop_back();
    }
    limit = smaller_limit(limit, group_cpus(mount + path));
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      break;
    }
    path.erase(slash);
  }
  return limit;
}

bool names_controller(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == wanted) {
      return true;
    }
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  while (cpus.size() < kMostCpus) {
    const std::optional<int> first = take_number<int>(text);
    if (!first || *first < 0) {
      break;
    }
    int last = *first;
    if (!text.empty() && text.front() == '-') {
      text.remove_prefix(1);
      last = take_number<int>(text).value_or(-1);
    }
    for (int cpu = *first; cpu <= last && cpus.size() < kMostCpus; ++cpu) {
      cpus.push_back(cpu);
    }
    if (last < *first || text.empty() || text.front() != ',') {
      break;
    }
    text.remove_prefix(1);
  }
  return cpus;
}

int count_cores(const std::vector<int>& cpus, const std::string& sysfs) {
  std::vector<std::string> cores;  // each by the list of its logical processors
  for (const int cpu : cpus) {
    const std::string number = std::to_string(cpu);
    std::string siblings = read_small_file(sysfs + "/devices/system/cpu/cpu" + number +
                                           "/topology/thread_siblings_list");
    cores.push_back(siblings.empty() ? number : std::move(siblings));
  }
  std::sort(cores.begin(), cores.end());
  return static_cast<int>(std::unique(cores.begin(), cores.end()) - cores.begin());
}

double cgroup_cpus(std::string_view proc_cgroup, const std::string& mount) {
  double limit = 0.0;
  while (!proc_cgroup.empty()) {  // lines "0::/path" (version 2) or "4:cpu,cpuacct:/path"
    const std::size_t end = std::min(proc_cgroup.find('\n'), proc_cgroup.size());
    const std::string_view line = proc_cgroup.substr(0, end);
    proc_cgroup.remove_prefix(std::min(end + 1, proc_cgroup.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', std::min(first, line.size() - 1) + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) {
      continue;
    }
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (controllers.empty()) {
      limit = smaller_limit(limit, path_cpus(mount, path));
    } else if (names_controller(controllers, "cpu")) {
      limit = smaller_limit(limit, path_cpus(mount + "/cpu", path));
    }
  }
  return limit;
}

int usable_processors() {
  const std::size_t allowed = affinity().size();
  const unsigned known = std::thread::hardware_concurrency();
  return std::max(allowed > 0 ? static_cast<int>(allowed) : static_cast<int>(known), 1);
}

int usable_cores() {
  std::vector<int> cpus = affinity();
  if (cpus.empty()) {
    return usable_processors();
  }
  // Linux lists the performance cores of hybrid Intel processors here; the others take no part in
  // work that is split evenly.
  const std::vector<int> fast = parse_cpu_list(read_small_file("/sys/devices/cpu_core/cpus"));
  std::vector<int> chosen;
  std::copy_if(cpus.begin(), cpus.end(), std::back_inserter(chosen),
               [&fast](int cpu) { return std::find(fast.begin(), fast.end(), cpu) != fast.end(); });
  if (!chosen.empty()) {
    cpus = chosen;
  }
  int cores = count_cores(cpus, "/sys");
  const double quota = cgroup_cpus(read_small_file("/proc/self/cgroup"), "/sys/fs/cgroup");
  if (quota > 0.0 && quota < static_cast<double>(cores)) {
    cores = static_cast<int>(quota);  // rounded down: one thread too many stalls all of them
  }
  return std::max(cores, 1);
}

}  // namespace ottobit
