// SPDX-License-Identifier: Apache-2.0
// `ottobit bench`: how fast a model reads and writes, beside what this machine could do at best.
// The peaks of arithmetic are measured before and after each prompt, reading memory between all
// stretches of decoding, in the same process and with the same number of threads, because on shared
// machines they move.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "interrupt.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "probe.hpp"
#include "terminal.hpp"

namespace ottobit::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  ottobit bench MODEL
  ottobit bench MODEL --prompt 128,512 --context 1024 --json
  ottobit bench MODEL --sessions 2,4,8
  ottobit bench --shape seed-oss-36b --layers 4 --format fp8 --threads 1

Prompt rates stand beside the peak of the multiply-add instruction, decode rates beside the rate of
reading memory. Products of weights are counted, those of attention are not. --shape makes random
weights of a published shape in memory: nothing needs to be on disk.)";

struct BenchOptions {
  FolderOptions folder;
  std::string shape;
  int layers = 0;
  std::string format;
  std::vector<int> prompts = {128};
  int context = 128;
  int repeat = 3;
  std::vector<int> sessions;
  bool json = false;
  MachineOptions machine;
};

struct PromptResult {
  int tokens = 0;
  double rate = 0;
  double gflops = 0;
};

/// A stretch of decoding, and what the memory could do right before or after it.
struct DecodeResult {
  double rate = 0;
  double gb_per_second = 0;
  double ceiling = 0;
};

/// Sessions side by side, and one alone before or after them.
struct BatchResult {
  int sessions = 0;
  double step_rate = 0;
  double one = 0;  ///< tokens per second

  /// How long a step of all takes, in tokens of one.
  [[nodiscard]] double cost() const { return step_rate > 0 ? one / step_rate : 0; }
};

struct BenchResult {
  ModelInfo info;
  bool bf16 = false;
  std::vector<PromptResult> prompts;
  DecodeResult decode;
  std::vector<BatchResult> batches;
  Peaks peaks;
  std::uint64_t peak_private_bytes = 0;
  std::uint64_t kv_bytes = 0;
};

/// A step of the measurement on a terminal's last line, removed when the next begins.
class Status {
 public:
  ~Status() { show(""); }
  Status() = default;
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  void show(const std::string& text) const {
    const Output& output = standard_error();
    if (output.terminal) {
      write(output, "\r\x1b[K" + dim(output, text));
    }
  }
};

std::string random_settings(const BenchOptions& options) {
  Json random = {{"shape", options.shape}};
  if (options.layers > 0) {
    random["layers"] = options.layers;
  }
  if (!options.format.empty()) {
    random["format"] = options.format == "fp8" ? "fp8_e4m3_block" : options.format;
  }
  return dump({{"random", random}});
}

/// What the library computes in where nothing is asked for.
bool computes_in_bf16(const std::string& compute, const std::string& isa) {
  return compute.empty() ? isa == "avx512_bf16" || isa == "amx_bf16" : compute == "bf16";
}

std::size_t last_level_cache_bytes() {
  const char* text = ottobit_cpu_json();
  const Json cpu = Json::parse(text != nullptr ? text : "", nullptr, false);
  const Json caches = cpu.is_object() ? cpu.value("cache_bytes", Json::object()) : Json::object();
  return caches.is_object() ? caches.value("l3", std::size_t{0}) : 0;
}

