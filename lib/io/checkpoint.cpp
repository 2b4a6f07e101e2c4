// SPDX-License-Identifier: Apache-2.0
// Finds the shards of a folder, opens them, and holds the index against what they contain. All
// shards are known to exist before the first is read, so that a missing one shows at once.
#include "io/checkpoint.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "ottobit/error.hpp"

#include "io/json.hpp"
#include "io/printable.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kSingleName = "model.safetensors";

/// What to open. `places` is empty when there is no index.
struct Plan {
  std::vector<std::string> files;             // sorted
  std::map<std::string, std::size_t> places;  // tensor -> position in files
};

void check_folder(const fs::path& dir) {
  std::error_code error;
  const fs::file_status status = fs::status(dir, error);
  OTTOBIT_CHECK(status.type() != fs::file_type::not_found, ErrorCode::io, path_text(dir),
                "no such folder");
  OTTOBIT_CHECK(status.type() != fs::file_type::none, ErrorCode::io, path_text(dir),
                "cannot be read: " + error.message());
  OTTOBIT_CHECK(status.type() == fs::file_type::directory, ErrorCode::io, path_text(dir),
                "is not a folder, expected one that holds config.json and *.safetensors");
}

/// Names of the files in the folder, sorted; at most `kMaxListed` are looked at.
std::vector<std::string> list_folder(const fs::path& dir) {
  constexpr std::size_t kMaxListed = 100'000;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(dir, error), end; !error && at != end && names.size() < kMaxListed;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  OTTOBIT_CHECK(!error, ErrorCode::io, path_text(dir), "cannot be listed: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

std::string join_some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i], 80);
  }
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more"
                               : text;
}

/// Explains a folder without safetensors by what lies in it.
[[noreturn]] void fail_without_weights(const fs::path& dir, const std::vector<std::string>& names) {
  const std::string looked_for =
      std::string("no ") + kIndexName + ", " + kSingleName + " or other *.safetensors file; ";
  struct Foreign {
    std::string_view suffix;
    const char* what;
  };
  constexpr Foreign kForeign[] = {
      {".gguf", "GGUF files"},
      {".ggml", "GGML files"},
      {".bin", "PyTorch .bin files"},
      {".pt", "PyTorch files"},
      {".pth", "PyTorch files"},
      {".onnx", "ONNX files"},
      {".h5", "TensorFlow files"},
      {".msgpack", "Flax files"},
      {".safetensors.part", "unfinished downloads"},
      {".incomplete", "unfinished downloads"},
  };
  for (const Foreign& kind : kForeign) {
    std::vector<std::string> matching;
    std::copy_if(names.begin(), names.end(), std::back_inserter(matching),
                 [&](const std::string& name) { return name.ends_with(kind.suffix); });
    if (!matching.empty()) {
      fail(ErrorCode::io, path_text(dir),
           looked_for + "it holds " + kind.what + " (" + join_some(matching) +
               "), this is not a safetensors folder");
    }
  }
  fail(ErrorCode::io, path_text(dir),
       looked_for + (names.empty() ? "the folder is empty" : "it holds " + join_some(names)));
}

void check_shard_name(const std::string& shard, const std::string& tensor) {
  const bool plain = !shard.empty() && shard.size() <= 255 &&
                     shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos &&
                     shard.find("..") == std::string::npos && shard.ends_with(".safetensors");
  OTTOBIT_CHECK(plain, ErrorCode::format, kIndexName,
                "weight_map places " + in_backticks(tensor) + " in " + in_backticks(shard) +
                    ", expected the name of a *.safetensors file in the same folder");
}

