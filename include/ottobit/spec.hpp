// SPDX-License-Identifier: Apache-2.0
// What a model is, as plain data: the vocabulary in which a family (lib/models) describes its
// config.json and from which the decoder is built. No arithmetic, no files, no behaviour.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/isa.hpp"

namespace ottobit {

/// Which elements of a head RoPE rotates together.
enum class RopeLayout : std::uint8_t {
  half,         ///< (x[i], x[i + dim/2]), as the transformers library stores Llama-like models
  interleaved,  ///< (x[2i], x[2i + 1])
};

/// Angles divided by one factor (Chen et al. 2023, arXiv:2306.15595).
struct RopeLinear {
  double factor = 1.0;
  bool operator==(const RopeLinear&) const = default;
};

/// Llama 3.1: slow pairs (wavelengths above original / low_freq_factor) divided by the factor, fast
/// ones (below original / high_freq_factor) left alone, those between blended.
struct RopeLlama3 {
  double factor = 1.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  double original = 8192.0;  ///< positions the model was first trained on
  bool operator==(const RopeLlama3&) const = default;
};

/// YaRN (Peng et al. 2023, arXiv:2309.00071): pairs that turn more than beta_fast times within the
/// original context are left alone, those that turn less than beta_slow times divided by the
/// factor, those between blended along their index.
struct RopeYarn {
  double factor = 1.0;
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  double original = 4096.0;  ///< positions the model was first trained on
  bool truncate = true;      ///< the ends of the blend are rounded to whole pairs, outwards
  double magnitude = 1.0;    ///< multiplies rotated queries and keys
  bool operator==(const RopeYarn&) const = default;
};

/// LongRoPE (Ding et al. 2024, arXiv:2402.13753): each pair divided by a factor of its own, of one
/// list while a sequence is no longer than the original context, of another beyond. A call that
/// reads a longer prompt takes the second for all of its tokens; what is cached stays.
struct RopeLong {
  std::vector<double> short_factors;  ///< [dim / 2]
  std::vector<double> long_factors;
  double original = 4096.0;  ///< positions the model was first trained on
  double magnitude = 1.0;    ///< multiplies rotated queries and keys
  bool operator==(const RopeLong&) const = default;
};

/// Angles divided by one factor, and no rotation of the slow pairs: only the first `part` of them
/// turns (Gemma 4).
struct RopeProportional {
  double factor = 1.0;
  double part = 1.0;
  bool operator==(const RopeProportional&) const = default;
};

using RopeScaling =
    std::variant<std::monostate, RopeLinear, RopeLlama3, RopeYarn, RopeLong, RopeProportional>;

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864).
struct RopeSpec {
  Index dim = 0;  ///< leading elements of each head that are rotated; even
  double theta = 10000.0;
  RopeLayout layout = RopeLayout::half;
  RopeScaling scaling;
  bool operator==(const RopeSpec&) const = default;
};

/// RMS norm (Zhang and Sennrich 2019, arXiv:1910.07467).
struct NormSpec {
  double eps = 1e-6;
  bool plus_one = false;  ///< its weights are stored less 1
  bool centred = false;   ///< less the mean first: LayerNorm (arXiv:1607.06450) without a bias

  bool operator==(const NormSpec&) const = default;
};

/// RMS norm of queries and keys between projection and rotation.
enum class QkNorm : std::uint8_t {
  none,
  per_head,    ///< over each head's A elements, with one weight [A] for all heads
  plain,       ///< over each head's A elements, without weights
  over_heads,  ///< over all heads together, with a weight for each element
  rotated,     ///< over each head's A elements, without weights, after the rotation
};

/// A factor that grows with the position p of a query, counted from 0: 1 + scale ln(floor((p +
/// first) / step) + 1).
struct TemperatureSpec {
  double scale = 0.0;
  Index step = 1;
  Index first = 1;

  bool operator==(const TemperatureSpec&) const = default;
};