int needed_context(const BenchOptions& options, const ModelInfo& info) {
  const int longest = *std::max_element(options.prompts.begin(), options.prompts.end());
  const int needed = std::max(longest, options.context + Measurement::kBlockTokens);
  const double declared = info.number("context");
  if (declared > 0 && needed > declared) {
    throw UsageError(std::to_string(needed) + " tokens are needed (prompt, or context and " +
                     std::to_string(Measurement::kBlockTokens) + "), but the model's context has " +
                     count_text(static_cast<std::uint64_t>(declared)));
  }
  return needed;
}

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(options),
        runtime_(make_runtime(options.machine)),
        model_(open_model(runtime_.get(), options.folder,
                          options.shape.empty() ? "" : random_settings(options))) {
    result_.info = describe(runtime_.get(), model_.get());
    result_.bf16 = computes_in_bf16(options.machine.compute, result_.info.isa);
  }

  [[nodiscard]] BenchResult run() {
    const ModelInfo& info = result_.info;
    MachineOptions machine = options_.machine;
    machine.context = needed_context(options_, info);
    const Session session = make_session(model_.get(), machine);
    Measurement measurement(session.get(), ottobit_model_vocab(model_.get()));
    PeakProbe probe(info.isa, info.threads, result_.bf16);

    take_peaks(probe);
    for (const int tokens : options_.prompts) {
      status_.show("prompt of " + plural(static_cast<std::uint64_t>(tokens), "token"));
      const double rate = measurement.prompt_rate(tokens, options_.repeat);
      result_.prompts.push_back({tokens, rate, prompt_gflops(tokens, rate)});
      take_peaks(probe);
    }
    measurement.prepare_decode(options_.context);
    result_.decode = measure_decode(measurement);
    result_.kv_bytes = session_stats(session.get()).kv_bytes;
    for (const int sessions : options_.sessions) {
      result_.batches.push_back(measure_batch(measurement, machine, sessions));
    }
    return std::move(result_);
  }

 private:
  /// The head is computed for the last token of a prompt only.
  [[nodiscard]] double prompt_gflops(int tokens, double rate) const {
    const double products =
        result_.info.number("active_parameters") * tokens + result_.info.number("head_parameters");
    return 2 * products * rate / tokens / 1e9;
  }

  /// Decoding and reading memory in turn; the stretch whose share of its ceiling is the median.
  DecodeResult measure_decode(Measurement& measurement) {
    const ModelInfo& info = result_.info;
    const ReadProbe memory(info.isa, info.threads, last_level_cache_bytes());
    const auto ceiling = [&] {
      ottobit_runtime_park(runtime_.get());  // idle workers would take part
      return memory.measure();
    };
    constexpr int kLeast = 5;
    std::vector<DecodeResult> stretches;
    double before = ceiling();
    for (int run = 0; run < std::max(kLeast, options_.repeat); ++run) {
      status_.show("decode, and reading memory");
      const double rate = measurement.decode_rate(options_.context);
      const double after = ceiling();
      stretches.push_back(
          {rate, info.number("weight_bytes_per_token") * rate / 1e9, std::max(before, after)});
      before = after;
    }
    const auto middle = stretches.begin() + static_cast<std::ptrdiff_t>(stretches.size() / 2);
    std::nth_element(stretches.begin(), middle, stretches.end(),
                     [](const DecodeResult& a, const DecodeResult& b) {
                       return a.gb_per_second * b.ceiling < b.gb_per_second * a.ceiling;
                     });
    return *middle;
  }

  /// One session and several in turn; the run whose cost is the median.
  BatchResult measure_batch(Measurement& one, const MachineOptions& machine, int sessions) {
    status_.show(plural(static_cast<std::uint64_t>(sessions), "session"));
    BatchMeasurement batch(model_.get(), machine, sessions, options_.context);
    std::vector<BatchResult> runs;
    for (int run = 0; run < options_.repeat; ++run) {
      const double rate = one.decode_rate(options_.context);
      runs.push_back({sessions, batch.step_rate(), rate});
    }
    const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
    std::nth_element(
        runs.begin(), middle, runs.end(),
        [](const BatchResult& a, const BatchResult& b) { return a.cost() < b.cost(); });
    return *middle;
  }

  void take_peaks(PeakProbe& probe) {
    result_.peak_private_bytes = std::max(result_.peak_private_bytes, private_bytes());
    if (interrupts() > 0) {
      throw ApiError(OTTOBIT_E_CANCELLED, "stopped");
    }
    status_.show("peaks of this machine");
    ottobit_runtime_park(runtime_.get());  // idle workers would take part
    result_.peaks = probe.measure();
  }

  const BenchOptions& options_;
  Status status_;
  Runtime runtime_;
  Model model_;
  BenchResult result_;
};

double share(double rate, double ceiling) {
  return ceiling > 0 ? rate / ceiling : 0;
}

OrderedJson member(const ModelInfo& info, const char* name) {
  const auto found = info.json.find(name);
  return found != info.json.end() ? *found : OrderedJson(nullptr);
}

OrderedJson number_or_null(double value) {
  return value > 0 ? OrderedJson(value) : OrderedJson(nullptr);
}

OrderedJson to_json(const BenchOptions& options, const BenchResult& result) {
  const Peaks& best = result.peaks;
  OrderedJson json;
  json["model"] = member(result.info, "name");
  json["shape"] = options.shape.empty() ? OrderedJson(nullptr) : OrderedJson(options.shape);
  json["layers"] = member(result.info, "layers");
  json["format"] = member(result.info, "format");
  json["isa"] = result.info.isa;
  json["threads"] = result.info.threads;
  json["compute"] = result.bf16 ? "bf16" : "f32";
  json["parameters"] = member(result.info, "parameters");
  json["weight_bytes_per_token"] = member(result.info, "weight_bytes_per_token");
  json["prompt"] = OrderedJson::array();
  for (const PromptResult& prompt : result.prompts) {
    OrderedJson row;
    row["tokens"] = prompt.tokens;
    row["tokens_per_second"] = prompt.rate;
    row["gflops"] = prompt.gflops;
    row["roof"] = share(prompt.gflops, best.dp_gflops);
    json["prompt"].push_back(std::move(row));
  }
  OrderedJson& decode = json["decode"];
  decode["context"] = options.context;
  decode["tokens_per_second"] = result.decode.rate;
  decode["gb_per_second"] = result.decode.gb_per_second;
  decode["roof"] = share(result.decode.gb_per_second, result.decode.ceiling);
  json["batches"] = OrderedJson::array();
  for (const BatchResult& batch : result.batches) {
    OrderedJson row;
    row["sessions"] = batch.sessions;
    row["tokens_per_second"] = batch.sessions * batch.step_rate;
    row["cost"] = batch.cost();
    json["batches"].push_back(std::move(row));
  }
  OrderedJson& ceilings = json["ceilings"];
  ceilings["read_gb_per_second"] = number_or_null(result.decode.ceiling);
  ceilings["dp_gflops"] = number_or_null(best.dp_gflops);
  ceilings["int8_gops"] = number_or_null(best.int8_gops);
  json["peak_private_bytes"] = result.peak_private_bytes;
  json["kv_bytes"] = result.kv_bytes;
  return json;
}