Plan read_index(const fs::path& dir) {
  const Json root = parse_json(read_text_file(dir / kIndexName), kIndexName);
  OTTOBIT_CHECK(root.is_object(), ErrorCode::format, kIndexName,
                "holds " + std::string(json_type_text(root)) + ", expected an object");
  const auto map = root.find("weight_map");
  OTTOBIT_CHECK(map != root.end(), ErrorCode::format, kIndexName, "weight_map is missing");
  OTTOBIT_CHECK(map->is_object(), ErrorCode::format, kIndexName,
                "weight_map is " + std::string(json_type_text(*map)) + ", expected an object");
  OTTOBIT_CHECK(!map->empty(), ErrorCode::format, kIndexName, "weight_map lists no tensors");
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : map->items()) {
    OTTOBIT_CHECK(shard.is_string(), ErrorCode::format, kIndexName,
                  "weight_map places " + in_backticks(tensor) + " in " +
                      std::string(json_type_text(shard)) + ", expected a file name");
    check_shard_name(shard.text(), tensor);
    shards.insert(shard.text());
  }
  Plan plan;
  plan.files.assign(shards.begin(), shards.end());
  for (const auto& [tensor, shard] : map->items()) {
    const auto at = std::lower_bound(plan.files.begin(), plan.files.end(), shard.text());
    plan.places.emplace_hint(plan.places.end(), tensor,
                             static_cast<std::size_t>(at - plan.files.begin()));
  }
  return plan;
}

/// An index is left from shards that were merged into `model.safetensors` where that is there, not
/// listed, and a file that is listed is not.
bool is_stale(const fs::path& dir, const Plan& index) {
  const auto is_listed = [&](const char* name) {
    return std::binary_search(index.files.begin(), index.files.end(), name);
  };
  return is_there(dir / kSingleName) && !is_listed(kSingleName) &&
         !std::all_of(index.files.begin(), index.files.end(),
                      [&](const std::string& name) { return is_there(dir / name); });
}

/// All of "stem-00001-of-00003.safetensors" and so on, which say themselves that they are complete.
bool are_all_shards(const std::vector<std::string>& sorted) {
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto numbered = [](std::size_t n) {
      const std::string digits = std::to_string(n);
      return std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
    };
    const std::string end =
        "-" + numbered(i + 1) + "-of-" + numbered(sorted.size()) + ".safetensors";
    const std::string& first = sorted.front();
    if (!sorted[i].ends_with(end) || sorted[i].size() != first.size() ||
        sorted[i].compare(0, first.size() - end.size(), first, 0, first.size() - end.size()) != 0) {
      return false;
    }
  }
  return !sorted.empty();
}

Plan make_plan(const fs::path& dir) {
  check_folder(dir);
  if (is_there(dir / kIndexName)) {
    Plan plan = read_index(dir);
    if (!is_stale(dir, plan)) {
      return plan;
    }
  }
  if (is_there(dir / kSingleName)) {
    return {.files = {kSingleName}, .places = {}};
  }
  const std::vector<std::string> names = list_folder(dir);
  std::vector<std::string> found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [](const std::string& name) { return name.ends_with(".safetensors"); });
  if (found.empty()) {
    fail_without_weights(dir, names);
  }
  OTTOBIT_CHECK(found.size() == 1 || are_all_shards(found), ErrorCode::io, path_text(dir),
                "holds " + std::to_string(found.size()) + " safetensors files (" +
                    join_some(found) + ") but no " + kIndexName +
                    " that says how they belong together");
  return {.files = std::move(found), .places = {}};
}

/// Sizes of all files; the first that is missing is named with its place in the order.
std::uint64_t check_all_present(const fs::path& dir, const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(dir / files[i], error);
    if (error == std::errc::no_such_file_or_directory) {
      missing.push_back(i);
    }
    total += error ? 0 : size;  // other errors come up again, in full, when the file is opened
  }
  if (!missing.empty()) {
    const std::size_t first = missing.front();
    const bool link = is_there(dir / files[first]);
    const std::size_t others = missing.size() - 1;
    fail(ErrorCode::io, path_text(dir),
         "shard " + std::to_string(first + 1) + " of " + std::to_string(files.size()) + ", " +
             in_backticks(files[first]) +
             (link ? ", is a link to a file that does not exist" : ", is missing") +
             (others == 0 ? "" : " (and " + std::to_string(others) + " more)"));
  }
  return total;
}

/// `progress` for one file out of several that hold `total` bytes together.
Progress progress_behind(const Progress& progress, std::uint64_t before, std::uint64_t total) {
  if (!progress) {
    return {};
  }
  return [&progress, before, total](std::uint64_t done, std::uint64_t) {
    return progress(std::min(before + done, total), total);
  };
}

void report(const Progress& progress, std::uint64_t done, std::uint64_t total,
            const std::string& name) {
  if (progress && !progress(std::min(done, total), total)) {
    fail(ErrorCode::cancelled, name, "loading was cancelled");
  }
}

