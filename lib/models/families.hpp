// SPDX-License-Identifier: Apache-2.0
// The describe functions of all families, for the table in registry.cpp.
#pragma once

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

[[nodiscard]] DecoderSpec describe_deepseek_v3(const Config& config);
[[nodiscard]] DecoderSpec describe_deepseek_v32(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma2(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma3(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma3_text(const Config& config);
[[nodiscard]] DecoderSpec describe_gpt_oss(const Config& config);
[[nodiscard]] DecoderSpec describe_kimi_k25(const Config& config);
[[nodiscard]] DecoderSpec describe_llama(const Config& config);
[[nodiscard]] DecoderSpec describe_llama4(const Config& config);
[[nodiscard]] DecoderSpec describe_llama4_text(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m1(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m2(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_moe_text(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_text(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_next(const Config& config);
[[nodiscard]] DecoderSpec describe_seed_oss(const Config& config);

}  // namespace ottobit
