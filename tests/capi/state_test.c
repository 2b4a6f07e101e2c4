/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions saved to files and to the host's memory, restored by another session, copied. */
#include <stdint.h>

#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define CHAT "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]}"
#define FILE_NAME "state_test.state"
enum { kVocab = 512, kMost = 4096 };

static struct {
  char* bytes;
  size_t size, at, room;
  int32_t answer; /* of the functions, once `fail_at` bytes went through */
  size_t fail_at;
} memory;

static int32_t OTTOBIT_CALL put(const void* bytes, size_t size, void* user) {
  CHECK(user == &memory);
  if (memory.size + size > memory.fail_at) return memory.answer;
  if (memory.size + size > memory.room) return -1;
  memcpy(memory.bytes + memory.size, bytes, size);
  memory.size += size;
  return 0;
}

static int32_t OTTOBIT_CALL get(void* bytes, size_t size, void* user) {
  CHECK(user == &memory);
  if (memory.at + size > memory.fail_at) return memory.answer;
  if (memory.at + size > memory.size) return -1;
  memcpy(bytes, memory.bytes + memory.at, size);
  memory.at += size;
  return 0;
}

static uint64_t last_done, last_total;
static int32_t last_phase;
static int32_t OTTOBIT_CALL watch(int32_t phase, uint64_t done, uint64_t total, void* user) {
  last_phase = phase;
  last_done = done;
  last_total = total;
  return user == NULL ? 0 : 1;
}

static ottobit_session* make_session(ottobit_model* m) {
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  check_ok("session", ottobit_session_create(m, NULL, &s, &e), &e);
  return s;
}