/// What the norms of an attention layer and its last matrix are called.
struct GqaNames {
  std::string q_norm = "q_norm";
  std::string k_norm = "k_norm";
  std::string out = "o_proj";

  bool operator==(const GqaNames&) const = default;
};

/// Which blocks of earlier keys a token sees (MiniMax M3): those whose best key has the largest
/// products with small queries of the token, one query for each KV head.
struct BlockIndexerSpec {
  Index head_dim = 0;
  Index block = 0;    ///< keys of a block
  Index top = 0;      ///< blocks that a token sees at most
  Index local = 1;    ///< of these the newest that it sees in any case, its own among them
  Index initial = 0;  ///< and the first of the sequence

  bool operator==(const BlockIndexerSpec&) const = default;
};

/// Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245).
struct GqaSpec {
  Index heads = 0;           ///< H
  Index kv_heads = 0;        ///< G, divides H
  Index head_dim = 0;        ///< A
  Index value_dim = 0;       ///< B, of values; 0: A
  double value_scale = 1.0;  ///< multiplies values
  bool qkv_bias = false;
  bool out_bias = false;
  QkNorm qk_norm = QkNorm::none;
  bool value_norm = false;  ///< RMS norm of each head's value, without weights
  /// Values are what the matrix of the keys makes, before the norm and the rotation of keys.
  bool values_of_keys = false;
  double scale = 0.0;  ///< multiplies q.k before the softmax; 0: 1 / sqrt(A)
  double cap = 0.0;    ///< then a score s becomes cap * tanh(s / cap); 0: it does not
  Index window = 0;    ///< positions that a token sees, itself included; 0: all
  Index chunk = 0;     ///< a token sees its own chunk of so many positions; 0: there are none
  /// What a head makes is multiplied by the sigmoid of a gate; in the matrix of the queries, a
  /// head's gate follows its query.
  bool gated = false;
  std::string gate{};        ///< or of a gate from this matrix [H B, D]
  bool gates_heads = false;  ///< which has one number for each head instead: [H, D]
  /// A tensor [H], or none: a score of each head that joins the softmax, without a value.
  std::string sinks{};
  std::optional<TemperatureSpec> temperature{};  ///< of the queries
  RopeSpec rope;                                 ///< none where its dim is 0
  /// Of one matrix that holds the rows of queries, keys and values; or empty: each has its own.
  std::string fused{};
  GqaNames names = GqaNames();
  /// An earlier block, with the same window, whose keys and values serve here, too.
  std::optional<Index> kv_of{};
  std::optional<BlockIndexerSpec> indexer{};

  bool operator==(const GqaSpec&) const = default;
};

/// B
[[nodiscard]] constexpr Index value_dim(const GqaSpec& spec) noexcept {
  return spec.value_dim == 0 ? spec.head_dim : spec.value_dim;
}

/// The lightning indexer (DeepSeek-V3.2, arXiv:2512.02556, section 2.1): which earlier positions a
/// token sees.
struct IndexerSpec {
  Index heads = 0;
  Index head_dim = 0;
  Index top = 0;  ///< positions that a token sees at most
  double norm_eps = 1e-6;
  RopeLayout layout = RopeLayout::half;  ///< of its rotation, whatever attention has
  bool shared = false;  ///< there is none: what the last block before chose counts here

  bool operator==(const IndexerSpec&) const = default;
};

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1): keys and values of all
/// heads are made from one cached latent vector, and one rotated key that all heads share.
struct MlaSpec {
  Index heads = 0;      ///< H
  Index q_rank = 0;     ///< of the queries' latent; 0: queries come straight from the input
  Index kv_rank = 0;    ///< R, of the latent of keys and values
  Index nope_dim = 0;   ///< elements of a head's query and key that are not rotated
  Index value_dim = 0;  ///< elements of a head's value
  bool bias = false;    ///< of the projections from and to the model's width
  double scale = 1.0;   ///< multiplies q.k before the softmax
  NormSpec norm;        ///< of the latents
  RopeSpec rope;        ///< of the rotated elements, rope.dim of them
  bool rotates = true;  ///< else those elements stay as they are
  std::optional<TemperatureSpec> temperature{};  ///< of the queries
  std::optional<IndexerSpec> indexer{};

