// SPDX-License-Identifier: Apache-2.0
// Memory before loading.
#include "ottobit/estimate.hpp"

#include "options.hpp"

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_estimate(ottobit_runtime* rt, const char* path, size_t path_len,
                                const ottobit_model_options* mo, const ottobit_session_options* so,
                                ottobit_memory_estimate* out, ottobit_error** err) {
  return guard(err, [&] {
    const std::size_t size = struct_size(out, "memory_estimate");
    const ottobit_runtime& runtime = required(rt, "runtime");
    const ottobit_model_options given = read_struct(mo, ottobit_model_options{}, "model_options");
    const ProgressReport report{OTTOBIT_PHASE_LOAD, given.cancel, nullptr, nullptr};
    const ottobit::ModelOptions model = model_options(given, runtime, report);
    const std::filesystem::path folder = path_in(path, path_len);
    check_source(folder, model);
    report.check_start();
    const ottobit::MemoryEstimate found =
        ottobit::estimate(folder, runtime.machine, model, session_options(so));
    ottobit_memory_estimate result{};
    result.fits = found.fits() ? 1 : 0;
    result.mapped = found.mapped;
    result.resident = found.resident;
    result.kv_cache = found.kv_cache;
    result.workspace = found.workspace;
    result.file_bytes = found.file_bytes;
    result.available = found.available;
    write_struct(out, result, size);
    return OTTOBIT_OK;
  });
}
