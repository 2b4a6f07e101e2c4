// SPDX-License-Identifier: Apache-2.0
// Model: a published folder, opened. Immutable after `open` and shared by any number of sessions
// and threads. It owns the mapped files, the bound decoder and the tokenizer; it never copies
// weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/memory.hpp"
#include "ottobit/tokenizer.hpp"
#include "ottobit/watch.hpp"

namespace ottobit {

class Decoder;
class Engine;
class MemoryLimit;
class PrefixStore;
namespace grammar {
class Vocabulary;
}  // namespace grammar

/// What computes: the kernels of one ISA level, and the threads.
struct Machine {
  const KernelTable* kernels = nullptr;  ///< nullptr: the best this CPU supports
  int threads = 0;  ///< of the engine; 0: one for each physical core this process may use
  std::shared_ptr<Engine> engine{};  ///< nullptr: a Crew of that many threads
  MemoryHandle memory{};             ///< of weights that are not mapped, caches, activations
};

struct ModelOptions {
  bool use_mmap = true;      ///< false: read the files into private memory
  bool trust_files = false;  ///< do not look whether mapped files change under the model
  bool prefault = false;     ///< read every page before returning
  bool lock = false;         ///< mlock the weights; failure is an error
  bool lenient = false;      ///< unknown keys, unused tensors, no tokenizer: only warnings
  /// Bytes for the model and all sessions with it; 0: none. What would not fit is refused before
  /// it is there, a model before its weights are read.
  std::uint64_t memory_limit = 0;
  /// Bytes for what sessions computed of their prompts, kept so that others with the same
  /// beginning take it up; 0: none. kChosen: a quarter of the weights, 16 to 512 MiB, but
  /// none for random weights.
  std::uint64_t prefix_bytes = 0;
  static constexpr std::uint64_t kChosen = ~std::uint64_t{0};
  Progress progress;
  /// Hears of what is odd in a folder and yet read, or passed over; one line of text each.
  std::function<void(std::string_view)> warn;
  /// Not empty: random weights of a published shape made in memory instead of a folder, as JSON
  /// {"shape": "seed-oss-36b", "layers": 4, "format": "fp8_e4m3_block"}. For measuring.
  std::string random_json;
};

/// What generation_config.json says; without it, or without do_sample in it: greedy, no penalty.
struct GenerationDefaults {
  float temperature = 0.0F;  ///< greedy
  float top_p = 1.0F;
  float min_p = 0.0F;
  float typical_p = 1.0F;
  float repetition_penalty = 1.0F;
  std::int32_t top_k = 0;
};

class Model {
 public:
  /// Throws Error with the file or tensor as its subject.
  [[nodiscard]] static std::shared_ptr<const Model> open(const std::filesystem::path& directory,
                                                         const Machine& machine,
                                                         const ModelOptions& options = {});
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  [[nodiscard]] const Machine& machine() const noexcept;
  [[nodiscard]] const Decoder& decoder() const noexcept;
  [[nodiscard]] Index vocab() const noexcept;    ///< rows of the output head: length of the logits
  [[nodiscard]] Index width() const noexcept;    ///< model width D
  [[nodiscard]] Index context() const noexcept;  ///< positions the model declares
  [[nodiscard]] const GenerationDefaults& generation_defaults() const noexcept;
  [[nodiscard]] double load_seconds() const noexcept;
  /// Of the folder; for random weights, of the shape.
  [[nodiscard]] const std::string& name() const noexcept;
  /// model_type of the configuration: "qwen3", ...
  [[nodiscard]] std::string_view family() const noexcept;

  /// Error{not_found} for a model without tokenizer (random weights).
  [[nodiscard]] const Tokenizer& tokenizer() const;
  [[nodiscard]] bool has_tokenizer() const noexcept;
  /// True if generation ends with this token (eos_token_id of the configuration files).
  [[nodiscard]] bool is_end(std::int32_t id) const noexcept;

  /// All such tokens, sorted.
  [[nodiscard]] std::span<const std::int32_t> end_ids() const noexcept;

  /// Renders a chat (JSON, as documented at ottobit_chat_text). Error{not_found} where the folder
  /// has no template.
  [[nodiscard]] std::string chat_text(std::string_view chat_json) const;
  /// The same as tokens: control words come from the template alone, never from contents.
  [[nodiscard]] std::vector<std::int32_t> chat_tokens(std::string_view chat_json) const;

  /// What the template puts behind the last message: the end of chat_text that no message holds.
  [[nodiscard]] std::string chat_tail(std::string_view chat_json) const;
  /// The text of the chat template, and of a second one for tools; empty where the folder has none.
  [[nodiscard]] const std::string& chat_source() const noexcept;

  /// The tokens as a tree, for grammars; made at the first call. Error{not_found} without
  /// tokenizer.
  [[nodiscard]] std::shared_ptr<const grammar::Vocabulary> vocabulary() const;
  /// A token as grammars see it: the bytes of text, or 0xFF and the name of a control token.
  [[nodiscard]] std::string grammar_bytes(std::int32_t id) const;

  /// Error{io} if a weight file that is mapped was written to, or has another size, since the model
  /// was opened. Reading it further could end in SIGBUS. Nothing is looked at under `trust_files`.
  void check_files() const;
  /// Reads all weights; Error{checkpoint} names the first with a NaN or an infinity in it.
  void check_finite(const Progress& progress = {}) const;

  /// Tells models apart: a sum of the configuration, of names, types and shapes of all tensors, and
  /// of some of their numbers.
  [[nodiscard]] std::uint64_t fingerprint() const;

  /// What sessions take their memory from; safe from several threads.
  [[nodiscard]] MemoryLimit& memory_limit() const noexcept;

  /// What its sessions know of each other's prompts.
  [[nodiscard]] PrefixStore& prefixes() const noexcept;

  /// Description as one JSON object: name, family, format, sizes, tokenizer, ...
  [[nodiscard]] const std::string& json() const noexcept;

 private:
  explicit Model(const ModelOptions& options);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads only headers and configuration of a folder; one JSON object that lists family, dtypes,
/// scale layout, tokenizer, template and every problem found. Throws only if there is no folder.
[[nodiscard]] std::string inspect(const std::filesystem::path& directory);

}  // namespace ottobit
