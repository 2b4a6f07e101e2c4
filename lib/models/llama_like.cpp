// SPDX-License-Identifier: Apache-2.0
// Decoders of Llama's block that differ in defaults, biases, windows or rotations alone: Kyutai
// Helium (`helium`), Shanghai AI Lab InternLM3 (`internlm3`), Hugging Face SmolLM3 (`smollm3`),
// Meta's Code World Model (`cwm`), Baidu ERNIE 4.5 (`ernie4_5`, and with experts
// `ernie4_5_moe`). Keys and defaults: the classes of
// these names in transformers, and the makers' `InternLM3Config`.
#include <string>
#include <variant>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {

DecoderSpec describe_helium(const Config& config) {
  GqaSpec attention = grouped_attention(
      config, {.heads = 20,
               .kv_heads = 20,
               .head_dim = 128,
               .rope = RopeSpec{.theta = 100000.0, .layout = RopeLayout::interleaved}});
  attention.qkv_bias = config.flag("attention_bias", false);
  DecoderSpec spec = equal_blocks(config, 4096, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-8);
  return spec;
}

DecoderSpec describe_internlm3(const Config& config) {
  GqaSpec attention = grouped_attention(config, {.heads = 32, .kv_heads = 2});
  attention.qkv_bias = config.flag("qkv_bias", false);
  attention.out_bias = config.flag("bias", false);
  DecoderSpec spec = equal_blocks(config, 32768, attention);
  for (BlockSpec& block : spec.blocks) {
    std::get<MlpSpec>(block.ffn).bias = attention.out_bias;
  }
  return spec;
}

DecoderSpec describe_smollm3(const Config& config) {
  GqaSpec attention =
      grouped_attention(config, {.heads = 16, .kv_heads = 4, .rope = RopeSpec{.theta = 2e6}});
  attention.qkv_bias = config.flag("attention_bias", false);
  attention.out_bias = attention.qkv_bias;
  DecoderSpec spec = equal_blocks(config, 32768, attention);
  spec.tied_head = config.flag("tie_word_embeddings", true);

  // Some layers do not rotate; those alone may slide.
  const auto layers = static_cast<Index>(spec.blocks.size());
  const Index every = config.integer("no_rope_layer_interval", 4);
  std::vector<Index> rotates;
  for (Index i = 0; i < layers; ++i) {
    rotates.push_back(every == 0 || (i + 1) % every != 0 ? 1 : 0);
  }
  if (config.has("no_rope_layers")) {  // despite its name, a 1 says that a layer rotates
    rotates = config.integers("no_rope_layers");
    OTTOBIT_CHECK(static_cast<Index>(rotates.size()) == layers, ErrorCode::format, config.subject(),
                  "`no_rope_layers` has " + std::to_string(rotates.size()) + " entries for " +
                      std::to_string(layers) + " layers");
  }
  const Index width = config.integer("sliding_window", 0);
  const Index window = config.flag("use_sliding_window", false) ? width : 0;
  std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 0);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    auto& mixer = std::get<GqaSpec>(spec.blocks[i].mixer);
    mixer.rope.dim = rotates[i] != 0 ? mixer.rope.dim : 0;
    slides[i] = config.has("layer_types") ? slides[i] : rotates[i] == 0;
  }
  set_windows(spec, slides, window);
  return spec;
}

DecoderSpec describe_cwm(const Config& config) {
  GqaSpec attention = grouped_attention(
      config, {.heads = 48, .kv_heads = 8, .head_dim = 128, .rope = RopeSpec{.theta = 1e6}});
  if (!rope_section(config)) {
    attention.rope.scaling = RopeLlama3{
        .factor = 16.0, .low_freq_factor = 1.0, .high_freq_factor = 4.0, .original = 8192.0};
  }
  DecoderSpec spec = equal_blocks(config, 131072, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  const auto layers = static_cast<Index>(spec.blocks.size());
  std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 0);
  for (Index i = 0; i < layers && !config.has("layer_types"); ++i) {
    slides[static_cast<std::size_t>(i)] = i % 4 != 0;
  }
  set_windows(spec, slides, static_cast<Index>(number_or_none(config, "sliding_window", 8192.0)));
  return spec;
}

DecoderSpec describe_ernie4_5(const Config& config) {
  GqaSpec attention = grouped_attention(
      config, {.heads = 16,
               .kv_heads = 2,
               .head_dim = 128,
               .rope = RopeSpec{.theta = 500000.0, .layout = RopeLayout::interleaved}});
  const bool bias = config.flag("use_bias", false);
  attention.qkv_bias = bias;
  attention.out_bias = bias;
  DecoderSpec spec = equal_blocks(config, 131072, attention);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  spec.tied_head = config.flag("tie_word_embeddings", true);
  for (BlockSpec& block : spec.blocks) {
    std::get<MlpSpec>(block.ffn).bias = bias;
  }
  return spec;
}

DecoderSpec describe_ernie4_5_moe(const Config& config) {
  require_text(config, "moe_gate", "topk");
  for (const char* key : {"moe_capacity", "moe_use_aux_free", "num_nextn_predict_layers"}) {
    static_cast<void>(config.has(key));  // of training; of drafts, which are set aside below
  }
  GqaSpec attention = grouped_attention(
      config, {.heads = 20,
               .kv_heads = 4,
               .rope = RopeSpec{.theta = 500000.0, .layout = RopeLayout::interleaved}});
  require_flag(config, "use_bias", false);
  const MlpSpec dense{.hidden = config.integer("intermediate_size", 12288)};
  const Index width = config.integer("moe_intermediate_size", 1536);
  const MoeSpec sparse{
      .router = RouterSpec{.experts = config.integer("moe_num_experts", 64),
                           .chosen = config.integer("moe_k", 6),
                           .score = RouterScore::softmax,
                           .correction_bias = "moe_statics.e_score_correction_bias"},
      .hidden = width,
      .shared = shared_expert(width * config.integer("moe_num_shared_experts", 2))};
  const Index layers = layer_count(config);
  const Index start = config.integer("moe_layer_start_index", 1);
  const double end = config.number("moe_layer_end_index", -1.0);  // -1: the last
  const Index last = end < 0.0 ? layers - 1 : static_cast<Index>(end);
  const Index interval = config.integer("moe_layer_interval", 1);
  std::vector<bool> has_experts;
  for (Index i = 0; i < layers; ++i) {
    has_experts.push_back(i >= start && i <= last && interval > 0 && (i + 1) % interval == 0);
  }
  DecoderSpec spec = mixed_blocks(config, 131072, attention, dense, sparse, has_experts);
  spec.norm.eps = config.number("rms_norm_eps", 1e-5);
  spec.tied_head = config.flag("tie_word_embeddings", true);
  spec.aside.emplace_back("model.mtp_block");
  for (const char* name : {"mtp_emb_norm", "mtp_hidden_norm", "mtp_linear_proj"}) {
    spec.aside.push_back("model." + std::string(name));
  }
  return spec;
}

}  // namespace ottobit
