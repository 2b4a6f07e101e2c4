// SPDX-License-Identifier: Apache-2.0
// Shared options and the objects made from them.
#include "options.hpp"

#include <limits>

#include "interrupt.hpp"
#include "progress.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr double kLoadBarDelay = 0.3;

std::int32_t compute_code(const std::string& name) {
  return name == "f32" ? 1 : name == "bf16" ? 2 : 0;
}

}  // namespace

CLI::Option* add_folder_options(CLI::App& app, FolderOptions& options) {
  app.add_flag("--lenient", options.lenient,
               "pass over keys, tensors and a tokenizer that are not understood, with a note");
  return app.add_option("MODEL", options.directory, "folder of the model");
}

void add_machine_options(CLI::App& app, MachineOptions& options) {
  app.add_option("--isa", options.isa, "instruction set level at most, e.g. avx2")
      ->envname("OTTOBIT_ISA")
      ->type_name("LEVEL")
      ->group("Machine");
  app.add_option("--threads", options.threads, "0: one for each core this process may use")
      ->check(CLI::Range(0, 4096))
      ->type_name("N")
      ->group("Machine");
}

void add_compute_option(CLI::App& app, MachineOptions& options) {
  app.add_option("--compute", options.compute, "matrix products in f32 or bf16")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->type_name("TYPE")
      ->group("Machine");
}

void add_session_options(CLI::App& app, MachineOptions& options) {
  add_machine_options(app, options);
  add_compute_option(app, options);
  app.add_option("--context", options.context, "tokens; 0: what the model declares")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()))
      ->type_name("N")
      ->group("Machine");
}

void add_sampling_options(CLI::App& app, SamplingOptions& options) {
  const std::string group = "Sampling (-1: what the model's generation_config.json says)";
  const auto add = [&](const char* name, auto& value, const char* help, const char* type) {
    app.add_option(name, value, help)->type_name(type)->group(group);
  };
  add("--temperature", options.temperature, "0 always takes the likeliest token", "X");
  add("--top-k", options.top_k, "only the K likeliest tokens; 0: all", "K");
  add("--top-p", options.top_p, "only the likeliest tokens that add up to P", "P");
  add("--min-p", options.min_p, "only tokens at least P times as likely as the likeliest", "P");
  add("--typical-p", options.typical_p, "only the most typical tokens that add up to P", "P");
  add("--repetition-penalty", options.repetition_penalty, "1: none", "X");
  add("--frequency-penalty", options.frequency_penalty, "for each time a token occurred", "X");
  add("--presence-penalty", options.presence_penalty, "if a token occurred", "X");
  add("--dry", options.dry, "multiplier of the penalty for going on with a repetition", "X");
  add("--xtc", options.xtc, "how often the top choices (10 % and more) are passed over", "P");
  add("--mirostat", options.mirostat, "bits of surprise to aim at, instead of the cuts", "BITS");
  add("--seed", options.seed, "of the random numbers; -1: a new one each time", "N");
  add("--max-tokens", options.max_tokens, "-1: up to the context", "N");
  app.add_option("--stop", options.stop, "end before this text; may be given several times")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->group(group);
}

void add_grammar_options(CLI::App& app, GrammarOptions& options) {
  constexpr const char* group = "What the answer must be";
  auto* schema = app.add_option("--json-schema", options.schema,
                                "JSON that validates: a schema, or a file with one")
                     ->type_name("SCHEMA")
                     ->group(group);
  auto* grammar = app.add_option("--grammar", options.grammar, "a text of the grammar in this file")
                      ->type_name("FILE.gbnf")
                      ->excludes(schema)
                      ->group(group);
  app.add_option("--regex", options.regex, "a text that the regular expression matches")
      ->type_name("REGEX")
      ->excludes(schema)
      ->excludes(grammar)
      ->group(group);
  auto* tools =
      app.add_option("--tools", options.tools,
                     "tools to call, as in a request of OpenAI's API, or a file with them")
          ->type_name("TOOLS")
          ->excludes("--json-schema", "--grammar", "--regex")
          ->group(group);
  app.add_option("--tool-choice", options.tool_choice, "auto, none, required, or the name of one")
      ->type_name("CHOICE")
      ->needs(tools)
      ->group(group);
}

