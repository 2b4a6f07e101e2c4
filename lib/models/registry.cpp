// SPDX-License-Identifier: Apache-2.0
#include "models/registry.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>

#include "ottobit/error.hpp"

#include "models/families.hpp"

namespace ottobit {
namespace {

/// What releases of transformers and other tools call the same thing.
constexpr Spelling kShared[] = {
    {"num_experts", "num_local_experts"},
    {"num_experts", "n_routed_experts"},
    {"num_local_experts", "n_routed_experts"},
    {"num_experts_per_tok", "num_experts_per_token"},
    {"num_experts_per_tok", "experts_per_token"},
    {"num_nextn_predict_layers", "num_mtp_layers"},
    {"sliding_window_pattern", "_sliding_window_pattern"},
};

constexpr Spelling kGraniteHybrid[] = {{"layer_types", "layers_block_type"}};

constexpr Spelling kNemotron[] = {
    {"layer_types", "layers_block_type"},
    {"n_routed_experts", "num_local_experts"},
    {"n_groups", "mamba_n_groups"},
    {"conv_kernel", "mamba_d_conv"},
    {"time_step_limit", "mamba_dt_limit"},
    {"use_conv_bias", "mamba_conv_bias"},
    {"expand", "mamba_expand"},
    {"chunk_size", "mamba_chunk_size"},
};

constexpr Spelling kKimiLinear[] = {
    {"max_position_embeddings", "model_max_length"},
    {"norm_topk_prob", "moe_renormalize"},
    {"n_group", "num_expert_group"},
    {"n_shared_experts", "num_shared_experts"},
};

constexpr Spelling kMiMo[] = {{"rms_norm_eps", "layernorm_epsilon"}};

constexpr Spelling kPangu[] = {
    {"q_lora_rank", "attention_q_lora_dim"},    {"kv_lora_rank", "attention_kv_lora_dim"},
    {"qk_nope_head_dim", "attention_qk_dim"},   {"qk_rope_head_dim", "attention_qk_rope_dim"},
    {"v_head_dim", "attention_v_dim"},          {"first_k_dense_replace", "num_dense_layers"},
    {"n_routed_experts", "num_routed_experts"}, {"n_shared_experts", "num_shared_experts"},
};

// A line for each, whatever fits beside it.
// clang-format off
constexpr Family kFamilies[] = {
    {"PanguEmbedded", "openPangu Embedded", describe_pangu_embedded},
    {"cohere2", "Command", describe_cohere2},
    {"cwm", "Code World Model", describe_cwm},
    {"deepseek_v2", "DeepSeek V2", describe_deepseek_v2},
    {"deepseek_v3", "DeepSeek V3", describe_deepseek_v3},
    {"deepseek_v32", "DeepSeek V3.2", describe_deepseek_v32},
    {"deepseek_v4", "DeepSeek V4", describe_deepseek_v4},
    {"dots1", "dots.llm1", describe_dots1},
    {"ernie4_5", "ERNIE 4.5", describe_ernie4_5},
    {"ernie4_5_moe", "ERNIE 4.5 MoE", describe_ernie4_5_moe},
    {"exaone4", "EXAONE 4", describe_exaone4},
    {"gemma2", "Gemma 2", describe_gemma2},
    {"gemma3", "Gemma 3", describe_gemma3},
    {"gemma3_text", "Gemma 3", describe_gemma3_text},
    {"gemma4", "Gemma 4", describe_gemma4},
    {"gemma4_text", "Gemma 4", describe_gemma4_text},
    {"gemma4_unified", "Gemma 4", describe_gemma4_unified},
    {"gemma4_unified_text", "Gemma 4", describe_gemma4_text},
    {"glm", "GLM-4", describe_glm},
    {"glm4", "GLM-4", describe_glm4},
    {"glm4_moe", "GLM-4.5", describe_glm4_moe},
    {"glm4_moe_lite", "GLM-4.7-Flash", describe_glm4_moe_lite},
    {"glm_moe_dsa", "GLM-5", describe_glm_moe_dsa},
    {"gpt_oss", "gpt-oss", describe_gpt_oss},
    {"granite", "Granite", describe_granite},
    {"granitemoe", "Granite MoE", describe_granitemoe},
    {"granitemoehybrid", "Granite 4 H", describe_granitemoehybrid, kGraniteHybrid},
    {"granitemoeshared", "Granite MoE", describe_granitemoeshared},
    {"helium", "Helium", describe_helium},
    {"hy_v3", "Hy3", describe_hy_v3},
    {"internlm3", "InternLM3", describe_internlm3},
    {"kimi_k2", "Kimi K2", describe_deepseek_v3},
    {"kimi_k25", "Kimi K2.5", describe_kimi_k25},
    {"kimi_linear", "Kimi Linear", describe_kimi_linear, kKimiLinear},
    {"lfm2", "LFM2", describe_lfm2},
    {"lfm2_moe", "LFM2 MoE", describe_lfm2_moe},
    {"lfm2_vl", "LFM2-VL", describe_lfm2_vl},
    {"llama", "Llama", describe_llama},
    {"llama4", "Llama 4", describe_llama4},
    {"llama4_text", "Llama 4", describe_llama4_text},
    {"mimo_v2_flash", "MiMo-V2", describe_mimo_v2_flash, kMiMo},
    {"minimax", "MiniMax-Text-01", describe_minimax_m1},
    {"minimax_m1", "MiniMax M1", describe_minimax_m1},
    {"minimax_m2", "MiniMax M2", describe_minimax_m2},
    {"minimax_m3", "MiniMax M3", describe_minimax_m3},
    {"minimax_m3_vl", "MiniMax M3", describe_minimax_m3},
    {"minimax_m3_vl_text", "MiniMax M3", describe_minimax_m3_text},
    {"minimax_text_01", "MiniMax-Text-01", describe_minimax_m1},
    {"ministral3", "Ministral 3", describe_ministral3},
    {"mistral", "Mistral", describe_mistral},
    {"mistral3", "Mistral 3", describe_mistral3},
    {"mistral4", "Mistral Small 4", describe_mistral4},
    {"mixtral", "Mixtral", describe_mixtral},
    {"muse_glimmer", "Muse Glimmer", describe_muse_glimmer},
    {"muse_glimmer_text", "Muse Glimmer", describe_muse_glimmer_text},
    {"nemotron_h", "Nemotron", describe_nemotron_h, kNemotron},
    {"olmo2", "OLMo 2", describe_olmo2},
    {"olmo3", "OLMo 3", describe_olmo3},
    {"olmoe", "OLMoE", describe_olmoe},
    {"pangu_ultra_moe", "openPangu Ultra-MoE", describe_pangu_ultra_moe, kPangu},
    {"phi3", "Phi", describe_phi3},
    {"qwen2", "Qwen2.5", describe_qwen2},
    {"qwen2_5_vl", "Qwen2.5-VL", describe_qwen2_vl},
    {"qwen2_moe", "Qwen2 MoE", describe_qwen2_moe},
    {"qwen2_vl", "Qwen2-VL", describe_qwen2_vl},
    {"qwen3", "Qwen3", describe_qwen3},
    {"qwen3_5", "Qwen3.5", describe_qwen3_5},
    {"qwen3_5_moe", "Qwen3.5 MoE", describe_qwen3_5_moe},
    {"qwen3_5_moe_text", "Qwen3.5 MoE", describe_qwen3_5_moe_text},
    {"qwen3_5_text", "Qwen3.5", describe_qwen3_5_text},
    {"qwen3_moe", "Qwen3 MoE", describe_qwen3_moe},
    {"qwen3_next", "Qwen3-Next", describe_qwen3_next},
    {"qwen3_vl", "Qwen3-VL", describe_qwen3_vl},
    {"qwen3_vl_moe", "Qwen3-VL MoE", describe_qwen3_vl_moe},
    {"seed_oss", "Seed-OSS", describe_seed_oss},
    {"smollm3", "SmolLM3", describe_smollm3},
    {"solar_open", "Solar Open", describe_solar_open},
    {"step3p5", "Step 3.5", describe_step3p5},
    {"step3p7", "Step 3.7", describe_step3p7},
    {"youtu", "Youtu-LLM", describe_youtu},
};
// clang-format on

void check_size(const Config& config, const char* what, Index value, Index most) {
  OTTOBIT_CHECK(value >= 1 && value <= most, ErrorCode::format, config.subject(),
                std::string(what) + " is " + std::to_string(value) + ", expected 1 to " +
                    std::to_string(most));
}

void validate(const MlpSpec& mlp, const Config& config) {
  check_size(config, "the feed-forward width", mlp.hidden, 1 << 24);
}

void validate(const MoeSpec& moe, const Config& config) {
  const RouterSpec& router = moe.router;
  check_size(config, "the feed-forward width of an expert", moe.hidden, 1 << 24);
  check_size(config, "the number of experts", router.experts, 1 << 14);
  check_size(config, "the number of groups of experts", router.groups, router.experts);
  check_size(config, "the number of groups of a token", router.chosen_groups, router.groups);
  OTTOBIT_CHECK(router.experts % router.groups == 0, ErrorCode::format, config.subject(),
                std::to_string(router.experts) + " experts do not form " +
                    std::to_string(router.groups) + " equal groups");
  check_size(config, "the number of experts of a token", router.chosen,
             router.experts / router.groups * router.chosen_groups);
  OTTOBIT_CHECK(moe.latent >= 0 && moe.latent <= 1 << 20, ErrorCode::format, config.subject(),
                "the width of the experts' latents is " + std::to_string(moe.latent));
  OTTOBIT_CHECK(moe.shared.hidden >= 0 && moe.shared.hidden <= 1 << 24, ErrorCode::format,
                config.subject(),
                "the width of the shared expert is " + std::to_string(moe.shared.hidden));
}

void validate(const RopeSpec& rope, Index most, const Config& config) {
  OTTOBIT_CHECK(rope.dim % 2 == 0 && rope.dim <= most, ErrorCode::format, config.subject(),
                "the rotary dimension is " + std::to_string(rope.dim) +
                    ", expected an even number up to the head dimension " + std::to_string(most));
}

void validate(const GqaSpec& attention, const Config& config) {
  check_size(config, "the number of attention heads", attention.heads, 1 << 14);
  check_size(config, "the number of key/value heads", attention.kv_heads, 1 << 14);
  check_size(config, "the head dimension", attention.head_dim, 1 << 12);
  check_size(config, "the dimension of values", value_dim(attention), 1 << 12);
  OTTOBIT_CHECK(attention.heads % attention.kv_heads == 0, ErrorCode::format, config.subject(),
                std::to_string(attention.heads) + " attention heads are not a multiple of " +
                    std::to_string(attention.kv_heads) + " key/value heads");
  if (attention.temperature) {
    check_size(config, "`floor_scale`", attention.temperature->step, Index{1} << 40);
  }
  OTTOBIT_CHECK(attention.window >= 0 && attention.chunk >= 0 && attention.scale >= 0.0 &&
                    attention.scale < 1e6 && std::abs(attention.value_scale) < 1e6 &&
                    attention.cap >= 0.0 && attention.cap < 1e6,
                ErrorCode::format, config.subject(),
                "the window, the chunk, the scale or the cap of attention is out of range");
  validate(attention.rope, attention.head_dim, config);
  if (const std::optional<BlockIndexerSpec>& indexer = attention.indexer) {
    check_size(config, "the head dimension of the indexer", indexer->head_dim, 1 << 12);
    check_size(config, "the number of keys of a block", indexer->block, 1 << 16);
    check_size(config, "the number of blocks that a token sees", indexer->top, 1 << 16);
    OTTOBIT_CHECK(indexer->local >= 1 && indexer->initial >= 0 &&
                      indexer->local + indexer->initial <= indexer->top,
                  ErrorCode::format, config.subject(),
                  "of " + std::to_string(indexer->top) + " blocks that a token sees, " +
                      std::to_string(indexer->local) + " are the newest and " +
                      std::to_string(indexer->initial) + " the first");
  }
}

void validate(const MlaSpec& attention, const Config& config) {
  constexpr Index kWidest = 1 << 12;
  check_size(config, "the number of attention heads", attention.heads, 1 << 14);
  OTTOBIT_CHECK(attention.q_rank >= 0 && attention.q_rank <= 1 << 16, ErrorCode::format,
                config.subject(), "`q_lora_rank` is " + std::to_string(attention.q_rank));
  check_size(config, "`kv_lora_rank`", attention.kv_rank, 1 << 16);
  check_size(config, "`qk_nope_head_dim`", attention.nope_dim, kWidest);
  check_size(config, "`v_head_dim`", attention.value_dim, kWidest);
  if (attention.indexer) {
    check_size(config, "`q_lora_rank`", attention.q_rank, 1 << 16);
    check_size(config, "`index_n_heads`", attention.indexer->heads, 1 << 12);
    check_size(config, "`index_topk`", attention.indexer->top, 1 << 20);
    check_size(config, "`index_head_dim`", attention.indexer->head_dim, kWidest);
    validate(attention.rope, attention.indexer->head_dim, config);
  }
  check_size(config, "`qk_rope_head_dim`", attention.rope.dim, kWidest);
  validate(attention.rope, kWidest, config);
}

void validate(const CsaSpec& attention, const Config& config) {
  check_size(config, "the number of attention heads", attention.heads, 1 << 14);
  check_size(config, "the head dimension", attention.head_dim, 1 << 12);
  check_size(config, "`q_lora_rank`", attention.q_rank, 1 << 16);
  check_size(config, "`o_lora_rank`", attention.out_rank, 1 << 16);
  check_size(config, "`o_groups`", attention.groups, attention.heads);
  OTTOBIT_CHECK(attention.heads % attention.groups == 0, ErrorCode::format, config.subject(),
                std::to_string(attention.heads) + " attention heads do not form " +
                    std::to_string(attention.groups) + " equal groups");
  check_size(config, "`sliding_window`", attention.window, 1 << 20);
  OTTOBIT_CHECK(
      attention.ratio >= 0 && attention.ratio <= 1 << 16, ErrorCode::format, config.subject(),
      "`compress_ratios` has " + std::to_string(attention.ratio) + ", expected 0 to 65536");
  Index narrowest = attention.head_dim;
  if (attention.indexer) {
    check_size(config, "`index_n_heads`", attention.indexer->heads, 1 << 12);
    check_size(config, "`index_head_dim`", attention.indexer->head_dim, 1 << 12);
    check_size(config, "`index_topk`", attention.indexer->top, 1 << 20);
    narrowest = std::min(narrowest, attention.indexer->head_dim);
  }
  validate(attention.rope, narrowest, config);
}

void validate(const DeltaNetSpec& net, const Config& config) {
  check_size(config, "`linear_num_key_heads`", net.key_heads, 1 << 14);
  check_size(config, "`linear_num_value_heads`", net.value_heads, 1 << 14);
  check_size(config, "`linear_key_head_dim`", net.key_dim, 1 << 12);
  check_size(config, "`linear_value_head_dim`", net.value_dim, 1 << 12);
  check_size(config, "`linear_conv_kernel_dim`", net.taps, 1 << 8);
  OTTOBIT_CHECK(net.value_heads % net.key_heads == 0, ErrorCode::format, config.subject(),
                "`linear_num_value_heads` is " + std::to_string(net.value_heads) +
                    ", expected a multiple of `linear_num_key_heads`, " +
                    std::to_string(net.key_heads));
}

void validate(const LightningSpec& light, const Config& config) {
  check_size(config, "the number of attention heads", light.heads, 1 << 14);
  check_size(config, "the head dimension", light.head_dim, 1 << 12);
}

void validate(const KdaSpec& kda, const Config& config) {
  check_size(config, "the number of heads of a state", kda.heads, 1 << 14);
  check_size(config, "the dimension of such a head", kda.head_dim, 1 << 12);
  check_size(config, "the width of the convolution", kda.taps, 1 << 8);
}

void validate(const MambaSpec& mamba, const Config& config) {
  check_size(config, "the number of heads of a state", mamba.heads, 1 << 14);
  check_size(config, "the dimension of such a head", mamba.head_dim, 1 << 12);
  check_size(config, "the number of groups of such heads", mamba.groups, mamba.heads);
  check_size(config, "the size of a state", mamba.state, 1 << 12);
  check_size(config, "the width of the convolution", mamba.taps, 1 << 8);
  check_size(config, "the number of normed parts", mamba.norm_parts, mamba.heads);
  OTTOBIT_CHECK(
      mamba.heads % mamba.groups == 0 && mamba.heads * mamba.head_dim % mamba.norm_parts == 0,
      ErrorCode::format, config.subject(),
      std::to_string(mamba.heads) + " heads of a state do not form " +
          std::to_string(mamba.groups) + " equal groups");
  OTTOBIT_CHECK(mamba.least_step >= 0.0 && mamba.least_step <= mamba.most_step, ErrorCode::format,
                config.subject(),
                "the limits of a time step are " + std::to_string(mamba.least_step) + " and " +
                    std::to_string(mamba.most_step));
}

void validate(const ShortConvSpec& conv, const Config& config) {
  check_size(config, "the width of the convolution", conv.taps, 1 << 8);
}

void validate(std::monostate /*none*/, const Config& /*config*/) {}

void validate(const ResidualSpec& rule, const Config& config) {
  OTTOBIT_CHECK(std::abs(rule.keep) < 1e6 && std::abs(rule.add) < 1e6, ErrorCode::format,
                config.subject(), "a factor of the residual connections is out of range");
}

void validate(const BlockSpec& block, const Config& config) {
  std::visit([&](const auto& mixer) { validate(mixer, config); }, block.mixer);
  std::visit([&](const auto& ffn) { validate(ffn, config); }, block.ffn);
  if (block.beside) {
    validate(block.beside->experts, config);
  }
  validate(block.mixer_residual, config);
  validate(block.ffn_residual, config);
}

}  // namespace

std::span<const Family> families() noexcept {
  return kFamilies;
}

const Family& family_of(Config config) {
  const std::string type = config.text("model_type");
  std::string known;
  for (const Family& family : kFamilies) {
    if (family.model_type == type) {
      for (const std::span<const Spelling> table :
           {std::span<const Spelling>(kShared), family.spellings}) {
        for (const Spelling& spelling : table) {
          config.also(spelling.key, spelling.other);
        }
      }
      return family;
    }
    known += (known.empty() ? "" : ", ") + std::string(family.model_type);
  }
  fail(ErrorCode::unsupported, config.subject(),
       "`model_type` is \"" + type + "\", known are: " + known);
}

void validate(const DecoderSpec& spec, const Config& config) {
  check_size(config, "the vocabulary size", spec.vocab, 1 << 24);
  check_size(config, "the model width", spec.dim, 1 << 20);
  check_size(config, "the context", spec.context, 1 << 30);
  OTTOBIT_CHECK(spec.norm.eps > 0.0 && spec.norm.eps < 1.0, ErrorCode::format, config.subject(),
                "`rms_norm_eps` is " + std::to_string(spec.norm.eps) + ", expected 0 to 1");
  if (spec.layer_inputs) {
    check_size(config, "`vocab_size_per_layer_input`", spec.layer_inputs->vocab, 1 << 24);
    check_size(config, "`hidden_size_per_layer_input`", spec.layer_inputs->dim, 1 << 16);
  }
  if (spec.hyper) {
    check_size(config, "`hc_mult`", spec.hyper->streams, HyperSpec::kMost);
    check_size(config, "`hc_sinkhorn_iters`", spec.hyper->rounds, 1 << 10);
  }
  OTTOBIT_CHECK(spec.placeholders.as < spec.vocab, ErrorCode::format, config.subject(),
                "`pad_token_id` is " + std::to_string(spec.placeholders.as) + " of " +
                    std::to_string(spec.vocab) + " tokens");
  for (const BlockSpec& block : spec.blocks) {
    validate(block, config);
  }
}

}  // namespace ottobit
