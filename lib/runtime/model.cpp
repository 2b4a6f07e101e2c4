// SPDX-License-Identifier: Apache-2.0
#include "ottobit/model.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "ottobit/crew.hpp"
#include "ottobit/decoder.hpp"
#include "ottobit/error.hpp"

#include "chat/chat.hpp"
#include "cpu/features.hpp"
#include "folder/folder.hpp"
#include "folder/generation.hpp"
#include "folder/model_json.hpp"
#include "folder/random_weights.hpp"
#include "folder/weight_reader.hpp"
#include "grammar/vocabulary.hpp"
#include "io/checkpoint.hpp"
#include "io/checksum.hpp"
#include "runtime/footprint.hpp"
#include "runtime/memory_limit.hpp"
#include "runtime/prefix_store.hpp"

namespace ottobit {
namespace {

// A checkpoint of this size is scanned for NaN when it is opened: it takes a fraction of a second.
// Larger ones are scanned if their pages are read anyway, or when logits stop being finite.
/// Begins control tokens in grammars: a byte that no UTF-8 text has.
constexpr char kControl = '\xFF';
constexpr std::uint64_t kScanBytes = std::uint64_t{256} << 20U;

Machine complete(Machine machine) {
  if (machine.kernels == nullptr) {
    machine.kernels = find_kernel_table("");
  }
  if (machine.threads <= 0) {
    machine.threads = usable_cores();
  }
  if (machine.engine == nullptr) {
    machine.engine = std::make_shared<Crew>(CrewOptions{machine.threads});
  }
  machine.threads = machine.engine->threads();
  return machine;
}

/// Where a lenient host wants to hear of what would else be an error; empty for a strict one.
std::function<void(std::string_view)> leniency(const ModelOptions& options) {
  if (!options.lenient) {
    return {};
  }
  return options.warn ? options.warn : [](std::string_view) {};
}

/// What takes the memory of a model, in words.
std::string what_of(const Footprint& footprint) {
  return footprint.repacked == 0 ? "the model"
                                 : "the model, of which " + std::to_string(footprint.repacked) +
                                       " are laid out anew in memory";
}

}  // namespace

struct Model::Impl {
  explicit Impl(const ModelOptions& options) : limit(options.memory_limit) {}

  Machine machine;
  std::string name;
  FolderConfig folder;
  FolderGeneration generation;
  std::optional<Checkpoint> checkpoint;
  std::optional<CheckpointReader> reader;
  std::optional<RandomWeights> random;
  std::optional<Decoder> decoder;
  std::optional<Tokenizer> tokenizer;
  std::optional<ChatTemplate> chat;
  std::optional<ChatTemplate> chat_with_tools;  // where the folder has one of its own for them
  std::string chat_source;                      // of both
  std::optional<Error> chat_problem;            // why there is none, though the folder has some
  std::string json;
  double load_seconds = 0.0;
  bool trusts_files = false;
  mutable MemoryLimit limit;
  MemoryLimit::Share share;  // of the model itself
  mutable std::optional<PrefixStore> prefixes;
  std::string config_text;  // or what asked for random weights
  std::once_flag fingerprint_made;
  std::uint64_t fingerprint = 0;
  std::once_flag vocabulary_made;
  std::shared_ptr<const grammar::Vocabulary> vocabulary;

