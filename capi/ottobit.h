/* SPDX-License-Identifier: Apache-2.0 */
/* ottobit.h: runs published language models on the CPU. The whole C interface; it needs nothing but
   C89 and <stdint.h>. A first program, without the error handling:

     ottobit_runtime_create(NULL, &runtime, &error);
     ottobit_model_open(runtime, "Qwen3-8B-FP8", OTTOBIT_NUL, NULL, &model, &error);
     ottobit_session_create(model, NULL, &session, &error);
     ottobit_chat_tokens(model, chat_json, OTTOBIT_NUL, ids, 4096, &n, &error);
     ottobit_session_append(session, ids, n, NULL, NULL, NULL, &error);
     ottobit_stream_start(session, NULL, &stream, &error);
     event.struct_size = sizeof event;
     while (ottobit_stream_next(stream, &event, &error) == OTTOBIT_OK)
       fwrite(event.text, 1, event.text_len, stdout);

   Rules that hold everywhere, so that the single functions need not repeat them:

   Status     Negative is failure. Numbers never change meaning; new ones may come, so treat an
              unknown negative one as failure. A failed call changed nothing, unless its
              description says otherwise.
   Errors     `err` may be NULL. Else *err is set to NULL first and, on failure, to an error object
              that the caller releases. It is an out parameter like any other: release an error
              before passing the variable that holds it again. When memory has run out, *err may
              stay NULL; the status still says what happened.
   Handles    Opaque and counted: retain adds an owner and returns its argument, release ends an
              ownership, from any thread; both ignore NULL. A session keeps its model, a model its
              runtime, a stream its session and its cancel object, a batch its model and sessions,
              so the order of release is free. *out is set to NULL first. NULL for a handle gives
              OTTOBIT_E_ARGUMENT, or 0 or "" from a function that returns a plain value.
   Options    The caller fills an option struct with its init function and then sets fields; NULL
              stands for all defaults. In later releases fields are appended, never moved. Fields
              behind struct_size take their defaults; bytes this library does not know must be
              zero, else OTTOBIT_E_STRUCT, as for a struct_size that is 0, above 4096, or in the
              middle of a field. Unknown bits in flags give OTTOBIT_E_ARGUMENT. The struct and what
              it points to are read during the call only, unless stated.
   Out structs  (event, stats): the caller sets struct_size; nothing behind it is written, and
              fields this library does not know are set to zero.
   Texts in   UTF-8 as pointer and length; length OTTOBIT_NUL: up to the NUL. Paths too, on every
              system. A NULL text is an empty one if its length is 0.
   Texts out  The caller's buffer of `cap` bytes or elements. *need (need may be NULL) receives the
              length of the whole result without a NUL. cap 0 asks the length alone and succeeds;
              the buffer may then be NULL. Where 0 < cap < length: OTTOBIT_E_BUFFER, and the buffer
              is left alone. A NUL is added behind a text if cap leaves room for it.
   Lifetimes  What a function returns as const char* is static, or lives as long as the object it
              was asked of. Only errors and handles need releasing.
   Callbacks  `user` comes last and is passed through. Arguments live for the call. Called on the
              thread that called the library (log: on any). They may not call back into the same
              session (it answers OTTOBIT_E_BUSY), and no C++ exception, Rust panic or longjmp may
              leave them.
   Numbers    Every call, and every callback within it, runs with default floating-point modes
              (nearest, denormals kept, no traps) and gives the caller's back on return.
   Threads    Runtimes, models and cancel objects: any threads at once. A session and its streams,
              or a batch: one thread at a time, else OTTOBIT_E_BUSY. An error object belongs to one
              thread.
   Manners    The library never aborts, exits, prints, opens sockets, installs signal handlers, or
              changes locale, working directory, rounding or denormal mode of the host, and it
              keeps no global mutable state. Environment variables are not consulted. */
#ifndef OTTOBIT_H
#define OTTOBIT_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header as 0x00MMmmpp. */
#define OTTOBIT_VERSION 0x000100u

/* Define OTTOBIT_STATIC when linking with the static library. */
#if defined(OTTOBIT_STATIC)
#define OTTOBIT_API
#elif defined(_WIN32) && defined(OTTOBIT_BUILDING)
#define OTTOBIT_API __declspec(dllexport)
#elif defined(_WIN32)
#define OTTOBIT_API __declspec(dllimport)
#elif defined(__GNUC__)
#define OTTOBIT_API __attribute__((visibility("default")))
#else
#define OTTOBIT_API
#endif
#if defined(_WIN32)
#define OTTOBIT_CALL __cdecl
#else
#define OTTOBIT_CALL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- handles ---- */

typedef struct ottobit_runtime ottobit_runtime; /* threads, instruction set level, log */
typedef struct ottobit_model ottobit_model;     /* an opened folder; immutable, shareable */
typedef struct ottobit_session ottobit_session; /* token history and KV cache of one user */
typedef struct ottobit_stream ottobit_stream;   /* one generation in progress */
typedef struct ottobit_batch ottobit_batch;     /* several, side by side */
typedef struct ottobit_grammar ottobit_grammar; /* what an answer must be; shareable */
typedef struct ottobit_cancel ottobit_cancel;   /* a flag any thread may raise */
typedef struct ottobit_error ottobit_error;     /* what went wrong, owned by the caller */

/* ---- status and errors ---- */

typedef int32_t ottobit_status;
#define OTTOBIT_OK 0
#define OTTOBIT_END 1              /* the stream has nothing more to give */
#define OTTOBIT_E_ARGUMENT (-1)    /* an argument the function cannot take */
#define OTTOBIT_E_STRUCT (-2)      /* struct_size, or a field this library does not know */
#define OTTOBIT_E_MEMORY (-3)      /* not granted, or beyond memory_limit */
#define OTTOBIT_E_IO (-4)          /* a file is missing or cannot be read */
#define OTTOBIT_E_FORMAT (-5)      /* a file is not what it says it is */
#define OTTOBIT_E_CHECKPOINT (-6)  /* a tensor is missing, left over or not finite */
#define OTTOBIT_E_UNSUPPORTED (-7) /* understood, but not in this release */
#define OTTOBIT_E_CANCELLED (-8)   /* a cancel object or a progress callback asked for it */
#define OTTOBIT_E_BUSY (-9)        /* the session is in use by another call */
#define OTTOBIT_E_CONTEXT (-10)    /* would not fit in the context; nothing was done */
#define OTTOBIT_E_BUFFER (-11)     /* too small; the needed size was written */
#define OTTOBIT_E_TEMPLATE (-12)   /* the chat template failed, or refused the messages */
#define OTTOBIT_E_GRAMMAR (-13)    /* a grammar is malformed */
#define OTTOBIT_E_STATE (-14)      /* saved state belongs to another model or version */
#define OTTOBIT_E_CPU (-15)        /* an instruction set level unknown to this library */
#define OTTOBIT_E_CALLBACK (-16)   /* the host's callback asked for failure */
#define OTTOBIT_E_NOT_FOUND (-17)  /* the model has no such part, e.g. no tokenizer */
#define OTTOBIT_E_INTERNAL (-18)   /* a bug of the library; handles stay releasable */

