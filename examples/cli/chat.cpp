// SPDX-License-Identifier: Apache-2.0
// `ottobit chat`: a conversation. The whole conversation goes through the chat template at each
// turn; the session keeps what it has computed of it already.
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "answer.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit chat MODEL
  ottobit chat MODEL --system "Answer in one sentence." --temperature 0.7

Ctrl-C stops an answer; twice ends the conversation. /help lists the commands.)";

constexpr const char* kHelp =
    "/system [TEXT]  show or set the system message\n"
    "/clear          forget the conversation\n"
    "/save NAME      keep the conversation in NAME.json, what was computed in NAME.state\n"
    "/load NAME      go on with it\n"
    "/stats          sizes and rates\n"
    "/exit           end (so do Ctrl-D and Ctrl-C twice)\n";

struct ChatOptions {
  FolderOptions folder;
  std::string system;
  MachineOptions machine;
  SamplingOptions sampling;
  TemplateOptions variables;
  GrammarOptions grammar;
};

/// Lines from standard input, which Ctrl-C interrupts.
class LineReader {
 public:
  enum class Result { line, end, interrupted };

  Result next(std::string& line) {
    while (true) {
      const std::size_t newline = buffer_.find('\n');
      if (newline != std::string::npos) {
        line = buffer_.substr(0, newline);
        buffer_.erase(0, newline + 1);
        return Result::line;
      }
      std::array<char, 4096> chunk{};
      const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) {
        return Result::interrupted;
      }
      if (got < 0) {
        throw Failure("standard input: " + std::string(std::strerror(errno)));
      }
      if (got == 0) {
        line.swap(buffer_);
        buffer_.clear();
        return line.empty() ? Result::end : Result::line;
      }
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  std::string buffer_;
};

class Conversation {
 public:
  explicit Conversation(const ChatOptions& options)
      : options_(options),
        system_(options.system),
        variables_(template_variables(options.variables)),
        runtime_(make_runtime(options.machine)),
        model_(open_model(runtime_.get(), options.folder)),
        info_(describe(runtime_.get(), model_.get())),
        grammar_(make_grammar(model_.get(), options.grammar)),
        session_(make_session(model_.get(), options.machine)) {
    declare_tools(options.grammar, variables_);
  }

  [[nodiscard]] std::string line() const { return info_.line(); }

  /// One turn. A message that fails is not kept.
  void say(const std::string& text) {
    messages_.push_back({{"role", "user"}, {"content", text}});
    try {
      reply();
    } catch (...) {
      messages_.erase(messages_.size() - 1);
      throw;
    }
  }

  void clear() {
    messages_ = OrderedJson::array();
    last_.reset();
  }

  /// The conversation as JSON, and beside it what the session has computed of it.
  void save(const std::string& name) {
    const OrderedJson json = {{"system", system_}, {"messages", messages_}};
    const std::string file = name + ".json";
    replace_file(file, dump(json) + "\n");
    const std::string state = name + ".state";
    call([&](ottobit_error** err) {
      return ottobit_session_save(session_.get(), state.data(), state.size(), nullptr, nullptr,
                                  nullptr, err);
    });
  }

  /// Without the second file, or with one of another model, the conversation is read again.
  void load(const std::string& name) {
    const OrderedJson json = OrderedJson::parse(read_file(name + ".json"), nullptr, false);
    if (!json.is_object() || !json.contains("messages") || !json["messages"].is_array() ||
        (json.contains("system") && !json["system"].is_string())) {
      throw Failure(name + ".json is no conversation");
    }
    const std::string state = name + ".state";
    try {
      call([&](ottobit_error** err) {
        return ottobit_session_restore(session_.get(), state.data(), state.size(), nullptr, nullptr,
                                       nullptr, err);
      });
    } catch (const ApiError& error) {
      write_untrusted(standard_error(),
                      std::string(error.what()) + "; the conversation will be read again\n");
    }
    messages_ = json["messages"];
    system_ = json.value("system", "");
    last_.reset();
  }

  void set_system(const std::string& text) { system_ = text; }
  [[nodiscard]] const std::string& system() const noexcept { return system_; }

  [[nodiscard]] std::string stats() const {
    const ottobit_stats stats = session_stats(session_.get());
    std::string text = info_.line() + "\n" + count_text(ottobit_session_length(session_.get())) +
                       " tokens in the context, KV cache " +
                       bytes_text(static_cast<double>(stats.kv_bytes)) + "\n";
    if (last_) {
      text += "last answer: " + last_->rates() + "\n";
    }
    return text;
  }

