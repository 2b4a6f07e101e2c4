/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: what each session brings beside others it brings alone. */
#include <stdint.h>

#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
enum { kMost = 2048, kSessions = 11, kVocab = 512 };

static const char* const questions[kSessions] = {
    "Spell bitten backwards.", "Spell otto.",   "What is 2 plus 3?", "Hello",
    "Count to nine.",          "Spell eight.",  "Who are you?",      "Spell abc backwards.",
    "What is 7 plus 8?",       "Spell memory.", "Good morning"};

typedef struct answer {
  char text[kMost];
  size_t length;
  int32_t tokens, finish, status;
  double logprobs;
} answer;

static ottobit_session* asked(ottobit_model* m, const char* question, int32_t push) {
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  static int32_t ids[kMost];
  char chat[256];
  size_t n = 0;
  snprintf(chat, sizeof chat, "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", question);
  check_ok("session", ottobit_session_create(m, NULL, &s, &e), &e);
  check_ok("chat", ottobit_chat_tokens(m, chat, OTTOBIT_NUL, ids, kMost, &n, &e), &e);
  if (push) {
    check_ok("push", ottobit_session_push(s, ids, n, &e), &e);
  } else {
    check_ok("append", ottobit_session_append(s, ids, n, NULL, NULL, NULL, &e), &e);
  }
  CHECK(ottobit_session_length(s) == n);
  return s;
}

