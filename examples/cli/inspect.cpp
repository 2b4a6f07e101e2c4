// SPDX-License-Identifier: Apache-2.0
// `ottobit inspect`: what a model folder holds, from its headers and configuration only. Exit code
// 1 if anything is wrong with it.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "commands.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit inspect MODEL
  ottobit inspect MODEL --json | jq .problems

The weights are not read, so this takes no longer for a large model. The exit code is 1 if there are
problems.)";

constexpr std::size_t kLabelWidth = 18;

struct InspectOptions {
  FolderOptions folder;
  bool json = false;
};

std::string inspect_json(ottobit_runtime* runtime, const std::string& directory) {
  return text_of([&](char* text, std::size_t cap, std::size_t* need, ottobit_error** err) {
    return ottobit_inspect(runtime, directory.data(), directory.size(), text, cap, need, err);
  });
}

/// A JSON value as a person would write it.
std::string value_text(std::string_view key, const OrderedJson& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "yes" : "no";
  }
  if (value.is_number() && key.find("bytes") != std::string_view::npos) {
    return bytes_text(value.get<double>());
  }
  if (value.is_number_unsigned()) {
    return count_text(value.get<std::uint64_t>());
  }
  if (value.is_array() || value.is_object()) {
    std::string text;
    for (const auto& [name, item] : value.items()) {
      text += text.empty() ? "" : ", ";
      text += value.is_object() ? name + " " : "";
      text += value_text(name, item);
    }
    return text.empty() ? "none" : text;
  }
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

/// "weight_bytes_per_token" -> "weights read"; otherwise the member's name with spaces.
std::string label_of(std::string_view key) {
  struct Label {
    std::string_view key;
    std::string_view label;
  };
  constexpr std::array<Label, 18> kLabels = {{
      {"layer_kinds", "kinds of layers"},
      {"file_bytes", "size"},
      {"shards", "files of weights"},
      {"repacked_bytes", "laid out in memory"},
      {"kv_bytes_per_token", "cached per token"},
      {"kv_fixed_bytes", "cached at once"},
      {"weight_bytes_per_token", "read per token"},
      {"matmul_parameters", "  in matrices"},
      {"active_parameters", "  of them per token"},
      {"head_parameters", "  in the head"},
      {"kv_heads", "key/value heads"},
      {"head_dim", "head width"},
      {"feed_forward", "feed-forward width"},
      {"vocab", "vocabulary"},
      {"tokenizer_vocab", "tokens"},
      {"tied_head", "head is embedding"},
      {"think_begin", "thinking begins"},
      {"think_end", "thinking ends"},
  }};
  const auto* found = std::find_if(kLabels.begin(), kLabels.end(),
                                   [&](const Label& label) { return label.key == key; });
  std::string text(found != kLabels.end() ? found->label : key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string padded(std::string text) {
  text.resize(std::max(text.size() + 1, kLabelWidth + 2), ' ');
  return text;
}

/// Problems are objects with a `message`, or plain texts.
std::string problem_text(const OrderedJson& problem) {
  if (problem.is_object() && problem.contains("message") && problem["message"].is_string()) {
    return problem["message"].get<std::string>();
  }
  return value_text("", problem);
}

void print_table(const OrderedJson& report, const OrderedJson& problems) {
  const Output& output = standard_output();
  for (const auto& [key, value] : report.items()) {
    if (key == "problems" || value.is_null()) {
      continue;
    }
    write(output, dim(output, padded(label_of(key))));
    write_untrusted(output, value_text(key, value) + "\n");
  }
  if (problems.empty()) {
    write(output, dim(output, padded("problems")) + "none\n");
    return;
  }
  write(output, "\n" + red(output, plural(problems.size(), "problem")) + "\n");
  for (const OrderedJson& problem : problems) {
    write_untrusted(output, "  " + problem_text(problem) + "\n");
  }
}

int run(const InspectOptions& options) {
  const Runtime runtime = make_runtime({});
  const std::string text = inspect_json(runtime.get(), options.folder.directory);
  const OrderedJson report = OrderedJson::parse(text, nullptr, false);
  if (!report.is_object()) {
    throw Failure("the library's report is not a JSON object");
  }
  const OrderedJson problems = report.value("problems", OrderedJson::array());
  if (options.json) {
    write_untrusted(standard_output(), text + "\n");
  } else {
    print_table(report, problems);
  }
  const bool opens = std::all_of(problems.begin(), problems.end(), [&](const OrderedJson& each) {
    return each.value("status", -1) == 0 ||
           (options.folder.lenient && each.value("lenient", false));
  });
  return opens ? 0 : kExitFailure;
}

}  // namespace

void add_inspect_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App& app = *program.add_subcommand("inspect", "show what a model folder holds");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  app.add_flag("--json", options->json, "as JSON");
  app.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ottobit::cli