/* The status the failed call returned; OTTOBIT_OK for NULL. */
OTTOBIT_API int32_t OTTOBIT_CALL ottobit_error_code(const ottobit_error* e);
/* One line that says what was found and what expected; begins with the subject. "" for NULL. */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_error_message(const ottobit_error* e);
/* The file, tensor or parameter it is about; may be "". */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_error_subject(const ottobit_error* e);
OTTOBIT_API void OTTOBIT_CALL ottobit_error_release(ottobit_error* e);
/* The name of a status: "OTTOBIT_E_IO"; "unknown" for a number this library does not know. */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_status_name(ottobit_status s);

/* ---- version and machine ---- */

/* The version of the library as 0x00MMmmpp, and as text: "0.1.0". */
OTTOBIT_API uint32_t OTTOBIT_CALL ottobit_version(void);
OTTOBIT_API const char* OTTOBIT_CALL ottobit_version_text(void);
/* Call with OTTOBIT_VERSION: OTTOBIT_OK if a program compiled with that header may use this
   library, else OTTOBIT_E_UNSUPPORTED (the header is newer, or of another major version). */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_check_header(uint32_t header_version);
/* How the library was built, as a JSON object: version, compiler, parallel, levels (compiled in and
   usable), licence, bundled (the libraries inside, with their licences), linked (those of the
   system that it needs, with theirs). */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_build_json(void);
/* This machine, as a JSON object: brand, cores (what threads 0 means), levels (names for isa_cap,
   best first), features and more. Both are worked out once and live as long as the library. */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_cpu_json(void);

/* As the length of a text: up to its NUL. */
#if defined(__cplusplus)
#define OTTOBIT_NUL (static_cast<size_t>(-1))
#else
#define OTTOBIT_NUL ((size_t)-1)
#endif

/* ---- runtime ---- */

#define OTTOBIT_LOG_ERROR 1
#define OTTOBIT_LOG_WARN 2
#define OTTOBIT_LOG_INFO 3
#define OTTOBIT_LOG_DEBUG 4
/* Receives one line. area: a part of the library, e.g. "model". The text ends with a NUL, too. */
typedef void(OTTOBIT_CALL* ottobit_log_fn)(int32_t level, const char* area, const char* text,
                                           size_t text_len, void* user);
typedef void(OTTOBIT_CALL* ottobit_body_fn)(void* context, int32_t index);

/* Where large blocks come from. All that grows with a model's weights, its vocabulary or the
   context asks here for blocks of 64 KiB and more: weights that are not mapped
   (OTTOBIT_MODEL_NO_MMAP, laid out anew, random), KV caches, activations, scores. Mapped weights
   take no such block; texts, tokenizers, templates and grammars take theirs from malloc. KV caches
   are filled with zeros when a session is created, so that all of a block is in use from then on;
   the system's memory is only where it was touched. The struct is read when the runtime is created;
   `user` must live until every object that came from the runtime is released. Both functions are
   called on threads that call the library, several at once, and must not call it. */
typedef struct ottobit_allocator {
  uint32_t struct_size;
  uint32_t reserved0;
  void* user;
  /* size > 0; alignment: a power of two, 4096 at most. NULL if there is none: the call that needed
     it ends with OTTOBIT_E_MEMORY. */
  void*(OTTOBIT_CALL* allocate)(size_t size, size_t alignment, void* user);
  /* What allocate returned, with the same size and alignment; never NULL. */
  void(OTTOBIT_CALL* deallocate)(void* block, size_t size, size_t alignment, void* user);
} ottobit_allocator;

/* The host's say in threads. Without parallel_for the library has workers of its own; they start
   when there is work for them, sleep when there is none, get no signals, and end with park and with
   the runtime. The struct is read when the runtime is created; `user` must live as long as it. */
typedef struct ottobit_thread_hooks {
  uint32_t struct_size;
  uint32_t reserved0;
  void* user;
  /* Called on each of the library's own workers, first and last, for names, priorities, affinity.
     index: 1 to threads - 1. May be NULL; never called beside parallel_for. */
  void(OTTOBIT_CALL* on_start)(int32_t index, void* user);
  void(OTTOBIT_CALL* on_stop)(int32_t index, void* user);
  /* Not NULL: the library has no threads, and all its work runs in the host's. Calls body(context,
     i) once for each i in [0, count), in any order, on any threads, and returns when all are done.
     The calls never wait for each other. count <= threads. Calls of the library on several threads
     call it on those, at once. */
  void(OTTOBIT_CALL* parallel_for)(int32_t count, ottobit_body_fn body, void* context, void* user);
} ottobit_thread_hooks;

#define OTTOBIT_RUNTIME_SPIN 0x1u  /* workers may spin briefly between layers; never when idle */
#define OTTOBIT_RUNTIME_EXACT 0x2u /* same bits whatever the thread count; always so today */
typedef struct ottobit_runtime_options {
  uint32_t struct_size;
  uint32_t flags;            /* OTTOBIT_RUNTIME_* */
  int32_t threads;           /* 0: one for each physical core this process may use; at most 4096 */
  int32_t log_level;         /* messages up to this OTTOBIT_LOG_*; 0: none */
  const char* isa_cap;       /* NULL: the best level; else the best one that is not above this one.
                                "amx_bf16", where there is AMX, asks Linux for its registers: see
                                docs/guest.md */
  const char* settings_json; /* NULL or "{}": this release knows no setting here */
  const ottobit_allocator* allocator;       /* NULL: the system */
  const ottobit_thread_hooks* thread_hooks; /* NULL: the library's own threads */
  ottobit_log_fn log;                       /* NULL: silence */
  void* log_user;                           /* must live as long as the runtime */
} ottobit_runtime_options;

