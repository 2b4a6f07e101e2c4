// SPDX-License-Identifier: Apache-2.0
// Models: looking at folders, opening them, asking them.
#include <filesystem>

#include "ottobit/settings.hpp"

#include "options.hpp"

namespace ottobit::capi {
namespace {

constexpr ottobit_model_options kModelDefaults{};

/// The value of the only setting there is.
std::string random_setting(const char* settings_json) {
  std::string random;
  for (Setting& setting : parse_settings(optional_text(settings_json))) {
    OTTOBIT_CHECK(setting.name == "random", ErrorCode::unsupported, "settings_json",
                  "unknown setting \"" + setting.name + "\", known is \"random\"");
    random = std::move(setting.json);
  }
  return random;
}

}  // namespace

std::filesystem::path path_in(const char* path, std::size_t length) {
  const std::string_view text = text_in(path, length, "path");
  OTTOBIT_CHECK(text.find('\0') == std::string_view::npos, ErrorCode::argument, "path",
                "has a NUL in it");
  return {std::u8string(text.begin(), text.end())};
}

ModelOptions model_options(const ottobit_model_options& o, const ottobit_runtime& runtime,
                           const ProgressReport& report) {
  check_flags(o.flags,
              OTTOBIT_MODEL_NO_MMAP | OTTOBIT_MODEL_PREFAULT | OTTOBIT_MODEL_LOCK |
                  OTTOBIT_MODEL_LENIENT | OTTOBIT_MODEL_TRUST_FILES | OTTOBIT_MODEL_NO_PREFIXES,
              "flags");
  ModelOptions options;
  options.use_mmap = (o.flags & OTTOBIT_MODEL_NO_MMAP) == 0;
  options.prefault = (o.flags & OTTOBIT_MODEL_PREFAULT) != 0;
  options.lock = (o.flags & OTTOBIT_MODEL_LOCK) != 0;
  options.lenient = (o.flags & OTTOBIT_MODEL_LENIENT) != 0;
  options.trust_files = (o.flags & OTTOBIT_MODEL_TRUST_FILES) != 0;
  options.memory_limit = o.memory_limit;
  options.prefix_bytes = (o.flags & OTTOBIT_MODEL_NO_PREFIXES) != 0 ? 0
                         : o.prefix_bytes == 0                      ? ModelOptions::kChosen
                                                                    : o.prefix_bytes;
  options.progress = report.progress();
  options.warn = [&runtime](std::string_view text) {
    runtime.log(OTTOBIT_LOG_WARN, "model", std::string(text));
  };
  options.random_json = random_setting(o.settings_json);
  return options;
}

void check_source(const std::filesystem::path& folder, const ModelOptions& options) {
  OTTOBIT_CHECK(folder.empty() != options.random_json.empty(), ErrorCode::argument, "path",
                folder.empty() ? "is empty" : "must be empty for a model of random weights");
}

}  // namespace ottobit::capi

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_model_options_init(ottobit_model_options* o, size_t size) {
  return init_struct(o, size, kModelDefaults);
}

ottobit_status ottobit_inspect(ottobit_runtime* rt, const char* path, size_t path_len, char* json,
                               size_t cap, size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    required(rt, "runtime");
    const std::filesystem::path folder = path_in(path, path_len);
    OTTOBIT_CHECK(!folder.empty(), ottobit::ErrorCode::argument, "path", "is empty");
    const std::string text = ottobit::inspect(folder);
    return Buffer<char>{json, cap, need}.give(text);
  });
}

ottobit_status ottobit_model_open(ottobit_runtime* rt, const char* path, size_t path_len,
                                  const ottobit_model_options* o, ottobit_model** out,
                                  ottobit_error** err) {
  return guard(err, [&] {
    ottobit_model*& result = required_out(out);
    ottobit_runtime& runtime = required(rt, "runtime");
    const ottobit_model_options given = read_struct(o, kModelDefaults, "model_options");
    const ProgressReport report{OTTOBIT_PHASE_LOAD, given.cancel, given.progress,
                                given.progress_user};
    const ottobit::ModelOptions options = model_options(given, runtime, report);
    const std::filesystem::path folder = path_in(path, path_len);
    check_source(folder, options);
    report.check_start();
    auto model = ottobit::Model::open(folder, runtime.machine, options);
    runtime.log(OTTOBIT_LOG_INFO, "model", "opened: " + model->json());
    result = std::make_unique<ottobit_model>(runtime, std::move(model)).release();
    return OTTOBIT_OK;
  });
}

ottobit_model* ottobit_model_retain(ottobit_model* m) {
  return retain_handle(m);
}

void ottobit_model_release(ottobit_model* m) {
  release_handle(m);
}

ottobit_status ottobit_model_json(const ottobit_model* m, char* json, size_t cap, size_t* need,
                                  ottobit_error** err) {
  return guard(err, [&] {
    return Buffer<char>{json, cap, need}.give(required(m, "model").model->json());
  });
}

int32_t ottobit_model_vocab(const ottobit_model* m) {
  return m == nullptr ? 0 : static_cast<int32_t>(m->model->vocab());
}

int32_t ottobit_model_width(const ottobit_model* m) {
  return m == nullptr ? 0 : static_cast<int32_t>(m->model->width());
}
