// SPDX-License-Identifier: Apache-2.0
// Families that are another under a different name, or with other defaults: the same numbers make
// the same decoder. The other has golden logits.
#include <functional>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "folder/folder.hpp"
#include "io/config.hpp"
#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"

namespace ottobit {
namespace {

/// The decoder of a folder's configuration, rewritten.
DecoderSpec spec_of(const std::string& folder,
                    const std::function<void(nlohmann::json&)>& rewrite) {
  nlohmann::json json = test::plain(Config::open(test::test_data(folder) / "config.json").raw());
  rewrite(json);
  return read_config(Config::parse(test::value_of(json), "config.json"), {}).spec;
}

void same(nlohmann::json&) {}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("InternLM3 is Llama's block") {
    CHECK(spec_of("llama3-bf16-tied", [](nlohmann::json& config) {
            config["model_type"] = "internlm3";
          }) == spec_of("llama3-bf16-tied", same));
  }

  TEST_CASE("Gemma 4 as transformers 5 saves it, with a section for each layer, is the same") {
    const auto text = [](nlohmann::json& config) { config = config["text_config"]; };
    const auto saved = [](nlohmann::json& config) {
      config = config["text_config"];
      for (const char* key : {"global_head_dim", "num_global_key_value_heads"}) {
        config.erase(key);
      }
      config["per_layer_config"] = {{"2", {{"head_dim", 64}, {"num_key_value_heads", 1}}},
                                    {"5", {{"head_dim", 64}, {"num_key_value_heads", 1}}}};
    };
    CHECK(spec_of("gemma4-moe", saved) == spec_of("gemma4-moe", text));
  }

  TEST_CASE("the last layer of Gemma 4 sees everything; layers share with one of their own kind") {
    const DecoderSpec spec = spec_of("gemma4-e2b", [](nlohmann::json& config) {
      config["text_config"]["layer_types"][5] = "sliding_attention";
    });
    CHECK(spec == spec_of("gemma4-e2b", same));
    const auto& last = std::get<GqaSpec>(spec.blocks[5].mixer);
    CHECK(last.window == 0);
    CHECK(last.kv_of == 2);
    CHECK(std::get<GqaSpec>(spec.blocks[4].mixer).kv_of == 1);
    test::expect_error(ErrorCode::format, {"num_kv_shared_layers", "5"}, [] {
      (void)spec_of("gemma4-e2b", [](nlohmann::json& config) {
        config["text_config"]["num_kv_shared_layers"] = 5;  // layer 0 slides, none sees everything
      });
    });
    test::expect_error(ErrorCode::format, {"layer 5", "layer 2"}, [] {
      (void)spec_of("gemma4-e2b", [](nlohmann::json& config) {
        config["text_config"]["per_layer_config"] = {{"2", {{"head_dim", 64}}},
                                                     {"5", {{"head_dim", 128}}}};
      });
    });
  }

  TEST_CASE("GLM-4 without norms behind is the older GLM-4") {
    DecoderSpec with = spec_of("glm4-bf16", same);
    for (BlockSpec& block : with.blocks) {
      block.norms = {};
    }
    CHECK(spec_of("glm4-bf16", [](nlohmann::json& config) { config["model_type"] = "glm"; }) ==
          with);
  }

  TEST_CASE("Granite is Granite MoE but for its experts") {
    DecoderSpec moe = spec_of("granitemoe-bf16-tied", same);
    for (BlockSpec& block : moe.blocks) {
      block.ffn = MlpSpec{.hidden = 64};
    }
    CHECK(spec_of("granitemoe-bf16-tied",
                  [](nlohmann::json& config) { config["model_type"] = "granite"; }) == moe);
  }

  TEST_CASE("openPangu Embedded is Qwen2's block with a bias of the output") {
    DecoderSpec qwen = spec_of("qwen2-fp8", same);
    for (BlockSpec& block : qwen.blocks) {
      std::get<GqaSpec>(block.mixer).out_bias = true;
    }
    CHECK(spec_of("qwen2-fp8", [](nlohmann::json& config) {
            for (const char* key : {"use_sliding_window", "sliding_window", "max_window_layers"}) {
              config.erase(key);
            }
            config["model_type"] = "PanguEmbedded";
            config["bias"] = true;
          }) == qwen);
  }

  TEST_CASE("openPangu Ultra-MoE is DeepSeek V3 with other words and norms behind") {
    const auto described = [](bool sandwich) {
      return spec_of("deepseek_v3-fp8", [sandwich](nlohmann::json& config) {
        const auto rename = [&](const char* from, const char* to) {
          config[to] = config[from];
          config.erase(from);
        };
        rename("q_lora_rank", "attention_q_lora_dim");
        rename("kv_lora_rank", "attention_kv_lora_dim");
        rename("qk_nope_head_dim", "attention_qk_dim");
        rename("qk_rope_head_dim", "attention_qk_rope_dim");
        rename("v_head_dim", "attention_v_dim");
        rename("first_k_dense_replace", "num_dense_layers");
        rename("n_routed_experts", "num_routed_experts");
        rename("n_shared_experts", "num_shared_experts");
        config["model_type"] = "pangu_ultra_moe";
        config["router_enable_expert_bias"] = true;
        config["sandwich_norm"] = sandwich;
      });
    };
    CHECK(described(false) == spec_of("deepseek_v3-fp8", same));
    const BlockNorms norms = described(true).blocks.front().norms;
    CHECK(norms.mixer_out == "post_attention_layernorm");
    CHECK(norms.ffn_in == "pre_mlp_layernorm");
    CHECK(norms.ffn_out == "post_mlp_layernorm");
  }

