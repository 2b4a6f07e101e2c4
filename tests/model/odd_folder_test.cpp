// SPDX-License-Identifier: Apache-2.0
// Folders as people have them: odd, but with a meaning. Each opens without options, says on the log
// what is odd, and computes what the folder it was made of computes.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/contains.hpp"
#include "support/errors.hpp"
#include "support/folder_edit.hpp"
#include "support/json.hpp"
#include "support/model.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using test::CheckpointWriter;
using test::contains;
using test::dangling;
using test::FolderEdit;
using test::remove;
using test::replace;
using test::tensors;
using test::write;

constexpr const char* kFp8 = "seed_oss-fp8";
constexpr const char* kSharded = "seed_oss-bf16";
constexpr const char* kTied = "llama3-bf16-tied";

struct Opened {
  std::shared_ptr<const Model> model;
  std::string log;
  nlohmann::json report;  // of inspect()
};

Opened open_edited(const char* base, const FolderEdit& edit) {
  const test::TempDirectory folder;
  test::copy_folder(test::test_data(base), folder.path());
  edit(folder.path());
  Opened opened;
  opened.report = nlohmann::json::parse(inspect(folder.path()));
  opened.model = Model::open(
      folder.path(), {.threads = 2},
      {.use_mmap = false, .warn = [&](auto text) { opened.log += std::string(text) + "\n"; }});
  return opened;
}

std::string problems(const Opened& opened) {
  std::string text;
  for (const nlohmann::json& problem : opened.report["problems"]) {
    text += problem["message"].get<std::string>() + "\n";
  }
  return text;
}

std::vector<float> logits(const std::shared_ptr<const Model>& model) {
  Session session(model, {.context = 64, .compute = Compute::f32});
  return test::logits_of(session, std::vector<std::int32_t>{3, 14, 15, 92, 65, 35}, 6);
}

/// All files of weights in one; the index stays.
void merge(const fs::path& folder) {
  CheckpointWriter writer = CheckpointWriter::from(Checkpoint::open(folder));
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") {
      fs::remove(entry.path());
    }
  }
  writer.write(folder);
}

void store_head(CheckpointWriter& writer, CheckpointWriter::Tensor head) {
  writer.add("lm_head.weight", head.dtype, head.shape, std::as_bytes(std::span(head.bytes)));
}

struct Case {
  const char* name;
  const char* base;
  std::string_view said;  // on the log and among the problems; nothing if empty
  FolderEdit edit;
};

