/* SPDX-License-Identifier: Apache-2.0
 * A conversation with a model on the C interface alone, in C99:
 *   chat MODEL          then one message a line, until the end of the input
 * The whole conversation goes through the model's chat template at each turn; the session computes
 * only what it has not seen yet. Errors go to one place, and release(NULL) does nothing, so that
 * there is one way out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ottobit.h"

#define MAX_TOKENS 65536
#define MAX_TEXT (1U << 20)

static int32_t ids[MAX_TOKENS];
static char chat[MAX_TEXT]; /* {"messages":[ ... ; closed by "]}" for each call */
static size_t chat_len;

/* Appends text to the chat JSON, as the inside of a JSON string if `quote`; 0 when it is full. */
static int put(const char* text, size_t n, int quote) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const unsigned char c = (unsigned char)text[i];
    if (chat_len + 16 > MAX_TEXT) {
      return 0;
    }
    if (quote && (c < 0x20 || c == '"' || c == '\\')) {
      chat_len += (size_t)sprintf(chat + chat_len, "\\u%04x", c);
    } else {
      chat[chat_len++] = text[i];
    }
  }
  return 1;
}

static int put_message(const char* role, const char* content, size_t n) {
  const char* head = chat[chat_len - 1] == '[' ? "{\"role\":\"" : ",{\"role\":\"";
  return put(head, strlen(head), 0) && put(role, strlen(role), 0) &&
         put("\",\"content\":\"", 13, 0) && put(content, n, 1) && put("\"}", 2, 0);
}

/* The token that ends the thinking, -1 if this model has none of the usual names for it. */
static int32_t thinking_end(const ottobit_model* model) {
  static const char* const names[] = {"</seed:think>", "</think>"};
  size_t i, n;
  int32_t id[32];
  for (i = 0; i < sizeof names / sizeof names[0]; ++i) {
    if (ottobit_tokenize(model, names[i], OTTOBIT_NUL, OTTOBIT_TOKENS_SPECIAL, id, 32, &n, NULL) ==
            0 &&
        n == 1) {
      return id[0];
    }
  }
  return -1;
}

/* Generates an answer to what is in the session, prints it, and puts the part after the thinking
 * into the conversation. */
static ottobit_status reply(ottobit_session* session, int32_t end_of_thinking,
                            ottobit_error** error) {
  static char answer[MAX_TEXT];
  size_t length = 0;
  ottobit_stream* stream = NULL;
  ottobit_event event;
  ottobit_status status = ottobit_stream_start(session, NULL, &stream, error);
  event.struct_size = sizeof event;
  while (status == OTTOBIT_OK) {
    status = ottobit_stream_next(stream, &event, error);
    if (status != OTTOBIT_OK) {
      break;
    }
    fwrite(event.text, 1, event.text_len, stdout);
    fflush(stdout);
    if (event.token >= 0 && event.token == end_of_thinking) {
      length = 0;
      fputs("\n", stdout);
    } else if (event.text_len < MAX_TEXT - length) {
      memcpy(answer + length, event.text, event.text_len);
      length += event.text_len;
    }
  }
  fputs("\n", stdout);
  ottobit_stream_release(stream);
  return status < 0 || put_message("assistant", answer, length) ? status : OTTOBIT_E_CONTEXT;
}

int main(int argc, char** argv) {
  ottobit_runtime* runtime = NULL;
  ottobit_model* model = NULL;
  ottobit_session* session = NULL;
  ottobit_error* error = NULL;
  ottobit_status status = 0;
  size_t n = 0;
  int32_t marker;
  char line[4096];
  if (argc != 2) {
    fprintf(stderr, "usage: %s MODEL\n", argv[0]);
    return 2;
  }
  if ((status = ottobit_runtime_create(NULL, &runtime, &error)) < 0 ||
      (status = ottobit_model_open(runtime, argv[1], OTTOBIT_NUL, NULL, &model, &error)) < 0 ||
      (status = ottobit_session_create(model, NULL, &session, &error)) < 0) {
    goto done;
  }
  marker = thinking_end(model);
  put("{\"messages\":[", 13, 0);
  while (status >= 0 && fgets(line, sizeof line, stdin) != NULL) {
    if (!put_message("user", line, strcspn(line, "\n")) || chat_len + 2 > MAX_TEXT) {
      status = OTTOBIT_E_CONTEXT;
      break;
    }
    memcpy(chat + chat_len, "]}", 2); /* not counted: the next message takes its place */
    if ((status = ottobit_chat_tokens(model, chat, chat_len + 2, ids, MAX_TOKENS, &n, &error)) >=
            0 &&
        (status = ottobit_session_set(session, ids, n, NULL, NULL, NULL, NULL, &error)) >= 0) {
      status = reply(session, marker, &error);
    }
  }
done:
  if (status < 0) {
    fprintf(stderr, "%s\n",
            error != NULL ? ottobit_error_message(error) : ottobit_status_name(status));
  }
  ottobit_error_release(error);
  ottobit_session_release(session);
  ottobit_model_release(model);
  ottobit_runtime_release(runtime);
  return status < 0 ? 1 : 0;
}
