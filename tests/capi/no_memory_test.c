/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of a call fails once, whoever makes it: the call ends with OTTOBIT_E_MEMORY or as
   if nothing had been, leaks nothing, and what it was called on is as before.
   Usage: no_memory_test [FOLDER [STEP]]: every STEP-th allocation beyond the first 200 of a call.
 */
#include <errno.h>

#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]"
#define TOOLS                                                                                 \
  "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"," \
  "\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}}}]"
#define PLAIN "{" MESSAGES "}"
#define CHAT "{" MESSAGES ",\"tools\":" TOOLS "}"
#define SCHEMA                                                                                     \
  "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"," \
  "\"pattern\":\"^[a-f]{2,5}$\"}},\"b\":{\"enum\":[1,null,{\"c\":[2]}]}},\"required\":[\"a\"]}"
#define ANSWER                                                                     \
  "<think>so</think>Well.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": " \
  "\"b\"}}\n</tool_call>"
enum { kRoom = 65536, kMost = 4096 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
int main(void) {
  puts("skipped: the allocator of this build cannot be stood in for");
  return 0;
}
#else

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void __libc_free(void* block);

static int armed;           /* allocations are counted, and one of them fails */
static long made, fails_at; /* from 1 on */
static long live;           /* blocks, while armed or not */

static int refused(void) {
  if (!__atomic_load_n(&armed, __ATOMIC_RELAXED) ||
      __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) != fails_at) {
    return 0;
  }
  errno = ENOMEM;
  return 1;
}
static void* counted(void* block) {
  if (block != NULL) __atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
  return block;
}
void* malloc(size_t size) {
  return refused() ? NULL : counted(__libc_malloc(size));
}
void* calloc(size_t count, size_t size) {
  return refused() ? NULL : counted(__libc_calloc(count, size));
}
void* aligned_alloc(size_t alignment, size_t size) {
  return refused() ? NULL : counted(__libc_memalign(alignment, size));
}
void* memalign(size_t alignment, size_t size) {
  return aligned_alloc(alignment, size);
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = aligned_alloc(alignment, size);
  return *block == NULL ? ENOMEM : 0;
}
void* realloc(void* block, size_t size) {
  if (refused()) return NULL;
  return block == NULL ? counted(__libc_realloc(NULL, size)) : __libc_realloc(block, size);
}
void free(void* block) {
  if (block != NULL) __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
  __libc_free(block);
}

/* ---- calls ---- */

static const char* folder = MODEL;
static ottobit_runtime* rt;
static ottobit_model* model;
static ottobit_session* session;
static int32_t prompt[kMost];
static size_t prompt_count;
static char text[kRoom];

typedef ottobit_status (*call)(ottobit_error** e);