// clang-format off
const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
    {"a generation config that is not JSON", kFp8, "generation_config.json", write("generation_config.json", "{")},
    {"a generation config with a comma too many", kFp8, "generation_config.json", write("generation_config.json", "{\"eos_token_id\": 2, // end\n}")},
    {"a generation config that is a list", kFp8, "an array", write("generation_config.json", "[]")},
    {"a generation config that is not there", kFp8, "link", dangling("generation_config.json")},
    {"a temperature below zero", kFp8, "`temperature` is -3", write("generation_config.json", R"({"temperature": -3, "do_sample": true})")},
    {"a top_k of text", kFp8, "`top_k` is \"all\"", write("generation_config.json", R"({"top_k": "all"})")},
    {"a top_k of -1", kFp8, "", write("generation_config.json", R"({"top_k": -1, "do_sample": true})")},
    {"a top_k of everything", kFp8, "", write("generation_config.json", R"({"top_k": 1e12, "do_sample": true})")},
    {"unknown wishes", kFp8, "", write("generation_config.json", R"({"guidance": {"a": [1]}, "max_new_tokens": "many"})")},
    {"an end token of text", kFp8, "`eos_token_id` has \"two\"", write("generation_config.json", R"({"eos_token_id": "two"})")},
    {"a template that breaks off", kFp8, "line 2", write("chat_template.jinja", "a\n{% for x in %}")},
    {"a template of another engine", kFp8, "sparkle", write("chat_template.jinja", "{{ messages | sparkle }}")},
    {"a template that is empty", kFp8, "chat_template.jinja", write("chat_template.jinja", "")},
    {"a template that is not there", kFp8, "link", dangling("chat_template.jinja")},
    {"templates of no shape", kFp8, "chat_template", [](const fs::path& f) { fs::remove(f / "chat_template.jinja"); test::write_text(f / "tokenizer_config.json", R"({"chat_template": 5})"); }},
    {"an index left from shards that were merged", kSharded, "", merge},
    {"shards without an index", kSharded, "", remove("model.safetensors.index.json")},
    {"a config saved again", kFp8, "", replace("config.json", "\"torch_dtype\"", "\"dtype\"")},
    {"keys of trainers", kFp8, "", replace("config.json", "\"torch_dtype\"", "\"unsloth_fixed\": true, \"torch_dtype\"")},
    {"a tied head that is stored, too", kTied, "lm_head.weight", tensors([](CheckpointWriter& w) { store_head(w, w.tensor("model.embed_tokens.weight")); })},
  };
  return table;
}
// clang-format on

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("odd folders open, say what is odd, and compute what they did") {
    for (const Case& odd : cases()) {
      CAPTURE(std::string(odd.name));
      const Opened opened = open_edited(odd.base, odd.edit);
      const std::vector<float> expected = logits(test::open_model(test::test_data(odd.base)));
      CHECK(logits(opened.model) == expected);
      CHECK(opened.log.empty() == odd.said.empty());
      CHECK(contains(opened.log, odd.said));
      CHECK(opened.report["problems"].empty() == odd.said.empty());
      CHECK(contains(problems(opened), odd.said));
    }
  }

  TEST_CASE("a head that is stored counts, though the configuration says tied") {
    const auto negate = tensors([](CheckpointWriter& w) {
      CheckpointWriter::Tensor head = w.tensor("model.embed_tokens.weight");
      for (std::size_t i = 1; i < head.bytes.size(); i += 2) {
        head.bytes[i] = static_cast<char>(head.bytes[i] ^ 0x80);  // the sign of a BF16
      }
      store_head(w, head);
    });
    const Opened opened = open_edited(kTied, negate);
    std::vector<float> expected = logits(test::open_model(test::test_data(kTied)));
    for (float& logit : expected) {
      logit = -logit;
    }
    CHECK(logits(opened.model) == expected);
    CHECK(contains(opened.log, "lm_head.weight: is stored"));
    CHECK(opened.report["tied_head"] == false);
  }

  TEST_CASE("where the end tokens come from") {
    const auto ids = [](const std::string& generation, const char* config, const char* tokenizer) {
      const Opened opened = open_edited(kFp8, [&](const fs::path& folder) {
        test::write_text(folder / "generation_config.json", generation);
        test::replace_in_file(folder / "config.json", "\"eos_token_id\": 2", config);
        test::write_text(folder / "tokenizer_config.json", tokenizer);
      });
      const bool told = contains(opened.log, "no token ends an answer");
      CHECK(told == opened.model->end_ids().empty());
      CHECK(told == contains(problems(opened), "no token ends an answer"));
      CHECK(opened.report["end_ids"].size() == opened.model->end_ids().size());
      return std::vector<std::int32_t>(opened.model->end_ids().begin(),
                                       opened.model->end_ids().end());
    };
    using Ids = std::vector<std::int32_t>;
    constexpr const char* kTokenizer = R"({"eos_token": "<seed:eos>"})";
    const auto named =
        test::open_model(test::test_data(kFp8))->tokenizer().find_token("<seed:eos>");
    REQUIRE(named.has_value());
    CHECK(ids(R"({"eos_token_id": [9, 7, 9, -1, null]})", "\"eos_token_id\": 2", kTokenizer) ==
          Ids{7, 9});
    CHECK(ids(R"({"eos_token_id": -1})", "\"eos_token_id\": 5", kTokenizer) == Ids{5});
    CHECK(ids("{}", "\"eos_token_id\": -1", kTokenizer) == Ids{*named});
    CHECK(ids("{}", "\"eos_token_id\": null", "{}").empty());
    CHECK(ids("{}", "\"eos_token_id\": []", R"({"eos_token": "<nowhere>"})").empty());
  }

  TEST_CASE("a multimodal configuration may name its end tokens in the decoder's part") {
    const Opened opened = open_edited("gemma3-wrapper", [](const fs::path& folder) {
      nlohmann::json config = nlohmann::json::parse(test::read_text(folder / "config.json"));
      config.erase("eos_token_id");
      config["text_config"]["eos_token_id"] = {8, 6};
      test::write_text(folder / "config.json", config.dump());
      fs::remove(folder / "generation_config.json");
    });
    CHECK(
        std::vector<std::int32_t>(opened.model->end_ids().begin(), opened.model->end_ids().end()) ==
        std::vector<std::int32_t>{6, 8});
    CHECK(opened.log.empty());
  }

  TEST_CASE("a template that cannot be read is an error of the chat alone") {
    const Opened opened =
        open_edited(kFp8, write("chat_template.jinja", "a\n{{ messages | sparkle }}"));
    CHECK_FALSE(opened.model->tokenizer().encode("plain text", {}).empty());
    test::expect_error(ErrorCode::chat_template, {"line 2", "sparkle"}, [&] {
      (void)opened.model->chat_text(R"({"messages": [{"role": "user", "content": "x"}]})");
    });
  }

  TEST_CASE("a tensor in two files without an index is refused by name") {
    const test::TempDirectory folder;
    test::copy_folder(test::test_data(kSharded), folder.path());
    fs::remove(folder / "model.safetensors.index.json");
    fs::copy_file(folder / "model-00002-of-00003.safetensors",
                  folder / "model-00001-of-00003.safetensors",
                  fs::copy_options::overwrite_existing);
    test::expect_error(ErrorCode::checkpoint, {"is in two files"},
                       [&] { (void)test::open_model(folder.path()); });
  }

  TEST_CASE("sampling defaults that make sense are kept beside those that do not") {
    const Opened opened = open_edited(
        kFp8,
        write(
            "generation_config.json",
            R"({"do_sample": true, "temperature": 0.7, "top_p": 7, "top_k": -1, "min_p": 0.1,})"));
    const GenerationDefaults& defaults = opened.model->generation_defaults();
    CHECK(defaults.temperature == 0.7F);
    CHECK(defaults.top_p == 1.0F);
    CHECK(defaults.top_k == 0);
    CHECK(defaults.min_p == 0.1F);
    CHECK(contains(opened.log, "`top_p` is 7"));
  }
}

}  // namespace ottobit