void add_template_options(CLI::App& app, TemplateOptions& options, SamplingOptions& sampling) {
  const auto set = [&options, &sampling](int tokens) {
    options.thinking_budget = tokens;
    sampling.thinking_budget = tokens;
  };
  auto* budget = app.add_option_function<int>("--think,--thinking-budget", set,
                                              "think, but for N tokens at most; 0: answer at once")
                     ->check(CLI::NonNegativeNumber)
                     ->type_name("N")
                     ->group("Chat template");
  app.add_flag_callback(
         "--no-thinking", [set] { set(0); }, "answer at once: --think 0")
      ->excludes(budget)
      ->group("Chat template");
  app.add_option("--set", options.set,
                 "a template variable, e.g. --set reasoning_effort='\"low\"'; may be repeated")
      ->type_name("KEY=JSON")
      ->allow_extra_args(false)
      ->group("Chat template");
}

Runtime make_runtime(const MachineOptions& options, bool notes) {
  auto o = initialised<ottobit_runtime_options>(ottobit_runtime_options_init);
  o.threads = options.threads;
  o.isa_cap = options.isa.empty() ? nullptr : options.isa.c_str();
  o.log_level = notes ? OTTOBIT_LOG_WARN : 0;
  o.log = [](std::int32_t /*level*/, const char* /*area*/, const char* text, std::size_t length,
             void* /*user*/) {
    write(standard_error(), dim(standard_error(), "note: "));
    write_untrusted(standard_error(), std::string(text, length) + "\n");
  };
  ottobit_runtime* runtime = nullptr;
  call([&](ottobit_error** err) { return ottobit_runtime_create(&o, &runtime, err); });
  return Runtime(runtime);
}

Model open_model(ottobit_runtime* runtime, const FolderOptions& folder,
                 const std::string& settings_json) {
  ProgressBar bar("loading", ProgressBar::Unit::bytes, kLoadBarDelay);
  auto o = initialised<ottobit_model_options>(ottobit_model_options_init);
  o.settings_json = settings_json.empty() ? nullptr : settings_json.c_str();
  o.flags = OTTOBIT_MODEL_NO_PREFIXES | (folder.lenient ? OTTOBIT_MODEL_LENIENT : 0U);
  o.progress = ProgressBar::report;
  o.progress_user = &bar;
  ottobit_model* model = nullptr;
  call([&](ottobit_error** err) {
    const std::string& path = folder.directory;
    return ottobit_model_open(runtime, path.data(), path.size(), &o, &model, err);
  });
  return Model(model);
}

namespace {

/// JSON given as such, or in a file of that name.
std::string json_or_file(const std::string& given) {
  return given.find_first_of("{[") != std::string::npos ? given : read_file(given);
}

/// The list of tools; empty if none are given.
OrderedJson tools_of(const GrammarOptions& options) {
  if (options.tools.empty()) {
    return OrderedJson::array();
  }
  OrderedJson tools = OrderedJson::parse(json_or_file(options.tools), nullptr, false);
  if (tools.is_object() && tools.contains("tools")) {
    tools = OrderedJson(tools["tools"]);
  }
  if (!tools.is_array()) {
    throw UsageError("--tools: expected a JSON list of tools");
  }
  return tools;
}

}  // namespace

void declare_tools(const GrammarOptions& options, OrderedJson& chat) {
  OrderedJson tools = tools_of(options);
  if (!tools.empty()) {
    chat["tools"] = std::move(tools);
  }
}

Grammar make_grammar(const ottobit_model* model, const GrammarOptions& options) {
  std::int32_t kind = OTTOBIT_GRAMMAR_REGEX;
  std::string text = options.regex;
  if (!options.schema.empty()) {
    kind = OTTOBIT_GRAMMAR_JSON_SCHEMA;
    text = json_or_file(options.schema);
  } else if (!options.grammar.empty()) {
    kind = OTTOBIT_GRAMMAR_GBNF;
    text = read_file(options.grammar);
  } else if (!options.tools.empty()) {
    kind = OTTOBIT_GRAMMAR_TOOLS;
    const bool mode = options.tool_choice == "auto" || options.tool_choice == "none" ||
                      options.tool_choice == "required";
    text = dump({{"tools", tools_of(options)},
                 {"tool_choice", mode ? OrderedJson(options.tool_choice)
                                      : OrderedJson{{"name", options.tool_choice}}}});
  }
  if (text.empty()) {
    return nullptr;
  }
  ottobit_grammar* grammar = nullptr;
  call([&](ottobit_error** err) {
    return ottobit_grammar_compile(model, kind, text.data(), text.size(), &grammar, err);
  });
  return Grammar(grammar);
}