/* The text of an answer, of 40 tokens at most. */
static void answer(ottobit_session* s, char* text) {
  ottobit_error* e = NULL;
  ottobit_stream* st = NULL;
  ottobit_event event;
  ottobit_generate_options o;
  size_t n = 0;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  CHECK(ottobit_generate_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.max_tokens = 40;
  check_ok("stream", ottobit_stream_start(s, &o, &st, &e), &e);
  while (ottobit_stream_next(st, &event, &e) == OTTOBIT_OK) {
    memcpy(text + n, event.text, event.text_len);
    n += event.text_len;
  }
  text[n] = 0;
  CHECK(e == NULL && n > 0);
  ottobit_stream_release(st);
}

static void check_same(ottobit_session* a, ottobit_session* b) {
  static float x[kVocab], y[kVocab];
  ottobit_error* e = NULL;
  size_t n = 0, k = 0;
  CHECK(ottobit_session_length(a) == ottobit_session_length(b));
  check_ok("logits", ottobit_session_logits(a, x, kVocab, &n, &e), &e);
  check_ok("logits", ottobit_session_logits(b, y, kVocab, &k, &e), &e);
  CHECK(n == k && memcmp(x, y, n * sizeof *x) == 0);
}

static void files(ottobit_model* m, ottobit_session* s) {
  static char expected[kMost], found[kMost];
  ottobit_error* e = NULL;
  ottobit_session* other = make_session(m);
  ottobit_cancel* stop = NULL;
  check_ok("save", ottobit_session_save(s, FILE_NAME, OTTOBIT_NUL, NULL, watch, NULL, &e), &e);
  CHECK(last_phase == OTTOBIT_PHASE_SAVE && last_done == last_total && last_total > 1000);
  check_ok("restore", ottobit_session_restore(other, FILE_NAME, OTTOBIT_NUL, NULL, watch, NULL, &e),
           &e);
  CHECK(last_phase == OTTOBIT_PHASE_RESTORE && last_done == last_total);
  check_same(s, other);
  answer(s, expected);
  answer(other, found);
  CHECK(strcmp(expected, found) == 0);
  check_same(s, other);
  check_fails("nowhere", OTTOBIT_E_IO, "no/such",
              ottobit_session_save(s, "no/such", OTTOBIT_NUL, NULL, NULL, NULL, &e), &e);
  check_fails("no file", OTTOBIT_E_IO, "no.state",
              ottobit_session_restore(other, "no.state", OTTOBIT_NUL, NULL, NULL, NULL, &e), &e);
  check_fails("no name", OTTOBIT_E_ARGUMENT, "path",
              ottobit_session_restore(other, "", OTTOBIT_NUL, NULL, NULL, NULL, &e), &e);
  check_fails(
      "no state", OTTOBIT_E_STATE, "config.json",
      ottobit_session_restore(other, MODEL "/config.json", OTTOBIT_NUL, NULL, NULL, NULL, &e), &e);
  check_ok("cancel", ottobit_cancel_create(&stop, &e), &e);
  ottobit_cancel_request(stop);
  check_fails("cancelled", OTTOBIT_E_CANCELLED, "",
              ottobit_session_save(s, "never.state", OTTOBIT_NUL, stop, NULL, NULL, &e), &e);
  check_fails("refused", OTTOBIT_E_CANCELLED, "",
              ottobit_session_save(s, "never.state", OTTOBIT_NUL, NULL, watch, &e, &e), &e);
  CHECK(fopen("never.state", "rb") == NULL);
  check_same(s, other); /* what failed has changed nothing */
  ottobit_cancel_release(stop);
  ottobit_session_release(other);
  remove(FILE_NAME);
}

static void callbacks(ottobit_model* m, ottobit_session* s) {
  ottobit_error* e = NULL;
  ottobit_session* other = make_session(m);
  uint64_t size = 0;
  check_ok("size", ottobit_session_state_size(s, &size, &e), &e);
  memory.room = (size_t)size;
  memory.bytes = malloc(memory.room);
  memory.fail_at = SIZE_MAX;
  check_ok("save", ottobit_session_save_to(s, put, &memory, NULL, NULL, NULL, &e), &e);
  CHECK(memory.size == memory.room);
  check_ok("restore", ottobit_session_restore_from(other, get, &memory, NULL, NULL, NULL, &e), &e);
  CHECK(memory.at == memory.size);
  check_same(s, other);
  memory.answer = 7;
  memory.fail_at = memory.size / 2;
  memory.size = memory.at = 0;
  check_fails("put", OTTOBIT_E_CALLBACK, "7",
              ottobit_session_save_to(s, put, &memory, NULL, NULL, NULL, &e), &e);
  memory.size = memory.room;
  check_fails("get", OTTOBIT_E_CALLBACK, "7",
              ottobit_session_restore_from(other, get, &memory, NULL, NULL, NULL, &e), &e);
  CHECK(ottobit_session_length(other) == 0); /* it was being changed */
  check_fails("no function", OTTOBIT_E_ARGUMENT, "write",
              ottobit_session_save_to(s, NULL, NULL, NULL, NULL, NULL, &e), &e);
  free(memory.bytes);
  ottobit_session_release(other);
}

static void forks(ottobit_session* s) {
  static char expected[kMost], found[kMost];
  ottobit_error* e = NULL;
  ottobit_session* a = NULL;
  ottobit_session* b = NULL;
  check_ok("fork", ottobit_session_fork(s, &a, &e), &e);
  check_ok("fork", ottobit_session_fork(a, &b, &e), &e);
  check_same(s, b);
  answer(a, expected);
  CHECK(ottobit_session_length(a) > ottobit_session_length(b)); /* each for itself */
  answer(b, found);
  CHECK(strcmp(expected, found) == 0);
  ottobit_session_release(a);
  ottobit_session_release(b);
  check_fails("fork of nothing", OTTOBIT_E_ARGUMENT, "session", ottobit_session_fork(NULL, &a, &e),
              &e);
  CHECK(a == NULL);
}

int main(void) {
  static int32_t ids[kMost];
  ottobit_runtime* rt = make_runtime(2);
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  ottobit_session* s;
  size_t n = 0;
  check_ok("open", ottobit_model_open(rt, MODEL, OTTOBIT_NUL, NULL, &m, &e), &e);
  if (m == NULL) return 1;
  s = make_session(m);
  check_ok("chat", ottobit_chat_tokens(m, CHAT, OTTOBIT_NUL, ids, kMost, &n, &e), &e);
  check_ok("append", ottobit_session_append(s, ids, n, NULL, NULL, NULL, &e), &e);
  forks(s);
  callbacks(m, s);
  files(m, s);
  ottobit_session_release(s);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return report();
}
