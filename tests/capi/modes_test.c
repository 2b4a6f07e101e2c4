/* SPDX-License-Identifier: Apache-2.0 */
/* A host with floating-point modes of its own: the library computes the same bits whatever they
   are, raises no trap of the host's, and leaves them as they were. */
#define _GNU_SOURCE
#include <fenv.h>

#include "check.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define CHAT "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]}"
enum { kMost = 4096 };

typedef struct result {
  size_t prompt;
  size_t vocab;
  float logits[kMost];
  float score;
} result;

/* All that computes: opening, tokens, a prompt, logits, a product. */
static result compute(int32_t threads) {
  ottobit_runtime* rt = make_runtime(threads);
  ottobit_model* m = open_without_prefixes(rt, MODEL);
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  int32_t ids[kMost];
  result r;
  memset(&r, 0, sizeof r);
  check_ok("session", ottobit_session_create(m, NULL, &s, &e), &e);
  check_ok("tokens", ottobit_chat_tokens(m, CHAT, OTTOBIT_NUL, ids, kMost, &r.prompt, &e), &e);
  check_ok("append", ottobit_session_append(s, ids, r.prompt, NULL, NULL, NULL, &e), &e);
  check_ok("logits", ottobit_session_logits(s, r.logits, kMost, &r.vocab, &e), &e);
  ottobit_session_release(s);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return r;
}

static void same_as(const result* expected, const char* mode) {
  int32_t threads;
  for (threads = 1; threads <= 4; threads += 3) {
    const result r = compute(threads);
    if (memcmp(&r, expected, sizeof r) != 0) {
      fprintf(stderr, "%s, %d threads: other logits\n", mode, (int)threads);
      ++failures;
    }
  }
}

int main(void) {
  static const int rounding[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
  const result expected = compute(1);
  size_t i;
  CHECK(expected.vocab > 0 && expected.vocab <= kMost);
  for (i = 0; i < sizeof rounding / sizeof *rounding; ++i) {
    CHECK(fesetround(rounding[i]) == 0);
    same_as(&expected, "rounding");
    CHECK(fegetround() == rounding[i]);
  }
#if defined(__GLIBC__)
  {
    const int traps = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT;
    feclearexcept(FE_ALL_EXCEPT);
    CHECK(feenableexcept(traps) == 0);
    same_as(&expected, "traps");
    CHECK(feenableexcept(0) == traps);
    fedisableexcept(traps);
    CHECK(fetestexcept(FE_ALL_EXCEPT) == 0);
  }
#endif
#if defined(__x86_64__)
  {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u); /* flush to zero, denormals are zero */
    same_as(&expected, "FTZ and DAZ");
    CHECK(_mm_getcsr() == (before | 0x8040u));
    _mm_setcsr(before);
  }
#endif
  return report();
}
