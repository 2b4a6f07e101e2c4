// SPDX-License-Identifier: Apache-2.0
// `ottobit run`: one answer.
#include <memory>
#include <string>
#include <vector>

#include "answer.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit run MODEL "How many r's are in strawberry?"
  git diff | ottobit run MODEL --system "Write a commit message for this change."
  ottobit run MODEL "Name a colour." --temperature 0.8 --seed 7 --max-tokens 50
  ottobit run MODEL "Once upon a time" --raw --max-tokens 100
  ottobit run MODEL "What is 47 + 85?" --json
  ottobit run MODEL "Name three fruits." --json-schema '{"type": "array", "maxItems": 3}'

The answer goes to standard output, everything else to standard error: the thinking, if the model
thinks, and one line with rates. On a terminal thinking and answer appear together.)";

struct RunOptions {
  FolderOptions folder;
  std::string prompt;
  bool has_prompt = false;
  std::string system;
  bool raw = false;
  bool json = false;
  bool show_thinking = false;
  bool quiet = false;
  MachineOptions machine;
  SamplingOptions sampling;
  TemplateOptions variables;
  GrammarOptions grammar;
};

std::string prompt_of(const RunOptions& options) {
  std::string prompt = options.prompt;
  if (!options.has_prompt) {
    if (input_is_terminal()) {
      throw UsageError("no prompt: write it behind the folder, or pipe a text into the command");
    }
    prompt = read_input();
    if (!options.raw && !prompt.empty() && prompt.back() == '\n') {
      prompt.pop_back();
    }
  }
  if (prompt.empty()) {
    throw UsageError("the prompt is empty");
  }
  return prompt;
}

std::string chat_json(const RunOptions& options, const std::string& prompt, OrderedJson chat) {
  OrderedJson messages = OrderedJson::array();
  if (!options.system.empty()) {
    messages.push_back({{"role", "system"}, {"content", options.system}});
  }
  messages.push_back({{"role", "user"}, {"content", prompt}});
  chat["messages"] = std::move(messages);
  return dump(chat);
}

void print_json(const ModelInfo& info, const Answer& answer, double load_seconds) {
  OrderedJson json;
  json["model"] = info.text("name");
  json["family"] = info.text("family");
  json["format"] = info.text("format");
  json["isa"] = info.isa;
  json["threads"] = info.threads;
  json["text"] = answer.text;
  if (!answer.thinking.empty()) {
    json["thinking"] = answer.thinking;
  }
  for (const char* member : {"tool_calls", "notes"}) {
    if (answer.message.contains(member)) {
      json[member] = answer.message[member];
    }
  }
  json["finish"] = finish_name(answer.finish);
  json["prompt_tokens"] = answer.prompt_tokens;
  json["generated_tokens"] = answer.generated_tokens;
  json["prompt_tokens_per_second"] = answer.prompt_rate();
  json["decode_tokens_per_second"] = answer.decode_rate();
  json["load_seconds"] = load_seconds;
  json["prompt_seconds"] = answer.prompt_seconds;
  json["decode_seconds"] = answer.decode_seconds;
  write(standard_output(), json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n");
}

int run(const RunOptions& options) {
  const std::string prompt = prompt_of(options);
  OrderedJson variables = template_variables(options.variables);
  declare_tools(options.grammar, variables);
  install_interrupt_handler();

  const Runtime runtime = make_runtime(options.machine, !options.quiet);
  const Model model = open_model(runtime.get(), options.folder);
  const Grammar grammar = make_grammar(model.get(), options.grammar);
  const ModelInfo info = describe(runtime.get(), model.get());
  const std::string chat = options.raw ? "" : chat_json(options, prompt, std::move(variables));
  const std::vector<std::int32_t> ids =
      options.raw ? tokenize(model.get(), prompt, OTTOBIT_TOKENS_SPECIAL | OTTOBIT_TOKENS_BOS)
                  : chat_tokens(model.get(), chat);
  const bool plain = options.raw && info.text("think_begin").empty();  // nothing to take apart
  const ChatParser parser = plain ? nullptr : make_chat_parser(model.get(), chat);
  const Session session = make_session(model.get(), options.machine);

  const AnswerView view{.quiet = options.json,
                        .thinking = options.show_thinking || !options.quiet,
                        .labels = options.show_thinking || standard_output().terminal};
  const Answer result =
      answer(session.get(), ids, {options.sampling, grammar.get(), parser.get()}, view);

  if (options.json) {
    print_json(info, result, session_stats(session.get()).load_seconds);
  }
  if (result.finish == OTTOBIT_FINISH_CONTEXT && !options.quiet) {
    write(standard_error(), "ottobit: the context is full; the answer ends here\n");
  }
  if (!options.quiet) {
    const Output& output = standard_error();
    write(output, dim(output, without_controls(info.line() + " · " + result.rates())) + "\n");
  }
  return result.finish == OTTOBIT_FINISH_CANCEL ? kExitInterrupted : 0;
}

}  // namespace

void add_run_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App& app = *program.add_subcommand("run", "answer one prompt");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  CLI::Option* prompt = app.add_option("PROMPT,-p,--prompt", options->prompt,
                                       "the prompt; without it, standard input is read")
                            ->type_name("TEXT");
  CLI::Option* system =
      app.add_option("--system", options->system, "a system message")->type_name("TEXT");
  app.add_flag("--raw", options->raw,
               "no chat template: the prompt is continued as it is, and "
               "names of control tokens in it are control tokens")
      ->excludes(system);
  app.add_flag("--json", options->json, "one JSON object with text, thinking, counts and rates");
  app.add_flag("--show-thinking", options->show_thinking,
               "thinking and answer, labelled, on standard output");
  app.add_flag("-q,--quiet", options->quiet, "nothing but the answer and errors");
  add_template_options(app, options->variables, options->sampling);
  add_grammar_options(app, options->grammar);
  add_sampling_options(app, options->sampling);
  add_session_options(app, options->machine);
  app.callback([options, prompt, &exit_code] {
    options->has_prompt = prompt->count() > 0;
    exit_code = run(*options);
  });
}

}  // namespace ottobit::cli
