/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ottobit.h"

int main(int argc, char** argv) {
  ottobit_runtime* rt = NULL;
  ottobit_model* m = NULL;
  ottobit_session* s = NULL;
  ottobit_stream* st = NULL;
  ottobit_error* e = NULL;
  ottobit_event event = {sizeof event};
  const char* chat =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Spell bitten backwards.\"}]}";
  static int32_t ids[4096];
  size_t n = 0;

  if (ottobit_runtime_create(NULL, &rt, &e) == OTTOBIT_OK &&
      ottobit_model_open(rt, argc > 1 ? argv[1] : ".", OTTOBIT_NUL, NULL, &m, &e) == OTTOBIT_OK &&
      ottobit_session_create(m, NULL, &s, &e) == OTTOBIT_OK &&
      ottobit_chat_tokens(m, chat, OTTOBIT_NUL, ids, 4096, &n, &e) == OTTOBIT_OK &&
      ottobit_session_append(s, ids, n, NULL, NULL, NULL, &e) == OTTOBIT_OK &&
      ottobit_stream_start(s, NULL, &st, &e) == OTTOBIT_OK) {
    while (ottobit_stream_next(st, &event, &e) == OTTOBIT_OK) {
      fwrite(event.text, 1, event.text_len, stdout);
    }
    putchar('\n');
  }
  const int failed = e != NULL;
  if (failed) {
    fprintf(stderr, "%s\n", ottobit_error_message(e));
  }
  ottobit_error_release(e); /* release(NULL) does nothing, in any order */
  ottobit_stream_release(st);
  ottobit_session_release(s);
  ottobit_model_release(m);
  ottobit_runtime_release(rt);
  return failed;
}
