// SPDX-License-Identifier: Apache-2.0
// `ottobit tokenize`: the token ids of a text.
#include <memory>
#include <string>

#include "commands.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit tokenize MODEL "How many r's are in strawberry?"
  ottobit tokenize MODEL --special "<seed:bos>user"
  ottobit tokenize MODEL < book.txt | wc -w)";

struct TokenizeOptions {
  FolderOptions folder;
  std::string text;
  bool has_text = false;
  bool special = false;
  bool bos = false;
};

void run(const TokenizeOptions& options) {
  if (!options.has_text && input_is_terminal()) {
    throw UsageError("no text: give it after MODEL, or pipe it into the command");
  }
  const std::string text = options.has_text ? options.text : read_input();
  const Runtime runtime = make_runtime({});
  const Model model = open_model(runtime.get(), options.folder);
  const std::uint32_t flags =
      (options.special ? OTTOBIT_TOKENS_SPECIAL : 0U) | (options.bos ? OTTOBIT_TOKENS_BOS : 0U);
  std::string line;
  for (const std::int32_t id : tokenize(model.get(), text, flags)) {
    line += (line.empty() ? "" : " ") + std::to_string(id);
  }
  write(standard_output(), line + "\n");
}

}  // namespace

void add_tokenize_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<TokenizeOptions>();
  CLI::App& app = *program.add_subcommand("tokenize", "print the token ids of a text");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  CLI::Option* text =
      app.add_option("TEXT", options->text, "the text; without it, standard input is read");
  app.add_flag("--special", options->special, "names of control tokens in the text are tokens");
  app.add_flag("--bos", options->bos, "begin as the model's configuration says");
  app.callback([options, text, &exit_code] {
    options->has_text = text->count() > 0;
    run(*options);
    exit_code = 0;
  });
}

}  // namespace ottobit::cli
