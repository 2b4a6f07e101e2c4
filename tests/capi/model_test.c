/* SPDX-License-Identifier: Apache-2.0 */
/* The road of an application from plain C: runtime, model, chat, session, stream, in its order and
   out of it. */
#include <math.h>

#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define SPELL "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]}"
#define ANSWER "bitten backwards is n-e-t-t-i-b."
enum { kMost = 1024 };

static ottobit_model* open_mini(ottobit_runtime* rt) {
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  check_ok("model_open", ottobit_model_open(rt, MODEL, OTTOBIT_NUL, NULL, &m, &e), &e);
  return m;
}

/* A session that has read the question. */
static ottobit_session* asked(ottobit_model* m) {
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  int32_t ids[kMost];
  size_t n = 0;
  check_ok("session_create", ottobit_session_create(m, NULL, &s, &e), &e);
  check_ok("chat_tokens", ottobit_chat_tokens(m, SPELL, OTTOBIT_NUL, ids, kMost, &n, &e), &e);
  check_ok("append", ottobit_session_append(s, ids, n, NULL, NULL, NULL, &e), &e);
  CHECK(n > 0 && ottobit_session_length(s) == n);
  return s;
}

typedef struct answer {
  char text[kMost];
  size_t length;
  int32_t tokens;
  int32_t last_token;
  int32_t finish;
  int32_t stop_after; /* events; 0: never */
  uint64_t seed;
} answer;

static int32_t OTTOBIT_CALL collect(const ottobit_event* event, void* user) {
  answer* a = user;
  CHECK(a->finish == OTTOBIT_FINISH_NONE && event->struct_size >= sizeof *event);
  CHECK(a->length + event->text_len < kMost);
  memcpy(a->text + a->length, event->text, event->text_len);
  a->length += event->text_len;
  a->text[a->length] = '\0';
  a->tokens += event->token >= 0;
  a->last_token = event->token;
  a->finish = event->finish;
  a->seed = event->seed;
  return a->stop_after != 0 && a->tokens == a->stop_after;
}

static answer ask(ottobit_model* m, const ottobit_generate_options* o, int32_t stop_after) {
  ottobit_session* s = asked(m);
  ottobit_error* e = NULL;
  answer a;
  memset(&a, 0, sizeof a);
  a.stop_after = stop_after;
  check_ok("generate", ottobit_generate(s, o, collect, &a, &e), &e);
  ottobit_session_release(s);
  return a;
}

static ottobit_generate_options defaults(void) {
  ottobit_generate_options o;
  CHECK(ottobit_generate_options_init(&o, sizeof o) == OTTOBIT_OK);
  return o;
}

static void machine(void) {
  CHECK(ottobit_version() == OTTOBIT_VERSION);
  CHECK(ottobit_check_header(OTTOBIT_VERSION) == OTTOBIT_OK);
  CHECK(ottobit_check_header(0x7F000000u) == OTTOBIT_E_UNSUPPORTED);
  CHECK(strlen(ottobit_version_text()) >= 5);
  CHECK(strstr(ottobit_cpu_json(), "\"levels\"") != NULL);
  CHECK(strstr(ottobit_build_json(), "\"compiler\"") != NULL);
  CHECK(strcmp(ottobit_status_name(OTTOBIT_E_TEMPLATE), "OTTOBIT_E_TEMPLATE") == 0);
  CHECK(ottobit_status_name(12345) != NULL);
  CHECK(ottobit_error_code(NULL) == OTTOBIT_OK && ottobit_error_message(NULL) != NULL);
  ottobit_error_release(NULL);
}