  bool operator==(const MlaSpec&) const = default;
};

/// Compressed sparse attention (DeepSeek V4): one vector of a token is key and value of all heads;
/// a token sees those of a window, and entries that hold several earlier tokens each.
struct CsaSpec {
  Index heads = 0;        ///< H
  Index head_dim = 0;     ///< A
  Index q_rank = 0;       ///< of the queries' latent
  Index out_rank = 0;     ///< of the latent of each group of heads' results
  Index groups = 1;       ///< of heads, equal
  Index window = 0;       ///< positions that a token sees, itself included
  Index ratio = 0;        ///< tokens of an entry; 0: there are none
  bool overlaps = false;  ///< an entry is made of its tokens and of those of the one before
  /// Which entries a token sees, all heads the same; else all that end before it or with it.
  std::optional<IndexerSpec> indexer{};
  NormSpec norm;
  RopeSpec rope;  ///< of the last rope.dim elements of a head, and of values, which turn back

  bool operator==(const CsaSpec&) const = default;
};

/// How the input projections of a gated delta net lie in a checkpoint.
enum class DeltaLayout : std::uint8_t {
  grouped,   ///< `in_proj_qkvz` and `in_proj_ba`, rows by key head
  separate,  ///< `in_proj_qkv`, `in_proj_z`, `in_proj_b` and `in_proj_a`
};

/// What the output of a recurrent layer is gated with.
enum class OutputGate : std::uint8_t { silu, sigmoid };

/// Gated delta net (Yang et al. 2024, arXiv:2412.06464): a layer that remembers by a matrix for
/// each head, which forgets a little and is corrected by each token.
struct DeltaNetSpec {
  Index key_heads = 0;    ///< G
  Index value_heads = 0;  ///< H, a multiple of G
  Index key_dim = 0;      ///< A
  Index value_dim = 0;    ///< B
  Index taps = 4;         ///< of the convolution over queries, keys and values
  DeltaLayout layout = DeltaLayout::separate;
  OutputGate gate = OutputGate::silu;
  double norm_eps = 1e-6;  ///< of the norm of each head's output

  bool operator==(const DeltaNetSpec&) const = default;
};

/// Lightning attention (Qin et al. 2024, arXiv:2401.04658): linear attention with a fixed decay of
/// each head, as MiniMax-01 has it (arXiv:2501.08313, section 2.2).
struct LightningSpec {
  Index heads = 0;         ///< H
  Index head_dim = 0;      ///< A
  double slope = 1.0;      ///< a token weighs exp(-slope 2^(-8 (h + 1) / H)) of the last in head h
  double norm_eps = 1e-6;  ///< of the norm over all heads

  bool operator==(const LightningSpec&) const = default;
};

/// Mamba-2 (Dao and Gu 2024, arXiv:2405.21060): a layer that remembers by a matrix for each head,
/// which decays by what a token says, and to which the token adds.
struct MambaSpec {
  Index heads = 0;     ///< H
  Index head_dim = 0;  ///< P
  Index groups = 1;    ///< G, divides H: heads of one group share what they write and read by
  Index state = 0;     ///< N
  Index taps = 4;      ///< of the convolution
  bool conv_bias = true;
  bool bias = false;  ///< of the projections
  double least_step = 0.0;
  double most_step = std::numeric_limits<double>::infinity();
  Index norm_parts = 1;  ///< of the output, each normed by itself
  double norm_eps = 1e-5;

  bool operator==(const MambaSpec&) const = default;
};

/// A gated convolution over the last few tokens, which are all that the layer remembers (LFM2).
struct ShortConvSpec {
  Index taps = 3;
  bool bias = false;  ///< of the projections and of the convolution

