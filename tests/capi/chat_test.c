/* SPDX-License-Identifier: Apache-2.0 */
/* Answers taken apart, from plain C: complete texts, and streams of tokens. */
#include "check.h"

#define MODEL OTTOBIT_EXAMPLES_DIR "/models/otto-mini"
#define ASK "{\"messages\":[{\"role\":\"user\",\"content\":\"Spell bitten backwards.\"}]"
#define TOOLS                                                                                 \
  ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":" \
  "\"object\",\"properties\":{\"k\":{\"type\":\"string\"}}}}}]"
#define CALL \
  "<seed:tool_call>\n<function=f>\n<parameter=k>3</parameter>\n</function>\n</seed:tool_call>"
enum { kMost = 1024 };

static void complete(ottobit_model* m) {
  char json[kMost];
  size_t size = 0;
  ottobit_error* e = NULL;
  check_ok("parse",
           ottobit_chat_parse(m, "<seed:think>hm</seed:think>Hi" CALL "<seed:eos>", OTTOBIT_NUL,
                              json, kMost, &size, &e),
           &e);
  CHECK(strcmp(json,
               "{\"role\":\"assistant\",\"content\":\"Hi\",\"reasoning_content\":\"hm\","
               "\"tool_calls\":[{\"id\":\"call_0\",\"type\":\"function\",\"function\":"
               "{\"name\":\"f\",\"arguments\":\"{\\\"k\\\":3}\"}}]}") == 0);
  check_ok("malformed",
           ottobit_chat_parse(m, "<seed:tool_call>f", OTTOBIT_NUL, json, kMost, &size, &e), &e);
  CHECK(strcmp(json,
               "{\"role\":\"assistant\",\"content\":\"<seed:tool_call>f\",\"notes\":"
               "[\"the tool call is not complete\"]}") == 0);
  check_fails("cap", OTTOBIT_E_BUFFER, "buffer", ottobit_chat_parse(m, "Hi", 2, json, 3, &size, &e),
              &e);
  CHECK(size == strlen("{\"role\":\"assistant\",\"content\":\"Hi\"}"));
}

static ottobit_chat_parser* parser(ottobit_model* m, const char* chat) {
  ottobit_chat_parser* p = NULL;
  ottobit_error* e = NULL;
  check_ok("create", ottobit_chat_parser_create(m, chat, OTTOBIT_NUL, &p, &e), &e);
  return p;
}

/* Takes what is there: "r" thinking, "c" content, "t" calls, "n" notes. */
static void take(ottobit_chat_parser* p, char* out) {
  ottobit_chat_part part;
  ottobit_error* e = NULL;
  ottobit_status rc;
  part.struct_size = sizeof part;
  while ((rc = ottobit_chat_parser_next(p, &part, &e)) == OTTOBIT_OK) {
    CHECK(part.kind >= OTTOBIT_PART_CONTENT && part.kind <= OTTOBIT_PART_NOTE);
    CHECK(strlen(part.text) == part.text_len);
    sprintf(out + strlen(out), "%c%s%s%s%s ", "?crtn"[part.kind], part.name, part.id,
            part.name[0] != '\0' ? ":" : "", part.text);
  }
  CHECK(rc == OTTOBIT_END && e == NULL);
}

static void texts(ottobit_model* m) {
  ottobit_chat_parser* p = parser(m, ASK TOOLS "}");
  ottobit_error* e = NULL;
  char out[kMost] = "";
  const char* text = "<seed:think>hm\n</seed:think>\nHi " CALL;
  size_t i;
  for (i = 0; i < strlen(text); ++i) {
    check_ok("text", ottobit_chat_parser_text(p, text + i, 1, &e), &e);
  }
  take(p, out);
  CHECK(strcmp(out, "rhm cHi  tfcall_0:{\"k\":\"3\"} ") == 0);
  check_fails("both ways", OTTOBIT_E_ARGUMENT, "parser", ottobit_chat_parser_tokens(p, NULL, 0, &e),
              &e);
  check_ok("finish", ottobit_chat_parser_finish(p, &e), &e);
  check_fails("more", OTTOBIT_E_ARGUMENT, "finished", ottobit_chat_parser_text(p, "a", 1, &e), &e);
  ottobit_chat_parser_release(p);
  ottobit_chat_parser_release(NULL);
}

