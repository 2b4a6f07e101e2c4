// SPDX-License-Identifier: Apache-2.0
// StepFun Step 3.5 Flash (`step3p5`) and 3.7 Flash (`step3p7`, with pictures, which are set aside):
// grouped-query attention whose heads have a gate each, layers with a window between full ones,
// with heads and a rotation of their own, experts as in DeepSeek V3, some with a limit. Keys: the
// makers' config.json, which lists most of them layer by layer.
#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ottobit/error.hpp"

#include "models/common.hpp"
#include "models/families.hpp"
#include "models/rotations.hpp"

namespace ottobit {
namespace {

/// A number for each layer: of a list, in which draft layers may follow, and null is `absent`; one
/// for all; or `absent`.
std::vector<double> of_layers(const Config& top, const char* key, Index layers, double absent) {
  std::vector<double> numbers(static_cast<std::size_t>(layers), absent);
  // As transformers 5 saves what belongs to rotations.
  const std::optional<Config> saved = top.section("rope_parameters");
  const Config& config = !top.has(key) && saved ? *saved : top;
  if (!config.has(key)) {
    return numbers;
  }
  const Json& value = config.raw().at(key);
  if (!value.is_array()) {
    std::fill(numbers.begin(), numbers.end(), config.number(key));
    return numbers;
  }
  OTTOBIT_CHECK(value.size() >= numbers.size(), ErrorCode::format, config.subject(),
                "`" + std::string(key) + "` has " + std::to_string(value.size()) + " entries for " +
                    std::to_string(layers) + " layers");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Json& each = value[i];
    OTTOBIT_CHECK(each.is_number() || each.is_null(), ErrorCode::format, config.subject(),
                  "`" + std::string(key) + "` has an entry that is no number");
    numbers[i] = each.is_null() ? absent : each.get<double>();
  }
  return numbers;
}

/// Layers with experts, as "1,2,3" or a list; all but the first where nothing says.
std::vector<bool> expert_layers(const Config& config, Index layers) {
  std::vector<bool> sparse(static_cast<std::size_t>(layers), true);
  sparse.front() = false;
  if (!config.has("moe_layers_enum")) {
    return sparse_as_listed(config, sparse);
  }
  std::fill(sparse.begin(), sparse.end(), false);
  const auto add = [&](Index layer) {
    if (layer < layers) {
      sparse[static_cast<std::size_t>(layer)] = true;
    }
  };
  if (!config.is_text("moe_layers_enum")) {
    for (const Index layer : config.integers("moe_layers_enum")) {
      add(layer);
    }
    return sparse;
  }
  const std::string list = config.text("moe_layers_enum");
  Index number = -1;
  for (const char c : list + ",") {
    OTTOBIT_CHECK((c >= '0' && c <= '9') || c == ',' || c == ' ', ErrorCode::format,
                  config.subject(), "`moe_layers_enum` is no list of numbers");
    if (c >= '0' && c <= '9') {
      number = std::min<Index>(std::max<Index>(number, 0) * 10 + (c - '0'), layers);
    } else if (c == ',' && number >= 0) {
      add(number);
      number = -1;
    }
  }
  return sparse;
}

/// Attention but for its rotation: layers with a window have some keys of their own.
GqaSpec attention_of(const Config& config, bool slides) {
  GqaSpec attention{.heads = config.integer("num_attention_heads", 64),
                    .kv_heads = config.integer("num_attention_groups", 8),
                    .head_dim = config.integer("head_dim", 128),
                    .qk_norm = config.flag("use_qk_norm", true) ? QkNorm::per_head : QkNorm::none};
  const Index window = config.integer("sliding_window", 512);
  if (config.flag("use_head_wise_attn_gate", false)) {
    attention.gate = "g_proj";
    attention.gates_heads = true;
  }
  if (const std::optional<Config> other = config.section("attention_other_setting")) {
    static_cast<void>(other->has("true_head_dim"));
    require_text(*other, "attention_type", "sliding_attention");
    const Index heads = other->integer("num_attention_heads", attention.heads);
    const Index groups = other->integer("num_attention_groups", attention.kv_heads);
    const Index head_dim = other->integer("head_dim", attention.head_dim);
    if (slides) {
      attention.heads = heads;
      attention.kv_heads = groups;
      attention.head_dim = head_dim;
    }
  }
  attention.window = slides ? window : 0;
  return attention;
}

/// Whether the layers of this type have the angles that `rope_scaling` makes.
bool is_scaled(const Config& config, const std::string& type) {
  if (!config.has("yarn_only_types")) {
    return true;
  }
  const std::vector<std::string> types = config.texts("yarn_only_types");
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

MoeSpec experts_of(const Config& config) {
  MoeSpec moe{.scope = "",
              .experts = "moe",
              .names = ExpertKinds(),
              .router = RouterSpec{.experts = config.integer("moe_num_experts", 288),
                                   .chosen = config.integer("moe_top_k", 8),
                                   .score = RouterScore::sigmoid,
                                   .name = "moe.gate",
                                   .normalised = config.flag("norm_expert_weight", true),
                                   .scale = config.number("moe_router_scaling_factor", 3.0)},
              .hidden = config.integer("moe_intermediate_size", 1280),
              .shared = shared_expert(config.integer("share_expert_dim", 1280), "share_expert")};
  if (config.text("moe_router_activation", "sigmoid") == "softmax") {
    moe.router.score = RouterScore::softmax;
  } else {
    require_text(config, "moe_router_activation", "sigmoid");
  }
  if (config.flag("use_moe_router_bias", true)) {
    moe.router.correction_bias = "moe.router_bias";
  }
  return moe;
}

/// Of feed-forward networks and experts alike.
template <class Spec>
void limit(Spec& spec, double limit) {
  spec.activation = limit == 0.0 ? Activation::silu : Activation::limited_silu;
  spec.limit = limit;
}

}  // namespace

DecoderSpec describe_step3p5(const Config& config) {
  require_text(config, "hidden_act", "silu");
  require_text(config, "att_impl_type", "GQA");
  require_flag(config, "sink", false);
  for (const char* key : {"max_seq_len", "moe_every_n_layer", "moe_layer_offset", "need_fp32_gate",
                          "num_nextn_predict_layers", "use_moe"}) {
    static_cast<void>(config.has(key));  // drafts, and what the lists say better
  }
  const Index layers = layer_count(config);
  const std::vector<bool> slides = layers_of_type(config, layers, "sliding_attention", 1);
  const std::vector<bool> sparse = expert_layers(config, layers);
  const std::vector<double> thetas = of_layers(config, "rope_theta", layers, 10000.0);
  const std::vector<double> parts = of_layers(config, "partial_rotary_factors", layers, 1.0);
  const std::vector<double> limits = of_layers(config, "swiglu_limits", layers, 0.0);
  const std::vector<double> shared_limits = of_layers(config, "swiglu_limits_shared", layers, 0.0);
  DecoderSpec spec = mixed_blocks(config, 262144, attention_of(config, false),
                                  MlpSpec{.hidden = config.integer("intermediate_size", 11264)},
                                  experts_of(config), sparse);
  spec.norm = NormSpec{.eps = config.number("rms_norm_eps", 1e-5),
                       .plus_one = config.flag("zero_centered", true)};
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    BlockSpec& block = spec.blocks[i];
    GqaSpec attention = attention_of(config, slides[i]);
    OTTOBIT_CHECK(parts[i] >= 0.0 && parts[i] <= 1.0, ErrorCode::format, config.subject(),
                  "`partial_rotary_factors` has " + std::to_string(parts[i]) + ", expected 0 to 1");
    attention.rope.dim = static_cast<Index>(static_cast<double>(attention.head_dim) * parts[i]);
    attention.rope.theta = thetas[i];
    require_theta(config, "rope_theta", thetas[i]);
    const std::string type = slides[i] ? "sliding_attention" : "full_attention";
    if (is_scaled(config, type)) {
      attention.rope.scaling = scaling_of(config, attention.rope.dim, type);
    }
    block.mixer = attention;
    if (auto* moe = std::get_if<MoeSpec>(&block.ffn)) {
      limit(*moe, limits[i]);
      limit(moe->shared, shared_limits[i]);
    } else {
      limit(std::get<MlpSpec>(block.ffn), shared_limits[i]);
    }
  }
  const Index drafts = config.integer("num_nextn_predict_layers", 0);
  for (Index i = 0; i < std::min(drafts, layers); ++i) {
    spec.aside.push_back(layer_scope(layers + i));
  }
  return spec;
}

DecoderSpec describe_step3p7(const Config& config) {
  const Config text = text_part(config);
  require_text(text, "model_type", "step3p5");
  return wrap(config, describe_step3p5(text), {"vision_model", "vit_large_projector"});
}

}  // namespace ottobit
