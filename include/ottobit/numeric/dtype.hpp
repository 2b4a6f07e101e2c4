// SPDX-License-Identifier: Apache-2.0
// DType: the element types as they occur in checkpoint files, with their width and the names the
// safetensors format gives them (https://github.com/huggingface/safetensors, tensor.rs `Dtype`).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ottobit/isa.hpp"

namespace ottobit {

enum class DType : std::uint8_t {
  boolean,
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f16,
  bf16,
  f32,
  f64,
  c64,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  f6_e2m3,
  f6_e3m2,
  f4,
};

struct DTypeInfo {
  DType dtype;
  std::string_view name;  ///< as written in a safetensors header
  int bits;
};

inline constexpr std::array<DTypeInfo, 22> kDTypes{{
    {DType::boolean, "BOOL", 8},
    {DType::u8, "U8", 8},
    {DType::i8, "I8", 8},
    {DType::u16, "U16", 16},
    {DType::i16, "I16", 16},
    {DType::u32, "U32", 32},
    {DType::i32, "I32", 32},
    {DType::u64, "U64", 64},
    {DType::i64, "I64", 64},
    {DType::f16, "F16", 16},
    {DType::bf16, "BF16", 16},
    {DType::f32, "F32", 32},
    {DType::f64, "F64", 64},
    {DType::c64, "C64", 64},
    {DType::f8_e4m3, "F8_E4M3", 8},
    {DType::f8_e5m2, "F8_E5M2", 8},
    {DType::f8_e8m0, "F8_E8M0", 8},
    {DType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    {DType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
    {DType::f6_e2m3, "F6_E2M3", 6},
    {DType::f6_e3m2, "F6_E3M2", 6},
    {DType::f4, "F4", 4},
}};

/// Bits of one element.
constexpr int dtype_bits(DType dtype) noexcept {
  return kDTypes[static_cast<std::size_t>(dtype)].bits;
}

/// The name used in safetensors headers, e.g. "F8_E4M3".
constexpr std::string_view dtype_name(DType dtype) noexcept {
  return kDTypes[static_cast<std::size_t>(dtype)].name;
}

/// The type of that safetensors name, or nothing if the format does not know it.
constexpr std::optional<DType> parse_dtype(std::string_view name) noexcept {
  for (const DTypeInfo& info : kDTypes) {
    if (info.name == name) {
      return info.dtype;
    }
  }
  return std::nullopt;
}

}  // namespace ottobit
