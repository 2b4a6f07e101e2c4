/* SPDX-License-Identifier: Apache-2.0 */
/* What the C test programs share: a check that counts, and handles made with a word on failure. */
#ifndef OTTOBIT_TESTS_CAPI_CHECK_H
#define OTTOBIT_TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ottobit.h"

static int failures;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

/* `err` is what the call was given: its error is read after it and released. */

/* The call must succeed; otherwise its message is printed. */
static void check_ok(const char* what, ottobit_status status, ottobit_error** err) {
  ottobit_error* e = *err;
  if (status < 0 || e != NULL) {
    fprintf(stderr, "%s: %s: %s\n", what, ottobit_status_name(status), ottobit_error_message(e));
    ++failures;
  }
  ottobit_error_release(e);
  *err = NULL;
}

/* The call must fail with that status and a message that holds `part`. */
static inline void check_fails(const char* what, ottobit_status expected, const char* part,
                               ottobit_status status, ottobit_error** err) {
  ottobit_error* e = *err;
  const char* message = ottobit_error_message(e);
  if (status != expected || ottobit_error_code(e) != expected || strstr(message, part) == NULL) {
    fprintf(stderr, "%s: %s (%s), expected %s and \"%s\"\n", what, ottobit_status_name(status),
            message, ottobit_status_name(expected), part);
    ++failures;
  }
  ottobit_error_release(e);
  *err = NULL;
}

static ottobit_runtime* make_runtime(int32_t threads) {
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_runtime_options o;
  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.threads = threads;
  check_ok("runtime_create", ottobit_runtime_create(&o, &rt, &e), &e);
  return rt;
}

/* A model each of whose sessions computes its prompts itself, so that they can be compared. */
static inline ottobit_model* open_without_prefixes(ottobit_runtime* rt, const char* path) {
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  ottobit_model_options o;
  CHECK(ottobit_model_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.flags = OTTOBIT_MODEL_NO_PREFIXES;
  check_ok("open", ottobit_model_open(rt, path, OTTOBIT_NUL, &o, &m, &e), &e);
  return m;
}

static int report(void) {
  if (failures != 0) {
    fprintf(stderr, "%d checks failed\n", failures);
  }
  return failures == 0 ? 0 : 1;
}

#endif
