// SPDX-License-Identifier: Apache-2.0
// Version and machine, runtimes, cancel objects.
#include <array>

#include "ottobit/cpu.hpp"
#include "ottobit/version.hpp"

#include "handles.hpp"

namespace ottobit::capi {
namespace {

static_assert(OTTOBIT_VERSION == kVersionNumber);

constexpr ottobit_runtime_options kRuntimeDefaults{};
constexpr std::int32_t kMostThreads = 4096;

// Best first. A cap may name a level that this machine lacks.
constexpr std::array<std::string_view, 5> kLevels{"amx_bf16", "avx512_bf16", "avx512", "avx2",
                                                  "baseline"};

std::string usable_levels() {
  std::string text;
  for (const KernelTable* table : supported_kernel_tables()) {
    text += (text.empty() ? "" : ", ") + std::string(table->isa);
  }
  return text;
}

/// The best usable level that is not above `cap`.
const KernelTable* capped_kernels(std::string_view cap) {
  const KernelTable* kernels = find_kernel_table(cap);
  const auto* level = std::find(kLevels.begin(), kLevels.end(), cap);
  OTTOBIT_CHECK(kernels != nullptr || level != kLevels.end(), ErrorCode::cpu, "isa_cap",
                "\"" + std::string(cap) + "\" is no level; usable here are " + usable_levels());
  while (kernels == nullptr && level != kLevels.end()) {
    kernels = find_kernel_table(*level++);
  }
  OTTOBIT_CHECK(
      kernels != nullptr, ErrorCode::cpu, "isa_cap",
      "nothing usable up to \"" + std::string(cap) + "\"; usable here are " + usable_levels());
  return kernels;
}

void check(const ottobit_runtime_options& o) {
  check_flags(o.flags, OTTOBIT_RUNTIME_SPIN | OTTOBIT_RUNTIME_EXACT, "flags");
  OTTOBIT_CHECK(o.threads >= 0 && o.threads <= kMostThreads, ErrorCode::argument, "threads",
                std::to_string(o.threads) + ", expected 0 to " + std::to_string(kMostThreads));
  OTTOBIT_CHECK(
      o.log_level >= 0 && o.log_level <= OTTOBIT_LOG_DEBUG, ErrorCode::argument, "log_level",
      std::to_string(o.log_level) + ", expected 0 to " + std::to_string(OTTOBIT_LOG_DEBUG));
  refuse_settings(o.settings_json);
}

std::string cpu_text() {
  return ottobit::cpu_json();
}
std::string build_text() {
  return ottobit::build_json();
}

/// Made at the first call and kept: the caller gets a pointer into it.
template <std::string (*Make)()>
const char* kept_text() noexcept {
  try {
    static const std::string text = Make();
    return text.c_str();
  } catch (...) {
    return "{}";
  }
}

}  // namespace
}  // namespace ottobit::capi

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

uint32_t ottobit_version(void) {
  return ottobit::kVersionNumber;
}

const char* ottobit_version_text(void) {
  return ottobit::kVersionText.data();
}

ottobit_status ottobit_check_header(uint32_t header_version) {
  const bool same_major = header_version >> 16U == ottobit::kVersionMajor;
  const bool known = (header_version >> 8U & 0xFFU) <= ottobit::kVersionMinor;
  return same_major && known ? OTTOBIT_OK : OTTOBIT_E_UNSUPPORTED;
}

const char* ottobit_build_json(void) {
  return kept_text<build_text>();
}

const char* ottobit_cpu_json(void) {
  return kept_text<cpu_text>();
}

ottobit_status ottobit_runtime_options_init(ottobit_runtime_options* o, size_t size) {
  return init_struct(o, size, kRuntimeDefaults);
}

ottobit_status ottobit_runtime_create(const ottobit_runtime_options* o, ottobit_runtime** out,
                                      ottobit_error** err) {
  return guard(err, [&] {
    ottobit_runtime*& result = required_out(out);
    const ottobit_runtime_options options = read_struct(o, kRuntimeDefaults, "runtime_options");
    check(options);
    auto runtime = std::make_unique<ottobit_runtime>();
    runtime->machine.kernels = capped_kernels(optional_text(options.isa_cap));
    runtime->machine.threads =
        options.threads == 0 ? std::min(ottobit::usable_cores(), kMostThreads) : options.threads;
    choose_engine(*runtime, options);
    runtime->machine.memory = host_memory(options);
    runtime->log_level = options.log_level;
    runtime->log_function = options.log;
    runtime->log_user = options.log_user;
    runtime->log(OTTOBIT_LOG_INFO, "runtime",
                 std::string(runtime->machine.kernels->isa) + ", " +
                     std::to_string(runtime->machine.threads) + " threads");
    result = runtime.release();
    return OTTOBIT_OK;
  });
}

ottobit_runtime* ottobit_runtime_retain(ottobit_runtime* rt) {
  return retain_handle(rt);
}

void ottobit_runtime_release(ottobit_runtime* rt) {
  release_handle(rt);
}

const char* ottobit_runtime_isa(const ottobit_runtime* rt) {
  return rt == nullptr ? "" : rt->machine.kernels->isa;
}

int32_t ottobit_runtime_threads(const ottobit_runtime* rt) {
  return rt == nullptr ? 0 : rt->machine.threads;
}

ottobit_status ottobit_runtime_park(ottobit_runtime* rt) {
  if (rt == nullptr) {
    return OTTOBIT_E_ARGUMENT;
  }
  const bool idle = rt->computing.load() == 0 && (rt->crew == nullptr || rt->crew->park());
  return idle ? OTTOBIT_OK : OTTOBIT_E_BUSY;
}

ottobit_status ottobit_cancel_create(ottobit_cancel** out, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_cancel*& result = required_out(out);
    result = std::make_unique<ottobit_cancel>().release();
    return OTTOBIT_OK;
  });
}

ottobit_cancel* ottobit_cancel_retain(ottobit_cancel* c) {
  return retain_handle(c);
}

void ottobit_cancel_release(ottobit_cancel* c) {
  release_handle(c);
}

void ottobit_cancel_request(ottobit_cancel* c) {
  if (c != nullptr) {
    c->raised.store(1, std::memory_order_relaxed);
  }
}

void ottobit_cancel_reset(ottobit_cancel* c) {
  if (c != nullptr) {
    c->raised.store(0, std::memory_order_relaxed);
  }
}