  void open_folder(const std::filesystem::path& directory, const ModelOptions& options);
  void open_weights(const std::filesystem::path& directory, const ModelOptions& options);
  void open_text(const std::filesystem::path& directory, const ModelOptions& options);
  void open_chat(const std::filesystem::path& directory);
  void open_random(const ModelOptions& options);
  void scan(const Progress& progress, std::uint64_t rounds) const;
  Rendered render(const Tokenizer& tokens, std::string_view chat_json) const;
  [[nodiscard]] std::uint64_t make_fingerprint() const;
  void describe();
};

void Model::Impl::open_folder(const std::filesystem::path& directory, const ModelOptions& options) {
  require_directory(directory);
  name = folder_name(directory);
  const Config config = open_config(directory);
  config_text = config.raw().dump();
  folder = read_config(config, directory);
  require_understood(folder, leniency(options));
  if (options.memory_limit != 0) {
    const Footprint footprint = footprint_of(directory, *machine.kernels, options);
    share = limit.take(footprint.bytes(), name, what_of(footprint).c_str());
  }
  open_text(directory, options);
  generation = read_generation(directory, config, folder.spec.vocab,
                               tokenizer ? &*tokenizer : nullptr, options.warn);
  open_weights(directory, options);
}

void Model::Impl::open_weights(const std::filesystem::path& directory,
                               const ModelOptions& options) {
  const MapOptions map{options.use_mmap, options.prefault, options.lock, machine.memory};
  const auto is_scanned = [&](std::uint64_t bytes) {
    return options.prefault || !options.use_mmap || bytes <= kScanBytes;
  };
  // What there is to read, perhaps to lay out anew, and perhaps to look at.
  const auto rounds = [&](std::uint64_t bytes) {
    return std::uint64_t{1} + (folder.repacks ? 1 : 0) + (is_scanned(bytes) ? 1 : 0);
  };
  Progress reading;
  if (options.progress) {
    reading = [&](std::uint64_t done, std::uint64_t total) {
      return options.progress(done, rounds(total) * total);
    };
  }
  trusts_files = options.trust_files;
  checkpoint.emplace(Checkpoint::open(directory, map, reading));
  reader.emplace(*checkpoint, folder.spec, folder.scale_blocks, *machine.kernels,
                 Parallel(*machine.engine), machine.memory);
  reader->repacker().set_exact_zeros(folder.exact_zeros);
  const std::uint64_t bytes = checkpoint->file_bytes();
  if (options.progress) {
    reader->repacker().set_progress([&](Index made) {
      const std::uint64_t done = bytes + std::min(static_cast<std::uint64_t>(made), bytes);
      return options.progress(std::min(done, rounds(bytes) * bytes), rounds(bytes) * bytes);
    });
  }
  use_stored_head(folder.spec, *reader, options.warn);
  decoder.emplace(Decoder::bind(folder.spec, reader->reader()));
  reader->leave_aside();
  reader->finish(leniency(options));
  reader->repacker().set_progress({});
  if (is_scanned(bytes)) {
    scan(options.progress, rounds(bytes));
  } else if (folder.repacks && options.progress) {
    options.progress(rounds(bytes) * bytes, rounds(bytes) * bytes);
  }
}

void Model::Impl::open_text(const std::filesystem::path& directory, const ModelOptions& options) {
  if (has_tokenizer_file(directory)) {
    tokenizer.emplace(Tokenizer::open(directory));
  } else {
    OTTOBIT_CHECK(options.lenient, ErrorCode::io, name,
                  "no tokenizer.json, tokenizer.model or tiktoken.model in the folder");
    if (options.warn) {
      options.warn(name + ": no tokenizer in the folder; the model speaks token ids only");
    }
  }
  try {
    open_chat(directory);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::memory) {
      throw;
    }
    chat_problem = error;  // plain text works without
    if (options.warn) {
      options.warn(std::string(error.what()) + "; this model takes plain text only");
    }
  }
}

void Model::Impl::open_chat(const std::filesystem::path& directory) {
  const std::string_view family = folder.family->model_type;
  const std::optional<std::string> source = load_chat_template(directory, family);
  if (!source) {
    return;
  }
  ChatTemplate plain = ChatTemplate::parse(*source, "chat template");
  chat_source = plain.text();
  const std::optional<std::string> other = load_chat_template(directory, family, true);
  if (other && *other != *source) {
    chat_with_tools.emplace(ChatTemplate::parse(*other, "chat template for tools"));
    chat_source += chat_with_tools->text();
  }
  chat.emplace(std::move(plain));
}

void Model::Impl::open_random(const ModelOptions& options) {
  if (options.memory_limit != 0) {
    share = limit.take(footprint_of({}, *machine.kernels, options).bytes(), "random", "the model");
  }
  const RandomModel model = parse_random_model(options.random_json);
  name = model.shape;
  config_text = options.random_json;
  folder = read_config(model.config, {});
  random.emplace(model.format, Parallel(*machine.engine), machine.memory);
  static_cast<void>(Decoder::bind(folder.spec, random->counter()));
  decoder.emplace(Decoder::bind(folder.spec, random->reader(options.progress)));
}

