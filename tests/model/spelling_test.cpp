// SPDX-License-Identifier: Apache-2.0
// A configuration is read by its meaning: each folder of tests/data, rewritten as other releases
// and tools write it, describes the same decoder, and no key of it is unknown.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "folder/folder.hpp"
#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::test_data;

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(OTTOBIT_TEST_DATA)) {
    if (fs::exists(entry.path() / "config.json")) {
      folders.push_back(entry.path());
    }
  }
  return folders;
}

/// What a rewriting does to a decoder's own object, or to the one around it.
using Rewrite = std::function<void(nlohmann::json& object)>;

/// `folder`'s configuration, rewritten, says what it said.
void check_same(const fs::path& folder, const Rewrite& rewrite, bool around = false) {
  const nlohmann::json before = test::plain(Config::open(folder / "config.json").raw());
  nlohmann::json after = before;
  const bool wrapped = after.contains("text_config");
  if (wrapped && !around) {
    rewrite(after["text_config"]);
  } else {
    rewrite(after);
  }
  CAPTURE(folder.filename().string());
  CAPTURE(after.dump());
  const FolderConfig expected =
      read_config(Config::parse(test::value_of(before), "config.json"), {});
  const FolderConfig found = read_config(Config::parse(test::value_of(after), "config.json"), {});
  CHECK(found.spec == expected.spec);
  for (const UnknownKey& unknown : found.unknown_keys) {
    FAIL_CHECK(unknown.key);
  }
}

void rename(nlohmann::json& object, const char* from, const char* to) {
  if (object.contains(from) && std::string(from) != to) {
    object[to] = object[from];
    object.erase(from);
  }
}

/// As transformers 5 saves it: all about rotations in one object.
void save_again(nlohmann::json& config) {
  rename(config, "torch_dtype", "dtype");
  const nlohmann::json none = nlohmann::json::object();
  nlohmann::json rope = config.value("rope_scaling", none);
  if (!rope.is_object() || rope.empty()) {
    rope = config.value("rope_parameters", none);
  }
  if (config.contains("rope_local_base_freq") || rope.contains("sliding_attention")) {
    return;  // with an object for each type of layer; the goldens of such folders hold them
  }
  rename(rope, "type", "rope_type");
  if (!rope.contains("rope_type")) {
    rope["rope_type"] = "default";
  }
  for (const char* key : {"rope_theta", "partial_rotary_factor"}) {
    if (config.contains(key)) {
      rope[key] = config[key];
      config.erase(key);
    }
  }
  config.erase("rope_scaling");
  config["rope_parameters"] = rope;
}

