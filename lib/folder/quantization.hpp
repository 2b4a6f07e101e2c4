// SPDX-License-Identifier: Apache-2.0
// What quantization_config says about the weights: whether this release reads such files at all,
// and how many elements share a scale. Everything else is seen from the tensors (recognise.hpp).
#pragma once

#include <filesystem>
#include <vector>

#include "ottobit/weight.hpp"

#include "io/config.hpp"

namespace ottobit {

/// The geometries to expect of scales, as {rows, columns} of a block, kPerRow and kPerMatrix; if
/// nothing is said, 128 x 128 and these two. One scale for each row needs no mention.
/// Modules that are left unquantised need no list: their tensors show it.
///   config     of the text model; its `quantization_config` (or `compression_config`) counts first
///   directory  of the checkpoint, for ModelOpt's `hf_quant_config.json`; may be empty
/// Throws Error{unsupported} for a method, a number format or a scheme that this release does not
/// know, Error{format} for values that make no sense.
[[nodiscard]] std::vector<Shape2> read_scale_blocks(const Config& config,
                                                    const std::filesystem::path& directory);

/// The method is one whose matrices are laid out anew when they are loaded.
[[nodiscard]] bool is_repacked(const Config& config);

/// GPTQ's zero points are stored as they are ("gptq_v2"), not less 1.
[[nodiscard]] bool has_exact_zeros(const Config& config);

}  // namespace ottobit