/* `size` is sizeof *o. OTTOBIT_E_STRUCT for a size that cannot be; o is then left alone. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_runtime_options_init(ottobit_runtime_options* o,
                                                                     size_t size);
/* OTTOBIT_E_CPU for an isa_cap unknown to this library; the message lists the usable ones. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_runtime_create(const ottobit_runtime_options* o,
                                                               ottobit_runtime** out,
                                                               ottobit_error** err);
OTTOBIT_API ottobit_runtime* OTTOBIT_CALL ottobit_runtime_retain(ottobit_runtime* rt);
OTTOBIT_API void OTTOBIT_CALL ottobit_runtime_release(ottobit_runtime* rt);
/* The instruction set level chosen, e.g. "avx512"; and the number of threads. */
OTTOBIT_API const char* OTTOBIT_CALL ottobit_runtime_isa(const ottobit_runtime* rt);
OTTOBIT_API int32_t OTTOBIT_CALL ottobit_runtime_threads(const ottobit_runtime* rt);
/* Ends the idle worker threads: when the app goes to the background, say. The next call starts new
   ones. OTTOBIT_E_BUSY while a call computes with a session of this runtime, on any thread and so
   from within its callbacks, too: nothing was ended. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_runtime_park(ottobit_runtime* rt);

/* ---- cancellation ----
   Calls that take a cancel object or a progress function look at it between pieces of work of a
   few milliseconds, also within a micro batch, a token and a tensor that is loaded, and return
   OTTOBIT_E_CANCELLED soon after. A thread_hooks.parallel_for that does not work on the calling
   thread delays that to the end of a matrix product. */

/* A flag, lowered at first. A call that was given one looks at it between pieces of work. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_cancel_create(ottobit_cancel** out,
                                                              ottobit_error** err);
OTTOBIT_API ottobit_cancel* OTTOBIT_CALL ottobit_cancel_retain(ottobit_cancel* c);
OTTOBIT_API void OTTOBIT_CALL ottobit_cancel_release(ottobit_cancel* c);
/* Raises the flag; may be called from a signal handler. It stays up until it is reset. */
OTTOBIT_API void OTTOBIT_CALL ottobit_cancel_request(ottobit_cancel* c);
OTTOBIT_API void OTTOBIT_CALL ottobit_cancel_reset(ottobit_cancel* c);

/* ---- model ---- */

#define OTTOBIT_PHASE_LOAD 1    /* done and total in bytes */
#define OTTOBIT_PHASE_PREFILL 2 /* in tokens */
#define OTTOBIT_PHASE_SAVE 3
#define OTTOBIT_PHASE_RESTORE 4
/* Returns 0 to go on, anything else to cancel. Called on the thread of the call, as it begins, then
   ten times a second at most, and with done == total at the end. */
typedef int32_t(OTTOBIT_CALL* ottobit_progress_fn)(int32_t phase, uint64_t done, uint64_t total,
                                                   void* user);

#define OTTOBIT_MODEL_NO_MMAP 0x1u  /* read the files into private memory */
#define OTTOBIT_MODEL_PREFAULT 0x2u /* read every page before returning */
#define OTTOBIT_MODEL_LOCK 0x4u     /* keep the weights in memory; failure is an error */
#define OTTOBIT_MODEL_LENIENT 0x8u  /* log unused tensors and unknown keys, do not refuse them */
#define OTTOBIT_MODEL_TRUST_FILES 0x10u /* do not look whether the weight files change */
#define OTTOBIT_MODEL_NO_PREFIXES 0x20u /* sessions know nothing of each other's prompts */
typedef struct ottobit_model_options {
  uint32_t struct_size;
  uint32_t flags;               /* OTTOBIT_MODEL_* */
  uint64_t memory_limit;        /* bytes, as ottobit_estimate counts them, for the model and all its
                                   sessions; 0: none; what goes beyond is OTTOBIT_E_MEMORY, a model
                                   before its weights are read, a session before it is made */
  const char* settings_json;    /* NULL or a JSON object; see ottobit_model_open */
  ottobit_cancel* cancel;       /* NULL: none */
  ottobit_progress_fn progress; /* NULL: none */
  void* progress_user;
  uint64_t prefix_bytes; /* at most, for what sessions computed of prompts: another one of the
                            model that begins with the same tokens, kv_dtype and compute
                            takes it up instead of computing it. 0: a quarter of the weights,
                            at least 16 and at most 512 MiB (random weights: none). It grows as
                            prompts are read, keeps what was used last, and gives way to sessions
                            under memory_limit. The rest of a prompt has the bits that it would have
                            without; in models with experts, latent attention or recurrent states,
                            those that it has behind the same beginning appended by itself. */
} ottobit_model_options;

typedef struct ottobit_session_options {
  uint32_t struct_size;
  uint32_t flags;            /* 0 */
  int32_t context;           /* tokens; 0: what the model declares, which is also the most */
  int32_t kv_dtype;          /* OTTOBIT_F32, _F16 or _BF16; 0: F32 if compute is f32, else F16 */
  int32_t micro_batch;       /* tokens read at once; 0: chosen; what a cancel may undo */
  int32_t on_overflow;       /* 0: OTTOBIT_E_CONTEXT; 1 (shift): OTTOBIT_E_UNSUPPORTED today */
  int32_t keep_first;        /* with on_overflow 1 */
  int32_t compute;           /* matrix products: 0: bf16 where it is fast, else f32; 1: f32;
                                2: bf16; 3 (int8) and 4 (fp8): OTTOBIT_E_UNSUPPORTED today.
                                By default activations are kept in two bf16 numbers instead of
                                one in models less than 512 wide (with experts: up to 1024), and
                                those of up to 16 tokens at a time in models up to 2048 wide or
                                with experts */
  const char* settings_json; /* NULL or "{}": this release knows no setting here */
} ottobit_session_options;

/* Memory that a model and a session with it need, in bytes; what is kept of prompts as they are
   read (prefix_bytes) comes beside it. */