  bool operator==(const ShortConvSpec&) const = default;
};

/// Kimi delta attention (Kimi Team 2025, arXiv:2510.26692): a gated delta net each channel of whose
/// keys forgets at a rate of its own.
struct KdaSpec {
  Index heads = 0;         ///< H
  Index head_dim = 0;      ///< A, and the rank of the matrices that make decays and gates
  Index taps = 4;          ///< of the convolutions
  double norm_eps = 1e-5;  ///< of the norm of each head's output

  bool operator==(const KdaSpec&) const = default;
};

/// std::monostate: the block has none.
using MixerSpec = std::variant<GqaSpec, MlaSpec, CsaSpec, DeltaNetSpec, LightningSpec, KdaSpec,
                               MambaSpec, ShortConvSpec, std::monostate>;

/// What a feed-forward network does to its gate, or, without one, to what it makes of its input.
enum class Activation : std::uint8_t {
  silu,
  gelu_tanh,  ///< the tanh form of gelu (Hendrycks and Gimpel 2016, arXiv:1606.08415)
  /// g sigmoid(1.702 g) (u + 1) of g = min(gate, limit) and u = up within +-limit (gpt-oss).
  swiglu_limited,
  /// silu(g) u of g = min(gate, limit) and u = up within +-limit (DeepSeek V4).
  silu_limited,
  /// min(silu(gate), limit) u of u = up within +-limit (Step 3.5).
  limited_silu,
  relu_squared,  ///< max(0, u)^2, without a gate (So et al. 2021, arXiv:2109.08668)
};

/// What the matrices of a feed-forward network are called; one without a gate has no name for it.
struct MlpNames {
  std::string gate = "gate_proj";
  std::string up = "up_proj";
  std::string down = "down_proj";

  bool operator==(const MlpNames&) const = default;
};

/// Gated feed-forward network: down(activation(gate(x)) * up(x)) (Shazeer 2020, arXiv:2002.05202);
/// without a gate, down(activation(up(x))).
struct MlpSpec {
  Index hidden = 0;  ///< F
  bool bias = false;
  Activation activation = Activation::silu;
  double limit = 0.0;         ///< of the activations that have one
  std::string scope = "mlp";  ///< of its tensors, under the block's
  std::string other_scope{};  ///< where some writers put them; or none
  MlpNames names = MlpNames();
  std::string fused{};  ///< of one matrix that holds the rows of gate and up; or empty

  bool operator==(const MlpSpec&) const = default;
};

/// What a router makes of its logits.
enum class RouterScore : std::uint8_t {
  softmax,        ///< over all experts
  sigmoid,        ///< of each by itself
  sqrt_softplus,  ///< sqrt(ln(1 + e^s)) of each by itself (DeepSeek V4)
};

/// Which experts a token goes to, and how much each of them counts.
struct RouterSpec {
  Index experts = 0;  ///< E
  Index chosen = 0;   ///< experts of a token
  RouterScore score = RouterScore::softmax;
  /// A vector added to the scores for the choice only (DeepSeek-V3, arXiv:2412.19437, section
  /// 2.1.2); its tensor under the block's scope, or none.
  std::string correction_bias;
  /// A tensor [V, chosen] that says which experts a token goes to, whatever their scores, which
  /// weigh them; or none.
  std::string table{};
  Index vocab = 0;            ///< V of that
  std::string name = "gate";  ///< of its matrix under the block's scope
  bool bias = false;          ///< of the logits
  /// Experts are chosen from the best `chosen_groups` of `groups` equal groups; a group counts as
  /// much as its `group_counts` best experts together.
  Index groups = 1;
  Index chosen_groups = 1;
  Index group_counts = 2;
  bool normalised = true;  ///< the weights of the chosen are divided by their sum
  double scale = 1.0;      ///< multiplies the weights at last
  std::string scales{};    ///< a tensor [E] that multiplies those of each expert, too; or none
  /// A tensor [D] by which, over sqrt(D), the router's input is multiplied, normed; or none: what
  /// comes in counts as it is.
  std::string norm{};

