/* SPDX-License-Identifier: Apache-2.0 */
/* The host's allocator: all that grows with weights, vocabulary and context comes from it and goes
   back to it; blocks of any content do; without memory a call ends with an error that undoes it. */
#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define CHAT "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]}"
#define RANDOM "{\"random\":{\"shape\":\"qwen3-0.6b\",\"layers\":1}}"
enum { kLarge = 65536, kMost = 4096, kVocab = 151936, kTokens = 24 };

/* ---- large blocks that come from malloc nevertheless ---- */

static int watched; /* between the two, such blocks count */
static int from_malloc;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CAN_WATCH 0
#else
#define CAN_WATCH 1
extern void* __libc_malloc(size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void* __libc_realloc(void* block, size_t size);
static void note(size_t size) {
  if (watched && size >= kLarge) ++from_malloc;
}
void* malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}
void* realloc(void* block, size_t size) {
  note(size);
  return __libc_realloc(block, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}
#endif

/* ---- an allocator that keeps account ---- */

typedef struct account {
  size_t blocks, bytes, peak, calls;
  size_t fails_at; /* the call that gets nothing, from 1 on; 0: none */
  int wrong;       /* a block came back that was not given so */
} account;

/* In front of each block, as far as its alignment: what was asked for. */
typedef struct head {
  size_t size, alignment;
  unsigned magic;
} head;

static void* OTTOBIT_CALL take(size_t size, size_t alignment, void* user) {
  account* a = user;
  const size_t front = alignment < sizeof(head) ? sizeof(head) : alignment;
  const size_t whole = (front + size + alignment - 1) / alignment * alignment;
  char* block;
  head* h;
  if (++a->calls == a->fails_at) return NULL;
#if CAN_WATCH
  block = __libc_memalign(alignment, whole);
#else
  block = aligned_alloc(alignment, whole);
#endif
  if (block == NULL) return NULL;
  memset(block, 0xFF, whole); /* NaN, if it were read */
  h = (head*)(block + front) - 1;
  h->size = size;
  h->alignment = alignment;
  h->magic = 0x0770B17u;
  ++a->blocks;
  a->bytes += size;
  a->peak = a->bytes > a->peak ? a->bytes : a->peak;
  return block + front;
}

static void OTTOBIT_CALL give_back(void* block, size_t size, size_t alignment, void* user) {
  account* a = user;
  const size_t front = alignment < sizeof(head) ? sizeof(head) : alignment;
  head* h = (head*)block - 1;
  if (h->magic != 0x0770B17u || h->size != size || h->alignment != alignment) {
    ++a->wrong;
    return;
  }
  h->magic = 0;
  --a->blocks;
  a->bytes -= size;
  free((char*)block - front);
}

static ottobit_runtime* counted(account* a) {
  ottobit_runtime* rt = NULL;
  ottobit_error* e = NULL;
  ottobit_allocator functions;
  ottobit_runtime_options o;
  memset(&functions, 0, sizeof functions);
  functions.struct_size = sizeof functions;
  functions.user = a;
  functions.allocate = take;
  functions.deallocate = give_back;
  CHECK(ottobit_runtime_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.threads = 2;
  o.allocator = &functions;
  check_ok("runtime_create", ottobit_runtime_create(&o, &rt, &e), &e);
  return rt;
}

/* ---- one conversation ---- */

typedef struct result {
  float logits[kVocab];
  int32_t ids[kTokens];
  size_t count;
  ottobit_status status; /* of the call that failed, or OTTOBIT_OK */
} result;

static int failed(result* r, ottobit_status status, ottobit_error** e) {
  if (status < 0) {
    CHECK(*e == NULL || ottobit_error_code(*e) == status);
    r->status = status;
  }
  ottobit_error_release(*e);
  *e = NULL;
  return status < 0;
}

/* Reads ids, scores them again, and goes on from them. */
static void talk(ottobit_model* m, const int32_t* ids, size_t n, result* r) {
  ottobit_session* s = NULL;
  ottobit_stream* stream = NULL;
  ottobit_error* e = NULL;
  ottobit_generate_options o;
  ottobit_event event;
  float scores[kMost];
  size_t vocab = 0;
  memset(r, 0, sizeof *r);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  CHECK(ottobit_generate_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.max_tokens = kTokens;
  o.temperature = 0.7F;
  o.seed = 7;
  o.logprobs = 3;
  o.repetition_penalty = 1.1F;
  if (!failed(r, ottobit_session_create(m, NULL, &s, &e), &e) &&
      !failed(r, ottobit_session_append(s, ids, n, NULL, NULL, NULL, &e), &e) &&
      !failed(r, ottobit_session_score(s, ids, n, scores, NULL, NULL, NULL, &e), &e) &&
      !failed(r, ottobit_session_logits(s, NULL, 0, &vocab, &e), &e) &&
      !failed(r, ottobit_stream_start(s, &o, &stream, &e), &e)) {
    CHECK(vocab <= kVocab);
    check_ok("logits", ottobit_session_logits(s, r->logits, vocab, &vocab, &e), &e);
    while (ottobit_stream_next(stream, &event, &e) == OTTOBIT_OK) {
      if (event.token >= 0 && r->count < kTokens) r->ids[r->count++] = event.token;
    }
    failed(r, ottobit_error_code(e), &e);
  }
  ottobit_stream_release(stream);
  ottobit_session_release(s);
}

static ottobit_model* opened(ottobit_runtime* rt, const char* path, const char* settings,
                             result* r) {
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  ottobit_model_options o;
  CHECK(ottobit_model_options_init(&o, sizeof o) == OTTOBIT_OK);
  o.flags = settings == NULL ? OTTOBIT_MODEL_NO_MMAP : 0;
  o.settings_json = settings;
  memset(r, 0, sizeof *r);
  failed(r, ottobit_model_open(rt, path, OTTOBIT_NUL, &o, &m, &e), &e);
  return m;
}

static result with_host, with_system, again;
static int32_t prompt[kMost];
static size_t prompt_count;

static int is_even(const account* a) {
  return a->blocks == 0 && a->bytes == 0 && a->wrong == 0;
}

/* Same bits, though every block was full of NaN; and everything goes back. */
static void same_bits(void) {
  account a;
  ottobit_error* e = NULL;
  ottobit_runtime* rt = make_runtime(2);
  ottobit_model* m = opened(rt, MODEL, NULL, &with_system);
  check_ok("tokens", ottobit_chat_tokens(m, CHAT, OTTOBIT_NUL, prompt, kMost, &prompt_count, &e),
           &e);
  talk(m, prompt, prompt_count, &with_system);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  memset(&a, 0, sizeof a);
  rt = counted(&a);
  m = opened(rt, MODEL, NULL, &with_host);
  CHECK(a.bytes > 1000000); /* the weights */
  talk(m, prompt, prompt_count, &with_host);
  CHECK(with_system.status == OTTOBIT_OK && with_system.count > 0);
  CHECK(memcmp(&with_host, &with_system, sizeof with_host) == 0);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  CHECK(is_even(&a));
}

/* Each call of the allocator that opening makes fails once; then it may be tried again. */
static void each_call_of_opening_fails(void) {
  account a;
  size_t n = 0;
  do {
    ottobit_runtime* rt;
    ottobit_model* m;
    memset(&a, 0, sizeof a);
    a.fails_at = ++n;
    rt = counted(&a);
    m = opened(rt, MODEL, NULL, &again);
    if (m == NULL) {
      CHECK(again.status == OTTOBIT_E_MEMORY);
      CHECK(is_even(&a));
      m = opened(rt, MODEL, NULL, &again);
    }
    talk(m, prompt, prompt_count, &again);
    ottobit_model_release(m);
    ottobit_runtime_release(rt);
    CHECK(is_even(&a));
  } while (a.calls >= n);
}

/* The same of a conversation, which after it goes as if nothing had been. */
static void each_call_of_talking_fails(ottobit_model* m, account* a, const int32_t* ids, size_t n) {
  static result before;
  const size_t blocks = a->blocks;
  talk(m, ids, n, &before);
  for (a->fails_at = 1;; ++a->fails_at) {
    a->calls = 0;
    talk(m, ids, n, &again);
    CHECK(a->blocks == blocks);
    if (a->calls < a->fails_at) break; /* there are no more */
    CHECK(again.status == OTTOBIT_E_MEMORY);
  }
  /* The cache, activations, history and scores of a session; two of scoring; four of sampling. */
  CHECK(a->calls == 10);
  CHECK(memcmp(&again, &before, sizeof again) == 0);
}

/* A real vocabulary and context: no large block comes from elsewhere. */
static void all_is_asked_for(void) {
  account a;
  ottobit_runtime* rt;
  ottobit_model* m;
  int32_t ids[200];
  int i;
  for (i = 0; i < 200; ++i) ids[i] = 31 * i;
  memset(&a, 0, sizeof a);
  rt = counted(&a);
  watched = 1;
#if CAN_WATCH
  void* volatile block = malloc(kLarge); /* the watch sees such a block */
  free(block);
  CHECK(from_malloc-- == 1);
#endif
  m = opened(rt, "", RANDOM, &again);
  CHECK(from_malloc == 0);
  talk(m, ids, 200, &again);
  watched = 0;
  CHECK(again.status == OTTOBIT_OK && again.count > 0);
  CHECK(from_malloc == 0);
  CHECK(a.peak > (size_t)kVocab * 1024 * 2);
  each_call_of_talking_fails(m, &a, ids, 16);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  CHECK(is_even(&a));
}

int main(void) {
  same_bits();
  each_call_of_opening_fails();
  all_is_asked_for();
  return report();
}