typedef struct ottobit_memory_estimate {
  uint32_t struct_size; /* set by the caller */
  uint32_t fits;        /* 1: all of it, in what is available */
  uint64_t mapped;      /* file pages, given back by the system under pressure */
  uint64_t resident;    /* private memory of the model: weights that are not mapped, or are laid out
                           anew; tables, tokenizer */
  uint64_t kv_cache;    /* of a full context */
  uint64_t workspace;   /* the most that prefill and decode need */
  uint64_t file_bytes;  /* all weight files */
  uint64_t available;   /* free now: of the machine, or, if that is less, of the container */
} ottobit_memory_estimate;

OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_model_options_init(ottobit_model_options* o,
                                                                   size_t size);
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_options_init(ottobit_session_options* o,
                                                                     size_t size);
/* Reads headers and configuration of a folder, not its weights, and describes them as a JSON
   object: family, sizes, formats, tokenizer, template, and "problems", a list of everything that is
   wrong: objects with "status" (what opening would fail with; 0: it opens, and logs a warning),
   "subject", "message", and "lenient": true where OTTOBIT_MODEL_LENIENT passes over it. Fails only
   if there is no folder (OTTOBIT_E_IO). */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_inspect(ottobit_runtime* rt, const char* path,
                                                        size_t path_len, char* json, size_t cap,
                                                        size_t* need, ottobit_error** err);
/* What ottobit_model_open with `mo` and ottobit_session_create with `so` (NULL: defaults) will
   take. Reads headers and configuration, not weights; memory_limit and progress do not matter.
   Fails as those two do where the folder is no model, or an option is wrong. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_estimate(
    ottobit_runtime* rt, const char* path, size_t path_len, const ottobit_model_options* mo,
    const ottobit_session_options* so, ottobit_memory_estimate* out, ottobit_error** err);
/* Opens a folder with config.json, *.safetensors, tokenizer and, if it has one, chat template. The
   weight files are mapped and must stay as they are while the model lives: each call that computes
   looks whether size or time of change is another (OTTOBIT_E_IO), unless OTTOBIT_MODEL_TRUST_FILES
   is given, but a file that is shortened in the midst of a call, or a disk that goes away, ends the
   process by SIGBUS. OTTOBIT_MODEL_NO_MMAP reads them into private memory instead: the way for
   removable and shared disks. Removing or replacing a file by another does no harm. OTTOBIT_E_IO,
   _FORMAT, _CHECKPOINT, _UNSUPPORTED (unknown family or format), _TEMPLATE, _MEMORY, _CANCELLED:
   the subject names the file or tensor. Settings (experimental, outside the promise of stability):
     {"random": {"shape": "seed-oss-36b", "layers": 4, "format": "fp8_e4m3_block"}}
   makes random weights of a published shape in memory, for measuring; the path is then empty, and
   the model has no tokenizer. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_model_open(ottobit_runtime* rt, const char* path,
                                                           size_t path_len,
                                                           const ottobit_model_options* o,
                                                           ottobit_model** out,
                                                           ottobit_error** err);
OTTOBIT_API ottobit_model* OTTOBIT_CALL ottobit_model_retain(ottobit_model* m);
OTTOBIT_API void OTTOBIT_CALL ottobit_model_release(ottobit_model* m);
/* The model as a JSON object: name, family, format, parameters, layers, context, ... */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_model_json(const ottobit_model* m, char* json,
                                                           size_t cap, size_t* need,
                                                           ottobit_error** err);
/* Number of logits, and the width of the residual stream. */
OTTOBIT_API int32_t OTTOBIT_CALL ottobit_model_vocab(const ottobit_model* m);
OTTOBIT_API int32_t OTTOBIT_CALL ottobit_model_width(const ottobit_model* m);

/* ---- text and tokens; OTTOBIT_E_NOT_FOUND where the model has no tokenizer ---- */

#define OTTOBIT_TOKENS_SPECIAL 0x1u /* <|...|> in the text are control tokens; off: just text */
#define OTTOBIT_TOKENS_BOS 0x2u     /* what the model's own configuration says about BOS, no more */
/* flags: OTTOBIT_TOKENS_*. ids receives up to cap tokens. OTTOBIT_E_ARGUMENT for ill-formed UTF-8
   the tokenizer cannot carry. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_tokenize(const ottobit_model* m, const char* text,
                                                         size_t text_len, uint32_t flags,
                                                         int32_t* ids, size_t cap, size_t* need,
                                                         ottobit_error** err);
/* The text of n tokens, control tokens only under OTTOBIT_TOKENS_SPECIAL; OTTOBIT_TOKENS_BOS has no
   meaning here. Bytes that form no character become U+FFFD. OTTOBIT_E_ARGUMENT for an id the
   tokenizer does not have. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_detokenize(const ottobit_model* m,
                                                           const int32_t* ids, size_t n,
                                                           uint32_t flags, char* text, size_t cap,
                                                           size_t* need, ottobit_error** err);
/* The bytes of one token, which may be part of a character; a control token gives its name. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_token_bytes(const ottobit_model* m, int32_t id,
                                                            char* bytes, size_t cap, size_t* need,
                                                            ottobit_error** err);
/* 1 if generation ends with this token, else 0 (also for an id outside the vocabulary). */
OTTOBIT_API int32_t OTTOBIT_CALL ottobit_token_is_end(const ottobit_model* m, int32_t id);
/* Renders a conversation with the model's chat template. A family whose makers ship a program
   instead (DeepSeek V3.2) has a built-in one. json is one object:
     messages   required; a list of objects shaped as in the OpenAI API: role, content (a string,
                null, or a list of {"type":"text","text":...}, joined where the template knows
   strings only), reasoning_content, tool_calls (arguments an object, or a string holding JSON),
   tool_call_id, name tools, documents       likewise; absent: the template sees none
     add_generation_prompt  default true
     now                    ISO 8601 local time for templates that print the date; absent: the clock
     any other member       a template variable: enable_thinking, thinking_budget, ...
   OTTOBIT_E_ARGUMENT for other JSON, _TEMPLATE if the template fails or refuses,
   _NOT_FOUND where the model has no template. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_text(const ottobit_model* m, const char* json,
                                                          size_t json_len, char* text, size_t cap,
                                                          size_t* need, ottobit_error** err);
/* The same as tokens, ready for ottobit_session_append. Control tokens come from the template
   alone: what looks like one in a message is just text. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_tokens(const ottobit_model* m,
                                                            const char* json, size_t json_len,
                                                            int32_t* ids, size_t cap, size_t* need,
                                                            ottobit_error** err);

/* ---- the model's answer taken apart ---- */

