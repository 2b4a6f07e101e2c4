// SPDX-License-Identifier: Apache-2.0
// The `ottobit` command: parses the command line, runs one command, and turns every failure into
// "ottobit: <message>", advice where there is some, and an exit code: 0 done, 1 failed, 2 wrong
// use, 130 Ctrl-C.
#include <exception>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "api.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "ottobit.h"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit run MODEL -p "Why is the sky blue?"
  ottobit chat MODEL
  ottobit inspect MODEL
  ottobit estimate MODEL --context 32768
  ottobit bench MODEL --prompt 128,512

MODEL is a folder as published: config.json, tokenizer.json, *.safetensors.
Nothing is ever downloaded. `ottobit COMMAND --help` shows the options of a command.)";

void complain(std::string_view message, std::string_view advice = {}) {
  const Output& output = standard_error();
  write(output, red(output, "ottobit: "));
  write_untrusted(output, message);
  write(output, "\n");
  if (!advice.empty()) {
    write(output, "  " + std::string(advice) + "\n");
  }
}

/// What to do next, where the code tells.
const char* advice_for(const ApiError& error) {
  const std::string_view message = error.what();
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  switch (error.code()) {
    case OTTOBIT_E_IO:
      return says("no such")
                 ? "MODEL is a folder with config.json, tokenizer.json and *.safetensors"
                 : "";
    case OTTOBIT_E_FORMAT:
    case OTTOBIT_E_CHECKPOINT:
    case OTTOBIT_E_UNSUPPORTED:
      return "`ottobit inspect MODEL` lists everything that is found";
    case OTTOBIT_E_CONTEXT:
      return "a shorter text fits, or a larger --context";
    case OTTOBIT_E_TEMPLATE:
      return "--raw does without the chat template";
    case OTTOBIT_E_NOT_FOUND:
      return says("template") ? "`ottobit run --raw` does without a chat template" : "";
    case OTTOBIT_E_MEMORY:
      return "a smaller --context needs less memory; `ottobit estimate MODEL` says how much";
    case OTTOBIT_E_CPU:
      return "`ottobit --version` lists the levels this machine can use";
    case OTTOBIT_E_INTERNAL:
      return "this is a fault of ottobit: please report it";
    default:
      return "";
  }
}

/// Version, machine and kernel levels.
std::string version_text() {
  std::string text = "ottobit " + std::string(ottobit_version_text());
  const char* cpu_text = ottobit_cpu_json();
  const Json cpu = Json::parse(cpu_text != nullptr ? cpu_text : "", nullptr, false);
  if (cpu.is_object()) {
    const std::string brand = cpu.value("brand", "");
    text += "\n" + (brand.empty() ? cpu.value("architecture", "") : brand);
    text += ", " + plural(cpu.value("cores", std::uint64_t{0}), "usable core");
    std::string levels;
    for (const Json& level : cpu.value("levels", Json::array())) {
      levels += (levels.empty() ? "" : ", ") + level.get<std::string>();
    }
    text += "\nlevels: " + levels;
  }
  return text;
}

int parse_and_run(CLI::App& program, int argc, char** argv, const int& exit_code) {
  try {
    program.parse(argc, argv);
    return exit_code;
  } catch (const CLI::CallForVersion&) {
    write(standard_output(), version_text() + "\n");
    return 0;
  } catch (const CLI::Success&) {
    const CLI::App* asked = &program;
    while (!asked->get_subcommands().empty()) {
      asked = asked->get_subcommands().front();
    }
    write(standard_output(), asked->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    complain(error.what(), "`ottobit --help` and `ottobit COMMAND --help` show what is possible");
    return kExitUsage;
  } catch (const UsageError& error) {
    complain(error.what());
    return kExitUsage;
  } catch (const ApiError& error) {
    if (error.code() == OTTOBIT_E_CANCELLED && interrupts() > 0) {
      return kExitInterrupted;
    }
    complain(error.what(), advice_for(error));
    return kExitFailure;
  }
}

int run_program(int argc, char** argv) {
  CLI::App program("ottobit runs language models as published, on the CPU.", "ottobit");
  program.set_version_flag("--version", std::string("ottobit"));
  program.require_subcommand(1);
  program.footer(kExamples);
  program.get_formatter()->column_width(32);
  int exit_code = 0;
  add_run_command(program, exit_code);
  add_chat_command(program, exit_code);
  add_inspect_command(program, exit_code);
  add_estimate_command(program, exit_code);
  add_tokenize_command(program, exit_code);
  add_perplexity_command(program, exit_code);
  add_bench_command(program, exit_code);
  return parse_and_run(program, argc, argv, exit_code);
}

}  // namespace
}  // namespace ottobit::cli

int main(int argc, char** argv) {
  try {
    if (ottobit_check_header(OTTOBIT_VERSION) < 0) {
      throw ottobit::cli::Failure("the library found is of another version than this command");
    }
    return ottobit::cli::run_program(argc, argv);
  } catch (const std::exception& error) {
    ottobit::cli::complain(error.what());
    return ottobit::cli::kExitFailure;
  }
}