static void runtimes(void) {
  ottobit_allocator memory;
  ottobit_runtime_options o;
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  CHECK(ottobit_runtime_options_init(NULL, sizeof o) == OTTOBIT_E_ARGUMENT);
  CHECK(ottobit_runtime_options_init(&o, 3) == OTTOBIT_E_STRUCT);
  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  check_ok("create", ottobit_runtime_create(NULL, &rt, &e), &e);
  CHECK(ottobit_runtime_threads(rt) >= 1 && strlen(ottobit_runtime_isa(rt)) > 0);
  CHECK(ottobit_runtime_park(rt) == OTTOBIT_OK && ottobit_runtime_park(NULL) < 0);
  CHECK(ottobit_runtime_retain(rt) == rt);
  ottobit_runtime_release(rt);
  ottobit_runtime_release(rt);
  ottobit_runtime_release(NULL);
  o.isa_cap = "baseline";
  check_ok("create", ottobit_runtime_create(&o, &rt, &e), &e);
  CHECK(strcmp(ottobit_runtime_isa(rt), "baseline") == 0);
  ottobit_runtime_release(rt);
#define REFUSED(status, part)                                                           \
  check_fails("runtime_create", status, part, ottobit_runtime_create(&o, &rt, &e), &e); \
  CHECK(rt == NULL)
  o.isa_cap = "mmx";
  REFUSED(OTTOBIT_E_CPU, "mmx");
  o.isa_cap = NULL;
  o.threads = -1;
  REFUSED(OTTOBIT_E_ARGUMENT, "threads");
  o.threads = 0;
  o.settings_json = "{\"speed\": 11}";
  REFUSED(OTTOBIT_E_UNSUPPORTED, "speed");
  o.settings_json = "{}";
  memset(&memory, 0, sizeof memory);
  o.allocator = &memory;
  REFUSED(OTTOBIT_E_STRUCT, "struct_size");
  memory.struct_size = sizeof memory;
  REFUSED(OTTOBIT_E_ARGUMENT, "allocate");
  o.allocator = NULL;
  o.struct_size = 0;
  REFUSED(OTTOBIT_E_STRUCT, "struct_size");
#undef REFUSED
  CHECK(ottobit_runtime_create(&o, NULL, NULL) == OTTOBIT_E_ARGUMENT);
}

static void texts(ottobit_model* m) {
  ottobit_error* e = NULL;
  int32_t ids[kMost];
  char text[kMost];
  size_t n = 0, size = 0;
  check_ok("tokenize", ottobit_tokenize(m, "abc\0d", 5, 0, ids, kMost, &n, &e), &e);
  check_ok("detokenize", ottobit_detokenize(m, ids, n, 0, text, kMost, &size, &e), &e);
  CHECK(size == 5 && memcmp(text, "abc\0d", 6) == 0); /* a NUL follows where there is room */
  check_ok("size", ottobit_tokenize(m, "Hello", OTTOBIT_NUL, 0, NULL, 0, &n, &e), &e);
  CHECK(n > 1);
  check_fails("cap", OTTOBIT_E_BUFFER, "buffer",
              ottobit_tokenize(m, "Hello", OTTOBIT_NUL, 0, ids, n - 1, &size, &e), &e);
  CHECK(size == n);
  check_ok("plain", ottobit_tokenize(m, "<seed:eos>", OTTOBIT_NUL, 0, ids, kMost, &n, &e), &e);
  CHECK(n > 1);
  check_ok(
      "special",
      ottobit_tokenize(m, "<seed:eos>", OTTOBIT_NUL, OTTOBIT_TOKENS_SPECIAL, ids, kMost, &n, &e),
      &e);
  CHECK(n == 1 && ottobit_token_is_end(m, ids[0]) == 1 && ottobit_token_is_end(m, -5) == 0);
  check_ok("hidden", ottobit_detokenize(m, ids, 1, 0, text, kMost, &size, &e), &e);
  CHECK(size == 0);
  check_ok("bytes", ottobit_token_bytes(m, ids[0], text, kMost, &size, &e), &e);
  CHECK(strcmp(text, "<seed:eos>") == 0);
  check_fails("flags", OTTOBIT_E_ARGUMENT, "flags",
              ottobit_tokenize(m, "a", 1, 0x80, ids, kMost, &n, &e), &e);
  check_fails("id", OTTOBIT_E_ARGUMENT, "100000",
              ottobit_token_bytes(m, 100000, text, kMost, &n, &e), &e);
  check_fails("text", OTTOBIT_E_ARGUMENT, "text",
              ottobit_tokenize(m, NULL, OTTOBIT_NUL, 0, ids, kMost, &n, &e), &e);
  check_fails("model", OTTOBIT_E_ARGUMENT, "model",
              ottobit_tokenize(NULL, "a", 1, 0, ids, kMost, &n, &e), &e);
  check_ok("chat_text", ottobit_chat_text(m, SPELL, OTTOBIT_NUL, text, kMost, &size, &e), &e);
  CHECK(strstr(text, "Spell bitten backwards.") != NULL);
  check_fails("chat", OTTOBIT_E_ARGUMENT, "line 1",
              ottobit_chat_text(m, "{\"messages\":", OTTOBIT_NUL, text, kMost, &size, &e), &e);
  check_fails("chat", OTTOBIT_E_ARGUMENT, "messages",
              ottobit_chat_text(m, "{}", OTTOBIT_NUL, text, kMost, &size, &e), &e);
  check_ok("json", ottobit_model_json(m, text, 0, &size, &e), &e);
  CHECK(size > 100);
  CHECK(ottobit_model_vocab(m) == 512 && ottobit_model_width(m) == 192);
}

