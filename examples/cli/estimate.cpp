// SPDX-License-Identifier: Apache-2.0
// `ottobit estimate`: the memory that a model and a session will take, before anything is loaded.
// Exit code 1 if it is not there.
#include <algorithm>
#include <memory>
#include <string>

#include "commands.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit estimate MODEL
  ottobit estimate MODEL --context 32768
  ottobit estimate MODEL --context 32768 --json

The weights are not read. The exit code is 1 if the memory is not free now.)";

constexpr std::size_t kLabelWidth = 20;
constexpr int kShortestContext = 512;  ///< that is proposed

struct EstimateOptions {
  FolderOptions folder;
  MachineOptions machine;
  bool json = false;
};

ottobit_memory_estimate estimate(ottobit_runtime* runtime, const FolderOptions& folder,
                                 const MachineOptions& machine) {
  auto model = initialised<ottobit_model_options>(ottobit_model_options_init);
  model.flags = folder.lenient ? OTTOBIT_MODEL_LENIENT : 0U;
  const ottobit_session_options session = session_options(machine);
  ottobit_memory_estimate found{};
  found.struct_size = sizeof found;
  call([&](ottobit_error** err) {
    const std::string& path = folder.directory;
    return ottobit_estimate(runtime, path.data(), path.size(), &model, &session, &found, err);
  });
  return found;
}

std::uint64_t needed(const ottobit_memory_estimate& found) {
  return found.mapped + found.resident + found.kv_cache + found.workspace;
}

/// The context that counts: what was asked for, or what the model declares.
int context_of(ottobit_runtime* runtime, const EstimateOptions& options) {
  if (options.machine.context > 0) {
    return options.machine.context;
  }
  const std::string& path = options.folder.directory;
  const OrderedJson report = OrderedJson::parse(
      text_of([&](char* text, std::size_t cap, std::size_t* need, ottobit_error** err) {
        return ottobit_inspect(runtime, path.data(), path.size(), text, cap, need, err);
      }),
      nullptr, false);
  return report.is_object() ? report.value("context", 0) : 0;
}

/// The largest power of two below `context` with which it fits; 0 if there is none.
int context_that_fits(ottobit_runtime* runtime, EstimateOptions options, int context) {
  int power = kShortestContext;
  while (power <= (context - 1) / 2) {
    power *= 2;
  }
  for (; power >= kShortestContext && power < context; power /= 2) {
    options.machine.context = power;
    if (estimate(runtime, options.folder, options.machine).fits != 0) {
      return power;
    }
  }
  return 0;
}

std::string verdict(ottobit_runtime* runtime, const EstimateOptions& options,
                    const ottobit_memory_estimate& found, int context) {
  if (found.fits != 0) {
    return "fits";
  }
  const int less = context_that_fits(runtime, options, context);
  return "does not fit: " + bytes_text(static_cast<double>(needed(found) - found.available)) +
         " short; " +
         (less > 0 ? "a context of " + count_text(static_cast<std::uint64_t>(less)) + " would fit"
                   : "no shorter context would help");
}

void print_table(const ottobit_memory_estimate& found, int context, const std::string& verdict) {
  const Output& output = standard_output();
  const auto row = [&](std::string label, std::uint64_t bytes, const std::string& note = {}) {
    label.resize(kLabelWidth, ' ');
    std::string size = bytes_text(static_cast<double>(bytes));
    size.resize(std::max<std::size_t>(size.size(), 10), ' ');
    write(output,
          dim(output, label) +
              (note.empty() ? bytes_text(static_cast<double>(bytes)) : size + dim(output, note)) +
              "\n");
  };
  row("weights, mapped", found.mapped);
  row("model in memory", found.resident);
  row("KV cache", found.kv_cache,
      "for " + count_text(static_cast<std::uint64_t>(context)) + " tokens");
  row("workspace", found.workspace);
  row("together", needed(found));
  row("free now", found.available);
  write(output, "\n" + (found.fits != 0 ? verdict : red(output, verdict)) + "\n");
}

int run(const EstimateOptions& options) {
  const Runtime runtime = make_runtime(options.machine);
  const ottobit_memory_estimate found = estimate(runtime.get(), options.folder, options.machine);
  const int context = context_of(runtime.get(), options);
  if (options.json) {
    const OrderedJson json = {{"context", context},           {"mapped", found.mapped},
                              {"resident", found.resident},   {"kv_cache", found.kv_cache},
                              {"workspace", found.workspace}, {"needed", needed(found)},
                              {"available", found.available}, {"fits", found.fits != 0}};
    write(standard_output(), json.dump() + "\n");
  } else {
    print_table(found, context, verdict(runtime.get(), options, found, context));
  }
  return found.fits != 0 ? 0 : kExitFailure;
}

}  // namespace

void add_estimate_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<EstimateOptions>();
  CLI::App& app = *program.add_subcommand("estimate", "show the memory that a model will take");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  add_session_options(app, options->machine);
  app.add_flag("--json", options->json, "as JSON");
  app.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ottobit::cli