  bool operator==(const RouterSpec&) const = default;
};

/// The matrices of all experts in one tensor, `experts.<name>`; gate and up alternate by rows. In
/// F32, F16 and BF16, unlike MXFP4, every one is transposed.
struct ExpertStack {
  std::string gate_up = "gate_up_proj";  ///< [E, 2 F, D], or [E, D, 2 F]
  std::string down = "down_proj";        ///< [E, D, F], or [E, F, D]
  bool bias = false;                     ///< with tensors `<name>_bias`

  bool operator==(const ExpertStack&) const = default;
};

/// The matrices of all experts in one tensor, `experts.<name>`, the rows of up behind those of
/// gate; in files that have no such tensor each expert has matrices of its own.
struct ExpertHalves {
  std::string gate_up = "gate_up_proj";  ///< [E, 2 F, D]
  std::string down = "down_proj";        ///< [E, D, F]
  MlpNames names = MlpNames();

  bool operator==(const ExpertHalves&) const = default;
};

/// The matrices of all experts in one tensor, every one transposed, the columns of up behind those
/// of gate; or as ExpertHalves has them, which the shapes tell.
struct ExpertColumns {
  std::string gate_up = "gate_up_proj";  ///< [E, D, 2 F], or [E, 2 F, D]
  std::string down = "down_proj";        ///< [E, F, D], or [E, D, F]
  MlpNames names = MlpNames();

  bool operator==(const ExpertColumns&) const = default;
};

/// The matrices of all experts in one tensor for each kind, `experts.<name>.weight` [E, F, D] or
/// [E, D, F]; in files that have no such tensor each expert has matrices of its own.
struct ExpertKinds {
  MlpNames names = MlpNames();

  bool operator==(const ExpertKinds&) const = default;
};

/// The expert that every token goes to.
[[nodiscard]] inline MlpSpec shared_expert(Index hidden, std::string scope = "shared_experts") {
  return {.hidden = hidden, .scope = std::move(scope)};
}

/// Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): the sum of the chosen experts' gated
/// feed-forward networks, weighted by the router, and of one that every token goes to.
struct MoeSpec {
  std::string scope = "mlp";        ///< of its tensors, under the block's
  std::string experts = "experts";  ///< of those of the experts, under that
  /// Each expert has matrices of its own, `experts.<e>.<name>`, or as the others say.
  std::variant<MlpNames, ExpertStack, ExpertHalves, ExpertColumns, ExpertKinds> names;
  RouterSpec router = RouterSpec();
  Index hidden = 0;  ///< F of an expert
  /// Experts read and make so many numbers, between matrices `fc1_latent_proj` and
  /// `fc2_latent_proj` from and to the model's width; 0: there are none.
  Index latent = 0;
  MlpSpec shared = shared_expert(0);  ///< the expert of all tokens; 0 wide: there is none
  std::string shared_gate;            ///< a row whose sigmoid multiplies the shared expert; or none
  bool weighs_input = false;  ///< an expert's weight multiplies what goes in, not what comes out
  Activation activation = Activation::silu;
  double limit = 0.0;  ///< of the activations that have one

  bool operator==(const MoeSpec&) const = default;
};

/// std::monostate: the block has none.
using FfnSpec = std::variant<MlpSpec, MoeSpec, std::monostate>;

/// Experts beside a dense feed-forward network (Gemma 4); each part has a norm behind it, and the
/// experts one before.
struct BesideSpec {
  MoeSpec experts;
  std::string ffn_out = "post_feedforward_layernorm_1";
  std::string experts_in = "pre_feedforward_layernorm_2";
  std::string experts_out = "post_feedforward_layernorm_2";

  bool operator==(const BesideSpec&) const = default;
};

