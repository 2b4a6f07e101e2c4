/* SPDX-License-Identifier: Apache-2.0 */
/* The host's say in threads: all work in its parallel_for, whatever that does, gives the bits of
   one thread; the library's own workers begin and end with its hooks. */
#include <pthread.h>

#include "check.h"

#ifdef OTTOBIT_OPENMP
#include "ottobit_openmp.h"
#endif

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define CHAT "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]}"
enum { kMost = 4096, kThreads = 7 };

static ottobit_runtime* hooked(const ottobit_thread_hooks* hooks, int32_t threads) {
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_runtime_options o;
  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.threads = threads;
  o.thread_hooks = hooks;
  check_ok("runtime_create", ottobit_runtime_create(&o, &rt, &e), &e);
  return rt;
}

typedef struct result {
  size_t prompt;
  size_t vocab;
  float logits[kMost];
} result;

/* A prompt twelve times as long as the chat, so that all kinds of work are split. Releases rt. */
static result compute(ottobit_runtime* rt) {
  ottobit_model* m = open_without_prefixes(rt, MODEL);
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  int32_t ids[kMost];
  int i;
  result r;
  memset(&r, 0, sizeof r);
  check_ok("session", ottobit_session_create(m, NULL, &s, &e), &e);
  check_ok("tokens", ottobit_chat_tokens(m, CHAT, OTTOBIT_NUL, ids, kMost, &r.prompt, &e), &e);
  for (i = 0; i < 12; ++i) {
    check_ok("append", ottobit_session_append(s, ids, r.prompt, NULL, NULL, NULL, &e), &e);
  }
  check_ok("logits", ottobit_session_logits(s, r.logits, kMost, &r.vocab, &e), &e);
  ottobit_session_release(s);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return r;
}

static int regions;

static void OTTOBIT_CALL backwards(int32_t count, ottobit_body_fn body, void* context, void* user) {
  ++*(int*)user;
  while (count-- > 0) body(context, count);
}

/* Breaks the rule: most calls are not made, and some are of no part. */
static void OTTOBIT_CALL careless(int32_t count, ottobit_body_fn body, void* context, void* user) {
  (void)user;
  body(context, count / 2);
  body(context, count);
  body(context, -1);
}

typedef struct piece {
  ottobit_body_fn body;
  void* context;
  int32_t index;
} piece;

static void* do_piece(void* argument) {
  const piece* p = argument;
  p->body(p->context, p->index);
  return NULL;
}

/* A thread for each part. */
static void OTTOBIT_CALL in_threads(int32_t count, ottobit_body_fn body, void* context,
                                    void* user) {
  pthread_t thread[kThreads];
  piece pieces[kThreads];
  int32_t i;
  (void)user;
  CHECK(count >= 1 && count <= kThreads);
  for (i = 0; i < count; ++i) {
    pieces[i].body = body;
    pieces[i].context = context;
    pieces[i].index = i;
    CHECK(pthread_create(&thread[i], NULL, do_piece, &pieces[i]) == 0);
  }
  for (i = 0; i < count; ++i) pthread_join(thread[i], NULL);
}

static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static int started, stopped;

static void OTTOBIT_CALL on_start(int32_t index, void* user) {
  pthread_mutex_lock(&counting);
  CHECK(index >= 1 && index < 4 && user == &started);
  ++started;
  pthread_mutex_unlock(&counting);
}

static void OTTOBIT_CALL on_stop(int32_t index, void* user) {
  pthread_mutex_lock(&counting);
  CHECK(index >= 1 && index < 4 && user == &started);
  ++stopped;
  pthread_mutex_unlock(&counting);
}

static void same(const result* expected, const ottobit_thread_hooks* hooks, const char* name) {
  static const int32_t threads[] = {1, 2, 3, kThreads};
  int i;
  for (i = 0; i < 4; ++i) {
    const result r = compute(hooked(hooks, threads[i]));
    if (memcmp(&r, expected, sizeof r) != 0) {
      fprintf(stderr, "%s, %d threads: other logits\n", name, (int)threads[i]);
      ++failures;
    }
  }
}

int main(void) {
  const result expected = compute(make_runtime(1));
  ottobit_thread_hooks hooks;
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_runtime_options o;
  memset(&hooks, 0, sizeof hooks);
  hooks.struct_size = sizeof hooks;

  same(&expected, NULL, "own threads");
  hooks.user = &regions;
  hooks.parallel_for = backwards;
  same(&expected, &hooks, "backwards");
  CHECK(regions > 0);
  hooks.parallel_for = careless;
  same(&expected, &hooks, "careless");
  hooks.parallel_for = in_threads;
  same(&expected, &hooks, "threads of the host");
#ifdef OTTOBIT_OPENMP
  CHECK(ottobit_openmp_hooks(NULL, sizeof hooks) == OTTOBIT_E_ARGUMENT);
  CHECK(ottobit_openmp_hooks(&hooks, 8) == OTTOBIT_E_STRUCT);
  CHECK(ottobit_openmp_hooks(&hooks, sizeof hooks) == OTTOBIT_OK);
  same(&expected, &hooks, "OpenMP");
#endif

  memset(&hooks, 0, sizeof hooks);
  hooks.struct_size = sizeof hooks;
  hooks.user = &started;
  hooks.on_start = on_start;
  hooks.on_stop = on_stop;
  rt = hooked(&hooks, 4);
  CHECK(started == 0);
  {
    const result r = compute(rt); /* its release ends the workers */
    CHECK(memcmp(&r, &expected, sizeof r) == 0);
  }
  CHECK(started >= 1 && started == stopped);

  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.thread_hooks = &hooks;
  hooks.struct_size = 4097;
  check_fails("size", OTTOBIT_E_STRUCT, "thread_hooks", ottobit_runtime_create(&o, &rt, &e), &e);
  hooks.struct_size = sizeof hooks;
  hooks.reserved0 = 1;
  check_fails("reserved", OTTOBIT_E_ARGUMENT, "reserved0", ottobit_runtime_create(&o, &rt, &e), &e);
  return report();
}
