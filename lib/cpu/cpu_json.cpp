// SPDX-License-Identifier: Apache-2.0
#include "cpu/cpu_json.hpp"

namespace ottobit {
namespace {

/// Text as a JSON string. Bytes outside printable ASCII become '?': a processor's name has none.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out + '"';
}

std::string quoted_list(std::span<const std::string_view> names) {
  std::string out = "[";
  for (const std::string_view name : names) {
    if (out.size() > 1) {
      out += ',';
    }
    out += quoted(name);
  }
  return out + ']';
}

void append_cache(std::string& out, std::string_view name, std::int64_t bytes) {
  if (bytes > 0) {
    out += out.empty() ? "" : ",";
    out += quoted(name) + ":" + std::to_string(bytes);
  }
}

constexpr std::string_view kArchitecture =
#if defined(__x86_64__)
    "x86_64";
#elif defined(__aarch64__)
    "aarch64";
#else
    "other";
#endif

}  // namespace

std::string cpu_json(const CpuFeatures& cpu, int cores, int processors,
                     std::span<const std::string_view> levels) {
  std::string caches;
  append_cache(caches, "l1d", cpu.l1d_cache_bytes);
  append_cache(caches, "l2", cpu.l2_cache_bytes);
  append_cache(caches, "l3", cpu.l3_cache_bytes);
  std::string out = "{\"architecture\":" + quoted(kArchitecture);
  out += ",\"brand\":" + quoted(cpu.brand.data());
  out += ",\"cores\":" + std::to_string(cores);
  out += ",\"processors\":" + std::to_string(processors);
  out += ",\"levels\":" + quoted_list(levels);
  out += ",\"features\":" + quoted_list(feature_names(cpu.bits));
  out += ",\"cache_bytes\":{" + caches + "}}";
  return out;
}

std::string cpu_json(std::span<const std::string_view> levels) {
  return cpu_json(detect_cpu(), usable_cores(), usable_processors(), levels);
}

}  // namespace ottobit
