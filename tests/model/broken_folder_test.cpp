// SPDX-License-Identifier: Apache-2.0
// Model folders broken in every way we could think of: each gives a status and a message that names
// the file or tensor, what was found and what was expected. Nothing crashes.
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/error.hpp"

#include "io/checkpoint.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/errors.hpp"
#include "support/folder_edit.hpp"
#include "support/json.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using test::CheckpointWriter;

using Break = test::FolderEdit;
using test::dangling;
using test::remove;
using test::replace;
using test::tensors;
using test::write;

struct Case {
  const char* name;
  const char* base;  // folder under tests/data
  ErrorCode code;
  std::vector<std::string_view> parts;
  Break break_it;
};

constexpr const char* kFp8 = "seed_oss-fp8";
constexpr const char* kMoe = "qwen3_moe-fp8";
constexpr const char* kNvfp4 = "llama3-modelopt-nvfp4";
constexpr const char* kMla = "deepseek_v3-fp8";
constexpr const char* kStack = "gpt_oss-mxfp4";
constexpr const char* kWrapper = "gemma3-wrapper";
constexpr const char* kTiktoken = "kimi_k2-int4";
constexpr const char* kState = "qwen3_next-fp8";
constexpr const char* kStateWrapper = "qwen3_5-wrapper-fp8";
constexpr const char* kLightning = "minimax_m1-bf16";
constexpr const char* kUe8m0 = "seed_oss-ue8m0";
constexpr const char* kSharded = "seed_oss-bf16";
constexpr const char* kGptq = "llama3-gptq-actorder";
constexpr const char* kAwq = "llama3-awq";
constexpr const char* kZeros = "llama3-ct-int4-asym";
constexpr const char* kUp = "model.layers.1.mlp.up_proj.weight";
constexpr const char* kUpScale = "model.layers.1.mlp.up_proj.weight_scale_inv";

Break directory_instead(const char* file) {
  return [=](const fs::path& folder) {
    fs::remove(folder / file);
    fs::create_directory(folder / file);
  };
}
Break truncate(const char* file, std::uintmax_t bytes) {
  return [=](const fs::path& folder) { fs::resize_file(folder / file, bytes); };
}
Break set_byte(const char* tensor, std::size_t at, char value) {
  return tensors([=](CheckpointWriter& w) { w.tensor(tensor).bytes[at] = value; });
}
Break set_float(const char* tensor, std::uint32_t bits) {
  return tensors(
      [=](CheckpointWriter& w) { std::memcpy(w.tensor(tensor).bytes.data(), &bits, sizeof bits); });
}
/// Replaces the safetensors header by another text; the data stay.
Break header(const char* from, const char* to) {
  return [=](const fs::path& folder) {
    std::string text = test::read_text(folder / "model.safetensors");
    std::uint64_t size = 0;
    std::memcpy(&size, text.data(), sizeof size);
    std::string head = text.substr(8, size);
    const std::size_t at = head.find(from);
    REQUIRE(at != std::string::npos);
    head.replace(at, std::string_view(from).size(), to);
    test::write_text(folder / "model.safetensors",
                     test::safetensors_text(head, std::string_view(text).substr(8 + size)));
  };
}

constexpr const char* kLfs =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n";
constexpr const char* kHtml = "<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n";

using E = ErrorCode;