static ottobit_generate_options options(int32_t i) {
  ottobit_generate_options o;
  CHECK(ottobit_generate_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.seed = (uint64_t)i;
  o.temperature = i % 2 == 0 ? 0.0f : 0.9f;
  o.max_tokens = 10 + 3 * i;
  o.logprobs = 2;
  return o;
}

static void take(answer* a, const ottobit_event* event) {
  CHECK(a->finish == OTTOBIT_FINISH_NONE);
  CHECK(a->length + event->text_len < kMost);
  memcpy(a->text + a->length, event->text, event->text_len);
  a->length += event->text_len;
  a->tokens += event->token >= 0;
  a->logprobs += (double)event->logprob;
  if (event->token >= 0) {
    CHECK(event->top_count == 2);
    a->logprobs += (double)event->top_logprobs[1];
  }
  a->finish = event->finish;
}

static void alone(ottobit_model* m, int32_t i, answer* a) {
  ottobit_session* s = asked(m, questions[i], 0);
  const ottobit_generate_options o = options(i);
  ottobit_stream* st = NULL;
  ottobit_error* e = NULL;
  ottobit_event event;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  memset(a, 0, sizeof *a);
  check_ok("stream", ottobit_stream_start(s, &o, &st, &e), &e);
  while (ottobit_stream_next(st, &event, &e) == OTTOBIT_OK) take(a, &event);
  CHECK(e == NULL);
  ottobit_stream_release(st);
  ottobit_session_release(s);
}

static void check_same(const answer* a, const answer* b) {
  CHECK(a->tokens > 0 && a->tokens == b->tokens && a->finish == b->finish);
  CHECK(a->length == b->length && memcmp(a->text, b->text, a->length) == 0);
  CHECK(a->logprobs == b->logprobs);
}

static void side_by_side(ottobit_model* m, int32_t push) {
  static answer expected[kSessions], found[kSessions];
  ottobit_batch* b = NULL;
  ottobit_error* e = NULL;
  ottobit_event event;
  size_t i = 0, n = 0, steps = 0;
  memset(found, 0, sizeof found);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  check_ok("batch", ottobit_batch_create(m, &b, &e), &e);
  CHECK(ottobit_batch_step(b, &n, &e) == OTTOBIT_END && n == 0);
  for (i = 0; i < kSessions; ++i) {
    const ottobit_generate_options o = options((int32_t)i);
    ottobit_session* s = asked(m, questions[i], push);
    alone(m, (int32_t)i, &expected[i]);
    check_ok("add", ottobit_batch_add(b, s, &o, &found[i], &e), &e);
    ottobit_session_release(s); /* the batch keeps it */
  }
  CHECK(ottobit_batch_size(b) == kSessions);
  while (ottobit_batch_step(b, &n, &e) == OTTOBIT_OK) {
    CHECK(n <= kSessions && ++steps < 1000);
    for (i = 0; i < n; ++i) {
      ottobit_session* s = NULL;
      void* user = NULL;
      check_ok("event", ottobit_batch_event(b, i, &s, &user, &event, &e), &e);
      CHECK(s != NULL && (answer*)user >= found && (answer*)user < found + kSessions);
      take(user, &event);
    }
  }
  CHECK(e == NULL && ottobit_batch_size(b) == 0);
  for (i = 0; i < kSessions; ++i) check_same(&expected[i], &found[i]);
  ottobit_batch_release(b);
}

static int32_t OTTOBIT_CALL refuse(float* logits, size_t n, void* user) {
  (void)logits;
  CHECK(n == kVocab);
  return ++*(int32_t*)user == 3 ? -7 : 0;
}

static void refusals(ottobit_model* m) {
  static answer expected, found;
  ottobit_generate_options o = options(0), failing = options(1), stopped = options(2);
  ottobit_session *steady = asked(m, questions[0], 1), *bad = asked(m, questions[1], 1),
                  *other = asked(m, questions[2], 1);
  ottobit_batch* b = NULL;
  ottobit_error* e = NULL;
  ottobit_event event;
  ottobit_cancel* stop = NULL;
  int32_t calls = 0, failed = 0, cancelled = 0;
  size_t i = 0, n = 0;
  alone(m, 0, &expected);
  memset(&found, 0, sizeof found);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  check_fails("no model", OTTOBIT_E_ARGUMENT, "model", ottobit_batch_create(NULL, &b, &e), &e);
  CHECK(b == NULL && ottobit_batch_size(NULL) == 0);
  ottobit_batch_release(NULL);
  check_ok("batch", ottobit_batch_create(m, &b, &e), &e);
  check_ok("cancel", ottobit_cancel_create(&stop, &e), &e);
  failing.logits = refuse;
  failing.logits_user = &calls;
  stopped.cancel = stop;
  check_ok("add", ottobit_batch_add(b, steady, &o, &found, &e), &e);
  check_ok("add", ottobit_batch_add(b, bad, &failing, NULL, &e), &e);
  check_ok("add", ottobit_batch_add(b, other, &stopped, stop, &e), &e);
  check_fails("twice", OTTOBIT_E_ARGUMENT, "already", ottobit_batch_add(b, bad, NULL, NULL, &e),
              &e);
  check_fails("event", OTTOBIT_E_ARGUMENT, "0 events",
              ottobit_batch_event(b, 0, NULL, NULL, &event, &e), &e);
  while (ottobit_batch_step(b, &n, &e) == OTTOBIT_OK) {
    if (found.tokens == 4) ottobit_cancel_request(stop);
    for (i = 0; i < n; ++i) {
      ottobit_session* s = NULL;
      void* user = NULL;
      const ottobit_status status = ottobit_batch_event(b, i, &s, &user, &event, &e);
      if (s == bad && status != OTTOBIT_OK) {
        check_fails("callback", OTTOBIT_E_CALLBACK, "-7", status, &e);
        ++failed;
      } else if (s == steady) {
        CHECK(status == OTTOBIT_OK);
        take(&found, &event);
      } else if (s == other && event.finish != OTTOBIT_FINISH_NONE) {
        CHECK(event.finish == OTTOBIT_FINISH_CANCEL);
        ++cancelled;
      }
    }
  }
  CHECK(failed == 1 && cancelled == 1);
  check_same(&expected, &found);
  check_fails("not there", OTTOBIT_E_ARGUMENT, "not in the batch", ottobit_batch_remove(b, bad, &e),
              &e);
  check_ok("again", ottobit_batch_add(b, bad, NULL, NULL, &e), &e);
  check_ok("remove", ottobit_batch_remove(b, bad, &e), &e);
  CHECK(ottobit_batch_size(b) == 0);
  check_ok("left in it", ottobit_batch_add(b, bad, NULL, NULL, &e), &e);
  ottobit_batch_release(b);
  ottobit_cancel_release(stop);
  ottobit_session_release(steady);
  ottobit_session_release(bad);
  ottobit_session_release(other);
}

int main(void) {
  ottobit_runtime* rt = make_runtime(2);
  ottobit_model* m = open_without_prefixes(rt, MODEL);
  side_by_side(m, 0);
  side_by_side(m, 1);
  refusals(m);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return report();
}
