// SPDX-License-Identifier: Apache-2.0
// Options that several commands share, and what they become: a runtime, a model, a session, the
// options of a generation, the chat JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api.hpp"

namespace ottobit::cli {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// What it opens.
struct FolderOptions {
  std::string directory;
  bool lenient = false;  ///< pass over keys and tensors of unknown effect
};

/// Where it computes.
struct MachineOptions {
  std::string isa;      ///< empty: the best level
  int threads = 0;      ///< 0: one for each core this process may use
  std::string compute;  ///< empty, "f32" or "bf16"
  int context = 0;      ///< tokens; 0: what the model declares
};

/// How it answers; -1 in any field: what the model's generation_config.json says.
struct SamplingOptions {
  float temperature = -1.0F;
  int top_k = -1;
  float top_p = -1.0F;
  float min_p = -1.0F;
  float typical_p = -1.0F;
  float repetition_penalty = -1.0F;
  float frequency_penalty = 0.0F;
  float presence_penalty = 0.0F;
  float dry = 0.0F;
  float xtc = 0.0F;
  float mirostat = 0.0F;
  std::int64_t seed = -1;
  int max_tokens = -1;
  std::vector<std::string> stop;
  int thinking_budget = -1;  ///< -1: no limit
};

/// What an answer must be; at most one of them.
struct GrammarOptions {
  std::string schema;   ///< JSON, or the name of a file
  std::string grammar;  ///< the name of a file in GBNF
  std::string regex;
  std::string tools;                 ///< JSON, or the name of a file: what may be called, and how
  std::string tool_choice = "auto";  ///< "none", "required", or the name of a tool
};

/// Variables of the chat template.
struct TemplateOptions {
  int thinking_budget = -1;      ///< -1: the template's own default
  std::vector<std::string> set;  ///< KEY=JSON
};

/// MODEL and --lenient; the first is returned.
CLI::Option* add_folder_options(CLI::App& app, FolderOptions& options);
void add_machine_options(CLI::App& app, MachineOptions& options);
void add_compute_option(CLI::App& app, MachineOptions& options);
/// All machine options.
void add_session_options(CLI::App& app, MachineOptions& options);
void add_sampling_options(CLI::App& app, SamplingOptions& options);
void add_grammar_options(CLI::App& app, GrammarOptions& options);
/// How long it may think is a matter of both.
void add_template_options(CLI::App& app, TemplateOptions& options, SamplingOptions& sampling);

/// `notes`: what the library logs goes to standard error.
[[nodiscard]] Runtime make_runtime(const MachineOptions& options, bool notes = true);
/// Opens a model folder with a bar. `settings_json` may be empty.
[[nodiscard]] Model open_model(ottobit_runtime* runtime, const FolderOptions& folder,
                               const std::string& settings_json = {});
/// Empty where there is none.
/// Puts the tools into a chat.
void declare_tools(const GrammarOptions& options, OrderedJson& chat);
[[nodiscard]] Grammar make_grammar(const ottobit_model* model, const GrammarOptions& options);
[[nodiscard]] ottobit_session_options session_options(const MachineOptions& options);
[[nodiscard]] Session make_session(ottobit_model* model, const MachineOptions& options);

/// Owns what ottobit_generate_options points to.
class GenerateOptions {
 public:
  /// `flags`: OTTOBIT_GENERATE_*. `grammar` may be null.
  GenerateOptions(const SamplingOptions& sampling, ottobit_grammar* grammar, ottobit_cancel* cancel,
                  std::uint32_t flags);
  GenerateOptions(const GenerateOptions&) = delete;
  GenerateOptions& operator=(const GenerateOptions&) = delete;
  [[nodiscard]] const ottobit_generate_options* get() const noexcept { return &options_; }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> stop_;
  ottobit_generate_options options_;
};

/// An object with the template variables; UsageError for what is not KEY=JSON.
[[nodiscard]] OrderedJson template_variables(const TemplateOptions& options);
/// JSON text for the library; Failure where a string is not UTF-8.
[[nodiscard]] std::string dump(const OrderedJson& json);

/// What the library says of a model, with the members the command shows.
struct ModelInfo {
  OrderedJson json;
  std::string isa;
  int threads = 0;

  /// A text member, or "" where it is absent.
  [[nodiscard]] std::string text(const char* member) const;
  /// A number, or 0.
  [[nodiscard]] double number(const char* member) const;
  /// "otto-mini · seed_oss · FP8 E4M3 128x128, scales UE8M0 · 2.2 MB · avx512_bf16 · 2 threads"
  [[nodiscard]] std::string line() const;
};

[[nodiscard]] ModelInfo describe(const ottobit_runtime* runtime, const ottobit_model* model);

/// "1 thread", "2 threads"
[[nodiscard]] std::string plural(std::uint64_t count, const std::string& noun);

}  // namespace ottobit::cli