static ottobit_status make_runtime_(ottobit_error** e) {
  ottobit_runtime* made_one = NULL;
  ottobit_runtime_options o;
  ottobit_status s = ottobit_runtime_options_init(&o, sizeof o);
  o.threads = 3;
  s = ottobit_runtime_create(&o, &made_one, e);
  ottobit_runtime_release(made_one);
  return s;
}
static ottobit_status inspect(ottobit_error** e) {
  size_t need;
  return ottobit_inspect(rt, folder, OTTOBIT_NUL, text, kRoom, &need, e);
}
static ottobit_status open_model(ottobit_error** e) {
  ottobit_model* m = NULL;
  const ottobit_status s = ottobit_model_open(rt, folder, OTTOBIT_NUL, NULL, &m, e);
  ottobit_model_release(m);
  return s;
}
static ottobit_status tokenise(ottobit_error** e) {
  int32_t ids[kMost];
  size_t n;
  return ottobit_tokenize(model, "Hello, w\303\266rld 12345!\n\n  and more", OTTOBIT_NUL, 0, ids,
                          kMost, &n, e);
}
static ottobit_status detokenise(ottobit_error** e) {
  size_t n;
  return ottobit_detokenize(model, prompt, prompt_count, 0, text, kRoom, &n, e);
}
static ottobit_status chat(ottobit_error** e) {
  size_t n;
  return ottobit_chat_text(model, CHAT, OTTOBIT_NUL, text, kRoom, &n, e);
}
static ottobit_status parse(ottobit_error** e) {
  size_t n;
  return ottobit_chat_parse(model, ANSWER, OTTOBIT_NUL, text, kRoom, &n, e);
}
static ottobit_status parse_in_pieces(ottobit_error** e) {
  ottobit_chat_parser* p = NULL;
  ottobit_chat_part part;
  ottobit_status s = ottobit_chat_parser_create(model, CHAT, OTTOBIT_NUL, &p, e);
  size_t n;
  memset(&part, 0, sizeof part);
  part.struct_size = sizeof part;
  if (s == OTTOBIT_OK) s = ottobit_chat_parser_text(p, ANSWER, OTTOBIT_NUL, e);
  if (s == OTTOBIT_OK) s = ottobit_chat_parser_finish(p, e);
  while (s == OTTOBIT_OK) s = ottobit_chat_parser_next(p, &part, e);
  if (s == OTTOBIT_END) s = ottobit_chat_parser_json(p, text, kRoom, &n, e);
  ottobit_chat_parser_release(p);
  return s;
}
static ottobit_status grammar_of(int32_t kind, const char* source, ottobit_error** e) {
  ottobit_grammar* g = NULL;
  const ottobit_status s = ottobit_grammar_compile(model, kind, source, OTTOBIT_NUL, &g, e);
  ottobit_grammar_release(g);
  return s;
}
static ottobit_status schema(ottobit_error** e) {
  return grammar_of(OTTOBIT_GRAMMAR_JSON_SCHEMA, SCHEMA, e);
}
static ottobit_status gbnf(ottobit_error** e) {
  return grammar_of(OTTOBIT_GRAMMAR_GBNF, "root ::= (\"a\" b)* | [c-f]{2,3}\nb ::= \"x\"+", e);
}
static ottobit_status tools(ottobit_error** e) {
  return grammar_of(OTTOBIT_GRAMMAR_TOOLS, TOOLS, e);
}
static ottobit_status make_session(ottobit_error** e) {
  ottobit_session* made_one = NULL;
  const ottobit_status s = ottobit_session_create(model, NULL, &made_one, e);
  ottobit_session_release(made_one);
  return s;
}
static ottobit_status append(ottobit_error** e) {
  ottobit_status s = ottobit_session_truncate(session, 0, e);
  if (s == OTTOBIT_OK)
    s = ottobit_session_append(session, prompt, prompt_count, NULL, NULL, NULL, e);
  return s;
}
static ottobit_status score(ottobit_error** e) {
  float scores[kMost];
  const ottobit_status s = ottobit_session_truncate(session, 0, e);
  return s < 0 ? s
               : ottobit_session_score(session, prompt, prompt_count, scores, NULL, NULL, NULL, e);
}
/* What it writes goes to `text`; what it added to the session is taken away. */
static ottobit_status generate(ottobit_error** e) {
  ottobit_generate_options o;
  ottobit_grammar* g = NULL;
  ottobit_stream* stream = NULL;
  ottobit_event event;
  const char* stop[] = {"never said"};
  size_t used = 0;
  ottobit_status s = ottobit_generate_options_init(&o, sizeof o);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  o.max_tokens = 12;
  o.temperature = 0.9F;
  o.seed = 5;
  o.logprobs = 2;
  o.stop = stop;
  o.stop_count = 1;
  s = ottobit_grammar_compile(model, OTTOBIT_GRAMMAR_JSON_SCHEMA, SCHEMA, OTTOBIT_NUL, &g, e);
  o.grammar = g;
  if (s == OTTOBIT_OK) s = ottobit_session_truncate(session, 0, e);
  if (s == OTTOBIT_OK)
    s = ottobit_session_append(session, prompt, prompt_count, NULL, NULL, NULL, e);
  if (s == OTTOBIT_OK) s = ottobit_stream_start(session, &o, &stream, e);
  while (s == OTTOBIT_OK) {
    s = ottobit_stream_next(stream, &event, e);
    if (s == OTTOBIT_OK && used + event.text_len < kRoom) {
      memcpy(text + used, event.text, event.text_len);
      used += event.text_len;
    }
  }
  text[used] = 0;
  ottobit_stream_release(stream);
  ottobit_grammar_release(g);
  return s == OTTOBIT_END ? OTTOBIT_OK : s;
}

