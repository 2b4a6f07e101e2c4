/* SPDX-License-Identifier: Apache-2.0 */
/* A beginning that several sessions share is computed once, and nothing comes out differently. */
#include <stdint.h>

#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
enum { kVocab = 512, kShared = 900, kMost = 1000 };

static int32_t ids[kMost];

/* Reads the shared ids and `rest` others; the logits to `out`; what was computed. */
static uint64_t read(ottobit_model* m, size_t rest, float* out, uint64_t* reused) {
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  ottobit_stats stats;
  size_t i;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  for (i = 0; i < rest; ++i) {
    ids[kShared + i] = (int32_t)((rest * 31 + i * 7) % 300);
  }
  check_ok("session", ottobit_session_create(m, NULL, &s, &e), &e);
  check_ok("append", ottobit_session_append(s, ids, kShared + rest, NULL, NULL, NULL, &e), &e);
  check_ok("logits", ottobit_session_logits(s, out, kVocab, NULL, &e), &e);
  check_ok("stats", ottobit_session_stats(s, &stats, &e), &e);
  ottobit_session_release(s);
  *reused = stats.prompt_reused;
  return stats.prompt_tokens;
}

int main(void) {
  static float alone[kVocab], found[kVocab];
  ottobit_runtime* rt = make_runtime(2);
  ottobit_error* e = NULL;
  ottobit_model* m = NULL;
  ottobit_model* without = open_without_prefixes(rt, MODEL);
  size_t rest, i;
  for (i = 0; i < kShared; ++i) {
    ids[i] = (int32_t)((i * i + 5 * i) % 320);
  }
  check_ok("open", ottobit_model_open(rt, MODEL, OTTOBIT_NUL, NULL, &m, &e), &e);
  for (rest = 90; rest > 20; rest -= 30) {
    uint64_t reused = 0;
    CHECK(read(without, rest, alone, &reused) == kShared + rest);
    CHECK(reused == 0);
    CHECK(read(m, rest, found, &reused) == (rest == 90 ? kShared + rest : rest));
    CHECK(reused == (rest == 90 ? 0 : kShared));
    CHECK(memcmp(alone, found, sizeof alone) == 0);
  }
  ottobit_model_release(m);
  ottobit_model_release(without);
  ottobit_runtime_release(rt);
  return report();
}