// clang-format off
const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
    // config.json
    {"config missing", kFp8, E::io, {"config.json", "no such file"}, remove("config.json")},
    {"config empty", kFp8, E::format, {"config.json", "empty"}, write("config.json", "")},
    {"config is a directory", kFp8, E::io, {"config.json", "directory"}, directory_instead("config.json")},
    {"config is not JSON", kFp8, E::format, {"config.json", "line 1"}, write("config.json", "{\"model_type\": ")},
    {"config is a list", kFp8, E::format, {"config.json", "an array"}, write("config.json", "[]")},
    {"config has a key twice", kFp8, E::format, {"config.json", "hidden_size"}, replace("config.json", "\"hidden_size\": 160,", "\"hidden_size\": 160, \"hidden_size\": 161,")},
    {"config is a git-lfs pointer", kFp8, E::format, {"config.json", "git-lfs", "git lfs pull"}, write("config.json", kLfs)},
    {"config is a web page", kFp8, E::format, {"config.json", "HTML"}, write("config.json", kHtml)},
    {"model type missing", kFp8, E::format, {"config.json", "model_type"}, replace("config.json", "\"model_type\"", "\"model_kind\"")},
    {"model type unknown", kFp8, E::unsupported, {"config.json", "seed_oss_9", "seed_oss"}, replace("config.json", "\"seed_oss\"", "\"seed_oss_9\"")},
    {"width missing", kFp8, E::format, {"config.json", "hidden_size"}, replace("config.json", "\"hidden_size\"", "\"hidden_sizes\"")},
    {"width is text", kFp8, E::format, {"config.json", "hidden_size", "a string", "integer"}, replace("config.json", "\"hidden_size\": 160", "\"hidden_size\": \"160\"")},
    {"width is zero", kFp8, E::format, {"config.json", "width", "0"}, replace("config.json", "\"hidden_size\": 160", "\"hidden_size\": 0")},
    {"width is negative", kFp8, E::format, {"config.json", "hidden_size", "-160"}, replace("config.json", "\"hidden_size\": 160", "\"hidden_size\": -160")},
    {"width disagrees with the tensors", kFp8, E::checkpoint, {"embed_tokens", "[331, 160]", "[331, 192]"}, replace("config.json", "\"hidden_size\": 160", "\"hidden_size\": 192")},
    {"layers beyond reason", kFp8, E::format, {"config.json", "num_hidden_layers", "4096"}, replace("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1000000")},
    {"one layer more than there is", kFp8, E::checkpoint, {"model.layers.3."}, replace("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4")},
    {"one layer less than there is", kFp8, E::checkpoint, {"model.layers.2."}, replace("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2")},
    {"heads not a multiple", kFp8, E::format, {"config.json", "6", "4"}, replace("config.json", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4")},
    {"odd head dimension", kFp8, E::format, {"config.json", "47", "even"}, replace("config.json", "\"head_dim\": 48", "\"head_dim\": 47")},
    {"activation unknown", kFp8, E::unsupported, {"config.json", "hidden_act", "gelu"}, replace("config.json", "\"silu\"", "\"gelu\"")},
    {"rope scaling unknown", kFp8, E::unsupported, {"rope_scaling", "rope_type", "curly"}, replace("config.json", "\"rope_type\": \"default\"", "\"rope_type\": \"curly\"")},
    {"key of unknown effect", kFp8, E::unsupported, {"config.json", "logit_scale"}, replace("config.json", "\"hidden_size\": 160", "\"hidden_size\": 160, \"logit_scale\": 0.5")},
    {"rope key of unknown effect", kFp8, E::unsupported, {"rope_scaling.alpha", "--lenient"}, replace("config.json", "\"rope_type\": \"default\"", "\"rope_type\": \"default\", \"alpha\": 1000")},
    {"norm epsilon negative", kFp8, E::format, {"config.json", "rms_norm_eps"}, replace("config.json", "\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": -1")},
    {"more experts for a token than there are", kMoe, E::format, {"experts of a token", "20", "1 to 8"}, replace("config.json", "\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 20")},
    {"experts disagree with the router", kMoe, E::checkpoint, {"mlp.gate.weight", "[8, 128]", "[9, 128]"}, replace("config.json", "\"num_experts\": 8", "\"num_experts\": 9")},
    {"latent attention with another rank", kMla, E::checkpoint, {"kv_a_proj_with_mqa.weight", "[80, 160]", "[88, 160]"}, replace("config.json", "\"kv_lora_rank\": 64", "\"kv_lora_rank\": 72")},
    {"latent attention without a latent of queries", kMla, E::checkpoint, {"layers.0.self_attn.q_proj.weight", "missing"}, replace("config.json", "\"q_lora_rank\": 96", "\"q_lora_rank\": null")},
    {"latent attention with heads that share keys", kMla, E::unsupported, {"num_key_value_heads"}, replace("config.json", "\"num_key_value_heads\": 4", "\"num_key_value_heads\": 2")},
    {"rotary slice of odd width", kMla, E::format, {"rotary dimension", "15"}, replace("config.json", "\"qk_rope_head_dim\": 16", "\"qk_rope_head_dim\": 15")},
    {"YaRN betas in the wrong order", kMla, E::format, {"beta_fast", "beta_slow"}, replace("config.json", "\"beta_fast\": 32", "\"beta_fast\": 0.5")},
    {"groups of experts not equal", kMla, E::format, {"16 experts", "5 equal groups"}, replace("config.json", "\"n_group\": 4", "\"n_group\": 5")},
    {"draft layers not declared", kMla, E::checkpoint, {"model.layers.3", "unknown to this model"}, replace("config.json", "\"num_nextn_predict_layers\": 1", "\"num_nextn_predict_layers\": 0")},
    {"stack of another width", kStack, E::checkpoint, {"experts.gate_up_proj_blocks", "[8, 192, 5, 16]", "[8, 256, 5, 16]"}, replace("config.json", "\"intermediate_size\": 96", "\"intermediate_size\": 128")},
    {"layer type unknown", kStack, E::unsupported, {"layer_types", "linear_attention"}, replace("config.json", "\"full_attention\"", "\"linear_attention\"")},
    {"window negative", kStack, E::format, {"sliding_window"}, replace("config.json", "\"sliding_window\": 16", "\"sliding_window\": -16")},
    {"wrapper without a text part", kWrapper, E::format, {"config.json", "text_config", "missing"}, replace("config.json", "\"text_config\"", "\"text_configuration\"")},
    {"unknown key in the text part", kWrapper, E::unsupported, {"use_mirrors"}, replace("config.json", "\"query_pre_attn_scalar\": 48", "\"query_pre_attn_scalar\": 48, \"use_mirrors\": true")},
    {"attention scalar zero", kWrapper, E::format, {"query_pre_attn_scalar", "positive"}, replace("config.json", "\"query_pre_attn_scalar\": 48", "\"query_pre_attn_scalar\": 0")},
    {"value heads not a multiple of key heads", kState, E::format, {"linear_num_value_heads", "3", "multiple", "2"}, replace("config.json", "\"linear_num_value_heads\": 4", "\"linear_num_value_heads\": 3")},
    {"convolution of another length", kState, E::checkpoint, {"linear_attn.conv1d.weight", "[256, 1, 4]", "[256, 1, 3]"}, replace("config.json", "\"linear_conv_kernel_dim\": 4", "\"linear_conv_kernel_dim\": 3")},
    {"recurrent layer without its decay", kState, E::checkpoint, {"model.layers.1.linear_attn.A_log", "missing"}, tensors([](CheckpointWriter& w) { w.remove("model.layers.1.linear_attn.A_log"); })},
    {"gate of the shared expert missing", kState, E::checkpoint, {"mlp.shared_expert_gate.weight", "missing"}, tensors([](CheckpointWriter& w) { w.remove("model.layers.0.mlp.shared_expert_gate.weight"); })},
    {"more than a head is rotated", kState, E::format, {"partial_rotary_factor", "1.5"}, replace("config.json", "\"partial_rotary_factor\": 0.25", "\"partial_rotary_factor\": 1.5")},
    {"output gate unknown", kStateWrapper, E::unsupported, {"output_gate_type", "relu", "sigmoid"}, replace("config.json", "\"attn_output_gate\": true", "\"output_gate_type\": \"relu\"")},
    {"too few layer types", kStateWrapper, E::format, {"layer_types", "4", "5"}, replace("config.json", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5")},
    {"kind of attention unknown", kLightning, E::unsupported, {"attn_type_list", "2", "0, 1"}, [](const fs::path& f) { nlohmann::json c = nlohmann::json::parse(test::read_text(f / "config.json")); c["attn_type_list"] = {0, 2, 0, 1}; test::write_text(f / "config.json", c.dump()); }},
    {"too few kinds of attention", kLightning, E::format, {"attn_type_list", "4", "5"}, replace("config.json", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5")},
    {"shared expert where there is none", kLightning, E::unsupported, {"shared_intermediate_size"}, replace("config.json", "\"shared_intermediate_size\": 0", "\"shared_intermediate_size\": 64")},
    {"residual factor out of range", kLightning, E::format, {"residual"}, replace("config.json", "\"layernorm_mlp_alpha\": 1.5", "\"layernorm_mlp_alpha\": 1e30")},
    {"rank file with a broken line", kTiktoken, E::format, {"tiktoken.model, line", "base64"}, replace("tiktoken.model", "IQ== 0", "I?== 0")},
    {"rank file with a token twice", kTiktoken, E::format, {"tiktoken.model, line 2", "twice"}, replace("tiktoken.model", "Ig== 1\n", "IQ== 1\n")},
    {"quantisation method unknown", kFp8, E::unsupported, {"quantization_config", "quant_method", "bitsandbytes"}, replace("config.json", "\"quant_method\": \"fp8\"", "\"quant_method\": \"bitsandbytes\"")},
    {"quantisation block of one number", kFp8, E::format, {"weight_block_size", "two"}, [](const fs::path& f) { nlohmann::json c = nlohmann::json::parse(test::read_text(f / "config.json")); c["quantization_config"]["weight_block_size"] = {128}; test::write_text(f / "config.json", c.dump()); }},
    {"quantisation block disagrees with the scales", kFp8, E::checkpoint, {"weight_scale_inv", "[3, 2]", "[5, 3]"}, [](const fs::path& f) { nlohmann::json c = nlohmann::json::parse(test::read_text(f / "config.json")); c["quantization_config"]["weight_block_size"] = {64, 64}; test::write_text(f / "config.json", c.dump()); }},

    // weight files
    {"weights missing", kFp8, E::io, {"safetensors"}, remove("model.safetensors")},
    {"another project's weights", kFp8, E::io, {"gguf"}, [](const fs::path& f) { fs::rename(f / "model.safetensors", f / "model.gguf"); }},
    {"weights empty", kFp8, E::format, {"model.safetensors", "empty"}, write("model.safetensors", "")},
    {"weights a directory", kFp8, E::io, {"model.safetensors", "directory"}, directory_instead("model.safetensors")},
    {"weights a git-lfs pointer", kFp8, E::format, {"model.safetensors", "git-lfs", "git lfs pull"}, write("model.safetensors", kLfs)},
    {"weights a web page", kFp8, E::format, {"model.safetensors", "HTML"}, write("model.safetensors", kHtml)},
    {"weights truncated in the header", kFp8, E::format, {"model.safetensors"}, truncate("model.safetensors", 100)},
    {"weights truncated in the data", kFp8, E::format, {"model.safetensors", "500000"}, truncate("model.safetensors", 500000)},
    {"header length beyond the file", kFp8, E::format, {"model.safetensors"}, write("model.safetensors", std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F{}", 10))},
    {"unknown dtype", kFp8, E::format, {"model.safetensors", "F7_E9"}, header("\"F8_E4M3\"", "\"F7_E9\"")},
    {"negative dimension", kFp8, E::format, {"model.safetensors", "shape"}, header("\"shape\":[331,160]", "\"shape\":[-331,160]")},
    {"overflowing shape", kFp8, E::format, {"model.safetensors"}, header("\"shape\":[331,160]", "\"shape\":[4294967296,4294967296]")},
    {"offset overflow", kFp8, E::format, {"model.safetensors"}, header("\"data_offsets\":[0,", "\"data_offsets\":[18446744073709551608,")},
    {"tensor twice in one file", kFp8, E::format, {"model.safetensors", "model.norm.weight"}, header("\"model.layers.0.input_layernorm.weight\"", "\"model.norm.weight\"")},
    {"file longer than its header says", kFp8, E::format, {"model.safetensors"}, [](const fs::path& f) { test::write_text(f / "model.safetensors", test::read_text(f / "model.safetensors") + "xx"); }},

    // shards
    {"shard missing", kSharded, E::io, {"model-00002-of-00003.safetensors", "2 of 3"}, remove("model-00002-of-00003.safetensors")},
    {"shard truncated", kSharded, E::format, {"model-00003-of-00003.safetensors"}, truncate("model-00003-of-00003.safetensors", 3000)},
    {"shard a git-lfs pointer", kSharded, E::format, {"model-00001-of-00003.safetensors", "git lfs pull"}, write("model-00001-of-00003.safetensors", kLfs)},
    {"index broken", kSharded, E::format, {"model.safetensors.index.json"}, write("model.safetensors.index.json", "{\"weight_map\": 7}")},
    {"index names a path outside", kSharded, E::format, {"index.json", ".."}, replace("model.safetensors.index.json", "model-00001-of-00003.safetensors", "../model-00001-of-00003.safetensors")},
    {"index names a tensor in the wrong shard", kSharded, E::checkpoint, {"model.norm.weight"}, [](const fs::path& f) { nlohmann::json i = nlohmann::json::parse(test::read_text(f / "model.safetensors.index.json")); auto& at = i["weight_map"]["model.norm.weight"]; at = at == "model-00001-of-00003.safetensors" ? "model-00002-of-00003.safetensors" : "model-00001-of-00003.safetensors"; test::write_text(f / "model.safetensors.index.json", i.dump()); }},
    {"index names a tensor that is nowhere", kSharded, E::checkpoint, {"model.nowhere"}, [](const fs::path& f) { nlohmann::json i = nlohmann::json::parse(test::read_text(f / "model.safetensors.index.json")); i["weight_map"]["model.nowhere"] = "model-00001-of-00003.safetensors"; test::write_text(f / "model.safetensors.index.json", i.dump()); }},

    {"GGUF in place of a published folder", kFp8, E::io, {"model.gguf", "no config.json", "take the folder", "https://example.org/made/of-this"}, [](const fs::path& f) { fs::remove(f / "config.json"); std::string text = "GGUF" + std::string("\3\0\0\0", 4); const std::string key = "general.base_model.0.repo_url"; const std::string url = "https://example.org/made/of-this"; text += key + std::string("\x8\0\0\0", 4) + static_cast<char>(url.size()) + std::string(7, '\0') + url; test::write_text(f / "model.gguf", text); }},
    {"GGUF that breaks off", kFp8, E::io, {"model.gguf", "take the folder"}, [](const fs::path& f) { fs::remove(f / "config.json"); test::write_text(f / "model.gguf", "GGUFgeneral.base_model.0.repo_url\x8"); }},

    // tensors
    {"tensor missing", kFp8, E::checkpoint, {kUp, "missing"}, tensors([](CheckpointWriter& w) { w.remove(kUp).remove(kUpScale); })},
    {"tensor left over", kFp8, E::checkpoint, {"model.extra.weight"}, tensors([](CheckpointWriter& w) { w.add_values("model.extra.weight", DType::f32, {2}, std::vector<float>{1, 2}); })},
    {"FP8 weight without scale", kFp8, E::checkpoint, {kUp, "weight_scale_inv"}, tensors([](CheckpointWriter& w) { w.remove(kUpScale); })},
    {"scale without weight", kFp8, E::checkpoint, {"model.extra.weight_scale_inv", "model.extra.weight"}, tensors([](CheckpointWriter& w) { w.add_values("model.extra.weight_scale_inv", DType::f32, {1, 1}, std::vector<float>{1}); })},
    {"scale of the wrong shape", kFp8, E::checkpoint, {kUpScale, "[2, 3]", "[3, 2]"}, tensors([](CheckpointWriter& w) { w.tensor(kUpScale).shape = {2, 3}; })},
    {"scale of the wrong dtype", kFp8, E::checkpoint, {kUpScale, "I32"}, tensors([](CheckpointWriter& w) { w.tensor(kUpScale).dtype = DType::i32; })},
    {"scale that is NaN", kFp8, E::checkpoint, {kUp, "NaN"}, set_float(kUpScale, 0x7FC00000U)},
    {"scale that is infinite", kFp8, E::checkpoint, {kUp, "infinite"}, set_float(kUpScale, 0x7F800000U)},
    {"UE8M0 scale that is NaN", kUe8m0, E::checkpoint, {kUp, "NaN"}, set_byte(kUpScale, 1, '\xFF')},
    {"FP8 code that is NaN", kFp8, E::checkpoint, {kUp, "[0, 77]", "NaN"}, set_byte(kUp, 77, '\x7F')},
    {"norm weight that is NaN", kFp8, E::checkpoint, {"model.norm.weight", "element 0"}, tensors([](CheckpointWriter& w) { w.tensor("model.norm.weight").bytes.replace(0, 2, "\xC0\x7F"); })},
    {"weight of an integer dtype", kFp8, E::unsupported, {"lm_head.weight", "I16"}, tensors([](CheckpointWriter& w) { w.tensor("lm_head.weight").dtype = DType::i16; })},
    {"weight transposed", kFp8, E::checkpoint, {"lm_head.weight", "[160, 331]", "[331, 160]"}, tensors([](CheckpointWriter& w) { w.tensor("lm_head.weight").shape = {160, 331}; })},
    {"bias missing", kFp8, E::checkpoint, {"model.layers.0.self_attn.q_proj.bias", "missing"}, tensors([](CheckpointWriter& w) { w.remove("model.layers.0.self_attn.q_proj.bias"); })},
    {"bias of the wrong length", kFp8, E::checkpoint, {"model.layers.0.self_attn.q_proj.bias", "[2, 144]", "[288]"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.0.self_attn.q_proj.bias").shape = {2, 144}; })},

    // matrices that are laid out anew
    {"GPTQ group out of range", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.g_idx", "element 3", "0 to 1"}, set_byte("model.layers.1.mlp.up_proj.g_idx", 12, '\x02')},
    {"GPTQ group negative", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.g_idx", "element 0"}, set_byte("model.layers.1.mlp.up_proj.g_idx", 3, '\xFF')},
    {"GPTQ order of the wrong length", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.g_idx", "[2, 128]", "[256]"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.g_idx").shape = {2, 128}; })},
    {"GPTQ codes of the wrong shape", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.qweight", "[64, 192]", "[32, 384]", "AWQ"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.qweight").shape = {64, 192}; })},
    {"GPTQ codes of the wrong dtype", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.qweight", "F32"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.qweight").dtype = DType::f32; })},
    {"GPTQ scales missing", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.scales", "missing"}, tensors([](CheckpointWriter& w) { w.remove("model.layers.1.mlp.up_proj.scales"); })},
    {"GPTQ scales of the wrong shape", kGptq, E::checkpoint, {"layers.1.mlp.up_proj.scales", "[4, 192]", "[4, 384]"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.scales").shape = {4, 192}; })},
    {"GPTQ scale that is infinite", kGptq, E::checkpoint, {"layers.1.mlp.up_proj", "infinite"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.scales").bytes.replace(0, 2, std::string("\x00\x7C", 2)); })},
    {"AWQ zero points of the wrong shape", kAwq, E::checkpoint, {"layers.1.mlp.up_proj.qzeros", "[48, 2]", "[2, 48]"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.qzeros").shape = {48, 2}; })},
    {"AWQ of another version", kAwq, E::unsupported, {"version", "gemv"}, replace("config.json", "\"gemm\"", "\"gemv\"")},
    {"zero points of the wrong shape", kZeros, E::checkpoint, {"layers.1.mlp.up_proj.weight_zero_point", "[2, 48]", "[48, 2]"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.weight_zero_point").shape = {2, 48}; })},
    {"zero points of the wrong dtype", kZeros, E::checkpoint, {"layers.1.mlp.up_proj.weight_zero_point", "F32"}, tensors([](CheckpointWriter& w) { w.tensor("model.layers.1.mlp.up_proj.weight_zero_point").dtype = DType::f32; })},

    // text
    {"tokenizer missing", kFp8, E::io, {"tokenizer.json"}, remove("tokenizer.json")},
    {"tokenizer a dangling link", kFp8, E::io, {"tokenizer.json", "link to a file that does not exist"}, dangling("tokenizer.json")},
    {"tokenizer config a dangling link", kFp8, E::io, {"tokenizer_config.json", "link"}, dangling("tokenizer_config.json")},
    {"configuration far too large", kFp8, E::io, {"config.json", "300000000 bytes", "at most"}, truncate("config.json", 300000000)},
    {"tokenizer empty", kFp8, E::format, {"tokenizer.json", "empty"}, write("tokenizer.json", "")},
    {"tokenizer not JSON", kFp8, E::format, {"tokenizer.json"}, write("tokenizer.json", "hello")},
    {"tokenizer without a model", kFp8, E::format, {"tokenizer.json", "model"}, write("tokenizer.json", "{}")},
    {"tokenizer of an unknown kind", kFp8, E::unsupported, {"tokenizer.json", "WordWide"}, replace("tokenizer.json", "\"BPE\"", "\"WordWide\"")},
    {"tokenizer config broken", kFp8, E::format, {"tokenizer_config.json"}, write("tokenizer_config.json", "{]")},
  };
  return table;
}
// clang-format on

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("every broken folder is refused with a status and a message that helps") {
    CHECK(cases().size() >= 60);
    for (const Case& broken : cases()) {
      CAPTURE(std::string(broken.name));
      const test::TempDirectory folder;
      test::copy_folder(test::test_data(broken.base), folder.path());
      broken.break_it(folder.path());
      test::expect_error(broken.code, broken.parts, [&] { (void)test::open_model(folder.path()); });
    }
  }

  TEST_CASE("inspect lists the problems of every broken folder and goes on") {
    for (const Case& broken : cases()) {
      CAPTURE(std::string(broken.name));
      const test::TempDirectory folder;
      test::copy_folder(test::test_data(broken.base), folder.path());
      broken.break_it(folder.path());
      const nlohmann::json report = nlohmann::json::parse(inspect(folder.path()));
      // Headers only: what the bytes of matrices and scales say is not looked at.
      const std::string_view name = broken.name;
      const bool needs_data =
          name.starts_with("FP8 code") || name.find("scale that is") != name.npos;
      CHECK(report["problems"].empty() == needs_data);
    }
    CHECK(nlohmann::json::parse(inspect(test::test_data(kFp8)))["problems"].empty());
  }

  TEST_CASE("a path that is not a model folder is refused by name") {
    const test::TempDirectory folder;
    test::write_text(folder / "file", "x");
    test::expect_error(ErrorCode::io, {"nowhere", "no such folder"},
                       [&] { (void)test::open_model(folder / "nowhere"); });
    test::expect_error(ErrorCode::io, {"file", "is a file"},
                       [&] { (void)test::open_model(folder / "file"); });
    test::expect_error(ErrorCode::io, {"config.json", "no such file"},
                       [&] { (void)test::open_model(folder.path()); });
    test::expect_error(ErrorCode::io, {"nowhere"}, [&] { (void)inspect(folder / "nowhere"); });
  }

  TEST_CASE("leniency turns leftovers and a missing tokenizer into warnings") {
    const test::TempDirectory folder;
    test::copy_folder(test::test_data(kFp8), folder.path());
    tensors([](CheckpointWriter& w) {
      w.add_values("model.extra.weight", DType::f32, {2}, std::vector<float>{1, 2});
    })(folder.path());
    remove("tokenizer.json")(folder.path());
    std::string warnings;
    const std::shared_ptr<const Model> model =
        Model::open(folder.path(), {},
                    {.lenient = true, .warn = [&](std::string_view text) { warnings += text; }});
    CHECK(warnings.find("model.extra.weight") != std::string::npos);
    CHECK(warnings.find("tokenizer") != std::string::npos);
    CHECK_FALSE(model->has_tokenizer());
    test::expect_error(ErrorCode::not_found, {"tokenizer"}, [&] { (void)model->tokenizer(); });
  }

  TEST_CASE("a memory limit refuses a folder before its weights are touched") {
    test::expect_error(ErrorCode::memory, {"seed_oss-fp8", "1000"}, [&] {
      (void)Model::open(test::test_data(kFp8), {}, {.memory_limit = 1000});
    });
    CHECK(Model::open(test::test_data(kFp8), {}, {.memory_limit = 1 << 24}) != nullptr);
  }

  TEST_CASE("a NaN that was not seen when opening is named when it reaches the logits") {
    const test::TempDirectory folder;
    test::copy_folder(test::test_data(kFp8), folder.path());
    const std::shared_ptr<const Model> model =
        Model::open(folder.path(), {}, {.trust_files = true});
    {  // the file changes under the mapping, as a failing disk would have it
      const Checkpoint checkpoint = Checkpoint::open(folder.path());
      const auto at =
          checkpoint.find(kUp)->bytes.data() - checkpoint.find("lm_head.weight")->bytes.data();
      std::string text = test::read_text(folder / "model.safetensors");
      std::uint64_t size = 0;
      std::memcpy(&size, text.data(), sizeof size);
      std::FILE* file = std::fopen((folder / "model.safetensors").c_str(), "r+b");
      REQUIRE(file != nullptr);
      std::fseek(file, static_cast<long>(8 + size) + static_cast<long>(at) + 5, SEEK_SET);
      std::fputc(0x7F, file);
      std::fclose(file);
    }
    Session session(model, {.context = 16});
    test::expect_error(ErrorCode::checkpoint, {kUp, "[0, 5]", "NaN"}, [&] {
      session.append(std::vector<std::int32_t>{1, 2, 3});
    });
    CHECK(session.length() <= 3);
  }
}

}  // namespace ottobit