/* Two sessions, the texts one behind the other. */
static ottobit_status batched(ottobit_error** e) {
  static char texts[2][kRoom / 2];
  size_t used[2] = {0, 0}, n = 0, i = 0;
  ottobit_session* made_here[2] = {NULL, NULL};
  ottobit_batch* batch = NULL;
  ottobit_generate_options o;
  ottobit_event event;
  ottobit_status s = ottobit_generate_options_init(&o, sizeof o);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  o.temperature = 0;
  o.logprobs = 1;
  s = ottobit_batch_create(model, &batch, e);
  for (i = 0; i < 2 && s == OTTOBIT_OK; ++i) {
    o.max_tokens = 3 + (int32_t)i;
    s = ottobit_session_create(model, NULL, &made_here[i], e);
    if (s == OTTOBIT_OK) s = ottobit_session_push(made_here[i], prompt, prompt_count - i, e);
    if (s == OTTOBIT_OK) s = ottobit_batch_add(batch, made_here[i], &o, texts[i], e);
  }
  while (s == OTTOBIT_OK && (s = ottobit_batch_step(batch, &n, e)) == OTTOBIT_OK) {
    for (i = 0; i < n && s == OTTOBIT_OK; ++i) {
      void* user = NULL;
      s = ottobit_batch_event(batch, i, NULL, &user, &event, e);
      if (s == OTTOBIT_OK) {
        const size_t at = user == texts[0] ? 0 : 1;
        memcpy(texts[at] + used[at], event.text, event.text_len);
        used[at] += event.text_len;
      }
    }
  }
  memcpy(text, texts[0], used[0]);
  memcpy(text + used[0], texts[1], used[1]);
  text[used[0] + used[1]] = 0;
  ottobit_batch_release(batch);
  ottobit_session_release(made_here[0]);
  ottobit_session_release(made_here[1]);
  return s == OTTOBIT_END ? OTTOBIT_OK : s;
}

/* ---- each allocation of each ---- */

static void each_fails(const char* name, call act, long step) {
  static char expected[kRoom];
  ottobit_error* e = NULL;
  ottobit_status wanted;
  long n, before, all, failed = 0;
  memset(text, 0, kRoom);
  act(&e); /* what is made once and kept */
  ottobit_error_release(e);
  e = NULL;
  memset(text, 0, kRoom);
  made = 0;
  fails_at = 0;
  armed = 1;
  wanted = act(&e);
  armed = 0;
  all = made;
  ottobit_error_release(e);
  memcpy(expected, text, kRoom);
  for (n = 1; n <= all; n += n < 200 ? 1 : step) {
    ottobit_status s;
    e = NULL;
    before = live;
    made = 0;
    fails_at = n;
    armed = 1;
    s = act(&e);
    armed = 0;
    if (s != wanted) ++failed;
    if (s != wanted && s != OTTOBIT_E_MEMORY) {
      fprintf(stderr, "%s: allocation %ld of %ld: %s: %s\n", name, n, all, ottobit_status_name(s),
              ottobit_error_message(e));
      ++failures;
    }
    ottobit_error_release(e);
    if (live > before) {
      fprintf(stderr, "%s: allocation %ld of %ld: %ld blocks leak\n", name, n, all, live - before);
      ++failures;
    }
    e = NULL;
    memset(text, 0, kRoom);
    s = act(&e);
    if (s != wanted || memcmp(text, expected, kRoom) != 0) {
      fprintf(stderr, "%s: after allocation %ld of %ld: %s, another result\n", name, n, all,
              ottobit_status_name(s));
      ++failures;
    }
    ottobit_error_release(e);
    e = NULL;
    if (failures > 20) return;
  }
  printf("%-16s %6ld allocations, %ld calls failed\n", name, all, failed);
}

int main(int argc, char** argv) {
  ottobit_error* e = NULL;
  const long step = argc > 2 ? atol(argv[2]) : 97;
  if (argc > 1) folder = argv[1];
  rt = make_runtime(2);
  check_ok("open", ottobit_model_open(rt, folder, OTTOBIT_NUL, NULL, &model, &e), &e);
  if (model == NULL) return report();
  check_ok("session", ottobit_session_create(model, NULL, &session, &e), &e);
  check_ok("chat", ottobit_chat_tokens(model, PLAIN, OTTOBIT_NUL, prompt, kMost, &prompt_count, &e),
           &e);
  each_fails("runtime", make_runtime_, step);
  each_fails("inspect", inspect, step);
  each_fails("open", open_model, step);
  each_fails("tokenise", tokenise, step);
  each_fails("detokenise", detokenise, step);
  each_fails("chat", chat, step);
  each_fails("parse", parse, step);
  each_fails("parse in pieces", parse_in_pieces, step);
  each_fails("schema", schema, step);
  each_fails("gbnf", gbnf, step);
  each_fails("tools", tools, step);
  each_fails("session", make_session, step);
  each_fails("append", append, step);
  each_fails("score", score, step);
  each_fails("generate", generate, step);
  each_fails("batch", batched, step);
  ottobit_session_release(session);
  ottobit_model_release(model);
  ottobit_runtime_release(rt);
  return report();
}
#endif