static void sessions(ottobit_model* m) {
  ottobit_session* s = asked(m);
  ottobit_session* small = NULL;
  ottobit_session_options o;
  ottobit_stats stats;
  ottobit_error* e = NULL;
  static float logits[512], again[512];
  int32_t ids[kMost];
  const int32_t bad = 512;
  size_t n = 0, reused = 0;
  check_ok("logits", ottobit_session_logits(s, logits, 512, NULL, &e), &e);
  check_ok("tokens", ottobit_session_tokens(s, ids, kMost, &n, &e), &e);
  CHECK(n == ottobit_session_length(s));
  check_ok("truncate", ottobit_session_truncate(s, n - 12, &e), &e);
  check_ok("set", ottobit_session_set(s, ids, n, &reused, NULL, NULL, NULL, &e), &e);
  CHECK(reused == n - 12 && ottobit_session_length(s) == n);
  check_ok("logits", ottobit_session_logits(s, again, 512, NULL, &e), &e);
  CHECK(memcmp(logits, again, sizeof logits) == 0);
  check_fails("truncate", OTTOBIT_E_ARGUMENT, "keep", ottobit_session_truncate(s, n + 1, &e), &e);
  check_fails("append", OTTOBIT_E_ARGUMENT, "512",
              ottobit_session_append(s, &bad, 1, NULL, NULL, NULL, &e), &e);
  CHECK(ottobit_session_length(s) == n);
  stats.struct_size = sizeof stats;
  check_ok("stats", ottobit_session_stats(s, &stats, &e), &e);
  /* Of what was kept, the last token is read again for its scores. */
  CHECK(stats.prompt_tokens == n + 12 + 1 && stats.prompt_reused == n - 12 && stats.kv_bytes > 0);
  ottobit_session_release(s);

  CHECK(ottobit_session_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.context = 4;
  check_ok("create", ottobit_session_create(m, &o, &small, &e), &e);
  check_fails("context", OTTOBIT_E_CONTEXT, "4",
              ottobit_session_append(small, ids, 5, NULL, NULL, NULL, &e), &e);
  CHECK(ottobit_session_length(small) == 0);
  check_fails("empty", OTTOBIT_E_ARGUMENT, "empty",
              ottobit_session_logits(small, logits, 512, NULL, &e), &e);
  ottobit_session_release(small);
  o.context = 1 << 30;
  check_fails("context", OTTOBIT_E_ARGUMENT, "1024", ottobit_session_create(m, &o, &small, &e), &e);
  o.context = 0;
  o.on_overflow = 1;
  check_fails("shift", OTTOBIT_E_UNSUPPORTED, "on_overflow",
              ottobit_session_create(m, &o, &small, &e), &e);
  o.on_overflow = 0;
  o.compute = 3;
  check_fails("int8", OTTOBIT_E_UNSUPPORTED, "compute", ottobit_session_create(m, &o, &small, &e),
              &e);
  CHECK(small == NULL);
}

/* Reading token by token and scoring give the same log-probabilities. */
static void scores(ottobit_model* m) {
  ottobit_session* s = NULL;
  ottobit_session_options o;
  ottobit_error* e = NULL;
  static float logits[512], scored[kMost];
  int32_t ids[kMost];
  size_t n = 0, i, j, size = 0;
  CHECK(ottobit_session_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.compute = 1;
  check_ok("create", ottobit_session_create(m, &o, &s, &e), &e);
  check_ok(
      "tokenize",
      ottobit_tokenize(m, "There are 3 r's in strawberry.", OTTOBIT_NUL, 0, ids, kMost, &n, &e),
      &e);
  check_ok("score", ottobit_session_score(s, ids, n, scored, NULL, NULL, NULL, &e), &e);
  CHECK(n > 5 && ottobit_session_length(s) == n && scored[0] == 0);
  check_ok("nothing", ottobit_session_score(s, NULL, 0, NULL, NULL, NULL, NULL, &e), &e);
  check_fails("logprobs", OTTOBIT_E_ARGUMENT, "logprobs",
              ottobit_session_score(s, ids, n, NULL, NULL, NULL, NULL, &e), &e);
  check_ok("truncate", ottobit_session_truncate(s, 1, &e), &e);
  for (i = 1; i < n; ++i) {
    double sum = 0;
    check_ok("logits", ottobit_session_logits(s, logits, 512, &size, &e), &e);
    for (j = 0; j < size; ++j) sum += exp((double)logits[j]);
    CHECK(fabs((double)logits[ids[i]] - log(sum) - (double)scored[i]) < 1e-3);
    check_ok("append", ottobit_session_append(s, ids + i, 1, NULL, NULL, NULL, &e), &e);
  }
  ottobit_session_release(s);
}

static void grammars(ottobit_model* m) {
  ottobit_generate_options o = defaults();
  ottobit_grammar* g = NULL;
  ottobit_model* other = NULL;
  ottobit_runtime* rt = make_runtime(1);
  ottobit_error* e = NULL;
  ottobit_session* s = asked(m);
  answer a;
  check_ok("compile",
           ottobit_grammar_compile(m, OTTOBIT_GRAMMAR_REGEX, "[0-9]{3}!", OTTOBIT_NUL, &g, &e), &e);
  o.grammar = g;
  a = ask(m, &o, 0);
  CHECK(a.finish == OTTOBIT_FINISH_END && a.length == 4 && a.text[3] == '!');
  other = open_mini(rt);
  ottobit_session_release(s);
  s = asked(other);
  check_fails("other model", OTTOBIT_E_ARGUMENT, "grammar",
              ottobit_generate(s, &o, collect, &a, &e), &e);
  ottobit_session_release(s);
  ottobit_model_release(other);
  ottobit_runtime_release(rt);
  ottobit_grammar_release(ottobit_grammar_retain(g));
  ottobit_grammar_release(g);
  check_ok(
      "tools",
      ottobit_grammar_compile(m, OTTOBIT_GRAMMAR_TOOLS,
                              "[{\"name\": \"now\", \"parameters\": null}]", OTTOBIT_NUL, &g, &e),
      &e);
  o.grammar = g;
  {
    const answer usual = ask(m, NULL, 0); /* calls nothing, which it may */
    a = ask(m, &o, 0);
    CHECK(a.finish == OTTOBIT_FINISH_END && strcmp(a.text, usual.text) == 0);
  }
  ottobit_grammar_release(g);
  check_fails("no tools", OTTOBIT_E_GRAMMAR, "tools",
              ottobit_grammar_compile(m, OTTOBIT_GRAMMAR_TOOLS, "[]", OTTOBIT_NUL, &g, &e), &e);
  ottobit_grammar_release(NULL);
  check_fails(
      "schema", OTTOBIT_E_GRAMMAR, "JSON schema",
      ottobit_grammar_compile(m, OTTOBIT_GRAMMAR_JSON_SCHEMA, "{\"not\": {}}", OTTOBIT_NUL, &g, &e),
      &e);
  CHECK(g == NULL);
  check_fails("kind", OTTOBIT_E_ARGUMENT, "kind", ottobit_grammar_compile(m, 5, "a", 1, &g, &e),
              &e);
}

/* Workers cannot be ended while a call computes. */
static int32_t OTTOBIT_CALL park_within(const ottobit_event* event, void* user) {
  CHECK(event->token >= 0 || event->finish != OTTOBIT_FINISH_NONE);
  CHECK(ottobit_runtime_park(user) == OTTOBIT_E_BUSY);
  return 0;
}

static void parking(void) {
  ottobit_runtime* rt = make_runtime(2);
  ottobit_model* m = open_mini(rt);
  ottobit_session* s = asked(m);
  ottobit_error* e = NULL;
  check_ok("generate", ottobit_generate(s, NULL, park_within, rt, &e), &e);
  CHECK(ottobit_runtime_park(rt) == OTTOBIT_OK);
  ottobit_session_release(s);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
}

static void streams(ottobit_model* m) {
  ottobit_session* s = asked(m);
  ottobit_stream* st = NULL;
  ottobit_event event;
  ottobit_error* e = NULL;
  ottobit_status status = OTTOBIT_OK;
  size_t before = ottobit_session_length(s);
  answer a;
  memset(&a, 0, sizeof a);
  memset(&event, 0, sizeof event);
  check_ok("start", ottobit_stream_start(s, NULL, &st, &e), &e);
  check_fails("event", OTTOBIT_E_STRUCT, "event", ottobit_stream_next(st, &event, &e), &e);
  event.struct_size = sizeof event;
  while ((status = ottobit_stream_next(st, &event, &e)) == OTTOBIT_OK) {
    collect(&event, &a);
    CHECK(ottobit_session_length(s) == before + (size_t)(event.finish == OTTOBIT_FINISH_NONE));
    before = ottobit_session_length(s);
  }
  check_ok("next", status, &e);
  CHECK(status == OTTOBIT_END && a.finish == OTTOBIT_FINISH_END);
  CHECK(strstr(a.text, ANSWER) != NULL && strchr(a.text, '<') == NULL);
  CHECK(ottobit_token_is_end(m, a.last_token));
  CHECK(ottobit_stream_next(st, &event, NULL) == OTTOBIT_END);
  ottobit_stream_release(st);
  ottobit_session_release(s);
  ottobit_stream_release(NULL);
}

static int32_t OTTOBIT_CALL only_a(float* logits, size_t vocab, void* user) {
  size_t i;
  for (i = 0; i < vocab; ++i) logits[i] = 0;
  logits[*(const int32_t*)user] = 1;
  return *(const int32_t*)user == 7 ? -1 : 0;
}

static void options(ottobit_model* m) {
  const char* stops[] = {"never", "is n-e"};
  const int32_t thirty = 30, seven = 7;
  ottobit_generate_options o = defaults();
  ottobit_session* s = NULL;
  ottobit_error* e = NULL;
  ottobit_cancel* c = NULL;
  answer a = ask(m, NULL, 0), b;
  CHECK(o.seed == (uint64_t)-1 && o.max_tokens == -1 && o.top_k == -1 && o.frequency_penalty == 0);
  b = ask(m, &o, 0);
  CHECK(strcmp(a.text, b.text) == 0 && a.finish == OTTOBIT_FINISH_END);
  o.flags = OTTOBIT_GENERATE_SPECIAL;
  b = ask(m, &o, 0);
  CHECK(strstr(b.text, "<seed:think>") == b.text);
  CHECK(strcmp(b.text + b.length - 10, "<seed:eos>") == 0);
  o.flags = 0;
  o.stop = stops;
  o.stop_count = 2;
  b = ask(m, &o, 0);
  CHECK(b.finish == OTTOBIT_FINISH_STOP && strcmp(b.text + b.length - 10, "backwards ") == 0);
  o.stop_count = 0;
  o.max_tokens = 5;
  b = ask(m, &o, 0);
  CHECK(b.finish == OTTOBIT_FINISH_LENGTH && b.tokens == 5);
  b = ask(m, NULL, 3);
  CHECK(b.finish == OTTOBIT_FINISH_NONE && b.tokens == 3);
  o.max_tokens = 20;
  o.temperature = 5;
  a = ask(m, &o, 0);
  o.seed = a.seed; /* from the system; now asked for again */
  b = ask(m, &o, 0);
  CHECK(strcmp(a.text, b.text) == 0 && a.seed == b.seed);
  o.seed = a.seed + 1;
  b = ask(m, &o, 0);
  CHECK(strcmp(a.text, b.text) != 0);
  o = defaults();
  o.max_tokens = 4;
  o.logits = only_a;
  o.logits_user = (void*)&thirty;
  b = ask(m, &o, 0);
  CHECK(b.last_token == 30);
  s = asked(m);
  o.logits_user = (void*)&seven;
  check_fails("callback", OTTOBIT_E_CALLBACK, "logits", ottobit_generate(s, &o, collect, &b, &e),
              &e);
  o.logits = NULL;
  check_ok("cancel", ottobit_cancel_create(&c, &e), &e);
  ottobit_cancel_request(c);
  o.cancel = c;
  memset(&b, 0, sizeof b);
  check_ok("cancelled", ottobit_generate(s, &o, collect, &b, &e), &e);
  CHECK(b.finish == OTTOBIT_FINISH_CANCEL && b.tokens == 0);
  check_fails("append", OTTOBIT_E_CANCELLED, "cancel",
              ottobit_session_append(s, &thirty, 1, c, NULL, NULL, &e), &e);
  ottobit_cancel_reset(c);
  check_ok("append", ottobit_session_append(s, &thirty, 1, c, NULL, NULL, &e), &e);
  ottobit_cancel_release(c);
  o = defaults();
  o.mirostat = 1;
  check_fails("mirostat", OTTOBIT_E_ARGUMENT, "mirostat", ottobit_generate(s, &o, collect, &b, &e),
              &e);
  o.mirostat = 2;
  o.dry_multiplier = 0.8F;
  o.typical_p = 0.9F;
  o.xtc_probability = 0.5F;
  o.temperature = 1;
  o.seed = 7;
  o.max_tokens = 4;
  memset(&b, 0, sizeof b);
  check_ok("all samplers", ottobit_generate(s, &o, collect, &b, &e), &e);
  CHECK(b.tokens > 0);
  {
    static const char* const breakers[] = {" ", ""};
    o.dry_breakers = breakers;
    o.dry_breaker_count = 1;
    memset(&b, 0, sizeof b);
    check_ok("breakers", ottobit_generate(s, &o, collect, &b, &e), &e);
    o.dry_breaker_count = 2;
    check_fails("an empty breaker", OTTOBIT_E_ARGUMENT, "dry_breakers",
                ottobit_generate(s, &o, collect, &b, &e), &e);
    o.dry_breakers = NULL;
    check_fails("no breakers", OTTOBIT_E_ARGUMENT, "dry_breakers",
                ottobit_generate(s, &o, collect, &b, &e), &e);
  }
  o = defaults();
  CHECK(o.thinking_budget == -1);
  o.thinking_budget = -2;
  check_fails("budget", OTTOBIT_E_ARGUMENT, "thinking_budget",
              ottobit_generate(s, &o, collect, &b, &e), &e);
  o.thinking_budget = 512; /* more than it needs */
  a = ask(m, NULL, 0);
  b = ask(m, &o, 0);
  CHECK(strcmp(a.text, b.text) == 0 && b.finish == OTTOBIT_FINISH_END);
  o.reserved1 = 1;
  check_fails("reserved", OTTOBIT_E_ARGUMENT, "reserved1", ottobit_generate(s, &o, collect, &b, &e),
              &e);
  o = defaults();
  o.top_p = 2;
  check_fails("range", OTTOBIT_E_ARGUMENT, "top_p", ottobit_generate(s, &o, collect, &b, &e), &e);
  ottobit_session_release(s);
}

/* A handle lives until its last owner lets go, and keeps alive what it was made from. */
static void owners(ottobit_runtime* rt) {
  ottobit_model* m = open_mini(rt);
  ottobit_session* s = asked(m);
  ottobit_cancel* c = NULL;
  ottobit_error* e = NULL;
  const int32_t id = 5;
  const size_t before = ottobit_session_length(s);
  check_ok("cancel_create", ottobit_cancel_create(&c, &e), &e);
  CHECK(ottobit_model_retain(m) == m && ottobit_session_retain(s) == s);
  CHECK(ottobit_cancel_retain(c) == c);
  ottobit_model_release(m);
  ottobit_model_release(m); /* the session keeps it */
  ottobit_session_release(s);
  ottobit_cancel_release(c);
  check_ok("append", ottobit_session_append(s, &id, 1, c, NULL, NULL, &e), &e);
  CHECK(ottobit_session_length(s) == before + 1);
  ottobit_session_release(s);
  ottobit_cancel_release(c);
  CHECK(ottobit_model_retain(NULL) == NULL && ottobit_session_retain(NULL) == NULL);
  CHECK(ottobit_cancel_retain(NULL) == NULL && ottobit_runtime_retain(NULL) == NULL);
  ottobit_model_release(NULL);
  ottobit_session_release(NULL);
  ottobit_cancel_release(NULL);
}

static void estimates(ottobit_runtime* rt) {
  ottobit_error* e = NULL;
  ottobit_session_options so;
  ottobit_memory_estimate all, part;
  memset(&all, 0, sizeof all);
  memset(&part, 0xAB, sizeof part);
  CHECK(ottobit_session_options_init(&so, sizeof so) == OTTOBIT_OK);
  so.context = 512;
  all.struct_size = sizeof all;
  check_ok("estimate", ottobit_estimate(rt, MODEL, OTTOBIT_NUL, NULL, &so, &all, &e), &e);
  CHECK(all.fits == 1 && all.mapped == all.file_bytes && all.mapped > 2000000);
  CHECK(all.resident > 0 && all.kv_cache > 0 && all.workspace > 0);
  CHECK(all.available > all.mapped + all.resident + all.kv_cache + all.workspace);
  part.struct_size = 16; /* up to `mapped` */
  check_ok("estimate, short", ottobit_estimate(rt, MODEL, OTTOBIT_NUL, NULL, &so, &part, &e), &e);
  CHECK(part.mapped == all.mapped && part.fits == 1 && part.struct_size == 16);
  CHECK(part.resident == 0xABABABABABABABABu);
  check_fails("estimate without a place", OTTOBIT_E_ARGUMENT, "memory_estimate",
              ottobit_estimate(rt, MODEL, OTTOBIT_NUL, NULL, &so, NULL, &e), &e);
  check_fails("estimate of nothing", OTTOBIT_E_IO, "nowhere",
              ottobit_estimate(rt, "nowhere", OTTOBIT_NUL, NULL, &so, &all, &e), &e);
  so.context = 1 << 30;
  check_fails("estimate of too much", OTTOBIT_E_ARGUMENT, "context",
              ottobit_estimate(rt, MODEL, OTTOBIT_NUL, NULL, &so, &all, &e), &e);
}

static void folders(ottobit_runtime* rt) {
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  ottobit_model_options o;
  static char json[1 << 16];
  size_t n = 0;
  check_fails("nowhere", OTTOBIT_E_IO, "nowhere",
              ottobit_model_open(rt, "nowhere", OTTOBIT_NUL, NULL, &m, &e), &e);
  CHECK(m == NULL);
  CHECK(ottobit_model_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.memory_limit = 1000;
  check_fails("limit", OTTOBIT_E_MEMORY, "1000",
              ottobit_model_open(rt, MODEL, OTTOBIT_NUL, &o, &m, &e), &e);
  o.memory_limit = 0;
  o.settings_json = "{\"x\": 1}";
  check_fails("settings", OTTOBIT_E_UNSUPPORTED, "x",
              ottobit_model_open(rt, MODEL, OTTOBIT_NUL, &o, &m, &e), &e);
  estimates(rt);
  check_ok("inspect", ottobit_inspect(rt, MODEL, OTTOBIT_NUL, json, sizeof json, &n, &e), &e);
  CHECK(strstr(json, "\"problems\":[]") != NULL && strstr(json, "seed_oss") != NULL);
}

int main(void) {
  ottobit_runtime* rt = make_runtime(2);
  ottobit_model* m = open_mini(rt);
  ottobit_runtime_release(rt); /* the model keeps it */
  machine();
  runtimes();
  if (m == NULL) return 1;
  texts(m);
  sessions(m);
  scores(m);
  grammars(m);
  streams(m);
  parking();
  options(m);
  rt = make_runtime(1);
  folders(rt);
  owners(rt);
  ottobit_runtime_release(rt);
  ottobit_model_release(m);
  return report();
}
