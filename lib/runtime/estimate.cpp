// SPDX-License-Identifier: Apache-2.0
#include "ottobit/estimate.hpp"

#include "ottobit/decoder.hpp"
#include "ottobit/engine.hpp"

#include "cpu/features.hpp"
#include "io/free_memory.hpp"
#include "runtime/footprint.hpp"
#include "runtime/session_options.hpp"

namespace ottobit {

namespace {

/// What is asked for, without threads.
Machine idle(Machine machine) {
  if (machine.kernels == nullptr) {
    machine.kernels = find_kernel_table("");
  }
  if (machine.engine != nullptr) {
    machine.threads = machine.engine->threads();
  } else if (machine.threads <= 0) {
    machine.threads = usable_cores();
  }
  return machine;
}

}  // namespace

MemoryEstimate estimate(const std::filesystem::path& directory, const Machine& machine,
                        const ModelOptions& model, const SessionOptions& session) {
  const Machine used = idle(machine);
  const Footprint footprint = footprint_of(directory, *used.kernels, model);
  const SessionPlan plan = plan_session(footprint.decoder.spec(), *used.kernels, session);
  const SessionMemory memory = plan.memory(footprint.decoder, used);
  return {.mapped = footprint.mapped,
          .resident = footprint.resident,
          .kv_cache = memory.kv_cache,
          .workspace = memory.workspace,
          .file_bytes = footprint.file_bytes,
          .available = free_memory()};
}

}  // namespace ottobit
