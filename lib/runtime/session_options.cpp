// SPDX-License-Identifier: Apache-2.0
#include "runtime/session_options.hpp"

#include <algorithm>
#include <string>
#include <variant>

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
  constexpr Index kSmall = 2048;
  const bool has_experts =
      std::any_of(spec.blocks.begin(), spec.blocks.end(), [](const BlockSpec& block) {
        return block.beside || std::holds_alternative<MoeSpec>(block.ffn);
      });
  if (has_experts ? spec.dim <= 1024 : spec.dim < 512) {
    return Compute::bf16x2_all;
  }
  return has_experts || spec.dim <= kSmall ? Compute::bf16x2 : Compute::bf16;
}

}  // namespace

SessionMemory SessionPlan::memory(const Decoder& decoder, const Machine& machine) const {
  const KvCache kv = cache(decoder.spec());
  const Index logits = decoder.spec().vocab * static_cast<Index>(sizeof(float));
  // Logits are kept, and sorted when tokens are sampled; states are saved with those of theirs.
  const Index saved = kv.state_bytes() > 0 ? kv.state_bytes() + logits : 0;
  const Index history = context * static_cast<Index>(sizeof(std::int32_t));
  const Index workspace_bytes = workspace(decoder, machine) + 3 * logits + history + saved;
  return {.kv_cache = static_cast<std::uint64_t>(kv.bytes()),
          .workspace = static_cast<std::uint64_t>(workspace_bytes)};
}

SessionPlan plan_session(const DecoderSpec& spec, const KernelTable& kernels,
                         const SessionOptions& options) {
  OTTOBIT_CHECK(options.context >= 0 && options.context <= spec.context, ErrorCode::argument,
                "context",
                std::to_string(options.context) + " tokens asked, the model declares " +
                    std::to_string(spec.context));
  OTTOBIT_CHECK(options.micro_batch >= 0, ErrorCode::argument, "micro_batch",
                std::to_string(options.micro_batch) + ", expected 0 or more");
  SessionPlan plan{};
  plan.context = options.context == 0 ? spec.context : options.context;
  plan.batch = std::min(options.micro_batch == 0 ? kMicroBatch : options.micro_batch, plan.context);
  plan.compute =
      options.compute.value_or(kernels.linear->has_fast_bf16 ? fast_compute(spec) : Compute::f32);
  plan.kv_dtype = options.kv_dtype.value_or(plan.compute == Compute::f32 ? DType::f32 : DType::f16);
  OTTOBIT_CHECK(
      plan.kv_dtype == DType::f32 || plan.kv_dtype == DType::f16 || plan.kv_dtype == DType::bf16,
      ErrorCode::unsupported, "kv_dtype",
      "the KV cache is F32, F16 or BF16, not " + std::string(dtype_name(plan.kv_dtype)));
  return plan;
}

}  // namespace ottobit
