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

struct Part {
  const char* name;
  const char* licence;
  bool inside;  // or a library of the system
};

constexpr Part kParts[] = {
    {"nlohmann_json", "MIT", true},
    {"xsimd", "BSD-3-Clause", true},
#if defined(OTTOBIT_BUNDLED_PCRE2)
    {"PCRE2", "BSD-3-Clause", true},
#else
    {"PCRE2", "BSD-3-Clause", false},
#endif
#if defined(OTTOBIT_BUNDLED_UTF8PROC)
    {"utf8proc", "MIT", true},
#else
    {"utf8proc", "MIT", false},
#endif
#if defined(OTTOBIT_BUNDLED_SENTENCEPIECE)
    {"sentencepiece", "Apache-2.0", true},
#elif defined(OTTOBIT_SENTENCEPIECE)
    {"sentencepiece", "Apache-2.0", false},
#endif
};

OrderedJson parts(bool inside) {
  OrderedJson list = OrderedJson::array();
  for (const Part& part : kParts) {
    if (part.inside == inside) {
      list.push_back(OrderedJson::object({{"name", part.name}, {"licence", part.licence}}));
    }
  }
  return list;
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
  out["levels"] = OrderedJson::list(level_names());
  out["licence"] = "Apache-2.0";
  out["bundled"] = parts(true);
  out["linked"] = parts(false);
  return out.dump(JsonText::ascii);
}

}  // namespace ottobit