/* A complete answer, given as text that has its control tokens in it (OTTOBIT_GENERATE_SPECIAL, or
   ottobit_detokenize with OTTOBIT_TOKENS_SPECIAL), as one message of the chat JSON:
     {"role": "assistant", "content": "...", "reasoning_content": "...", "tool_calls": [{"id":
   "...", "type": "function", "function": {"name": "...", "arguments": "{...}"}}], "notes": ["..."]}
   arguments is a JSON object as text. What is malformed stays in content, and notes says what is
   wrong; all members but role and content are there only where they are not empty. The newlines
   around control tokens belong to them. How an answer is written is known for Seed-OSS, DeepSeek,
   Qwen, Kimi, MiniMax, Llama and gpt-oss, from the template or, without one, from the family.
   OTTOBIT_E_NOT_FOUND where the model has no tokenizer. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parse(const ottobit_model* m, const char* text,
                                                           size_t text_len, char* json, size_t cap,
                                                           size_t* need, ottobit_error** err);

/* The same for an answer that is still arriving. Belongs to one thread at a time. */
typedef struct ottobit_chat_parser ottobit_chat_parser;
#define OTTOBIT_PART_CONTENT 1
#define OTTOBIT_PART_REASONING 2
#define OTTOBIT_PART_TOOL_CALL 3
#define OTTOBIT_PART_NOTE 4
/* What it points to lives until the next call on the parser; all texts end with a NUL. */
typedef struct ottobit_chat_part {
  uint32_t struct_size;
  int32_t kind;     /* OTTOBIT_PART_* */
  const char* text; /* of a tool call: its arguments, a JSON object */
  size_t text_len;
  const char* name; /* of a tool call; else empty */
  const char* id;   /* of a tool call; else empty */
} ottobit_chat_part;

/* json: the conversation, as given to ottobit_chat_tokens. Its prompt may have opened the thinking
   already, and its tools declare which arguments are texts. NULL: neither. OTTOBIT_E_NOT_FOUND
   where the model has no tokenizer, or no template for json. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_create(const ottobit_model* m,
                                                                   const char* json,
                                                                   size_t json_len,
                                                                   ottobit_chat_parser** out,
                                                                   ottobit_error** err);
OTTOBIT_API void OTTOBIT_CALL ottobit_chat_parser_release(ottobit_chat_parser* p);
/* More of the answer, in one of two ways: as tokens (those of the events, the end token included),
   so that a text which only looks like a control token is text; or as text with control tokens in
   it, where only the text is at hand or stop texts cut it. OTTOBIT_E_ARGUMENT for the other way,
   after finish, and for an id outside the vocabulary. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_tokens(ottobit_chat_parser* p,
                                                                   const int32_t* ids, size_t n,
                                                                   ottobit_error** err);
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_text(ottobit_chat_parser* p,
                                                                 const char* text, size_t text_len,
                                                                 ottobit_error** err);
/* The answer is complete: what was held back becomes certain. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_finish(ottobit_chat_parser* p,
                                                                   ottobit_error** err);
/* The next part; OTTOBIT_END if nothing is certain yet that was not given before. A tool call comes
   when it is complete, text as soon as it cannot be the beginning of a control token. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_next(ottobit_chat_parser* p,
                                                                 ottobit_chat_part* part,
                                                                 ottobit_error** err);
/* The parts given so far as one message, as ottobit_chat_parse writes it. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_chat_parser_json(const ottobit_chat_parser* p,
                                                                 char* json, size_t cap,
                                                                 size_t* need, ottobit_error** err);

/* ---- sessions ---- */

/* An empty session. OTTOBIT_E_ARGUMENT for a context beyond what the model declares. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_create(ottobit_model* m,
                                                               const ottobit_session_options* o,
                                                               ottobit_session** out,
                                                               ottobit_error** err);
OTTOBIT_API ottobit_session* OTTOBIT_CALL ottobit_session_retain(ottobit_session* s);
OTTOBIT_API void OTTOBIT_CALL ottobit_session_release(ottobit_session* s);
/* Reads n tokens after those the session holds. OTTOBIT_E_CONTEXT if they do not fit and
   OTTOBIT_E_ARGUMENT for an id outside the vocabulary: nothing was done then. c and progress may be
   NULL. After OTTOBIT_E_CANCELLED or any other failure underway the session stands at the last
   whole micro batch, which ottobit_session_length tells, and remains usable: the rest may be
   appended then. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_append(ottobit_session* s,
                                                               const int32_t* ids, size_t n,
                                                               ottobit_cancel* c,
                                                               ottobit_progress_fn progress,
                                                               void* user, ottobit_error** err);
/* Adds n tokens behind those the session holds and leaves their reading to who needs it: the next
   logits, the next event of a stream, or the steps of a batch. Errors as append. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_push(ottobit_session* s, const int32_t* ids,
                                                             size_t n, ottobit_error** err);
/* Reads n tokens as append does, and gives each one's log-probability (natural) after the tokens
   before it: logprobs receives n floats, 0 for the first token of an empty session, which nothing
   predicts. Perplexity is exp of minus the mean of the others. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_score(ottobit_session* s,
                                                              const int32_t* ids, size_t n,
                                                              float* logprobs, ottobit_cancel* c,
                                                              ottobit_progress_fn progress,
                                                              void* user, ottobit_error** err);
/* Makes the history equal to ids, computing only what follows the common prefix, whose length
 *reused receives (reused may be NULL). Otherwise as append. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_set(ottobit_session* s, const int32_t* ids,
                                                            size_t n, size_t* reused,
                                                            ottobit_cancel* c,
                                                            ottobit_progress_fn progress,
                                                            void* user, ottobit_error** err);
/* Forgets all but the first `keep` tokens; OTTOBIT_E_ARGUMENT if there are fewer. What the next
   call needs and no longer has, it computes again: the last token; all of them in a model with
   windows, if they reach further back than is kept, and in one with recurrent states (Qwen3-Next,
   MiniMax M1), unless the end of the last prompt (two or more tokens appended at once) is still
   among them. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_truncate(ottobit_session* s, size_t keep,
                                                                 ottobit_error** err);
/* Another session of the same model and options, with the same history and what was computed of it,
   which is copied: to go on in two ways from one prompt. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_fork(ottobit_session* s,
                                                             ottobit_session** out,
                                                             ottobit_error** err);
/* Writes to a file all that the session needs to go on, with the same bits, in another session or
   process: history, cache, states, logits. A file that is there is replaced at the end, by the
   whole new one; a failure, a cancel or a crash leaves it as it was. The file tells as much as the
   conversation itself. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_save(ottobit_session* s, const char* path,
                                                             size_t path_len, ottobit_cancel* c,
                                                             ottobit_progress_fn progress,
                                                             void* user, ottobit_error** err);
/* The session, whatever its history was, becomes what was saved. Its context may be another, its
   kv_dtype may not. OTTOBIT_E_IO; OTTOBIT_E_STATE: saved with another model or by another version,
   too long for this context, damaged: the session is then as it was. OTTOBIT_E_CANCELLED: empty, or
   as it was. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_restore(ottobit_session* s,
                                                                const char* path, size_t path_len,
                                                                ottobit_cancel* c,
                                                                ottobit_progress_fn progress,
                                                                void* user, ottobit_error** err);
/* The same through the host's functions, which write and read pieces one after the other and return
   0, or anything else to fail with OTTOBIT_E_CALLBACK. A read fills all of its piece. Fails a
   restore after it has begun to change the session, the session is empty. The number of bytes is
   the total of the progress, and ottobit_session_state_size. */
