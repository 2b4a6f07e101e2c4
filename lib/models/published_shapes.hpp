// SPDX-License-Identifier: Apache-2.0
// What the makers published in config.json, as far as it shapes a model.
#pragma once

#include <string_view>

namespace ottobit {

struct Shape {
  std::string_view name;
  std::string_view config;
  std::string_view like = {};  // the shape that gives the members this config does not have
};

// clang-format off
inline constexpr Shape kShapes[] = {
    {"deepseek-v2-lite", R"({
      "model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944,
      "moe_intermediate_size": 1408, "num_hidden_layers": 27, "first_k_dense_replace": 1,
      "num_attention_heads": 16, "num_key_value_heads": 16, "n_routed_experts": 64,
      "n_shared_experts": 2, "num_experts_per_tok": 6, "topk_method": "greedy",
      "norm_topk_prob": false, "routed_scaling_factor": 1.0, "q_lora_rank": null,
      "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
      "vocab_size": 102400, "max_position_embeddings": 163840, "rope_theta": 10000,
      "rms_norm_eps": 1e-6, "rope_scaling": {"type": "yarn", "factor": 40, "beta_fast": 32,
        "beta_slow": 1, "mscale": 0.707, "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 4096}})"},
    {"deepseek-v3", R"({
      "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432,
      "moe_intermediate_size": 2048, "num_hidden_layers": 61, "first_k_dense_replace": 3,
      "num_attention_heads": 128, "num_key_value_heads": 128, "n_routed_experts": 256,
      "n_shared_experts": 1, "num_experts_per_tok": 8, "n_group": 8, "topk_group": 4,
      "norm_topk_prob": true, "routed_scaling_factor": 2.5, "q_lora_rank": 1536,
      "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
      "vocab_size": 129280, "max_position_embeddings": 163840, "rope_theta": 10000,
      "rms_norm_eps": 1e-6, "rope_scaling": {"type": "yarn", "factor": 40, "beta_fast": 32,
        "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0,
        "original_max_position_embeddings": 4096}})"},
    {"dots.llm1", R"({
      "model_type": "dots1", "hidden_size": 4096, "intermediate_size": 10944,
      "moe_intermediate_size": 1408, "num_hidden_layers": 62, "first_k_dense_replace": 1,
      "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 128,
      "n_routed_experts": 128, "n_shared_experts": 2, "num_experts_per_tok": 6,
      "norm_topk_prob": true, "routed_scaling_factor": 2.5, "sliding_window": null,
      "vocab_size": 152064, "max_position_embeddings": 32768, "rope_theta": 10000000,
      "rms_norm_eps": 1e-5})"},
    {"ernie-4.5-0.3b", R"({
      "model_type": "ernie4_5", "hidden_size": 1024, "intermediate_size": 3072,
      "num_hidden_layers": 18, "num_attention_heads": 16, "num_key_value_heads": 2,
      "head_dim": 128, "vocab_size": 103424, "max_position_embeddings": 131072,
      "rope_theta": 500000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": true})"},
    {"ernie-4.5-21b-a3b", R"({
      "model_type": "ernie4_5_moe", "hidden_size": 2560, "intermediate_size": 12288,
      "moe_intermediate_size": 1536, "num_hidden_layers": 28, "num_attention_heads": 20,
      "num_key_value_heads": 4, "moe_num_experts": 64, "moe_k": 6, "moe_num_shared_experts": 2,
      "moe_layer_start_index": 1, "vocab_size": 103424, "max_position_embeddings": 131072,
      "rope_theta": 500000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": true})"},
    {"exaone-4-1.2b", R"({
      "model_type": "exaone4", "hidden_size": 2048, "intermediate_size": 4096,
      "num_hidden_layers": 30, "num_attention_heads": 32, "num_key_value_heads": 8,
      "head_dim": 64, "sliding_window": null, "sliding_window_pattern": null,
      "vocab_size": 102400, "max_position_embeddings": 65536, "rope_theta": 1000000,
      "rms_norm_eps": 1e-5, "tie_word_embeddings": true, "rope_scaling": {
        "rope_type": "llama3", "factor": 16.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192}})"},
    {"exaone-4-32b", R"({
      "model_type": "exaone4", "hidden_size": 5120, "intermediate_size": 27392,
      "num_hidden_layers": 64, "num_attention_heads": 40, "num_key_value_heads": 8,
      "head_dim": 128, "sliding_window": 4096, "sliding_window_pattern": "LLLG",
      "vocab_size": 102400, "max_position_embeddings": 131072, "rope_theta": 1000000,
      "rms_norm_eps": 1e-5, "rope_scaling": {"rope_type": "llama3", "factor": 16.0,
        "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192}})"},
    {"gemma-2-2b", R"({
      "model_type": "gemma2", "hidden_size": 2304, "intermediate_size": 9216,
      "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
      "head_dim": 256, "query_pre_attn_scalar": 256, "sliding_window": 4096,
      "vocab_size": 256000, "max_position_embeddings": 8192, "rms_norm_eps": 1e-6})"},
    {"gemma-3-1b", R"({
      "model_type": "gemma3_text", "hidden_size": 1152, "intermediate_size": 6912,
      "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1,
      "head_dim": 256, "query_pre_attn_scalar": 256, "sliding_window": 512,
      "vocab_size": 262144, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6})"},
    {"gemma-3-27b", R"({
      "hidden_size": 5376, "intermediate_size": 21504, "num_hidden_layers": 62,
      "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
      "query_pre_attn_scalar": 168, "sliding_window": 1024, "max_position_embeddings": 131072,
      "rope_scaling": {"rope_type": "linear", "factor": 8.0}})",
     "gemma-3-1b"},
    {"gemma-4-12b", R"({
      "model_type": "gemma4_unified_text", "hidden_size": 3840, "intermediate_size": 15360,
      "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 8,
      "num_global_key_value_heads": 1})",
     "gemma-4-31b"},
    {"gemma-4-26b-a4b", R"({
      "hidden_size": 2816, "intermediate_size": 2112, "num_hidden_layers": 30,
      "num_attention_heads": 16, "num_key_value_heads": 8, "num_global_key_value_heads": 2,
      "enable_moe_block": true, "num_experts": 128, "top_k_experts": 8,
      "moe_intermediate_size": 704})",
     "gemma-4-31b"},
    {"gemma-4-31b", R"({
      "model_type": "gemma4_text", "hidden_size": 5376, "intermediate_size": 21504,
      "num_hidden_layers": 60, "num_attention_heads": 32, "num_key_value_heads": 16,
      "head_dim": 256, "global_head_dim": 512, "num_global_key_value_heads": 4,
      "attention_k_eq_v": true, "sliding_window": 1024, "hidden_size_per_layer_input": 0,
      "final_logit_softcapping": 30.0, "vocab_size": 262144, "max_position_embeddings": 262144,
      "rms_norm_eps": 1e-6})"},
    {"gemma-4-e2b", R"({
      "hidden_size": 1536, "intermediate_size": 6144, "num_hidden_layers": 35,
      "num_kv_shared_layers": 20, "use_double_wide_mlp": true, "num_key_value_heads": 1,
      "sliding_window_pattern": 5})",
     "gemma-4-e4b"},
    {"gemma-4-e4b", R"({
      "model_type": "gemma4_text", "hidden_size": 2560, "intermediate_size": 10240,
      "num_hidden_layers": 42, "num_kv_shared_layers": 18, "num_attention_heads": 8,
      "num_key_value_heads": 2, "head_dim": 256, "global_head_dim": 512, "sliding_window": 512,
      "hidden_size_per_layer_input": 256, "vocab_size_per_layer_input": 262144,
      "final_logit_softcapping": 30.0, "vocab_size": 262144, "max_position_embeddings": 131072,
      "rms_norm_eps": 1e-6})"},
    {"glm-4-9b", R"({
      "model_type": "glm4", "hidden_size": 4096, "intermediate_size": 13696,
      "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 2,
      "head_dim": 128, "attention_bias": true, "partial_rotary_factor": 0.5,
      "vocab_size": 151552, "max_position_embeddings": 32768, "rope_theta": 10000.0,
      "rms_norm_eps": 1e-5})"},
    {"glm-4.5-air", R"({
      "model_type": "glm4_moe", "hidden_size": 4096, "intermediate_size": 10944,
      "moe_intermediate_size": 1408, "num_hidden_layers": 46, "first_k_dense_replace": 1,
      "num_attention_heads": 96, "num_key_value_heads": 8, "head_dim": 128,
      "n_routed_experts": 128, "n_shared_experts": 1, "num_experts_per_tok": 8, "n_group": 1,
      "topk_group": 1, "norm_topk_prob": true, "routed_scaling_factor": 1.0,
      "attention_bias": true, "partial_rotary_factor": 0.5, "vocab_size": 151552,
      "max_position_embeddings": 131072, "rope_theta": 1000000, "rms_norm_eps": 1e-5})"},
    {"glm-4.7-flash", R"({
      "model_type": "glm4_moe_lite", "hidden_size": 2048, "intermediate_size": 10240,
      "moe_intermediate_size": 1536, "num_hidden_layers": 47, "first_k_dense_replace": 1,
      "num_attention_heads": 20, "num_key_value_heads": 20, "n_routed_experts": 64,
      "n_shared_experts": 1, "num_experts_per_tok": 4, "n_group": 1, "topk_group": 1,
      "norm_topk_prob": true, "routed_scaling_factor": 1.8, "q_lora_rank": 768,
      "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256,
      "vocab_size": 154880, "max_position_embeddings": 202752, "rope_theta": 1000000,
      "rms_norm_eps": 1e-5})"},
    {"gpt-oss-120b", R"({"num_hidden_layers": 36, "num_local_experts": 128})", "gpt-oss-20b"},
    {"gpt-oss-20b", R"({
      "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880,
      "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8,
      "head_dim": 64, "num_local_experts": 32, "num_experts_per_tok": 4, "sliding_window": 128,
      "vocab_size": 201088, "max_position_embeddings": 131072, "rope_theta": 150000,
      "rms_norm_eps": 1e-5, "rope_scaling": {"rope_type": "yarn", "factor": 32.0,
        "beta_fast": 32.0, "beta_slow": 1.0, "truncate": false,
        "original_max_position_embeddings": 4096}})"},
    {"granite-3.1-1b-a400m", R"({
      "model_type": "granitemoe", "hidden_size": 1024, "intermediate_size": 512,
      "num_hidden_layers": 24, "num_attention_heads": 16, "num_local_experts": 32,
      "num_experts_per_tok": 8, "attention_multiplier": 0.015625, "logits_scaling": 6.0,
      "vocab_size": 49155})",
     "granite-3.3-8b"},
    {"granite-3.3-8b", R"({
      "model_type": "granite", "hidden_size": 4096, "intermediate_size": 12800,
      "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
      "attention_multiplier": 0.0078125, "embedding_multiplier": 12.0, "logits_scaling": 16.0,
      "residual_multiplier": 0.22, "vocab_size": 49159, "max_position_embeddings": 131072,
      "rope_theta": 10000000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": true})"},
    {"granite-4.0-h-tiny", R"({
      "model_type": "granitemoehybrid", "hidden_size": 1536, "intermediate_size": 512,
      "shared_intermediate_size": 1024, "num_hidden_layers": 40, "num_attention_heads": 12,
      "num_key_value_heads": 4, "num_local_experts": 64, "num_experts_per_tok": 6,
      "mamba_n_heads": 48, "mamba_n_groups": 1, "mamba_d_state": 128, "mamba_d_head": 64,
      "mamba_d_conv": 4, "mamba_expand": 2, "position_embedding_type": "nope",
      "layer_types": ["mamba", "mamba", "mamba", "mamba", "mamba", "attention", "mamba", "mamba",
                      "mamba", "mamba", "mamba", "mamba", "mamba", "mamba", "mamba", "attention",
                      "mamba", "mamba", "mamba", "mamba", "mamba", "mamba", "mamba", "mamba",
                      "mamba", "attention", "mamba", "mamba", "mamba", "mamba", "mamba", "mamba",
                      "mamba", "mamba", "mamba", "attention", "mamba", "mamba", "mamba", "mamba"],
      "attention_multiplier": 0.0078125, "embedding_multiplier": 12.0, "logits_scaling": 6.0,
      "residual_multiplier": 0.22, "vocab_size": 100352, "max_position_embeddings": 131072,
      "rms_norm_eps": 1e-5, "tie_word_embeddings": true})"},
    {"hy3", R"({
      "model_type": "hy_v3", "hidden_size": 4096, "intermediate_size": 13312,
      "moe_intermediate_size": 1536, "num_hidden_layers": 80, "first_k_dense_replace": 1,
      "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "num_experts": 192,
      "num_shared_experts": 1, "num_experts_per_tok": 8, "router_scaling_factor": 2.826,
      "vocab_size": 120832, "max_position_embeddings": 131072, "rope_theta": 11158840.0,
      "rms_norm_eps": 1e-5})"},
    {"internlm3-8b", R"({
      "model_type": "internlm3", "hidden_size": 4096, "intermediate_size": 10240,
      "num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 2,
      "head_dim": 128, "vocab_size": 128512, "max_position_embeddings": 32768,
      "rope_theta": 50000000, "rms_norm_eps": 1e-5})"},
    {"kimi-k2", R"({
      "model_type": "kimi_k2", "first_k_dense_replace": 1, "num_attention_heads": 64,
      "num_key_value_heads": 64, "n_routed_experts": 384, "n_group": 1, "topk_group": 1,
      "routed_scaling_factor": 2.827, "vocab_size": 163840, "max_position_embeddings": 131072,
      "rope_theta": 50000, "rope_scaling": {"factor": 32, "beta_fast": 1.0}})",
     "deepseek-v3"},
    {"lfm2-1.2b", R"({
      "model_type": "lfm2", "hidden_size": 2048, "block_ff_dim": 12288, "block_multiple_of": 256,
      "block_ffn_dim_multiplier": 1.0, "block_auto_adjust_ff_dim": true, "num_hidden_layers": 16,
      "full_attn_idxs": [2, 5, 8, 10, 12, 14], "num_attention_heads": 32,
      "num_key_value_heads": 8, "conv_L_cache": 3, "vocab_size": 65536,
      "max_position_embeddings": 128000, "norm_eps": 1e-5, "rope_theta": 1000000.0})"},
    {"lfm2-8b-a1b", R"({
      "model_type": "lfm2_moe", "hidden_size": 2048, "intermediate_size": 7168,
      "moe_intermediate_size": 1792, "num_hidden_layers": 24, "num_dense_layers": 2,
      "num_experts": 32, "num_experts_per_tok": 4, "num_attention_heads": 32,
      "num_key_value_heads": 8, "conv_L_cache": 3, "vocab_size": 65536,
      "layer_types": ["conv", "conv", "full_attention", "conv", "conv", "conv", "full_attention",
                      "conv", "conv", "conv", "full_attention", "conv", "conv", "conv",
                      "full_attention", "conv", "conv", "conv", "full_attention", "conv", "conv",
                      "full_attention", "conv", "conv"],
      "max_position_embeddings": 128000, "norm_eps": 1e-5, "rope_theta": 1000000.0})"},
    {"llama-3.1-8b", R"({
      "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
      "vocab_size": 128256, "max_position_embeddings": 131072, "rope_theta": 500000.0,
      "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192}})"},
    {"llama-3.2-1b", R"({
      "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
      "tie_word_embeddings": true, "rope_scaling": {"factor": 32.0}})",
     "llama-3.1-8b"},
    {"llama-4-scout", R"({
      "model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192,
      "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
      "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 16,
      "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "vocab_size": 202048,
      "max_position_embeddings": 262144, "rope_theta": 500000.0, "rms_norm_eps": 1e-5})"},
    {"mimo-v2-flash", R"({
      "model_type": "mimo_v2_flash", "hidden_size": 4096, "intermediate_size": 16384,
      "moe_intermediate_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 64,
      "num_key_value_heads": 4, "head_dim": 192, "v_head_dim": 128, "sliding_window": 128,
      "sliding_window_size": 128, "attention_value_scale": 0.707, "n_routed_experts": 256,
      "num_experts_per_tok": 8, "vocab_size": 152576, "max_position_embeddings": 262144,
      "rms_norm_eps": 1e-5})"},
    {"minimax-m1", R"({
      "model_type": "minimax_m1", "hidden_size": 6144, "intermediate_size": 9216,
      "num_local_experts": 32, "num_experts_per_tok": 2, "num_hidden_layers": 80,
      "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128, "rotary_dim": 64,
      "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1,
        0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
      "postnorm": true, "layernorm_full_attention_alpha": 3.5565588200778455,
      "layernorm_linear_attention_alpha": 3.5565588200778455,
      "layernorm_mlp_alpha": 3.5565588200778455, "vocab_size": 200064,
      "max_position_embeddings": 10240000, "rope_theta": 10000000.0, "rms_norm_eps": 1e-5})"},
    {"minimax-m2", R"({
      "model_type": "minimax_m2", "hidden_size": 3072, "intermediate_size": 1536,
      "num_local_experts": 256, "num_experts_per_tok": 8, "num_hidden_layers": 62,
      "num_attention_heads": 48, "num_key_value_heads": 8, "head_dim": 128, "rotary_dim": 64,
      "vocab_size": 200064, "max_position_embeddings": 196608, "rope_theta": 5000000.0,
      "rms_norm_eps": 1e-6})"},
    {"ministral-3-8b", R"({
      "model_type": "ministral3", "hidden_size": 4096, "intermediate_size": 14336,
      "num_hidden_layers": 34, "num_attention_heads": 32, "num_key_value_heads": 8,
      "head_dim": 128, "vocab_size": 131072, "max_position_embeddings": 262144,
      "rms_norm_eps": 1e-5, "rope_parameters": {"rope_type": "yarn", "rope_theta": 1000000.0,
        "factor": 16.0, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0,
        "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1,
        "original_max_position_embeddings": 16384}})"},
    {"mistral-7b", R"({
      "model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
      "vocab_size": 32768, "max_position_embeddings": 32768, "rope_theta": 1000000.0,
      "rms_norm_eps": 1e-5, "sliding_window": null})"},
    {"mistral-small-24b", R"({
      "hidden_size": 5120, "intermediate_size": 32768, "num_hidden_layers": 40, "head_dim": 128,
      "vocab_size": 131072, "max_position_embeddings": 131072, "rope_theta": 1000000000.0})",
     "mistral-7b"},
    {"mistral-small-4", R"({
      "model_type": "mistral4", "hidden_size": 4096, "intermediate_size": 12288,
      "moe_intermediate_size": 2048, "num_hidden_layers": 36, "first_k_dense_replace": 0,
      "num_attention_heads": 32, "num_key_value_heads": 32, "n_routed_experts": 128,
      "n_shared_experts": 1, "num_experts_per_tok": 4, "q_lora_rank": 1024, "kv_lora_rank": 256,
      "qk_nope_head_dim": 64, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 131072,
      "max_position_embeddings": 1048576, "rms_norm_eps": 1e-6, "rope_parameters": {
        "rope_type": "yarn", "rope_theta": 10000.0, "factor": 128.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1,
        "original_max_position_embeddings": 8192}})"},
    {"mixtral-8x7b", R"({
      "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2,
      "vocab_size": 32000})",
     "mistral-7b"},
    {"nemotron-3-nano-30b-a3b", R"({
      "model_type": "nemotron_h", "hidden_size": 2688, "num_hidden_layers": 52,
      "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
      "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128,
      "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128,
      "intermediate_size": 1856, "moe_intermediate_size": 1856,
      "moe_shared_expert_intermediate_size": 3712, "n_routed_experts": 128,
      "num_experts_per_tok": 6, "routed_scaling_factor": 2.5, "vocab_size": 131072,
      "max_position_embeddings": 262144, "layer_norm_epsilon": 1e-5})"},
    {"olmo-3-32b", R"({
      "hidden_size": 5120, "intermediate_size": 27648, "num_hidden_layers": 64,
      "num_attention_heads": 40, "num_key_value_heads": 8})",
     "olmo-3-7b"},
    {"muse-glimmer-30b", R"({
      "model_type": "muse_glimmer_text", "hidden_size": 6656, "intermediate_size": 19968,
      "num_hidden_layers": 52, "num_attention_heads": 32, "num_key_value_heads": 2,
      "head_dim": 128, "sliding_window": 2048, "vocab_size": 202048,
      "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_parameters": {
        "rope_type": "default", "rope_theta": 500000.0}})"},
    {"olmo-3-7b", R"({
      "model_type": "olmo3", "hidden_size": 4096, "intermediate_size": 11008,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
      "sliding_window": 4096, "vocab_size": 100278, "max_position_embeddings": 65536,
      "rope_theta": 500000, "rms_norm_eps": 1e-6, "rope_scaling": {"rope_type": "yarn",
        "factor": 8.0, "beta_fast": 32, "beta_slow": 1,
        "original_max_position_embeddings": 8192}})"},
    {"olmoe-1b-7b", R"({
      "model_type": "olmoe", "hidden_size": 2048, "intermediate_size": 1024,
      "num_hidden_layers": 16, "num_attention_heads": 16, "num_key_value_heads": 16,
      "num_experts": 64, "num_experts_per_tok": 8, "vocab_size": 50304,
      "max_position_embeddings": 4096, "rope_theta": 10000.0, "rms_norm_eps": 1e-5})"},
    {"phi-3.5-mini", R"({
      "model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
      "vocab_size": 32064, "max_position_embeddings": 4096, "rope_theta": 10000.0,
      "sliding_window": 2047, "rms_norm_eps": 1e-5})"},
    {"phi-4", R"({
      "model_type": "phi3", "hidden_size": 5120, "intermediate_size": 17920,
      "num_hidden_layers": 40, "num_attention_heads": 40, "num_key_value_heads": 10,
      "vocab_size": 100352, "max_position_embeddings": 16384, "rope_theta": 250000,
      "sliding_window": null, "rms_norm_eps": 1e-5})"},
    {"phi-4-mini", R"({
      "model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192,
      "num_hidden_layers": 32, "num_attention_heads": 24, "num_key_value_heads": 8,
      "partial_rotary_factor": 0.75, "vocab_size": 200064, "max_position_embeddings": 4096,
      "rope_theta": 10000.0, "sliding_window": null, "rms_norm_eps": 1e-5,
      "tie_word_embeddings": true})"},
    {"qwen2-57b-a14b", R"({
      "model_type": "qwen2_moe", "hidden_size": 3584, "intermediate_size": 18944,
      "moe_intermediate_size": 2560, "shared_expert_intermediate_size": 20480,
      "num_experts": 64, "num_experts_per_tok": 8, "num_hidden_layers": 28,
      "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 151936,
      "max_position_embeddings": 32768, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6})"},
    {"qwen2.5-0.5b", R"({
      "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
      "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
      "tie_word_embeddings": true})",
     "qwen2.5-7b"},
    {"qwen2.5-32b", R"({
      "hidden_size": 5120, "intermediate_size": 27648, "num_hidden_layers": 64,
      "num_attention_heads": 40, "num_key_value_heads": 8})",
     "qwen2.5-7b"},
    {"qwen2.5-7b", R"({
      "model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944,
      "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
      "vocab_size": 152064, "max_position_embeddings": 32768, "rope_theta": 1000000.0,
      "rms_norm_eps": 1e-6})"},
    {"qwen3-0.6b", R"({
      "model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072,
      "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
      "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 40960,
      "rope_theta": 1000000.0, "rms_norm_eps": 1e-6, "tie_word_embeddings": true})"},
    {"qwen3-1.7b", R"({"hidden_size": 2048, "intermediate_size": 6144})", "qwen3-0.6b"},
    {"qwen3-30b-a3b", R"({
      "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144,
      "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8,
      "norm_topk_prob": true, "num_hidden_layers": 48, "num_attention_heads": 32,
      "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936,
      "max_position_embeddings": 40960, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6})"},
    {"qwen3-8b", R"({
      "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
      "num_attention_heads": 32, "tie_word_embeddings": false})",
     "qwen3-0.6b"},
    {"qwen3-next-80b-a3b", R"({
      "model_type": "qwen3_next", "hidden_size": 2048, "intermediate_size": 5120,
      "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512, "num_experts": 512,
      "num_experts_per_tok": 10, "num_hidden_layers": 48, "num_attention_heads": 16,
      "num_key_value_heads": 2, "head_dim": 256, "partial_rotary_factor": 0.25,
      "full_attention_interval": 4, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
      "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4,
      "vocab_size": 151936, "max_position_embeddings": 262144, "rope_theta": 10000000,
      "rms_norm_eps": 1e-6})"},
    {"qwen3.5-27b", R"({
      "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 64,
      "num_attention_heads": 24, "linear_num_value_heads": 48, "tie_word_embeddings": false})",
     "qwen3.5-4b"},
    {"qwen3.5-4b", R"({
      "model_type": "qwen3_5_text", "hidden_size": 2560, "intermediate_size": 9216,
      "num_hidden_layers": 32, "num_attention_heads": 16, "num_key_value_heads": 4,
      "head_dim": 256, "partial_rotary_factor": 0.25, "full_attention_interval": 4,
      "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128,
      "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "vocab_size": 248320,
      "max_position_embeddings": 262144, "rope_theta": 10000000, "rms_norm_eps": 1e-6,
      "tie_word_embeddings": true})"},
    {"seed-oss-36b", R"({
      "model_type": "seed_oss", "hidden_size": 5120, "intermediate_size": 27648,
      "num_hidden_layers": 64, "num_attention_heads": 80, "num_key_value_heads": 8,
      "head_dim": 128, "vocab_size": 155136, "max_position_embeddings": 524288,
      "rope_theta": 10000000.0, "rms_norm_eps": 1e-6, "attention_bias": true})"},
    {"smollm3-3b", R"({
      "model_type": "smollm3", "hidden_size": 2048, "intermediate_size": 11008,
      "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 4,
      "vocab_size": 128256, "max_position_embeddings": 65536, "rope_theta": 5000000.0,
      "rms_norm_eps": 1e-6, "tie_word_embeddings": true})"},
    {"solar-open-100b", R"({
      "model_type": "solar_open", "hidden_size": 4096, "moe_intermediate_size": 1280,
      "num_hidden_layers": 48, "num_attention_heads": 64, "num_key_value_heads": 8,
      "head_dim": 128, "n_routed_experts": 128, "n_shared_experts": 1,
      "num_experts_per_tok": 8, "vocab_size": 196608, "max_position_embeddings": 131072,
      "rope_theta": 1000000, "rms_norm_eps": 1e-5})"},
    {"youtu-llm-2b", R"({
      "model_type": "youtu", "hidden_size": 2048, "intermediate_size": 6144,
      "num_hidden_layers": 32, "num_attention_heads": 16, "num_key_value_heads": 16,
      "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
      "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 128256,
      "max_position_embeddings": 131072, "rope_theta": 1600000, "rms_norm_eps": 1e-6,
      "tie_word_embeddings": true})"},
};
// clang-format on

}  // namespace ottobit
