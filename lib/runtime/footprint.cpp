// SPDX-License-Identifier: Apache-2.0
#include "runtime/footprint.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "ottobit/parallel.hpp"

#include "folder/folder.hpp"
#include "folder/random_weights.hpp"
#include "folder/weight_reader.hpp"
#include "io/checkpoint.hpp"

namespace ottobit {
namespace {

// Measured, with the C++ library of GCC 12: an index of 9,400 tensors and their matrices; a
// tokenizer.json of 150,000 tokens, at the peak of reading it; files of other kinds.
constexpr std::uint64_t kTensorBytes = 900;
struct TokenizerFile {
  const char* name;
  std::uint64_t times;  ///< the size of the file
};
constexpr TokenizerFile kTokenizerFiles[] = {
    {"tokenizer.json", 4}, {"tokenizer.model", 8}, {"tiktoken.model", 12}};

std::uint64_t tokenizer_bytes(const std::filesystem::path& directory) {
  for (const TokenizerFile& file : kTokenizerFiles) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(directory / file.name, error);
    if (!error) {
      return file.times * size;
    }
  }
  return 0;
}

Footprint footprint_of_random(const std::string& json) {
  RandomModel model = parse_random_model(json);
  RandomWeights weights(model.format, Parallel());
  FolderConfig folder = read_config(model.config, {});
  Decoder decoder = Decoder::bind(std::move(folder.spec), weights.counter());
  return {.resident = weights.total_bytes(), .decoder = std::move(decoder)};
}

}  // namespace

Footprint footprint_of(const std::filesystem::path& directory, const KernelTable& kernels,
                       const ModelOptions& options) {
  if (!options.random_json.empty()) {
    return footprint_of_random(options.random_json);
  }
  require_directory(directory);
  FolderConfig folder = read_config(open_config(directory), directory);
  const Checkpoint checkpoint = Checkpoint::open(directory);
  CheckpointReader counter(checkpoint, folder.spec, folder.scale_blocks, kernels);
  use_stored_head(folder.spec, counter, {});
  Decoder decoder = Decoder::bind(folder.spec, counter.reader());
  const std::uint64_t files = checkpoint.file_bytes();
  const auto repacked = static_cast<std::uint64_t>(counter.repacker().bytes());
  return {.file_bytes = files,
          .mapped = options.use_mmap ? files : 0,
          .resident = (options.use_mmap ? 0 : files) + repacked +
                      static_cast<std::uint64_t>(counter.copied_bytes()) +
                      kTensorBytes * checkpoint.names().size() + tokenizer_bytes(directory),
          .repacked = repacked,
          .decoder = std::move(decoder)};
}

}  // namespace ottobit
