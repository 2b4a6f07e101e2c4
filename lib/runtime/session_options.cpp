// SPDX-License-Identifier: Apache-2.0
#include "runtime/session_options.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "ottobit/decoder.hpp"
#include "ottobit/error.hpp"

namespace ottobit {
namespace {

// 512 tokens: enough to use a dequantised piece of weights many times; activations of the largest
// published shapes then stay below 250 MB.
constexpr Index kMicroBatch = 512;

/// Rounding weighs more in a model with experts, where it can send a token to another one, and in a
/// small model. Both read few bytes for a token, so that they can afford Compute::bf16x2; the
/// smallest have rate to spare for prompts, too.
Compute fast_compute(const DecoderSpec& spec) {
  constexpr Index kSmallest = 1024;
  constexpr Index kSmall = 2048;
  if (spec.dim <= kSmallest) {
    return Compute::bf16x2_all;
  }
  const bool has_experts = std::any_of(
      spec.blocks.begin(), spec.blocks.end(),
      [](const BlockSpec& block) { return std::holds_alternative<MoeSpec>(block.ffn); });
  return has_experts || spec.dim <= kSmall ? Compute::bf16x2 : Compute::bf16;
}

}  // namespace

Index context_of(const Model& model, const SessionOptions& options) {
  OTTOBIT_CHECK(options.context >= 0 && options.context <= model.context(), ErrorCode::argument,
                "context",
                std::to_string(options.context) + " tokens asked, the model declares " +
                    std::to_string(model.context()));
  return options.context == 0 ? model.context() : options.context;
}

Compute compute_of(const Model& model, const SessionOptions& options) {
  if (options.compute) {
    return *options.compute;
  }
  if (!model.machine().kernels->linear->has_fast_bf16) {
    return Compute::f32;
  }
  return fast_compute(model.decoder().spec());
}

DType kv_dtype_of(Compute compute, const SessionOptions& options) {
  const DType dtype = options.kv_dtype.value_or(compute == Compute::f32 ? DType::f32 : DType::f16);
  OTTOBIT_CHECK(dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16,
                ErrorCode::unsupported, "kv_dtype",
                "the KV cache is F32, F16 or BF16, not " + std::string(dtype_name(dtype)));
  return dtype;
}

Index batch_of(Index context, const SessionOptions& options) {
  OTTOBIT_CHECK(options.micro_batch >= 0, ErrorCode::argument, "micro_batch",
                std::to_string(options.micro_batch) + ", expected 0 or more");
  return std::min(options.micro_batch == 0 ? kMicroBatch : options.micro_batch, context);
}

}  // namespace ottobit