 private:
  void reply() {
    OrderedJson chat = variables_;
    OrderedJson messages = OrderedJson::array();
    if (!system_.empty()) {
      messages.push_back({{"role", "system"}, {"content", system_}});
    }
    messages.insert(messages.end(), messages_.begin(), messages_.end());
    chat["messages"] = std::move(messages);
    const std::string text = dump(chat);
    const std::vector<std::int32_t> ids = chat_tokens(model_.get(), text);
    const ChatParser parser = make_chat_parser(model_.get(), text);
    const AnswerView view{.labels = standard_output().terminal};
    last_ = answer(session_.get(), ids, {options_.sampling, grammar_.get(), parser.get()}, view);
    remember(*last_);
    tell(*last_);
  }

  void remember(const Answer& answer) {
    if (answer.generated_tokens == 0) {
      messages_.erase(messages_.size() - 1);  // stopped before it began
      return;
    }
    OrderedJson message = answer.message;
    message.erase("notes");
    messages_.push_back(std::move(message));
  }

  static void tell(const Answer& answer) {
    const Output& output = standard_error();
    std::string note = answer.rates();
    if (answer.finish == OTTOBIT_FINISH_CANCEL) {
      note = "stopped · " + note;
    } else if (answer.finish == OTTOBIT_FINISH_CONTEXT) {
      note = "the context is full: /clear begins anew · " + note;
    }
    write(output, dim(output, note) + "\n");
  }

  const ChatOptions& options_;
  std::string system_;
  OrderedJson variables_;
  OrderedJson messages_ = OrderedJson::array();
  std::optional<Answer> last_;
  Runtime runtime_;
  Model model_;
  ModelInfo info_;
  Grammar grammar_;
  Session session_;
};

/// Runs a line that begins with a slash; false for /exit.
bool run_slash_command(const std::string& line, Conversation& conversation) {
  const Output& output = standard_error();
  const std::size_t space = line.find(' ');
  const std::string name = line.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
  if (name == "/exit" || name == "/quit") {
    return false;
  }
  if (name == "/help") {
    write(output, kHelp);
  } else if (name == "/clear") {
    conversation.clear();
  } else if (name == "/stats") {
    write_untrusted(output, conversation.stats());
  } else if ((name == "/save" || name == "/load") && rest.empty()) {
    write(output, name + " wants a name\n");
  } else if (name == "/save") {
    conversation.save(rest);
  } else if (name == "/load") {
    conversation.load(rest);
  } else if (name == "/system" && !rest.empty()) {
    conversation.set_system(rest);
  } else if (name == "/system") {
    write_untrusted(output,
                    (conversation.system().empty() ? "none" : conversation.system()) + "\n");
  } else {
    write_untrusted(output, name + " is not a command; /help lists them\n");
  }
  return true;
}

/// Reports a failed turn; the conversation goes on.
void report(const ApiError& error) {
  const Output& output = standard_error();
  write(output, red(output, "ottobit: "));
  write_untrusted(output, error.what());
  write(output, "\n");
  if (error.code() == OTTOBIT_E_CONTEXT) {
    write(output, "  /clear begins anew\n");
  } else if (error.code() == OTTOBIT_E_NOT_FOUND) {
    write(output, "  `ottobit run --raw` does without a chat template\n");
  }
}

int run(const ChatOptions& options) {
  install_interrupt_handler();
  Conversation conversation(options);
  const bool person = input_is_terminal() && standard_error().terminal;
  if (person) {
    write(standard_error(), dim(standard_error(), without_controls(conversation.line())) + "\n");
    write(standard_error(), dim(standard_error(), "/help lists the commands") + "\n");
  }
  LineReader reader;
  std::string line;
  int exit_code = 0;
  while (true) {
    if (person) {
      write(standard_error(), bold(standard_error(), ">>> "));
    }
    const LineReader::Result got = reader.next(line);
    if (got == LineReader::Result::interrupted) {
      write(standard_error(), person ? "\nCtrl-C again or /exit ends\n" : "\n");
      continue;
    }
    if (got == LineReader::Result::end) {
      write(standard_error(), person ? "\n" : "");
      return exit_code;
    }
    clear_interrupts();
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    try {
      if (line.front() != '/') {
        conversation.say(line);
      } else if (!run_slash_command(line, conversation)) {
        return exit_code;
      }
    } catch (const ApiError& error) {
      report(error);
      exit_code = person ? 0 : kExitFailure;
    } catch (const Failure& error) {
      write(standard_error(), red(standard_error(), "ottobit: "));
      write_untrusted(standard_error(), std::string(error.what()) + "\n");
      exit_code = person ? 0 : kExitFailure;
    }
  }
}

}  // namespace

void add_chat_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App& app = *program.add_subcommand("chat", "talk with a model");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  app.add_option("--system", options->system, "a system message")->type_name("TEXT");
  add_template_options(app, options->variables, options->sampling);
  add_grammar_options(app, options->grammar);
  add_sampling_options(app, options->sampling);
  add_session_options(app, options->machine);
  app.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ottobit::cli
