// SPDX-License-Identifier: Apache-2.0
// `ottobit perplexity`: how well a model predicts a text.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "commands.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit perplexity MODEL book.txt
  ottobit perplexity MODEL --window 1024 --stride 512 --compute f32 book.txt
  ottobit perplexity MODEL --json < book.txt

The text is read in windows of --window tokens. Each begins --stride tokens behind the one before it,
and what that has counted is context only. The first token of the text is not counted: nothing
predicts it. Perplexity is exp of the mean of -log p over the tokens counted.)";

constexpr int kDefaultWindow = 2048;

struct PerplexityOptions {
  FolderOptions folder;
  std::string file;
  int window = 0;  ///< 0: as above, or the model's context
  int stride = 0;  ///< 0: the window
  bool bos = false;
  bool json = false;
  MachineOptions machine;
};

std::string text_in(const std::string& file) {
  if (file.empty()) {
    if (input_is_terminal()) {
      throw UsageError("no text: give a file after MODEL, or pipe it into the command");
    }
    return read_input();
  }
  return read_file(file);
}

struct Score {
  double sum = 0.0;  ///< of log p
  std::size_t counted = 0;

  [[nodiscard]] double mean() const { return sum / static_cast<double>(counted); }
};

/// Scores ids[counted.. end of the window] after the window's first tokens.
void score_window(ottobit_session* session, std::span<const std::int32_t> window, std::size_t known,
                  ottobit_cancel* cancel, Score& score) {
  call([&](ottobit_error** err) { return ottobit_session_truncate(session, 0, err); });
  call([&](ottobit_error** err) {
    return ottobit_session_append(session, window.data(), known, cancel, nullptr, nullptr, err);
  });
  std::vector<float> logprobs(window.size() - known);
  call([&](ottobit_error** err) {
    return ottobit_session_score(session, window.data() + known, logprobs.size(), logprobs.data(),
                                 cancel, nullptr, nullptr, err);
  });
  for (std::size_t i = known == 0 ? 1 : 0; i < logprobs.size(); ++i) {
    score.sum += static_cast<double>(logprobs[i]);
    ++score.counted;
  }
}

Score score_text(ottobit_session* session, std::span<const std::int32_t> ids, std::size_t size,
                 std::size_t stride) {
  const Cancel cancel = make_cancel();
  const CancelOnInterrupt on_interrupt(cancel.get());
  ProgressBar bar("reading", ProgressBar::Unit::tokens, 1.0);
  Score score;
  std::size_t done = 0;
  for (std::size_t begin = 0; done < ids.size(); begin += stride) {
    const std::size_t end = std::min(begin + size, ids.size());
    // With windows side by side, the last token of one is what predicts the first of the next.
    const std::size_t from = done == begin && begin > 0 ? begin - 1 : begin;
    score_window(session, ids.subspan(from, end - from), done - from, cancel.get(), score);
    done = end;
    (void)ProgressBar::report(OTTOBIT_PHASE_PREFILL, done, ids.size(), &bar);
  }
  return score;
}

int run(const PerplexityOptions& options) {
  const std::string text = text_in(options.file);
  install_interrupt_handler();
  const Runtime runtime = make_runtime(options.machine);
  const Model model = open_model(runtime.get(), options.folder);
  const ModelInfo info = describe(runtime.get(), model.get());
  const auto context = static_cast<int>(info.number("context"));
  const int window = options.window > 0 ? options.window : std::min(kDefaultWindow, context - 1);
  const int stride = options.stride > 0 ? options.stride : window;
  if (window < 2 || window >= context || stride > window) {
    throw UsageError("--window is " + std::to_string(window) + ", expected 2 to " +
                     std::to_string(context - 1) + "; --stride is " + std::to_string(stride) +
                     ", expected no more than the window");
  }
  const std::vector<std::int32_t> ids =
      tokenize(model.get(), text, options.bos ? OTTOBIT_TOKENS_BOS : 0U);
  if (ids.size() < 2) {
    throw Failure("the text has " + plural(ids.size(), "token") + ", expected 2 or more");
  }
  MachineOptions machine = options.machine;
  machine.context = window + 1;
  const Session session = make_session(model.get(), machine);
  const auto start = std::chrono::steady_clock::now();
  const Score score = score_text(session.get(), ids, static_cast<std::size_t>(window),
                                 static_cast<std::size_t>(stride));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (options.json) {
    const OrderedJson json = {{"model", info.text("name")},
                              {"tokens", ids.size()},
                              {"counted", score.counted},
                              {"window", window},
                              {"stride", stride},
                              {"mean_log_probability", score.mean()},
                              {"perplexity", std::exp(-score.mean())},
                              {"seconds", seconds}};
    write(standard_output(), json.dump() + "\n");
    return 0;
  }
  std::array<char, 64> number{};
  std::snprintf(number.data(), number.size(), "%.4f", std::exp(-score.mean()));
  write(standard_output(), "perplexity " + std::string(number.data()) + "\n");
  const Output& output = standard_error();
  const double rate = static_cast<double>(ids.size()) / seconds;
  write(output, dim(output, without_controls(info.line() + " · " + plural(score.counted, "token") +
                                             " counted · window " + std::to_string(window) + " · " +
                                             number_text(rate) + " tok/s")) +
                    "\n");
  return 0;
}

}  // namespace

void add_perplexity_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<PerplexityOptions>();
  CLI::App& app = *program.add_subcommand("perplexity", "measure how well a text is predicted");
  app.footer(kExamples);
  add_folder_options(app, options->folder)->required();
  app.add_option("FILE", options->file, "the text; without it, standard input is read");
  app.add_option("--window", options->window, "tokens read at once; default 2048, or the context")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--stride", options->stride, "tokens between windows; default the window")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_flag("--bos", options->bos, "begin as the model's configuration says");
  app.add_flag("--json", options->json, "one JSON object");
  add_machine_options(app, options->machine);
  add_compute_option(app, options->machine);
  app.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ottobit::cli