typedef int32_t(OTTOBIT_CALL* ottobit_write_fn)(const void* bytes, size_t size, void* user);
typedef int32_t(OTTOBIT_CALL* ottobit_read_fn)(void* bytes, size_t size, void* user);
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_save_to(ottobit_session* s,
                                                                ottobit_write_fn write,
                                                                void* write_user, ottobit_cancel* c,
                                                                ottobit_progress_fn progress,
                                                                void* user, ottobit_error** err);
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_restore_from(
    ottobit_session* s, ottobit_read_fn read, void* read_user, ottobit_cancel* c,
    ottobit_progress_fn progress, void* user, ottobit_error** err);
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_state_size(ottobit_session* s,
                                                                   uint64_t* bytes,
                                                                   ottobit_error** err);
/* Number of tokens held. May be asked from any thread; during a call it is the length before it. */
OTTOBIT_API size_t OTTOBIT_CALL ottobit_session_length(const ottobit_session* s);
/* The tokens held: what was appended and what was generated. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_tokens(const ottobit_session* s,
                                                               int32_t* ids, size_t cap,
                                                               size_t* need, ottobit_error** err);
/* The scores of the next token, ottobit_model_vocab floats; computed now if need be.
   OTTOBIT_E_ARGUMENT on an empty session. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_logits(ottobit_session* s, float* out,
                                                               size_t cap, size_t* need,
                                                               ottobit_error** err);

/* For functions of later releases. */
#define OTTOBIT_POOL_LAST 1
#define OTTOBIT_POOL_MEAN 2

/* ---- constrained output ---- */

#define OTTOBIT_GRAMMAR_JSON_SCHEMA 1
#define OTTOBIT_GRAMMAR_GBNF 2
#define OTTOBIT_GRAMMAR_REGEX 3
#define OTTOBIT_GRAMMAR_TOOLS 4
/* A grammar for `grammar` in the generate options: every answer that ends by itself (FINISH_END) is
   then of it from its beginning to its end, and until then the beginning of such a text. Kinds:
     JSON_SCHEMA  JSON Schema (2020-12 or draft 7). Properties come in the order of the schema, and
                  no others unless additionalProperties asks for them or none are listed. {} is
                  any JSON value
     GBNF         the notation of llama.cpp's grammars; the first rule is `root`
     REGEX        ECMAScript's regular expressions, of the whole text; without look-around and back
                  references
     TOOLS        text, and then calls as the model's family writes them, of these tools and with
                  arguments of their schemas. A list of tools as in a chat, or an object with
                  "tools" and, as in OpenAI's requests, "tool_choice" and "parallel_tool_calls".
                  Of gpt-oss one call in a turn. What opens a call opens one in thinking, too.
                  Where a family writes strings without quotes, those with a pattern or a maxLength
                  do not hold "<", which begins the end of an argument
   A grammar is immutable and may serve many streams on many threads; it belongs to the tokens of
   the model it was made for. OTTOBIT_E_GRAMMAR says where the text is wrong, or what of it cannot
   be honoured; OTTOBIT_E_NOT_FOUND where the model has no tokenizer. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_grammar_compile(const ottobit_model* m,
                                                                int32_t kind, const char* text,
                                                                size_t text_len,
                                                                ottobit_grammar** out,
                                                                ottobit_error** err);
OTTOBIT_API ottobit_grammar* OTTOBIT_CALL ottobit_grammar_retain(ottobit_grammar* g);
OTTOBIT_API void OTTOBIT_CALL ottobit_grammar_release(ottobit_grammar* g);

/* ---- generation ---- */

/* Changes the scores in place before the samplers see them. A negative return ends the generation
   with OTTOBIT_E_CALLBACK. */
typedef int32_t(OTTOBIT_CALL* ottobit_logits_fn)(float* logits, size_t vocab, void* user);

#define OTTOBIT_GENERATE_SPECIAL 0x1u /* the text includes control tokens and the end token */
/* -1 in a sampling field: what the model's generation_config.json says, and the neutral value where
   it is silent; without that file, or where it says do_sample false, the answer is greedy and
   without penalty. Order of the steps: logits callback, grammar, bias, DRY, penalties, temperature,
   top_k, top_p, min_p, typical_p, XTC, draw; with Mirostat: temperature, its bound, draw. At
   temperature 0 only what comes before it has an effect. */
