// SPDX-License-Identifier: Apache-2.0
#include "ottobit_openmp.h"

#include <cstdint>
#include <cstring>

namespace {

void OTTOBIT_CALL run_in_team(std::int32_t count, ottobit_body_fn body, void* context,
                              void* /*user*/) noexcept {
#pragma omp parallel for num_threads(count) schedule(static, 1)
  for (std::int32_t i = 0; i < count; ++i) {
    body(context, i);
  }
}

}  // namespace

ottobit_status ottobit_openmp_hooks(ottobit_thread_hooks* hooks, size_t size) {
  if (hooks == nullptr) {
    return OTTOBIT_E_ARGUMENT;
  }
  if (size < sizeof *hooks || size > 4096) {
    return OTTOBIT_E_STRUCT;
  }
  std::memset(hooks, 0, size);
  hooks->struct_size = static_cast<std::uint32_t>(size);
  hooks->parallel_for = run_in_team;
  return OTTOBIT_OK;
}
