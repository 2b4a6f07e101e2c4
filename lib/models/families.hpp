// SPDX-License-Identifier: Apache-2.0
// The describe functions of all families, for the table in registry.cpp.
#pragma once

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

[[nodiscard]] DecoderSpec describe_cohere2(const Config& config);
[[nodiscard]] DecoderSpec describe_cwm(const Config& config);
[[nodiscard]] DecoderSpec describe_deepseek_v2(const Config& config);
[[nodiscard]] DecoderSpec describe_deepseek_v3(const Config& config);
[[nodiscard]] DecoderSpec describe_deepseek_v4(const Config& config);
[[nodiscard]] DecoderSpec describe_deepseek_v32(const Config& config);
[[nodiscard]] DecoderSpec describe_dots1(const Config& config);
[[nodiscard]] DecoderSpec describe_ernie4_5(const Config& config);
[[nodiscard]] DecoderSpec describe_ernie4_5_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_exaone4(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma2(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma3(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma3_text(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma4(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma4_text(const Config& config);
[[nodiscard]] DecoderSpec describe_gemma4_unified(const Config& config);
[[nodiscard]] DecoderSpec describe_glm(const Config& config);
[[nodiscard]] DecoderSpec describe_glm4(const Config& config);
[[nodiscard]] DecoderSpec describe_glm4_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_glm4_moe_lite(const Config& config);
[[nodiscard]] DecoderSpec describe_glm_moe_dsa(const Config& config);
[[nodiscard]] DecoderSpec describe_gpt_oss(const Config& config);
[[nodiscard]] DecoderSpec describe_granite(const Config& config);
[[nodiscard]] DecoderSpec describe_granitemoe(const Config& config);
[[nodiscard]] DecoderSpec describe_granitemoehybrid(const Config& config);
[[nodiscard]] DecoderSpec describe_granitemoeshared(const Config& config);
[[nodiscard]] DecoderSpec describe_helium(const Config& config);
[[nodiscard]] DecoderSpec describe_hy_v3(const Config& config);
[[nodiscard]] DecoderSpec describe_internlm3(const Config& config);
[[nodiscard]] DecoderSpec describe_kimi_k25(const Config& config);
[[nodiscard]] DecoderSpec describe_kimi_linear(const Config& config);
[[nodiscard]] DecoderSpec describe_lfm2(const Config& config);
[[nodiscard]] DecoderSpec describe_lfm2_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_lfm2_vl(const Config& config);
[[nodiscard]] DecoderSpec describe_llama(const Config& config);
[[nodiscard]] DecoderSpec describe_llama4(const Config& config);
[[nodiscard]] DecoderSpec describe_llama4_text(const Config& config);
[[nodiscard]] DecoderSpec describe_mimo_v2_flash(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m1(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m2(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m3(const Config& config);
[[nodiscard]] DecoderSpec describe_minimax_m3_text(const Config& config);
[[nodiscard]] DecoderSpec describe_ministral3(const Config& config);
[[nodiscard]] DecoderSpec describe_mistral(const Config& config);
[[nodiscard]] DecoderSpec describe_mistral3(const Config& config);
[[nodiscard]] DecoderSpec describe_mistral4(const Config& config);
[[nodiscard]] DecoderSpec describe_mixtral(const Config& config);
[[nodiscard]] DecoderSpec describe_muse_glimmer(const Config& config);
[[nodiscard]] DecoderSpec describe_muse_glimmer_text(const Config& config);
[[nodiscard]] DecoderSpec describe_nemotron_h(const Config& config);
[[nodiscard]] DecoderSpec describe_olmo2(const Config& config);
[[nodiscard]] DecoderSpec describe_olmo3(const Config& config);
[[nodiscard]] DecoderSpec describe_olmoe(const Config& config);
[[nodiscard]] DecoderSpec describe_pangu_embedded(const Config& config);
[[nodiscard]] DecoderSpec describe_pangu_ultra_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_phi3(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen2(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen2_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen2_vl(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_moe_text(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_5_text(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_next(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_vl(const Config& config);
[[nodiscard]] DecoderSpec describe_qwen3_vl_moe(const Config& config);
[[nodiscard]] DecoderSpec describe_seed_oss(const Config& config);
[[nodiscard]] DecoderSpec describe_smollm3(const Config& config);
[[nodiscard]] DecoderSpec describe_solar_open(const Config& config);
[[nodiscard]] DecoderSpec describe_step3p5(const Config& config);
[[nodiscard]] DecoderSpec describe_step3p7(const Config& config);
[[nodiscard]] DecoderSpec describe_youtu(const Config& config);

}  // namespace ottobit