/* The text of one token at a time, as the model would have written it. */
static void feed(ottobit_model* m, ottobit_chat_parser* p, const char* text, uint32_t flags) {
  int32_t ids[kMost];
  size_t n = 0, i;
  ottobit_error* e = NULL;
  check_ok("tokenize", ottobit_tokenize(m, text, OTTOBIT_NUL, flags, ids, kMost, &n, &e), &e);
  for (i = 0; i < n; ++i) {
    check_ok("tokens", ottobit_chat_parser_tokens(p, ids + i, 1, &e), &e);
  }
}

static void tokens(ottobit_model* m) {
  ottobit_chat_parser* p = parser(m, NULL);
  const int32_t bad = 100000;
  ottobit_error* e = NULL;
  char out[kMost] = "";
  char json[kMost];
  size_t size = 0;
  feed(m, p, "<seed:think>", OTTOBIT_TOKENS_SPECIAL);
  feed(m, p, "is </seed:think> a word?", 0);
  feed(m, p, "<seed:cot_budget_reflect>1</seed:cot_budget_reflect>", OTTOBIT_TOKENS_SPECIAL);
  feed(m, p, "</seed:think>h\xc3\xa9<seed:eos>", OTTOBIT_TOKENS_SPECIAL);
  check_fails("id", OTTOBIT_E_ARGUMENT, "100000", ottobit_chat_parser_tokens(p, &bad, 1, &e), &e);
  check_ok("finish", ottobit_chat_parser_finish(p, &e), &e);
  take(p, out);
  CHECK(strcmp(out,
               "ris </seed:think> a word?<seed:cot_budget_reflect>1</seed:cot_budget_reflect> "
               "ch\xc3\xa9 ") == 0);
  check_ok("json", ottobit_chat_parser_json(p, json, kMost, &size, &e), &e);
  CHECK(strstr(json, "\"reasoning_content\":\"is </seed:think> a word?<seed:cot") != NULL);
  ottobit_chat_parser_release(p);
}

static void arguments(ottobit_model* m) {
  ottobit_chat_parser* p = NULL;
  ottobit_error* e = NULL;
  check_fails("model", OTTOBIT_E_ARGUMENT, "model",
              ottobit_chat_parser_create(NULL, NULL, 0, &p, &e), &e);
  check_fails("json", OTTOBIT_E_ARGUMENT, "json", ottobit_chat_parser_create(m, "", 0, &p, &e), &e);
  check_fails("chat", OTTOBIT_E_ARGUMENT, "messages",
              ottobit_chat_parser_create(m, "{}", OTTOBIT_NUL, &p, &e), &e);
  check_fails("out", OTTOBIT_E_ARGUMENT, "out", ottobit_chat_parser_create(m, NULL, 0, NULL, &e),
              &e);
  check_fails("parser", OTTOBIT_E_ARGUMENT, "parser", ottobit_chat_parser_finish(NULL, &e), &e);
  CHECK(p == NULL);
}

int main(void) {
  ottobit_runtime* rt = make_runtime(1);
  ottobit_model* m = NULL;
  ottobit_error* e = NULL;
  check_ok("model_open", ottobit_model_open(rt, MODEL, OTTOBIT_NUL, NULL, &m, &e), &e);
  ottobit_runtime_release(rt);
  if (m == NULL) return 1;
  complete(m);
  texts(m);
  tokens(m);
  arguments(m);
  ottobit_model_release(m);
  return report();
}