/// Inputs that each block has for itself (Gemma 3n and 4, the E models).
struct LayerInputSpec {
  Index vocab = 0;  ///< rows of their table, at least as many as the model has tokens
  Index dim = 0;    ///< P, elements of a token for one block

  bool operator==(const LayerInputSpec&) const = default;
};

/// Tokens that stand for pictures and sounds; where there are none, they count as another.
struct PlaceholderSpec {
  std::vector<Index> ids;
  Index as = 0;

  bool operator==(const PlaceholderSpec&) const = default;
};

/// Several residual streams (Xie et al. 2025, arXiv:2512.24880); see layers/hyper.hpp.
struct HyperSpec {
  static constexpr Index kMost = 8;  ///< streams

  Index streams = 4;
  Index rounds = 20;  ///< in which rows and columns of a mixture are brought to sum to 1
  double eps = 1e-6;

  bool operator==(const HyperSpec&) const = default;
};

/// What the norms of a block are called; an empty name: there is none.
struct BlockNorms {
  std::string mixer_in = "input_layernorm";
  std::string mixer_out;
  std::string ffn_in = "post_attention_layernorm";
  std::string ffn_out;
  double out_eps = 0.0;  ///< of those behind; 0: as the others have it

  bool operator==(const BlockNorms&) const = default;
};

/// How a part of a block joins what goes in: x = keep x + add part(norm(x)).
struct ResidualSpec {
  double keep = 1.0;
  double add = 1.0;
  bool normed = false;  ///< norm(x) is kept instead of x

  bool operator==(const ResidualSpec&) const = default;
};

/// One transformer block: x += norm_out(mixer(norm_in(x))); x += norm_out(ffn(norm_in(x))). It may
/// lack either.
struct BlockSpec {
  std::string scope;  ///< prefix of its tensors, e.g. "model.layers.7"
  BlockNorms norms = BlockNorms();
  std::string mixer_scope = "self_attn";  ///< of the mixer's tensors, under the block's
  MixerSpec mixer;
  ResidualSpec mixer_residual{};
  FfnSpec ffn;
  std::optional<BesideSpec> beside{};  ///< experts, if `ffn` is not all
  ResidualSpec ffn_residual{};
  bool parallel = false;  ///< the feed-forward network takes what the mixer takes
  std::string scalar{};   ///< a tensor [1] that multiplies what leaves the block; or none

  bool operator==(const BlockSpec&) const = default;
};

/// What the matrices around the blocks are called.
struct DecoderNames {
  std::string embedding = "model.embed_tokens";
  std::string norm = "model.norm";
  std::string head = "lm_head";

  bool operator==(const DecoderNames&) const = default;
};

/// A decoder-only language model.
struct DecoderSpec {
  Index vocab = 0;    ///< V
  Index dim = 0;      ///< D
  Index context = 0;  ///< positions the model declares
  NormSpec norm;
  std::optional<NormSpec> final_norm{};  ///< of the norm before the head, where it is another
  bool tied_head = false;                ///< the output head is the embedding matrix
  double embedding_scale = 1.0;          ///< multiplies the embedding of each token
  double embedding_eps = 0.0;            ///< of an RMS norm of embeddings, without weights; 0: none
  double logit_scale = 1.0;              ///< multiplies logits
  double logit_cap = 0.0;                ///< a logit l becomes cap * tanh(l / cap); 0: it does not
  /// The decoder is a part of a multimodal model, whose files put a prefix before its tensors.
  bool wrapped = false;
  std::optional<LayerInputSpec> layer_inputs{};
  std::optional<HyperSpec> hyper{};  ///< of all blocks
  PlaceholderSpec placeholders = PlaceholderSpec();
  DecoderNames names = DecoderNames();
  std::vector<BlockSpec> blocks;
  /// Scopes of tensors that the checkpoint may have beside the decoder's: draft layers, encoders.
  std::vector<std::string> aside;

  bool operator==(const DecoderSpec&) const = default;
};

}  // namespace ottobit
