/* SPDX-License-Identifier: Apache-2.0 */
/* What the library does to the process it is a guest in: its threads, a fork, a system that gives
   no threads, many callers at once. Every product below is compared with that of one thread. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { kTokens = 4, kRows = 512, kCols = 512, kCallers = 16 };

static float weights[kRows * kCols];
static float input[kTokens * kCols];
static float expected[kTokens * kRows];

/* One product that is large enough for several threads; 1 if its bits are those expected. */
static int product(ottobit_runtime* rt) {
  float y[kTokens * kRows];
  ottobit_matrix w;
  memset(&w, 0, sizeof w);
  w.struct_size = sizeof w;
  w.dtype = OTTOBIT_F32;
  w.rows = kRows;
  w.cols = kCols;
  w.row_bytes = kCols * 4;
  w.data = weights;
  if (ottobit_matmul(rt, kTokens, OTTOBIT_F32, input, kCols * 4, &w, y, kRows * 4, NULL, NULL) !=
      OTTOBIT_OK) {
    return 0;
  }
  return memcmp(y, expected, sizeof y) == 0;
}

static int products(ottobit_runtime* rt, int count) {
  int i;
  for (i = 0; i < count; ++i) {
    if (!product(rt)) return 0;
  }
  return 1;
}

static void expect(void) {
  ottobit_runtime* rt = make_runtime(1);
  ottobit_matrix w;
  int i;
  for (i = 0; i < kRows * kCols; ++i) weights[i] = (float)(i * 37 % 101 - 50) / 64;
  for (i = 0; i < kTokens * kCols; ++i) input[i] = (float)(i * 53 % 89 - 44) / 32;
  memset(&w, 0, sizeof w);
  w.struct_size = sizeof w;
  w.dtype = OTTOBIT_F32;
  w.rows = kRows;
  w.cols = kCols;
  w.row_bytes = kCols * 4;
  w.data = weights;
  CHECK(ottobit_matmul(rt, kTokens, OTTOBIT_F32, input, kCols * 4, &w, expected, kRows * 4, NULL,
                       NULL) == OTTOBIT_OK);
  ottobit_runtime_release(rt);
}

/* Threads of this process. One that has ended may be seen for a moment longer. */
static int threads(int wanted) {
#ifdef OTTOBIT_SANITIZED /* which has threads of its own */
  return wanted;
#else
  int count = 0;
  int tries;
  for (tries = 0; tries < 100; ++tries) {
    DIR* folder = opendir("/proc/self/task");
    const struct dirent* entry;
    const struct timespec moment = {0, 1000000};
    if (folder == NULL) return wanted; /* not Linux */
    for (count = 0; (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
    closedir(folder);
    if (count == wanted) break;
    nanosleep(&moment, NULL);
  }
  return count;
#endif
}

/* Threads end with park and with the runtime. */
static void ending(void) {
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_runtime_options o;
  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.threads = 5000;
  check_fails("threads", OTTOBIT_E_ARGUMENT, "5000", ottobit_runtime_create(&o, &rt, &e), &e);
  rt = make_runtime(4);
  CHECK(threads(1) == 1); /* none before there is work */
  CHECK(products(rt, 20));
  CHECK(threads(4) == 4);
  CHECK(ottobit_runtime_park(rt) == OTTOBIT_OK && threads(1) == 1);
  CHECK(products(rt, 20) && threads(4) == 4);
  ottobit_runtime_release(rt);
  CHECK(threads(1) == 1);
}

static void* call(void* rt) {
  return products(rt, 50) ? rt : NULL;
}

/* Many callers share one crew. */
static void callers(void) {
  ottobit_runtime* rt = make_runtime(3);
  pthread_t caller[kCallers];
  int i;
  for (i = 0; i < kCallers; ++i) CHECK(pthread_create(&caller[i], NULL, call, rt) == 0);
  for (i = 0; i < kCallers; ++i) {
    void* same = NULL;
    pthread_join(caller[i], &same);
    CHECK(same == rt);
  }
  CHECK(threads(3) <= 3);
  ottobit_runtime_release(rt);
  CHECK(threads(1) == 1);
}

#ifndef OTTOBIT_SANITIZED

/* Runs `body` in a child, which has ten seconds; 1 if it returned 1. */
static int in_child(int (*body)(ottobit_runtime*), ottobit_runtime* rt) {
  int state = 0;
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(body(rt) == 1 ? 0 : 1);
  }
  return child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state) &&
         WEXITSTATUS(state) == 0;
}

/* A child goes on with the parent's runtime, and with one of its own. */
static int go_on(ottobit_runtime* rt) {
  ottobit_runtime* own = make_runtime(4);
  const int good = products(rt, 20) && threads(4) == 4 && products(own, 20);
  ottobit_runtime_release(own);
  ottobit_runtime_release(rt);
  return good && threads(1) == 1;
}

static void forks(void) {
  ottobit_runtime* rt = make_runtime(4);
  pthread_t other;
  void* same = NULL;
  int i;
  CHECK(products(rt, 20));
  CHECK(in_child(go_on, rt));
  CHECK(pthread_create(&other, NULL, call, rt) == 0); /* in the midst of work, too */
  for (i = 0; i < 20; ++i) CHECK(in_child(go_on, rt));
  pthread_join(other, &same);
  CHECK(same == rt && products(rt, 20));
  ottobit_runtime_release(rt);
}

/* The system gives no threads: the caller does all. */
static int without_threads(ottobit_runtime* rt) {
  const struct rlimit none = {0, 0};
  if (geteuid() == 0 && setuid(65534) != 0) return 0; /* root may have any number of threads */
  if (setrlimit(RLIMIT_NPROC, &none) != 0) return 0;
  return products(rt, 20) && threads(1) == 1 && ottobit_runtime_park(rt) == OTTOBIT_OK;
}

static void refusal(void) {
  ottobit_runtime* rt = make_runtime(4);
  CHECK(in_child(without_threads, rt));
  ottobit_runtime_release(rt);
}

#endif

int main(void) {
  expect();
#ifndef OTTOBIT_SANITIZED
  forks();
  refusal();
#endif
  ending();
  callers();
  return report();
}
