// SPDX-License-Identifier: Apache-2.0
#include "models/known_keys.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace ottobit {
namespace {

/// Sorted.
constexpr auto kHarmless = std::to_array<std::string_view>({
    "architectures",
    "attn_factor",  // of yarn; no library of the makers reads it
    "attn_implementation",
    "auto_map",
    "aux_loss_alpha",
    "bad_words_ids",
    "begin_suppress_tokens",
    "cache_implementation",
    "chunk_size_feed_forward",
    "diversity_penalty",
    "do_sample",
    "dropout",
    "dtype",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "ep_size",
    "exponential_decay_length_penalty",
    "finetuned",
    "finetuning_task",
    "for_llm_compressor",
    "gradient_checkpointing",
    "id2label",
    "init_method_std",
    "init_std",
    "is_decoder",
    "is_encoder_decoder",
    "label2id",
    "length_penalty",
    "license",
    "logits_to_keep",
    "max_length",
    "max_new_tokens",
    "max_seq_len",
    "max_seq_length",
    "max_sequence_length",
    "max_window_layers",
    "min_length",
    "min_new_tokens",
    "min_p",
    "model_max_length",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_labels",
    "num_logits_to_keep",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "output_scores",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
    "return_dict_in_generate",
    "router_dtype",
    "router_jitter_noise",
    "seq_aux",
    "seq_length",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "typical_p",
    "use_bfloat16",
    "use_cache",
    "use_flash_attention",
    "use_flash_attention_2",
    "use_flash_attn",
});
static_assert(std::is_sorted(kHarmless.begin(), kHarmless.end()));

constexpr auto kHarmlessBegins = std::to_array<std::string_view>(
    {"_attn_", "_commit_", "_experts_", "_flash_", "_from_", "_name_or_", "_pre_quant", "init_",
     "initializer_", "training_", "unsloth_", "use_fused_", "use_liger"});

constexpr auto kHarmlessEnds = std::to_array<std::string_view>(
    {"_dropout", "_dropout_prob", "_dropout_rate", "_pdrop", "_implementation",
     "_initializer_range", "_loss_alpha", "_loss_coef", "_loss_coefficient", "_loss_factor",
     "_loss_weight", "_token_id", "_token_ids", "_token_index", "_version"});

/// Of the parts of a multimodal model that a text does not pass.
constexpr auto kMediaBegins = std::to_array<std::string_view>(
    {"audio_", "boa_", "boi_", "eoa_", "eoi_", "image_", "img_", "media_", "mm_", "multimodal_",
     "projection_", "projector_", "spatial_merge", "video_", "vision_", "visual_"});

bool begins_with_any(std::string_view key, std::span<const std::string_view> begins) {
  return std::any_of(begins.begin(), begins.end(),
                     [&](std::string_view begin) { return key.starts_with(begin); });
}

bool is_harmless(std::string_view key) {
  return std::binary_search(kHarmless.begin(), kHarmless.end(), key) ||
         begins_with_any(key, kHarmlessBegins) ||
         std::any_of(kHarmlessEnds.begin(), kHarmlessEnds.end(),
                     [&](std::string_view end) { return key.ends_with(end); });
}

/// Values that leave things as they are.
bool is_neutral(const Json& value) {
  if (value.is_number()) {
    const double number = value.get<double>();
    return number == 0.0 || number == 1.0;
  }
  if (value.is_string()) {
    return value.text().empty();
  }
  return value.is_null() || value == false || (value.is_structured() && value.empty());
}

void add_unknown(const Config& config, const std::string& path, std::vector<UnknownKey>& unknown) {
  for (const std::string& key : config.unread_keys()) {
    if (!is_harmless(key) && !is_neutral(config.raw().at(key))) {
      unknown.push_back({path + key, config.raw().at(key).dump()});
    }
  }
  for (const auto& [key, section] : config.read_sections()) {
    // What says how weights are stored is read by itself; media by nobody.
    if (key != "quantization_config" && key != "compression_config" && key != "text_config") {
      add_unknown(section, path + key + ".", unknown);
    }
  }
}

}  // namespace

std::vector<UnknownKey> unknown_keys(const Config& config) {
  std::vector<UnknownKey> unknown;
  add_unknown(config, "", unknown);
  return unknown;
}

std::vector<UnknownKey> unknown_keys(const Config& wrapper, const Config& text) {
  std::vector<UnknownKey> unknown = unknown_keys(wrapper);
  std::erase_if(unknown, [&](const UnknownKey& each) {
    const auto here = wrapper.raw().find(each.key);
    const auto there = text.raw().find(each.key);
    const bool again = &text.raw() != &wrapper.raw() && here != wrapper.raw().end() &&
                       there != text.raw().end() && *here == *there;
    return again || begins_with_any(each.key, kMediaBegins);
  });
  if (&text.raw() != &wrapper.raw()) {
    add_unknown(text, "text_config.", unknown);
  }
  return unknown;
}

}  // namespace ottobit
