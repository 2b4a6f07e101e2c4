// SPDX-License-Identifier: Apache-2.0
// Fuzz entry of the JSON reader. Both forms must agree on what they accept, and what they accept
// must survive writing and reading again.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ottobit/error.hpp"

#include "io/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

template <class Parse>
auto accepted(const Parse& parse) -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const ottobit::Error& error) {
    if (error.code() != ottobit::ErrorCode::format) {
      __builtin_trap();
    }
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sorted = accepted([&] { return ottobit::parse_json(text, "fuzz"); });
  const auto ordered = accepted([&] { return ottobit::parse_ordered_json(text, "fuzz"); });
  if (sorted.has_value() != ordered.has_value()) {
    __builtin_trap();
  }
  if (sorted && ottobit::parse_json(sorted->dump(), "again") != *sorted) {
    __builtin_trap();
  }
  return 0;
}
