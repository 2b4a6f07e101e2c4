// SPDX-License-Identifier: Apache-2.0
// Fuzz entry of the safetensors header parser. Any bytes may be refused with Error{format}; nothing
// else may happen, and what is accepted must be consistent. Build with -fsanitize=fuzzer,address
// (clang) or link replay_main.cpp to run stored files with any compiler.
#include <cstddef>
#include <cstdint>
#include <span>

#include "ottobit/error.hpp"

#include "io/safetensors.hpp"
#include "support/safetensors_invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ottobit::SafetensorsHeader header =
        ottobit::parse_safetensors_header(std::as_bytes(std::span(data, size)), size, "fuzz");
    if (ottobit::test::broken_invariant(header, size) != nullptr) {
      __builtin_trap();
    }
  } catch (const ottobit::Error& error) {
    if (error.code() != ottobit::ErrorCode::format) {
      __builtin_trap();
    }
  }
  return 0;
}