typedef struct ottobit_generate_options {
  uint32_t struct_size;
  uint32_t flags;           /* OTTOBIT_GENERATE_* */
  uint64_t seed;            /* equal seeds give equal tokens; (uint64_t)-1: from the system */
  int32_t max_tokens;       /* -1: up to the context */
  int32_t top_k;            /* only the k likeliest; 0: all */
  float temperature;        /* 0: greedy; neutral: 1 */
  float top_p;              /* only the likeliest that add up to p; neutral: 1 */
  float min_p;              /* only those at least min_p times as likely as the likeliest; 0: off */
  float typical_p;          /* only those nearest to the expected surprise that add up to p
                               (arXiv:2202.00666); neutral: 1 */
  float repetition_penalty; /* divides or multiplies scores of tokens seen; neutral: 1 */
  float frequency_penalty;  /* subtracted once per occurrence; neutral: 0 */
  float presence_penalty;   /* subtracted once if it occurs; neutral: 0 */
  int32_t penalty_window;   /* tokens the penalties look back at; 0 and -1: all */
  float dry_multiplier;  /* "DRY": multiplier * base^(n - allowed) is subtracted from a token that
                            followed the last n tokens before, n >= allowed; neutral: 0 */
  float dry_base;        /* 1 or more; 0 and -1: 1.75 */
  int32_t dry_allowed;   /* 0 and -1: 2 */
  float xtc_probability; /* "XTC": how often, of the tokens at least as likely as the threshold,
                            only the least likely stays; neutral: 0 */
  float xtc_threshold;   /* 0 and -1: 0.1 */
  int32_t mirostat;      /* 2: Mirostat 2 (arXiv:2007.14966) instead of the cuts; neutral: 0 */
  float mirostat_tau;    /* bits of surprise to aim at; 0 and -1: 5 */
  float mirostat_eta;    /* how fast it is corrected; 0 and -1: 0.1 */
  int32_t logprobs;      /* alternatives to report with each token; 0 and -1: none */
  int32_t reserved0;     /* 0 */
  size_t stop_count;
  const char* const* stop; /* texts that end the generation, each ended by a NUL, none empty */
  size_t bias_count;
  const int32_t* bias_ids; /* tokens, and what is added to their scores */
  const float* bias_values;
  ottobit_grammar* grammar; /* NULL: none; of this model, and the stream retains it. It binds all
                               of the answer but thinking that the prompt has opened */
  ottobit_cancel* cancel;   /* NULL: none; the stream retains it */
  ottobit_logits_fn logits; /* NULL: none; used as long as the stream */
  void* logits_user;
  const char* settings_json; /* NULL or "{}": this release knows no setting here */
  int32_t thinking_budget;   /* tokens of thinking, after which it is ended for the model, in the
                                words of its family; -1: no limit. Seed-OSS, which keeps a budget
                                that its template tells it, has 64 tokens more to do so. Without
                                effect on models that do not think */
  int32_t reserved1;         /* 0 */
  size_t dry_breaker_count;
  const char* const* dry_breakers; /* NULL: a newline, ":", "\"" and "*"; else texts, each ended by
                                      a NUL, none empty, and the count may be 0. A repetition, to
                                      DRY, does not reach across a token that holds one of them */
} ottobit_generate_options;

#define OTTOBIT_FINISH_NONE 0    /* there is more */
#define OTTOBIT_FINISH_END 1     /* the model said so: token is its end token, text is the rest */
#define OTTOBIT_FINISH_STOP 2    /* a stop text is complete; text ends before it */
#define OTTOBIT_FINISH_LENGTH 3  /* max_tokens */
#define OTTOBIT_FINISH_CONTEXT 4 /* the context is full */
#define OTTOBIT_FINISH_CANCEL 5  /* the cancel object was raised; a token underway is dropped */
/* One step. What it points to lives until the next call on the stream, or its release. */
typedef struct ottobit_event {
  uint32_t struct_size;
  int32_t finish;         /* OTTOBIT_FINISH_*; other than NONE: this is the last event */
  int32_t token;          /* -1: no new token in this event */
  float logprob;          /* natural logarithm of its probability before all sampling options */
  const char* text;       /* whole UTF-8 characters; may be empty, never NULL */
  size_t text_len;        /* text may still be held back: a part of a character or of a stop */
  const int32_t* top_ids; /* the `logprobs` likeliest tokens, likeliest first */
  const float* top_logprobs;
  size_t top_count;
  uint64_t seed; /* the seed in use: what to ask for to have the same answer again */
} ottobit_event;

/* seed, max_tokens, temperature, top_k, top_p, min_p, typical_p, repetition_penalty and
   thinking_budget become -1, all else 0. NULL options mean the same. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_generate_options_init(ottobit_generate_options* o,
                                                                      size_t size);
/* Begins a generation after the tokens the session holds; OTTOBIT_E_ARGUMENT if it holds none. The
   options are copied. Control tokens appear in the text under OTTOBIT_GENERATE_SPECIAL only. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_stream_start(ottobit_session* s,
                                                             const ottobit_generate_options* o,
                                                             ottobit_stream** out,
                                                             ottobit_error** err);
/* The next event. A token is part of the session's history when its event is returned, so a caller
   may stop at any event and append the next question; an end token is reported only and not part of
   it. Between two calls the session may be changed: the stream goes on from where it then stands.
   OTTOBIT_END after the last event, and after a failure other than OTTOBIT_E_BUSY, OTTOBIT_E_STRUCT
   and OTTOBIT_E_ARGUMENT. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_stream_next(ottobit_stream* st,
                                                            ottobit_event* event,
                                                            ottobit_error** err);
/* Ends the generation, if it has not ended. */
OTTOBIT_API void OTTOBIT_CALL ottobit_stream_release(ottobit_stream* st);
/* Receives an event; nonzero ends the generation, and no further event comes. */
typedef int32_t(OTTOBIT_CALL* ottobit_event_fn)(const ottobit_event* event, void* user);
/* A stream from start to end, with a callback. Returns OTTOBIT_OK also where the callback or the
   cancel object ended it. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_generate(ottobit_session* s,
                                                         const ottobit_generate_options* o,
                                                         ottobit_event_fn on_event, void* user,
                                                         ottobit_error** err);

/* Generations of several sessions of one model that go on side by side: one pass over the weights
   serves all of them, and each brings the tokens that it would bring alone, to the last bit.

     ottobit_batch_add(b, first, NULL, NULL, &e);            // each holds its prompt,
     ottobit_batch_add(b, second, NULL, NULL, &e);           // pushed or appended
     while (ottobit_batch_step(b, &n, &e) == OTTOBIT_OK) {   // until nobody is left
       for (i = 0; i < n; ++i) {
         status = ottobit_batch_event(b, i, &session, NULL, &event, &e);

   A step needs all sessions of the batch, else OTTOBIT_E_BUSY and nothing is done. A batch has a
   workspace of its own, of eight tokens, which the first step takes. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_batch_create(ottobit_model* m, ottobit_batch** out,
                                                             ottobit_error** err);
/* Ends the generations that are left. */
OTTOBIT_API void OTTOBIT_CALL ottobit_batch_release(ottobit_batch* b);
/* Begins a generation as ottobit_stream_start does, at any time. OTTOBIT_E_ARGUMENT for a session
   of another model or one that is in the batch already. `user` comes back with its events. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_batch_add(ottobit_batch* b, ottobit_session* s,
                                                          const ottobit_generate_options* o,
                                                          void* user, ottobit_error** err);
/* Ends the session's generation; the events of the last step are gone, too. OTTOBIT_E_ARGUMENT if
   it has none here. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_batch_remove(ottobit_batch* b, ottobit_session* s,
                                                             ottobit_error** err);
/* How many generations go on. */
OTTOBIT_API size_t OTTOBIT_CALL ottobit_batch_size(const ottobit_batch* b);
/* Computes a token of each session and, of the first that still has a pushed prompt to read, a
   micro batch. *events: how many sessions have an event: all but those with prompts to read, so it
   may be 0. OTTOBIT_END if there is no session. A generation leaves the batch with its last event,
   or its failure. A step that fails as a whole changes nothing. The cancel object of a generation
   is looked at before its computation, and during it where no other shares it. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_batch_step(ottobit_batch* b, size_t* events,
                                                           ottobit_error** err);
/* Event i of the last step, as a stream has it; *s (borrowed) and *user say whose, and may be NULL.
   Another status than OTTOBIT_OK is that of the generation, which has failed, or OTTOBIT_E_ARGUMENT
   with "i" as subject. What the event points to lives until the next step, remove or release. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_batch_event(ottobit_batch* b, size_t i,
                                                            ottobit_session** s, void** user,
                                                            ottobit_event* event,
                                                            ottobit_error** err);

typedef struct ottobit_stats {
  uint32_t struct_size;
  uint32_t reserved0;
  uint64_t prompt_tokens; /* read by append and set, since the session was made */
  uint64_t prompt_reused; /* found in the history by set, or taken from other sessions */
  uint64_t generated_tokens;
  uint64_t drafted_tokens; /* 0 in this release, as the next */
  uint64_t accepted_tokens;
  double load_seconds; /* of the model */
  double prompt_seconds;
  double decode_seconds;
  uint64_t kv_bytes;   /* KV cache of the longest history so far */
  uint64_t peak_bytes; /* the session's private memory at most; the weights are not in it */
} ottobit_stats;
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_session_stats(const ottobit_session* s,
                                                              ottobit_stats* out,
                                                              ottobit_error** err);

