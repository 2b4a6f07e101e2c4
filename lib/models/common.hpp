// SPDX-License-Identifier: Apache-2.0
// What several families read from config.json in the same way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/spec.hpp"

#include "io/config.hpp"

namespace ottobit {

/// `layer_types`, in the names of today; empty if it is absent.
[[nodiscard]] std::vector<std::string> layer_types(const Config& config, Index layers);

/// Error{unsupported} if `layer_types` has another than this one.
void require_layer_type(const Config& config, Index layers, std::string_view type);

/// Which layers are of this type and not of full attention: as `layer_types` says, or all but each
/// `full_every`-th.
[[nodiscard]] std::vector<bool> layers_of_type(const Config& config, Index layers,
                                               std::string_view type, Index full_every);

/// A list of numbers, one for each layer: which are not 0. `otherwise` where the key is absent.
[[nodiscard]] std::vector<bool> nonzero_layers(const Config& config, const char* key,
                                               std::vector<bool> otherwise);

/// Which layers have experts in Qwen's families: each `decoder_sparse_step`-th that
/// `mlp_only_layers` does not list.
[[nodiscard]] std::vector<bool> sparse_layers(const Config& config, Index layers);

/// Which layers have experts: as `mlp_layer_types` says, where it is there.
[[nodiscard]] std::vector<bool> sparse_as_listed(const Config& config, std::vector<bool> otherwise);

/// The elements of a head that are rotated, by `partial_rotary_factor`.
[[nodiscard]] Index rotary_dim(const Config& config, Index head_dim, double default_factor);

/// The section of a multimodal configuration that describes its decoder.
[[nodiscard]] Config text_part(const Config& config);

/// A decoder as part of a multimodal model; `aside`: the scopes of the other parts' tensors.
[[nodiscard]] DecoderSpec wrap(const Config& config, DecoderSpec spec,
                               std::vector<std::string> aside);

/// The tokens under these keys, -1 for what is no token of the vocabulary: trainers write -1, and
/// defaults may lie beyond it.
struct TokenKey {
  const char* key;
  Index otherwise;
};
[[nodiscard]] std::vector<Index> tokens_at(const Config& config, Index vocab,
                                           const std::vector<TokenKey>& keys);

/// A number, 0 where the key is null, `absent` where it is not there.
[[nodiscard]] double number_or_none(const Config& config, std::string_view key, double absent);

/// A decoder by the keys that Llama and the families after it share, without its blocks;
/// `default_context` where `max_position_embeddings` is absent, `default_vocab`, if not 0, where
/// `vocab_size` is.
[[nodiscard]] DecoderSpec outline(const Config& config, Index default_context,
                                  Index default_vocab = 0);

/// "model.layers.7"
[[nodiscard]] std::string layer_scope(Index layer);

/// A decoder of equal blocks, attention and gated feed-forward, by the same keys.
[[nodiscard]] DecoderSpec equal_blocks(const Config& config, Index default_context,
                                       const GqaSpec& attention);

/// The same with any mixer and feed-forward network.
[[nodiscard]] DecoderSpec equal_blocks(const Config& config, Index default_context,
                                       const MixerSpec& mixer, const FfnSpec& ffn);

/// Blocks equal but for their feed-forward networks: experts where `has_experts` says so.
[[nodiscard]] DecoderSpec mixed_blocks(const Config& config, Index default_context,
                                       const MixerSpec& mixer, const MlpSpec& dense,
                                       const MoeSpec& sparse, const std::vector<bool>& has_experts);

/// Grouped-query attention by the keys that most families share; where one is absent counts what
/// `otherwise` has: its heads (0: the key must be there), KV heads (0: as many as heads), head_dim
/// (0: the model's width over the heads), and of its rotation theta, layout and dim (0: the whole
/// head; of a part, `partial_rotary_factor` tells). The rest of `otherwise` stays.
[[nodiscard]] GqaSpec grouped_attention(const Config& config, GqaSpec otherwise);

/// Latent attention by the keys of DeepSeek V3; where one is absent counts what `otherwise` has.
[[nodiscard]] MlaSpec latent_attention(const Config& config, const MlaSpec& otherwise);

/// Experts by the keys of DeepSeek V3, which many families have; the rest is that of `otherwise`.
/// The shared experts are as wide as so many others.
[[nodiscard]] MoeSpec deepseek_experts(const Config& config, MoeSpec otherwise);

/// Blocks of equal attention, the first `first_k_dense_replace` (else `first_sparse`) with a dense
/// network, the others with experts; `mlp_layer_types` counts more. Layers behind the last predict
/// further tokens, for drafts, and are set aside.
[[nodiscard]] DecoderSpec sparse_blocks(const Config& config, Index default_context,
                                        const MixerSpec& mixer, const MlpSpec& dense,
                                        const MoeSpec& sparse, Index first_sparse);

/// Gives the layers that slide the window `width`; 0: they see everything.
void set_windows(DecoderSpec& spec, const std::vector<bool>& slides, Index width);

/// Windows as Qwen's families have them: if `use_sliding_window` is set, in the layers that
/// `layer_types` names, or from `max_window_layers` on.
void set_late_windows(const Config& config, DecoderSpec& spec);

/// `num_hidden_layers`, checked to be a number of layers a machine could hold.
[[nodiscard]] Index layer_count(const Config& config);

/// Error{unsupported} if the key is there with another value than the one this family computes.
void require_text(const Config& config, std::string_view key, std::string_view expected);

/// The same for a number; absent, it has the expected value.
void require_number(const Config& config, std::string_view key, double expected);

/// The same for a flag; absent, it has the expected value.
void require_flag(const Config& config, std::string_view key, bool expected);

}  // namespace ottobit