/// A stored tensor must be where the index says, and nowhere else.
void check_place(const Plan& plan, const std::vector<SafetensorsFile>& shards, std::size_t shard,
                 const std::string& name) {
  const auto listed = plan.places.find(name);
  if (listed != plan.places.end() && listed->second == shard) {
    return;
  }
  const std::string holds = "holds tensor " + in_backticks(name);
  const std::string& file = shards[shard].file().name();
  OTTOBIT_CHECK(listed != plan.places.end(), ErrorCode::checkpoint, file,
                holds + ", which " + kIndexName + " does not list");
  const std::string place = in_backticks(plan.files[listed->second]);
  const bool twice = shards[listed->second].find(name) != nullptr;
  fail(ErrorCode::checkpoint, file,
       twice ? holds + ", and so does " + place
             : holds + ", which " + kIndexName + " places in " + place);
}

void check_against_index(const Plan& plan, const std::vector<SafetensorsFile>& shards) {
  std::size_t stored = 0;
  for (std::size_t shard = 0; shard < shards.size(); ++shard) {
    for (const StoredTensor& tensor : shards[shard].tensors()) {
      check_place(plan, shards, shard, tensor.name);
      ++stored;
    }
  }
  if (stored == plan.places.size()) {
    return;  // each stored tensor is listed, none twice: the sets are equal
  }
  for (const auto& [name, place] : plan.places) {
    OTTOBIT_CHECK(shards[place].find(name) != nullptr, ErrorCode::checkpoint, kIndexName,
                  "places tensor " + in_backticks(name) + " in " + in_backticks(plan.files[place]) +
                      ", which does not hold it");
  }
}

}  // namespace

Checkpoint Checkpoint::open(const fs::path& dir, const MapOptions& options,
                            const Progress& progress) {
  const Plan plan = make_plan(dir);
  const std::uint64_t total = check_all_present(dir, plan.files);
  const bool late = options.use_mmap && (options.prefault || options.lock);
  // Pages of mappings are brought in when everything has been found to fit together.
  MapOptions first = options;
  if (late) {
    first.prefault = first.lock = false;
  }
  Checkpoint checkpoint;
  checkpoint.shards_.reserve(plan.files.size());
  for (const std::string& name : plan.files) {
    const Progress step =
        late ? Progress{} : progress_behind(progress, checkpoint.file_bytes_, total);
    checkpoint.shards_.push_back(SafetensorsFile::open(dir / name, first, step));
    checkpoint.file_bytes_ += checkpoint.shards_.back().file().bytes().size();
    if (options.use_mmap && !late) {
      report(progress, checkpoint.file_bytes_, total, name);
    }
  }
  if (!plan.places.empty()) {
    check_against_index(plan, checkpoint.shards_);
  }
  if (late) {
    std::uint64_t before = 0;
    for (const SafetensorsFile& shard : checkpoint.shards_) {
      shard.file().populate(options.lock, progress_behind(progress, before, total));
      before += shard.file().bytes().size();
    }
  }
  checkpoint.index_tensors();
  return checkpoint;
}

void Checkpoint::check_unchanged() const {
  for (const SafetensorsFile& shard : shards_) {
    shard.file().check_unchanged();
  }
}

void Checkpoint::index_tensors() {
  for (const SafetensorsFile& shard : shards_) {
    for (std::size_t i = 0; i < shard.tensors().size(); ++i) {
      tensors_.push_back({shard.tensors()[i].name, &shard.entries()[i]});
    }
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const Named& a, const Named& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(tensors_.begin(), tensors_.end(),
                         [](const Named& a, const Named& b) { return a.name == b.name; });
  OTTOBIT_CHECK(
      twice == tensors_.end(), ErrorCode::checkpoint, std::string(twice->name),
      "is in two files of the folder, and no " + std::string(kIndexName) + " says which counts");
}

const TensorEntry* Checkpoint::find(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const Named& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return at == tensors_.end() || at->name != name ? nullptr : at->entry;
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  names.reserve(tensors_.size());
  for (const Named& tensor : tensors_) {
    names.emplace_back(tensor.name);
  }
  return names;
}

}  // namespace ottobit