/* ---- the numeric floor, usable without any model ---- */

#define OTTOBIT_F32 1
#define OTTOBIT_F16 2  /* IEEE 754 binary16 */
#define OTTOBIT_BF16 3 /* the upper half of F32 */
#define OTTOBIT_E4M3 4 /* OCP FP8, finite only (fn); the largest is 448 */
#define OTTOBIT_E5M2 5 /* OCP FP8 */
#define OTTOBIT_E8M0 6 /* scales: 2^(byte-127), 255 is NaN */
#define OTTOBIT_E2M1 7 /* OCP MX FP4; two to a byte, the low half first */
#define OTTOBIT_INT4 8 /* -8 to 7, stored as value + 8; two to a byte, the low half first */
/* A matrix [rows, cols], row after row. Element (r, c) is the number stored at it times (or, under
   scale_inverse, divided by) the scale of its block. All alignments are fine. There is no init
   function: set every field. */
typedef struct ottobit_matrix {
  uint32_t struct_size;
  int32_t dtype; /* OTTOBIT_F32 ... OTTOBIT_INT4 */
  int64_t rows;  /* at most 2^40, as cols */
  int64_t cols;
  int64_t row_bytes;       /* from one row to the next: at least what a row takes */
  int64_t scale_row_bytes; /* the same of scales; not looked at where they have one row */
  int32_t scale_dtype;     /* 0: none; OTTOBIT_F32, _F16, _BF16, _E8M0 or _E4M3 */
  int32_t scale_inverse;   /* 0: multiply; 1: divide */
  int32_t block_rows;      /* 128, 128; or 1, 32; ...; 0: the whole of that dimension, */
  int32_t block_cols;      /*   so that 0, 0 is one scale for all */
  const void* data;
  const void* scales;           /* [ceil(rows / block_rows), ceil(cols / block_cols)], or NULL */
  float matrix_scale;           /* NVFP4: one more, by which every scale is multiplied; 0: none */
  int32_t matrix_scale_inverse; /* 1: by which every scale is divided */
} ottobit_matrix;
/* out[i] = the number that code i means, exactly. n: how many numbers, not bytes. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_decode(ottobit_runtime* rt, int32_t dtype,
                                                       const void* in, size_t n, float* out,
                                                       ottobit_error** err);
/* The nearest code of each number, ties to even. E4M3, E5M2 and E2M1 clamp to the largest number;
   F16 and BF16 overflow to infinity; E8M0 takes the nearest power of two, NaN for a negative
   number; INT4 clamps. NaN stays NaN, but E2M1 and INT4 have none: it becomes 6 and 0. For an odd
   n of these two the last half byte is 0. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_encode(ottobit_runtime* rt, int32_t dtype,
                                                       const float* in, size_t n, void* out,
                                                       ottobit_error** err);
/* out[r, c] = element (r, c), rounded once. out_row_bytes: a multiple of 4, at least 4 * cols. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_dequantize(ottobit_runtime* rt,
                                                           const ottobit_matrix* w, float* out,
                                                           int64_t out_row_bytes,
                                                           ottobit_error** err);
/* y[m, rows] = x[m, cols] * transpose(w): products and sums in f32, x and w as they are. x may be
   of any dtype; y_row_bytes is a multiple of 4, at least 4 * rows. y may not overlap x or w. The
   same bits for any number of threads. c may be NULL; after OTTOBIT_E_CANCELLED y is partly
   written. */
OTTOBIT_API ottobit_status OTTOBIT_CALL ottobit_matmul(ottobit_runtime* rt, int64_t m,
                                                       int32_t x_dtype, const void* x,
                                                       int64_t x_row_bytes, const ottobit_matrix* w,
                                                       float* y, int64_t y_row_bytes,
                                                       ottobit_cancel* c, ottobit_error** err);

#ifdef __cplusplus
}
#endif
#endif /* OTTOBIT_H */