ottobit_session_options session_options(const MachineOptions& options) {
  auto o = initialised<ottobit_session_options>(ottobit_session_options_init);
  o.context = options.context;
  o.compute = compute_code(options.compute);
  return o;
}

Session make_session(ottobit_model* model, const MachineOptions& options) {
  const ottobit_session_options o = session_options(options);
  ottobit_session* session = nullptr;
  call([&](ottobit_error** err) { return ottobit_session_create(model, &o, &session, err); });
  return Session(session);
}

GenerateOptions::GenerateOptions(const SamplingOptions& sampling, ottobit_grammar* grammar,
                                 ottobit_cancel* cancel, std::uint32_t flags)
    : texts_(sampling.stop),
      options_(initialised<ottobit_generate_options>(ottobit_generate_options_init)) {
  for (const std::string& text : texts_) {
    stop_.push_back(text.c_str());
  }
  options_.flags = flags;
  options_.seed = static_cast<std::uint64_t>(sampling.seed);
  options_.max_tokens = sampling.max_tokens;
  options_.thinking_budget = sampling.thinking_budget;
  options_.top_k = sampling.top_k;
  options_.temperature = sampling.temperature;
  options_.top_p = sampling.top_p;
  options_.min_p = sampling.min_p;
  options_.typical_p = sampling.typical_p;
  options_.repetition_penalty = sampling.repetition_penalty;
  options_.frequency_penalty = sampling.frequency_penalty;
  options_.presence_penalty = sampling.presence_penalty;
  options_.dry_multiplier = sampling.dry;
  options_.xtc_probability = sampling.xtc;
  options_.mirostat = sampling.mirostat > 0.0F ? 2 : 0;
  options_.mirostat_tau = sampling.mirostat;
  options_.stop_count = stop_.size();
  options_.stop = stop_.empty() ? nullptr : stop_.data();
  options_.cancel = cancel;
  options_.grammar = grammar;
}

OrderedJson template_variables(const TemplateOptions& options) {
  OrderedJson variables = OrderedJson::object();
  if (options.thinking_budget >= 0) {
    // The names differ between families; a template leaves alone what it does not know.
    variables["thinking_budget"] = options.thinking_budget;
    variables["enable_thinking"] = options.thinking_budget > 0;
    variables["thinking"] = options.thinking_budget > 0;
  }
  for (const std::string& entry : options.set) {
    const std::size_t equals = entry.find('=');
    const std::string key = entry.substr(0, equals);
    if (equals == std::string::npos || key.empty() || key == "messages") {
      throw UsageError("--set " + entry + ": expected KEY=JSON, the key not \"messages\"");
    }
    OrderedJson value = OrderedJson::parse(entry.substr(equals + 1), nullptr, false);
    if (value.is_discarded()) {
      throw UsageError("--set " + entry + ": the value is not JSON; a text needs its own quotes, " +
                       "e.g. --set " + key + "='\"low\"'");
    }
    variables[key] = std::move(value);
  }
  return variables;
}

std::string dump(const OrderedJson& json) {
  try {
    return json.dump();
  } catch (const OrderedJson::exception&) {
    throw Failure("the text is not UTF-8");
  }
}

std::string ModelInfo::text(const char* member) const {
  const auto found = json.find(member);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double ModelInfo::number(const char* member) const {
  const auto found = json.find(member);
  return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
}

std::string ModelInfo::line() const {
  std::string line = text("name");
  const auto add = [&](const std::string& part) {
    if (!part.empty()) {
      line += (line.empty() ? "" : " · ") + part;
    }
  };
  add(text("family"));
  add(text("format"));
  if (number("file_bytes") > 0) {
    add(bytes_text(number("file_bytes")));
  }
  add(isa);
  add(plural(static_cast<std::uint64_t>(threads), "thread"));
  return line;
}

ModelInfo describe(const ottobit_runtime* runtime, const ottobit_model* model) {
  ModelInfo info;
  info.json = OrderedJson::parse(model_json(model), nullptr, false);
  if (!info.json.is_object()) {
    info.json = OrderedJson::object();
  }
  const char* isa = ottobit_runtime_isa(runtime);
  info.isa = isa != nullptr ? isa : "";
  info.threads = ottobit_runtime_threads(runtime);
  return info;
}

std::string plural(std::uint64_t count, const std::string& noun) {
  return count_text(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace ottobit::cli
