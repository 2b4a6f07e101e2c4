// SPDX-License-Identifier: Apache-2.0
// All storage formats, and what an element of a WeightView is. To add a format, write its type in a
// header here, give it a FormatId and name it in AllFormats: kernels and recognition find it there.
//
// A format has
//   kId, kName       its number and its name in messages
//   kBits            bits of an element; a row begins on a byte
//   stored_as(dtype) whether a tensor of that dtype holds such elements
//   at(row, k)       element k of a row, exactly, without its scale
//   load(p)          the kGroup elements at p times kUnit, a power of two; exactly, any alignment
//   kZeros           the byte that holds zeros
//   kHasZeros        whether there are matrices of it with zero points
//   kHasDot          whether the bf16 dot products take it as it is (kernels/gemv.hpp, gemm.hpp)
#pragma once

#include <string_view>

#include "ottobit/format/dense.hpp"
#include "ottobit/format/fp8.hpp"
#include "ottobit/format/int8.hpp"
#include "ottobit/format/nibbles.hpp"
#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

template <class... Formats>
struct FormatList {
  /// Calls visit(Format{}) for the first format of which `wanted(Format{})` holds; false if there
  /// is none.
  template <class Wanted, class Visit>
  OTTOBIT_INLINE static constexpr bool find(Wanted wanted, Visit visit) {
    return ((wanted(Formats{}) && (static_cast<void>(visit(Formats{})), true)) || ...);
  }
};

using AllFormats = FormatList<F32Format, F16Format, Bf16Format, Fp8E4m3, Fp8E5m2, E8m0Format,
                              Fp4E2m1, Int4, Int8, Int8Offset>;

/// Calls visit(Format{}) for the format of that id.
template <class Visit>
OTTOBIT_INLINE constexpr void with_format(FormatId id, Visit visit) noexcept {
  AllFormats::find([id](auto format) noexcept { return decltype(format)::kId == id; }, visit);
}

OTTOBIT_INLINE constexpr std::string_view format_name(FormatId id) noexcept {
  std::string_view name;
  with_format(id, [&](auto format) noexcept { name = decltype(format)::kName; });
  return name;
}

/// Bytes of n consecutive elements from the beginning of a row.
OTTOBIT_INLINE constexpr Index row_bytes(FormatId id, Index n) noexcept {
  Index bits = 0;
  with_format(id, [&](auto format) noexcept { bits = decltype(format)::kBits; });
  return (n * bits + 7) / 8;
}

/// Element (r, k) without its scale, exactly.
OTTOBIT_INLINE float stored_element(const WeightView& w, Index r, Index k) noexcept {
  float value = 0.0F;
  with_format(w.format, [&](auto format) noexcept {
    value = decltype(format)::at(w.data + r * w.row_bytes, k);
  });
  return value;
}

/// Element (r, k): what every kernel means by it. One rounding, and none without a scale.
OTTOBIT_INLINE float element_at(const WeightView& w, Index r, Index k) noexcept {
  const float value = stored_element(w, r, k) - stored_zero(w, r, k);
  return w.scales == nullptr ? value : apply_scale(w, value, stored_scale(w, r, k));
}

OTTOBIT_ISA_END