/// Looks for NaN and infinities in all weights and names the first; the last of so many rounds
/// over them.
void Model::Impl::scan(const Progress& progress, std::uint64_t rounds) const {
  const std::vector<NamedWeight>& weights = reader->weights();
  Index widest = 0;
  for (const NamedWeight& weight : weights) {
    widest = std::max(widest, weight.view.cols);
  }
  LargeVector<float> rows(static_cast<std::size_t>(widest * machine.threads), machine.memory);
  const std::uint64_t bytes = checkpoint->file_bytes();
  const std::uint64_t total = rounds * bytes;
  std::uint64_t done = total - bytes;
  std::optional<Watch> watch;
  Parallel parallel(*machine.engine);
  if (progress) {
    watch.emplace([&] { return progress(std::min(done, total - 1), total); });
    parallel.set_watch(&*watch);
  }
  for (const NamedWeight& weight : weights) {
    const WeightView& w = weight.view;
    constexpr Index kPiece = 1 << 16;  // elements
    std::vector<Shape2> found(static_cast<std::size_t>(machine.threads), Shape2{w.rows, 0});
    parallel.for_rows(w.rows, std::max<Index>(1, kPiece / std::max<Index>(w.cols, 1)),
                      [&](Index begin, Index end, int worker) noexcept {
                        Shape2& first = found[static_cast<std::size_t>(worker)];
                        const RowRange range{begin, std::min(end, first.rows)};
                        const Shape2 here = find_non_finite(w, range, *machine.kernels,
                                                            rows.data() + worker * widest);
                        first = here.rows < 0 ? first : here;
                      });
    const Shape2 first = *std::min_element(found.begin(), found.end(),
                                           [](Shape2 a, Shape2 b) { return a.rows < b.rows; });
    OTTOBIT_CHECK(first.rows == w.rows, ErrorCode::checkpoint, weight.name,
                  "element [" + std::to_string(first.rows) + ", " + std::to_string(first.cols) +
                      "] is NaN or infinite, expected finite numbers");
    done += static_cast<std::uint64_t>(w.rows * w.row_bytes);
  }
  if (progress) {
    progress(total, total);
  }
}

void Model::Impl::describe() {
  OrderedJson out;
  out["name"] = name;
  describe_config(folder, out);
  describe_weights(*decoder, out);
  describe_repacked(reader ? reader->repacker().bytes() : 0, out);
  if (checkpoint) {
    out["file_bytes"] = checkpoint->file_bytes();
    out["shards"] = checkpoint->shard_count();
  }
  if (tokenizer) {
    describe_tokenizer(*tokenizer, out);
  }
  out["chat_template"] = chat.has_value();
  out["end_ids"] = OrderedJson::list(generation.end_ids);
  out["isa"] = machine.kernels->isa;
  out["threads"] = machine.threads;
  out["load_seconds"] = load_seconds;
  json = out.dump();
}

