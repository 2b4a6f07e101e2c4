// SPDX-License-Identifier: Apache-2.0
// One block of a decoder: a mixer of tokens and a network, each with its norms, and how what they
// make is added to the residual stream.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "ottobit/layers/beside.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/csa.hpp"
#include "ottobit/layers/delta_net.hpp"
#include "ottobit/layers/gqa.hpp"
#include "ottobit/layers/hyper.hpp"
#include "ottobit/layers/kda.hpp"
#include "ottobit/layers/layer_inputs.hpp"
#include "ottobit/layers/lightning.hpp"
#include "ottobit/layers/mamba.hpp"
#include "ottobit/layers/mla.hpp"
#include "ottobit/layers/mlp.hpp"
#include "ottobit/layers/moe.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/layers/short_conv.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

using Mixer = std::variant<Gqa, Mla, Csa, DeltaNet, Lightning, Kda, Mamba, ShortConv>;
using Ffn = std::variant<Mlp, Moe>;

[[nodiscard]] inline std::optional<Mixer> bind_mixer(const MixerSpec& spec, Index dim,
                                                     const NormSpec& norm,
                                                     const WeightScope& scope) {
  struct Bind {
    Index dim;
    const NormSpec& norm;
    const WeightScope& scope;
    using Result = std::optional<Mixer>;
    Result operator()(const GqaSpec& gqa) const { return Gqa::bind(gqa, dim, norm, scope); }
    Result operator()(const MlaSpec& mla) const { return Mla::bind(mla, dim, scope); }
    Result operator()(const CsaSpec& csa) const { return Csa::bind(csa, dim, scope); }
    Result operator()(const DeltaNetSpec& net) const { return DeltaNet::bind(net, dim, scope); }
    Result operator()(const LightningSpec& light) const {
      return Lightning::bind(light, dim, scope);
    }
    Result operator()(const KdaSpec& kda) const { return Kda::bind(kda, dim, scope); }
    Result operator()(const MambaSpec& mamba) const { return Mamba::bind(mamba, dim, scope); }
    Result operator()(const ShortConvSpec& conv) const { return ShortConv::bind(conv, dim, scope); }
    Result operator()(std::monostate /*none*/) const { return std::nullopt; }
  };
  return std::visit(Bind{dim, norm, scope}, spec);
}

[[nodiscard]] inline std::optional<Ffn> bind_ffn(const FfnSpec& spec, Index dim,
                                                 const NormSpec& norm, const WeightScope& scope) {
  struct Bind {
    Index dim;
    const NormSpec& norm;
    const WeightScope& scope;
    using Result = std::optional<Ffn>;
    Result operator()(const MlpSpec& mlp) const {
      const bool is_other =
          !mlp.other_scope.empty() && scope(mlp.other_scope).has(mlp.names.down + ".weight");
      return Mlp::bind(mlp, dim, scope(is_other ? mlp.other_scope : mlp.scope));
    }
    Result operator()(const MoeSpec& moe) const {
      return Moe::bind(moe, dim, norm, scope(moe.scope));
    }
    Result operator()(std::monostate /*none*/) const { return std::nullopt; }
  };
  return std::visit(Bind{dim, norm, scope}, spec);
}

struct Block {
  std::optional<RmsNorm> mixer_in;
  std::optional<Mixer> mixer;
  std::optional<RmsNorm> mixer_out;
  std::optional<RmsNorm> ffn_in;
  std::optional<Ffn> ffn;
  std::optional<Beside> beside;
  std::optional<RmsNorm> ffn_out;
  std::optional<LayerGate> gate;
  std::optional<Hyper> mixer_streams;
  std::optional<Hyper> ffn_streams;
  ResidualSpec mixer_residual;
  ResidualSpec ffn_residual;
  ResidualSpec gate_residual;
  bool parallel;
  Index dim;         ///< D
  std::size_t rope;  ///< which of the decoder's rotations

  [[nodiscard]] static Block bind(const BlockSpec& spec, const DecoderSpec& whole,
                                  const WeightScope& scope, std::size_t rope) {
    const Index dim = whole.dim;
    const NormSpec& norm = whole.norm;
    const auto if_named = [&](const std::string& name, double eps = 0.0) {
      NormSpec its = norm;
      its.eps = eps == 0.0 ? norm.eps : eps;
      return name.empty() ? std::nullopt : std::optional(RmsNorm::bind(scope(name), dim, its));
    };
    const auto if_hyper = [&](const std::string& name) {
      return whole.hyper ? std::optional(Hyper::bind(*whole.hyper, dim, norm.eps, 3, name, scope))
                         : std::nullopt;
    };
    std::optional<LayerGate> gate;
    if (whole.layer_inputs) {
      gate = LayerGate::bind(whole.layer_inputs->dim, dim, norm, scope);
    }
    ResidualSpec ffn_residual = spec.ffn_residual;
    ResidualSpec gate_residual;
    if (!spec.scalar.empty()) {  // weighs what is added last
      const auto scalar = static_cast<double>(scope.vector(spec.scalar, 1)[0]);
      ResidualSpec& last = gate ? gate_residual : ffn_residual;
      last.keep *= scalar;
      last.add *= scalar;
    }
    return {
        if_named(spec.norms.mixer_in),
        bind_mixer(spec.mixer, dim, norm, scope(spec.mixer_scope)),
        if_named(spec.norms.mixer_out, spec.norms.out_eps),
        if_named(spec.norms.ffn_in),
        bind_ffn(spec.ffn, dim, norm, scope),
        spec.beside ? std::optional(Beside::bind(*spec.beside, dim, norm, scope)) : std::nullopt,
        if_named(spec.norms.ffn_out, spec.norms.out_eps),
        std::move(gate),
        if_hyper("hc_attn"),
        if_hyper("hc_ffn"),
        spec.mixer_residual,
        ffn_residual,
        gate_residual,
        spec.parallel,
        dim,
        rope};
  }