TEST_SUITE("model") {
  TEST_CASE("a configuration saved again by transformers 5 means the same") {
    for (const fs::path& folder : model_folders()) {
      check_same(folder, save_again);
      check_same(folder, [](nlohmann::json& config) {
        save_again(config);
        if (!config.contains("rope_scaling")) {
          config["rope_scaling"] = nullptr;
        }
      });
    }
  }

  TEST_CASE("rotations in an object for each type of layer, though all are of one, mean the same") {
    for (const char* name : {"deepseek_v3-fp8", "llama3-bf16-tied", "seed_oss-fp8"}) {
      check_same(test_data(name), [](nlohmann::json& config) {
        save_again(config);
        config["rope_parameters"] = {{"full_attention", config["rope_parameters"]}};
      });
    }
  }

  TEST_CASE("other names of the same keys mean the same") {
    for (const fs::path& folder : model_folders()) {
      for (const char* experts : {"num_experts", "num_local_experts", "n_routed_experts"}) {
        check_same(folder, [&](nlohmann::json& config) {
          for (const char* name : {"num_experts", "num_local_experts", "n_routed_experts"}) {
            rename(config, name, experts);
          }
          rename(config, "sliding_window_pattern", "_sliding_window_pattern");
          rename(config, "num_nextn_predict_layers", "num_mtp_layers");
        });
      }
    }
    nlohmann::json config =
        test::plain(Config::open(test_data("qwen3_moe-fp8") / "config.json").raw());
    config["num_local_experts"] = 3;
    expect_error(ErrorCode::format, {"num_experts", "num_local_experts", "3"}, [&] {
      (void)read_config(Config::parse(test::value_of(config), "config.json"), {});
    });
  }

  TEST_CASE("types of layers may be written where all are alike") {
    for (const char* name :
         {"llama3-bf16-tied", "minimax_m2-fp8", "qwen3_moe-fp8", "qwen3-bf16-tied", "seed_oss-fp8",
          "deepseek_v3-fp8", "deepseek_v32-fp8"}) {
      const bool indexed = std::string(name) == "deepseek_v32-fp8";
      for (const char* type : {indexed ? "indexed_attention" : "full_attention",
                               indexed ? "deepseek_sparse_attention" : "attention"}) {
        check_same(test_data(name), [&](nlohmann::json& config) {
          config["layer_types"] = std::vector<std::string>(config["num_hidden_layers"], type);
        });
      }
      nlohmann::json other = test::plain(Config::open(test_data(name) / "config.json").raw());
      other["layer_types"] = std::vector<std::string>(other["num_hidden_layers"], "moon_attention");
      expect_error(ErrorCode::unsupported, {"layer_types", "moon_attention"}, [&] {
        (void)read_config(Config::parse(test::value_of(other), "config.json"), {});
      });
    }
    check_same(test_data("deepseek_v3-fp8"), [](nlohmann::json& config) {
      const std::size_t dense = config["first_k_dense_replace"];
      std::vector<std::string> types(config["num_hidden_layers"], "sparse");
      std::fill_n(types.begin(), dense, "dense");
      config["mlp_layer_types"] = types;
      config["first_k_dense_replace"] = 0;  // which counts less
    });
  }

  TEST_CASE("keys of trainers and tools do not matter, whatever they say") {
    const nlohmann::json strange = {{"_attn_implementation_autoset", true},
                                    {"_name_or_path", "/home/somebody/model"},
                                    {"attention_probs_dropout_prob", 0.1},
                                    {"attn_implementation", "flash_attention_2"},
                                    {"cache_implementation", "hybrid"},
                                    {"do_sample", true},
                                    {"embd_pdrop", 0.1},
                                    {"for_llm_compressor", true},
                                    {"hidden_dropout", 0.1},
                                    {"initializer_cutoff_factor", 2.0},
                                    {"max_length", 4096},
                                    {"mup_enabled", false},
                                    {"pad_token_id", -1},
                                    {"router_aux_loss_coef", 0.02},
                                    {"router_jitter_noise", 0.1},
                                    {"some_list", nlohmann::json::array()},
                                    {"some_multiplier", 1.0},
                                    {"some_offset", 0},
                                    {"task_specific_params", {{"a", 1}}},
                                    {"top_k", 50},
                                    {"unsloth_fixed", true},
                                    {"unsloth_version", "2025.9.7"},
                                    {"use_liger_kernel", true}};
    for (const fs::path& folder : model_folders()) {
      const auto add = [&](nlohmann::json& config) { config.update(strange); };
      check_same(folder, add);
      check_same(folder, add, true);
    }
  }

  TEST_CASE("keys beside a type of rotation that has no use for them do not matter") {
    for (const char* name : {"llama3-bf16-tied", "seed_oss-fp8", "deepseek_v3-fp8"}) {
      check_same(test_data(name), [](nlohmann::json& config) {
        config["rope_scaling"]["finetuned"] = true;
        config["rope_scaling"]["attn_factor"] = 0.88;
      });
    }
    check_same(test_data("seed_oss-fp8"), [](nlohmann::json& config) {
      config["rope_scaling"] = {{"rope_type", "default"}, {"factor", 8.0}, {"mscale_all_dim", 1.0}};
    });
    check_same(test_data("seed_oss-fp8"), [](nlohmann::json& config) {
      config["rope_scaling"] = {{"type", "mrope"}, {"mrope_section", {1, 2, 1}}};
    });
  }

  TEST_CASE("a multimodal configuration may repeat its decoder's and speak of media") {
    for (const char* name : {"gemma3-wrapper", "llama4-wrapper", "qwen3_5-wrapper-fp8"}) {
      check_same(
          test_data(name),
          [](nlohmann::json& config) {
            config["hidden_size"] = config["text_config"]["hidden_size"];
            config["image_token_index"] = 7;
            config["mm_tokens_per_image"] = 256;
            config["vision_soft_tokens_per_image"] = 280;
          },
          true);
    }
  }

  TEST_CASE("a key that may matter is named with its value and the way to pass over it") {
    nlohmann::json config =
        test::plain(Config::open(test_data("llama3-bf16-tied") / "config.json").raw());
    config["residual_multiplier"] = 0.22;
    config["rope_scaling"]["alpha"] = 1000;
    const FolderConfig folder =
        read_config(Config::parse(test::value_of(config), "config.json"), {});
    expect_error(ErrorCode::unsupported,
                 {"config.json", "residual_multiplier", "0.22", "--lenient"},
                 [&] { require_understood(folder, {}); });
    std::string log;
    require_understood(folder, [&](std::string_view text) { log += std::string(text) + "\n"; });
    CHECK(log.find("rope_scaling.alpha") != std::string::npos);
    CHECK(log.find("residual_multiplier") != std::string::npos);
  }

  TEST_CASE("a raised factor of yarn extends the context") {
    nlohmann::json config =
        test::plain(Config::open(test_data("qwen3-bf16-tied") / "config.json").raw());
    const auto context = [&] {
      return read_config(Config::parse(test::value_of(config), "config.json"), {}).spec.context;
    };
    config["max_position_embeddings"] = 40960;
    CHECK(context() == 40960);
    config["rope_scaling"] = {
        {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32768}};
    CHECK(context() == 131072);
    config["max_position_embeddings"] = 262144;
    CHECK(context() == 262144);
    config["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 1e11}};
    CHECK(context() == 1 << 30);
    config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 4.0}};
    CHECK(context() == 262144);
  }

  TEST_CASE("windows of some layers of Qwen3") {
    nlohmann::json config =
        test::plain(Config::open(test_data("qwen3-bf16-tied") / "config.json").raw());
    const Index layers = config["num_hidden_layers"];
    const auto windows = [&] {
      std::vector<Index> all;
      for (const BlockSpec& block :
           read_config(Config::parse(test::value_of(config), "config.json"), {}).spec.blocks) {
        all.push_back(std::get<GqaSpec>(block.mixer).window);
      }
      return all;
    };
    config["sliding_window"] = 16;
    config["max_window_layers"] = 1;
    config["use_sliding_window"] = false;
    CHECK(windows() == std::vector<Index>(static_cast<std::size_t>(layers), 0));
    config["use_sliding_window"] = true;
    std::vector<Index> expected(static_cast<std::size_t>(layers), 16);
    expected[0] = 0;
    CHECK(windows() == expected);
    std::vector<std::string> types(static_cast<std::size_t>(layers), "full_attention");
    types[0] = "sliding_attention";
    config["layer_types"] = types;
    expected.assign(expected.size(), 0);
    expected[0] = 16;
    CHECK(windows() == expected);
  }
}

}  // namespace
}  // namespace ottobit