std::string row(const std::string& what, double rate, const std::string& reached,
                const std::string& ceiling, double fraction) {
  char line[200];
  std::snprintf(line, sizeof line, "%-16s %9s tok/s %14s %14s %6.1f %%\n", what.c_str(),
                number_text(rate).c_str(), reached.c_str(), ceiling.c_str(), 100 * fraction);
  return line;
}

void print_table(const BenchOptions& options, const BenchResult& result) {
  const Output& output = standard_output();
  const Peaks& best = result.peaks;
  std::string title = result.info.line() + (result.bf16 ? " · bf16" : " · f32");
  if (!options.shape.empty()) {
    title += " · " + plural(static_cast<std::uint64_t>(result.info.number("layers")), "layer") +
             " of random weights";
  }
  write(output, bold(output, without_controls(title)) + "\n\n");
  char head[120];
  std::snprintf(head, sizeof head, "%-16s %9s       %14s %14s %8s\n", "", "rate", "reached",
                "ceiling", "share");
  write(output, dim(output, head));
  for (const PromptResult& prompt : result.prompts) {
    write(output,
          row("prompt " + count_text(static_cast<std::uint64_t>(prompt.tokens)), prompt.rate,
              number_text(prompt.gflops) + " GFLOP/s", number_text(best.dp_gflops) + " GFLOP/s",
              share(prompt.gflops, best.dp_gflops)));
  }
  write(output, row("decode at " + count_text(static_cast<std::uint64_t>(options.context)),
                    result.decode.rate, number_text(result.decode.gb_per_second) + " GB/s",
                    number_text(result.decode.ceiling) + " GB/s",
                    share(result.decode.gb_per_second, result.decode.ceiling)));
  for (const BatchResult& batch : result.batches) {
    char line[120];
    std::snprintf(line, sizeof line, "%-16s %9s tok/s %14s of a single one's time\n",
                  plural(static_cast<std::uint64_t>(batch.sessions), "session").c_str(),
                  number_text(batch.sessions * batch.step_rate).c_str(),
                  (number_text(batch.cost()) + " times").c_str());
    write(output, line);
  }
  const std::string memory =
      bytes_text(result.info.number("weight_bytes_per_token")) + " of weights per token, " +
      bytes_text(static_cast<double>(result.kv_bytes)) + " KV cache, " +
      bytes_text(static_cast<double>(result.peak_private_bytes)) + " private memory";
  write(output, "\n" + memory + "\n");
  if (result.info.number("weight_bytes_per_token") <
      static_cast<double>(last_level_cache_bytes())) {
    write(output, "the weights fit in the last-level cache: decode may exceed the memory's rate\n");
  }
}

void check(const BenchOptions& options) {
  if (options.folder.directory.empty() == options.shape.empty()) {
    throw UsageError("give a folder or --shape NAME, one of the two");
  }
  if (options.shape.empty() && (options.layers > 0 || !options.format.empty())) {
    throw UsageError("--layers and --format belong to --shape");
  }
}

int run(const BenchOptions& options) {
  check(options);
  install_interrupt_handler();
  const BenchResult result = Bench(options).run();
  if (options.json) {
    write(standard_output(),
          to_json(options, result).dump(-1, ' ', false, OrderedJson::error_handler_t::replace) +
              "\n");
  } else {
    print_table(options, result);
  }
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App& app = *program.add_subcommand("bench", "measure prompt and decode rates");
  app.footer(kExamples);
  add_folder_options(app, options->folder);
  const std::string group = "Random weights";
  app.add_option("--shape", options->shape, "a published shape, e.g. seed-oss-36b")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--layers", options->layers, "how many of its layers; default all")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->group(group);
  app.add_option("--format", options->format, "fp8 (blocks of 128x128), bf16 or f32")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--prompt", options->prompts, "lengths of prompts; default 128")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::PositiveNumber)
      ->type_name("N[,N]");
  app.add_option("--context", options->context, "tokens before those decoded; default 128")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  app.add_option("--repeat", options->repeat, "runs, of which the median counts; default 3")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  app.add_option("--sessions", options->sessions, "how many decode side by side, too")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 64))
      ->type_name("N[,N]");
  app.add_flag("--json", options->json, "one JSON object");
  add_compute_option(app, options->machine);
  add_machine_options(app, options->machine);
  app.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ottobit::cli
