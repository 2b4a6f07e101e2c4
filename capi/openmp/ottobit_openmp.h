/* SPDX-License-Identifier: Apache-2.0 */
/* ottobit in a host that computes with OpenMP: all work runs in the host's own team, so that there
   is one set of threads in the process and not two.

     ottobit_thread_hooks hooks;
     ottobit_runtime_options o;
     ottobit_openmp_hooks(&hooks, sizeof hooks);
     ottobit_runtime_options_init(&o, sizeof o);
     o.thread_hooks = &hooks;

   A library of its own (ottobit::openmp), compiled with OpenMP and linked by the host; ottobit
   itself neither links nor loads an OpenMP runtime. The host's OpenMP settings are left alone: the
   number of threads is a clause of each region. */
#ifndef OTTOBIT_OPENMP_H
#define OTTOBIT_OPENMP_H

#include "ottobit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills *hooks; `size` is sizeof *hooks. OTTOBIT_E_ARGUMENT for NULL, OTTOBIT_E_STRUCT for a size
   that has no room for parallel_for; then hooks is left alone. */
ottobit_status ottobit_openmp_hooks(ottobit_thread_hooks* hooks, size_t size);

#ifdef __cplusplus
}
#endif
#endif /* OTTOBIT_OPENMP_H */
