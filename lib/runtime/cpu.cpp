// SPDX-License-Identifier: Apache-2.0
#include "ottobit/cpu.hpp"

#include <string_view>
#include <vector>

#include "ottobit/kernels/table.hpp"
#include "ottobit/version.hpp"

#include "cpu/cpu_json.hpp"
#include "io/json.hpp"

namespace ottobit {
namespace {

std::vector<std::string_view> level_names() {
  std::vector<std::string_view> names;
  for (const KernelTable* table : supported_kernel_tables()) {
    names.emplace_back(table->isa);
  }
  return names;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "other";
#endif
}

OrderedJson bundled(const char* name, const char* licence) {
  return {{"name", name}, {"licence", licence}};
}

}  // namespace

std::string cpu_json() {
  return cpu_json(level_names());
}

std::string build_json() {
  OrderedJson out;
  out["version"] = kVersionText;
  out["compiler"] = compiler();
  out["parallel"] = "own threads";
  out["levels"] = level_names();
  out["licence"] = "Apache-2.0";
  out["bundled"] =
      OrderedJson::array({bundled("nlohmann_json", "MIT"), bundled("PCRE2", "BSD-3-Clause"),
                          bundled("utf8proc", "MIT"), bundled("xsimd", "BSD-3-Clause")});
#if defined(OTTOBIT_SENTENCEPIECE)
  out["bundled"].push_back(bundled("sentencepiece", "Apache-2.0"));
#endif
  return out.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}

}  // namespace ottobit
