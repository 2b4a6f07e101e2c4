/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program on the C interface: says which library it runs with, and on which of the
   processor's instruction sets. */
#include <ottobit.h>
#include <stdio.h>

#ifdef WITH_OPENMP
#include <ottobit_openmp.h>
#endif

int main(void) {
  ottobit_runtime_options options;
#ifdef WITH_OPENMP
  ottobit_thread_hooks hooks;
#endif
  ottobit_runtime* runtime = NULL;
  ottobit_error* error = NULL;

  if (ottobit_check_header(OTTOBIT_VERSION) < 0) {
    fprintf(stderr, "the library is older than the header\n");
    return 1;
  }
  ottobit_runtime_options_init(&options, sizeof options);
#ifdef WITH_OPENMP
  ottobit_openmp_hooks(&hooks, sizeof hooks);
  options.thread_hooks = &hooks;
#endif
  if (ottobit_runtime_create(&options, &runtime, &error) < 0) {
    fprintf(stderr, "%s\n", ottobit_error_message(error));
    ottobit_error_release(error);
    return 1;
  }
  printf("ottobit %s on %s\n", ottobit_version_text(), ottobit_runtime_isa(runtime));
  ottobit_runtime_release(runtime);
  return 0;
}