  /// The pass's residual stream [T, D], or its n streams [T, n, D], and room for what is taken from
  /// them and added to them.
  struct Stream {
    float* x;
    float* h;
    float* y;
  };

  /// x += mixer(norm(x)); x += ffn(norm(x)). `inputs`: the block's own of the first token, those of
  /// the next `input_stride` floats on, if it has a gate.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const Stream& stream,
               const float* inputs, Index input_stride) const {
    float* const x = stream.x;
    float* const h = stream.h;
    float* const y = stream.y;
    const Index tokens = total_tokens(all);
    const float* in = nullptr;
    if (mixer) {
      const Arena::Mark mark(ctx.arena);
      const Taken taken = take(ctx, mixer_streams, x, tokens, h);
      in = normed(ctx, mixer_in, taken.x, tokens, h);
      std::visit([&](const auto& layer) { layer.forward(ctx, all, in, y); }, *mixer);
      if (mixer_out) {
        mixer_out->forward(ctx, y, tokens, y);
      }
      if (mixer_streams) {
        mixer_streams->join(ctx, x, tokens, taken.coefficients, y);
      } else {
        add_residual(ctx, mixer_residual, x, in, y, tokens, dim);
      }
    }
    if (ffn) {
      const Arena::Mark mark(ctx.arena);
      const Taken taken = take(ctx, ffn_streams, x, tokens, h);
      in = parallel ? in : normed(ctx, ffn_in, taken.x, tokens, h);
      std::visit([&](const auto& layer) { layer.forward(ctx, in, tokens, y); }, *ffn);
      if (beside) {
        beside->forward(ctx, x, tokens, y);
      }
      if (ffn_out) {
        ffn_out->forward(ctx, y, tokens, y);
      }
      if (ffn_streams) {
        ffn_streams->join(ctx, x, tokens, taken.coefficients, y);
      } else {
        add_residual(ctx, ffn_residual, x, in, y, tokens, dim);
      }
    }
    if (gate) {
      gate->forward(ctx, x, inputs, input_stride, tokens, y);
      add_residual(ctx, gate_residual, x, in, y, tokens, dim);
    }
  }

  /// For forward(): its parts follow one another.
  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    Index most = 0;
    const auto count = [&](const auto& layer) {
      ArenaSize part;
      layer.workspace(use, part);
      most = std::max(most, part.bytes());
    };
    if (mixer) {
      std::visit(count, *mixer);
    }
    if (ffn) {
      std::visit(count, *ffn);
    }
    if (beside) {
      count(*beside);
    }
    if (gate) {
      count(*gate);
    }
    size.take<std::byte>(most);
    if (mixer_streams) {
      mixer_streams->workspace(use, size);
    }
  }

  /// See Decoder::each_linear.
  template <class See>
  void each_linear(See&& see) const {
    if (mixer) {
      std::visit([&](const auto& layer) { layer.each_linear(see); }, *mixer);
    }
    if (ffn) {
      std::visit([&](const auto& layer) { layer.each_linear(see); }, *ffn);
    }
    if (beside) {
      beside->experts.each_linear(see);
    }
    if (gate) {
      gate->each_linear(see);
    }
    for (const std::optional<Hyper>* streams : {&mixer_streams, &ffn_streams}) {
      if (*streams) {
        (*streams)->each_linear(see);
      }
    }
  }

 private:
  /// What a part of the block takes, before its norm.
  struct Taken {
    const float* x;
    float* coefficients;  ///< of streams
  };
  [[nodiscard]] static Taken take(ExecContext& ctx, const std::optional<Hyper>& streams,
                                  const float* x, Index tokens, float* into) {
    if (!streams) {
      return {x, nullptr};
    }
    float* const coefficients = streams->coefficients(ctx, tokens);
    streams->take(ctx, x, tokens, coefficients, into);
    return {into, coefficients};
  }
  /// x through the norm, in `into`; x itself without one.
  [[nodiscard]] static const float* normed(ExecContext& ctx, const std::optional<RmsNorm>& norm,
                                           const float* x, Index tokens, float* into) {
    if (!norm) {
      return x;
    }
    norm->forward(ctx, x, tokens, into);
    return into;
  }
};

}  // namespace ottobit