  TEST_CASE("lists of Step 3.5 may speak of draft layers, which are set aside, too") {
    const DecoderSpec plain = spec_of("step3p7-wrapper", [](nlohmann::json&) {});
    DecoderSpec found = spec_of("step3p7-wrapper", [](nlohmann::json& config) {
      nlohmann::json& text = config["text_config"];
      text["num_nextn_predict_layers"] = 2;
      text["moe_layers_enum"] = {1, 2, 3, 4, 5};
      text["swiglu_limits"] = {nullptr, 0, 7, 7, 0, 0};
      text["swiglu_limits_shared"] = {0, 0, 0, 16, 0, 0};
      for (const char* key : {"layer_types", "rope_theta", "partial_rotary_factors"}) {
        text[key].push_back(text[key].back());
        text[key].push_back(text[key].back());
      }
    });
    REQUIRE(found.aside.size() == plain.aside.size() + 2);
    std::erase_if(found.aside, [](const std::string& scope) {
      return scope == "model.layers.4" || scope == "model.layers.5";
    });
    CHECK(found == plain);
  }

  TEST_CASE("DeepSeek V4 in the words of transformers 5 is the same") {
    const auto saved = [](nlohmann::json& config) {
      for (const char* key :
           {"compress_ratios", "num_hash_layers", "rope_scaling", "qk_rope_head_dim"}) {
        config.erase(key);
      }
      config["layer_types"] = {"sliding_attention", "compressed_sparse_attention",
                               "heavily_compressed_attention", "compressed_sparse_attention",
                               "sliding_attention"};
      config["compress_rates"] = {{"compressed_sparse_attention", 4},
                                  {"heavily_compressed_attention", 128}};
      config["mlp_layer_types"] = {"hash_moe", "moe", "moe", "moe", "moe"};
      config["partial_rotary_factor"] = 0.25;
      config["rope_parameters"] = {
          {"main",
           {{"rope_type", "default"}, {"rope_theta", 10000}, {"partial_rotary_factor", 0.25}}},
          {"compress",
           {{"rope_type", "yarn"},
            {"type", "yarn"},
            {"rope_theta", 160000},
            {"factor", 16},
            {"original_max_position_embeddings", 128},
            {"beta_fast", 32},
            {"beta_slow", 1},
            {"attention_factor", 1.0},
            {"partial_rotary_factor", 0.25}}}};
    };
    CHECK(spec_of("deepseek_v4-fp4", saved) == spec_of("deepseek_v4-fp4", same));
  }

  TEST_CASE("MiniMax M3 in the words of transformers 5 is the same") {
    const auto saved = [](nlohmann::json& config) {
      nlohmann::json& text = config["text_config"];
      text.erase("sparse_attention_config");
      text.erase("moe_layer_freq");
      text["layer_types"] = {"full_attention", "minimax_m3_sparse", "minimax_m3_sparse",
                             "minimax_m3_sparse"};
      text["mlp_layer_types"] = {"dense", "sparse", "sparse", "sparse"};
      text["hidden_act"] = "silu";
      text["index_n_heads"] = 2;
      text["index_head_dim"] = 32;
      text["index_block_size"] = 16;
      text["index_topk_blocks"] = 4;
      text["index_local_blocks"] = 1;
    };
    CHECK(spec_of("minimax_m3-mxfp8", saved) == spec_of("minimax_m3-mxfp8", same));
  }

  TEST_CASE("MiniMax-Text-01 is M1 under the makers' name, and under that of transformers") {
    CHECK(spec_of("minimax_m1-bf16", [](nlohmann::json& config) {
            config["model_type"] = "minimax_text_01";
          }) == spec_of("minimax_m1-bf16", same));
    CHECK(spec_of("minimax_m1-bf16", [](nlohmann::json& config) {
            config["model_type"] = "minimax";
            for (const char* part : {"full_attention", "linear_attention", "mlp"}) {
              const std::string makers = "layernorm_" + std::string(part);
              const std::string name = part == std::string("mlp")              ? "mlp"
                                       : part == std::string("full_attention") ? "full_attn"
                                                                               : "linear_attn";
              config[name + "_alpha_factor"] = config[makers + "_alpha"];
              config[name + "_beta_factor"] = config[makers + "_beta"];
              config.erase(makers + "_alpha");
              config.erase(makers + "_beta");
            }
            config.erase("postnorm");
          }) == spec_of("minimax_m1-bf16", same));
  }

  TEST_CASE("multimodal models hold the decoder of their texts, in a section or not") {
    const DecoderSpec flat = spec_of("qwen2_5_vl-wrapper", same);
    CHECK(flat == spec_of("qwen2_5_vl-wrapper", [](nlohmann::json& config) {
            nlohmann::json text = config;
            text["model_type"] = "qwen2_5_vl_text";
            for (const char* key : {"vision_config", "architectures"}) {
              text.erase(key);
            }
            config = {{"model_type", "qwen2_5_vl"},
                      {"text_config", text},
                      {"vision_config", config["vision_config"]},
                      {"tie_word_embeddings", config["tie_word_embeddings"]}};
          }));
    CHECK(flat == spec_of("qwen2_5_vl-wrapper",
                          [](nlohmann::json& config) { config["model_type"] = "qwen2_vl"; }));
  }

  TEST_CASE("a pattern of windows is a word, a number, or listed") {
    const DecoderSpec listed = spec_of("exaone4-bf16", same);
    for (const nlohmann::json& pattern : {nlohmann::json("LLLG"), nlohmann::json(4)}) {
      CHECK(listed == spec_of("exaone4-bf16", [&](nlohmann::json& config) {
              config.erase("layer_types");
              config["sliding_window_pattern"] = pattern;
            }));
    }
  }
}

}  // namespace ottobit
