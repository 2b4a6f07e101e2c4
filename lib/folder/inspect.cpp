// SPDX-License-Identifier: Apache-2.0
// Looks at a model folder without reading its weights and reports everything, problems included.
#include <map>
#include <optional>
#include <string>

#include "ottobit/error.hpp"
#include "ottobit/model.hpp"

#include "chat/chat.hpp"
#include "folder/folder.hpp"
#include "folder/generation.hpp"
#include "folder/model_json.hpp"
#include "folder/weight_reader.hpp"
#include "io/checkpoint.hpp"

namespace ottobit {
namespace {

class Inspection {
 public:
  explicit Inspection(const std::filesystem::path& directory) : directory_(directory) {
    json_["name"] = folder_name(directory);
    json_["folder"] = directory.string();
  }

  [[nodiscard]] std::string run() {
    std::optional<FolderConfig> folder;
    attempt([&] {
      const Config config = open_config(directory_);
      config_ = config;
      folder = read_config(config, directory_);
      describe_config(*folder, json_);
      require_understood(*folder, passed_over(ErrorCode::unsupported));
    });
    attempt([&] { weights(folder); });
    std::optional<Tokenizer> tokenizer;
    attempt([&] {
      OTTOBIT_CHECK(has_tokenizer_file(directory_), ErrorCode::io, json_["name"].text(),
                    "no tokenizer.json, tokenizer.model or tiktoken.model in the folder");
      tokenizer.emplace(Tokenizer::open(directory_));
      describe_tokenizer(*tokenizer, json_);
    });
    if (config_) {
      attempt([&] {
        const Index vocab = folder ? folder->spec.vocab : Index{1} << 31;
        json_["end_ids"] = OrderedJson::list(
            read_generation(directory_, *config_, vocab, tokenizer ? &*tokenizer : nullptr, odd())
                .end_ids);
      });
    }
    attempt([&] {
      std::optional<std::string> source =
          load_chat_template(directory_, folder ? folder->family->model_type : std::string_view());
      json_["chat_template"] = source.has_value();
      if (source) {
        (void)ChatTemplate::parse(*source, "chat template");
      }
    });
    json_["problems"] = problems_;
    return json_.dump();
  }

 private:
  /// For what is odd and does not keep the folder from opening: a problem with status 0.
  [[nodiscard]] Warn odd() {
    return [this](std::string_view text) {
      problems_.push_back(
          OrderedJson::object({{"status", 0}, {"subject", json_["name"]}, {"message", text}}));
    };
  }

  /// For what only a lenient open passes over.
  [[nodiscard]] Warn passed_over(ErrorCode code) {
    return [this, code](std::string_view text) {
      problems_.push_back(OrderedJson::object({{"status", static_cast<int>(code)},
                                               {"subject", json_["name"]},
                                               {"message", text},
                                               {"lenient", true}}));
    };
  }

  /// A failing step is a problem of the folder; the others go on.
  template <class Step>
  void attempt(const Step& step) {
    try {
      step();
    } catch (const Error& error) {
      problems_.push_back(OrderedJson::object({{"status", static_cast<int>(error.code())},
                                               {"subject", error.subject()},
                                               {"message", error.what()}}));
    }
  }

  void weights(std::optional<FolderConfig>& folder) {
    const Checkpoint checkpoint = Checkpoint::open(directory_);
    json_["file_bytes"] = checkpoint.file_bytes();
    json_["shards"] = checkpoint.shard_count();
    std::map<std::string, Index> dtypes;
    const std::vector<std::string> names = checkpoint.names();
    for (const std::string& name : names) {
      dtypes[std::string(dtype_name(checkpoint.find(name)->dtype))] += 1;
    }
    json_["tensors"] = names.size();
    OrderedJson& counts = json_["dtypes"] = OrderedJson::object();
    for (const auto& [dtype, count] : dtypes) {
      counts[dtype] = count;
    }
    if (folder) {
      CheckpointReader reader(checkpoint, folder->spec, folder->scale_blocks,
                              *find_kernel_table(""));
      use_stored_head(folder->spec, reader, odd());
      json_["tied_head"] = folder->spec.tied_head;
      const Decoder decoder = Decoder::bind(folder->spec, reader.reader());
      describe_weights(decoder, json_);
      describe_repacked(reader.repacker().bytes(), json_);
      json_["tensors_aside"] = reader.leave_aside();
      reader.finish(passed_over(ErrorCode::checkpoint));
    }
  }

  const std::filesystem::path& directory_;
  std::optional<Config> config_;
  OrderedJson json_;
  OrderedJson problems_ = OrderedJson::array();
};

}  // namespace

std::string inspect(const std::filesystem::path& directory) {
  require_directory(directory);
  return Inspection(directory).run();
}

}  // namespace ottobit
