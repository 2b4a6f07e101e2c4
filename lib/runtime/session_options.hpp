// SPDX-License-Identifier: Apache-2.0
// What a session runs with, from what its caller asked for and what the model declares.
#pragma once

#include "ottobit/model.hpp"
#include "ottobit/session.hpp"

namespace ottobit {

/// Positions; Error{argument} beyond those that the model declares.
[[nodiscard]] Index context_of(const Model& model, const SessionOptions& options);

/// The mode asked for, or the fastest that follows the f32 model closely enough.
[[nodiscard]] Compute compute_of(const Model& model, const SessionOptions& options);

/// The type of cached keys and values; Error{unsupported} unless it is F32, F16 or BF16.
[[nodiscard]] DType kv_dtype_of(Compute compute, const SessionOptions& options);

/// Tokens that are read at once; Error{argument} where it is negative.
[[nodiscard]] Index batch_of(Index context, const SessionOptions& options);

}  // namespace ottobit