Model::Model(const ModelOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::open(const std::filesystem::path& directory,
                                         const Machine& machine, const ModelOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  // The constructor is private.
  const std::shared_ptr<Model> model(new Model(options));
  Impl& m = *model->impl_;
  m.machine = complete(machine);
  if (options.random_json.empty()) {
    m.open_folder(directory, options);
  } else {
    m.open_random(options);
  }
  const std::uint64_t weights = m.random ? m.random->total_bytes() : m.checkpoint->file_bytes();
  m.prefixes.emplace(prefix_bound(options, weights), m.limit);
  m.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  m.describe();
  return model;
}

const Machine& Model::machine() const noexcept {
  return impl_->machine;
}
const Decoder& Model::decoder() const noexcept {
  return *impl_->decoder;
}
Index Model::vocab() const noexcept {
  return impl_->folder.spec.vocab;
}
Index Model::width() const noexcept {
  return impl_->folder.spec.dim;
}
Index Model::context() const noexcept {
  return impl_->folder.spec.context;
}
double Model::load_seconds() const noexcept {
  return impl_->load_seconds;
}
const std::string& Model::name() const noexcept {
  return impl_->name;
}
bool Model::has_tokenizer() const noexcept {
  return impl_->tokenizer.has_value();
}
std::uint64_t Model::Impl::make_fingerprint() const {
  Checksum sum;
  sum.add(config_text);
  if (!checkpoint) {
    return sum.value();
  }
  const std::vector<std::string> names = checkpoint->names();
  constexpr std::size_t kLooks = 256;  // at numbers: pages that may have to come from the disk
  constexpr std::size_t kNumbers = 16;
  const std::size_t step = std::max<std::size_t>(names.size() / kLooks, 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TensorEntry& entry = *checkpoint->find(names[i]);
    sum.add(names[i]);
    sum.add_number(static_cast<std::uint64_t>(entry.dtype));
    for (const Index size : entry.shape) {
      sum.add_number(static_cast<std::uint64_t>(size));
    }
    if (i % step == 0) {
      sum.add(entry.bytes.first(std::min(entry.bytes.size(), kNumbers)));
    }
  }
  return sum.value();
}

std::uint64_t Model::fingerprint() const {
  std::call_once(impl_->fingerprint_made, [&] {
    check_files();
    impl_->fingerprint = impl_->make_fingerprint();
  });
  return impl_->fingerprint;
}

MemoryLimit& Model::memory_limit() const noexcept {
  return impl_->limit;
}
PrefixStore& Model::prefixes() const noexcept {
  return *impl_->prefixes;
}
const std::string& Model::json() const noexcept {
  return impl_->json;
}

const GenerationDefaults& Model::generation_defaults() const noexcept {
  return impl_->generation.defaults;
}

const Tokenizer& Model::tokenizer() const {
  OTTOBIT_CHECK(impl_->tokenizer.has_value(), ErrorCode::not_found, impl_->name,
                "this model has no tokenizer");
  return *impl_->tokenizer;
}

std::span<const std::int32_t> Model::end_ids() const noexcept {
  return impl_->generation.end_ids;
}

std::string_view Model::family() const noexcept {
  return impl_->folder.family->model_type;
}

bool Model::is_end(std::int32_t id) const noexcept {
  const std::vector<std::int32_t>& ids = impl_->generation.end_ids;
  return std::binary_search(ids.begin(), ids.end(), id);
}

/// Renders with the template for tools where the chat has some.
Rendered Model::Impl::render(const Tokenizer& tokens, std::string_view chat_json) const {
  if (chat_problem) {
    throw Error(*chat_problem);
  }
  OTTOBIT_CHECK(chat.has_value(), ErrorCode::not_found, name,
                "the folder has no chat template; give the model plain text instead");
  const bool tools = chat_with_tools.has_value() && has_tools(chat_json);
  return render_chat(tools ? *chat_with_tools : *chat, chat_json, tokens.bos_text(),
                     tokens.eos_text());
}

std::string Model::chat_text(std::string_view chat_json) const {
  return impl_->render(tokenizer(), chat_json).text;
}

std::shared_ptr<const grammar::Vocabulary> Model::vocabulary() const {
  const Tokenizer& tokens = tokenizer();
  std::call_once(impl_->vocabulary_made, [&] {
    std::vector<std::pair<std::string_view, std::int32_t>> list;
    std::deque<std::string> controls;
    const std::int32_t size = std::min(tokens.vocab_size(), static_cast<std::int32_t>(vocab()));
    for (std::int32_t id = 0; id < size; ++id) {
      if (tokens.is_special(id) && !is_end(id)) {
        list.emplace_back(controls.emplace_back(grammar_bytes(id)), id);
      } else if (!is_end(id) && tokens.token_bytes(id).find(kControl) == std::string_view::npos) {
        list.emplace_back(tokens.token_bytes(id), id);
      }
    }
    impl_->vocabulary = std::make_shared<const grammar::Vocabulary>(std::move(list), size);
  });
  return impl_->vocabulary;
}

std::string Model::grammar_bytes(std::int32_t id) const {
  const std::string bytes(tokenizer().token_bytes(id));
  return tokenizer().is_special(id) ? kControl + bytes : bytes;
}

std::string Model::chat_tail(std::string_view chat_json) const {
  const Rendered rendered = impl_->render(tokenizer(), chat_json);
  return rendered.text.substr(rendered.content.empty() ? 0 : rendered.content.back().end);
}

const std::string& Model::chat_source() const noexcept {
  return impl_->chat_source;
}

std::vector<std::int32_t> Model::chat_tokens(std::string_view chat_json) const {
  const Rendered rendered = impl_->render(tokenizer(), chat_json);
  std::vector<TextRange> contents;
  for (const TextSpan& span : rendered.content) {
    contents.push_back({span.begin, span.end});
  }
  return tokenizer().encode(rendered.text, {.parse_special = true, .plain = contents});
}

void Model::check_files() const {
  if (impl_->checkpoint && !impl_->trusts_files) {
    impl_->checkpoint->check_unchanged();
  }
}

void Model::check_finite(const Progress& progress) const {
  if (impl_->reader) {
    impl_->scan(progress, 2);
  }
}

}  // namespace ottobit
