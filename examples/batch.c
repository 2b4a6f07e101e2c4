/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to one model side by side, an answer to each as it would be alone:
     batch FOLDER QUESTION... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ottobit.h"

enum { kTokens = 4096, kText = 65536 };

typedef struct answer {
  const char* question;
  char text[kText];
  size_t size;
} answer;

/* {"messages": [{"role": "user", "content": QUESTION}]}, in `chat`; -1 if it is too long. */
static int write_chat(const char* question, char* chat, size_t room) {
  size_t n = (size_t)snprintf(chat, room, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
  for (; *question != 0 && n + 16 < room; ++question) {
    const unsigned char c = (unsigned char)*question;
    if (c == '"' || c == '\\' || c < 0x20) {
      n += (size_t)snprintf(chat + n, room - n, "\\u%04x", c);
    } else {
      chat[n++] = *question;
    }
  }
  snprintf(chat + n, room - n, "\"}]}");
  return *question == 0 ? 0 : -1;
}

/* A session that holds the question, still unread, joins the batch. */
static ottobit_status ask(ottobit_model* m, ottobit_batch* b, answer* a, ottobit_error** e) {
  static char chat[kText];
  static int32_t ids[kTokens];
  ottobit_session* s = NULL;
  size_t n = 0;
  ottobit_status status = OTTOBIT_E_BUFFER;
  if (write_chat(a->question, chat, sizeof chat) == 0 &&
      (status = ottobit_session_create(m, NULL, &s, e)) == OTTOBIT_OK &&
      (status = ottobit_chat_tokens(m, chat, OTTOBIT_NUL, ids, kTokens, &n, e)) == OTTOBIT_OK &&
      (status = ottobit_session_push(s, ids, n, e)) == OTTOBIT_OK) {
    status = ottobit_batch_add(b, s, NULL, a, e);
  }
  ottobit_session_release(s); /* the batch keeps it */
  return status;
}

int main(int argc, char** argv) {
  ottobit_runtime* rt = NULL;
  ottobit_model* m = NULL;
  ottobit_batch* b = NULL;
  ottobit_error* e = NULL;
  ottobit_event event = {sizeof event};
  const int count = argc - 2;
  answer* answers = count > 0 ? calloc((size_t)count, sizeof *answers) : NULL;
  size_t events = 0;
  int failed = answers == NULL;
  if (failed) {
    fprintf(stderr, "usage: batch FOLDER QUESTION...\n");
    return 2;
  }
  failed = ottobit_runtime_create(NULL, &rt, &e) != OTTOBIT_OK ||
           ottobit_model_open(rt, argv[1], OTTOBIT_NUL, NULL, &m, &e) != OTTOBIT_OK ||
           ottobit_batch_create(m, &b, &e) != OTTOBIT_OK;
  for (int i = 0; i < count && !failed; ++i) {
    answers[i].question = argv[i + 2];
    failed = ask(m, b, &answers[i], &e) != OTTOBIT_OK;
  }
  while (!failed && ottobit_batch_step(b, &events, &e) == OTTOBIT_OK) {
    for (size_t i = 0; i < events && !failed; ++i) {
      void* user = NULL;
      failed = ottobit_batch_event(b, i, NULL, &user, &event, &e) != OTTOBIT_OK;
      answer* const a = user;
      if (!failed && event.text_len < kText - a->size) {
        memcpy(a->text + a->size, event.text, event.text_len);
        a->size += event.text_len;
      }
    }
  }
  failed = failed || e != NULL;
  if (failed) {
    fprintf(stderr, "%s\n", ottobit_error_message(e));
  }
  for (int i = 0; i < count && !failed; ++i) {
    printf("%s\n  %s\n", answers[i].question, answers[i].text);
  }
  free(answers);
  ottobit_error_release(e);
  ottobit_batch_release(b);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return failed;
}
