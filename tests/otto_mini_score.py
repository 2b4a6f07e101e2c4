#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the bundled model its 360 test questions through the C interface and counts right answers by
task, beside what the transformers library got on the same questions. A command of its own, for it
says more about the model than about the library:

  cmake -P cmake/score.cmake
"""
import ctypes as C
import json
import os

from library import NUL, PTR, ROOT, call, library

MODEL = os.path.join(ROOT, "examples", "models", "otto-mini")


class Event(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("finish", C.c_int32), ("token", C.c_int32),
                ("logprob", C.c_float), ("text", PTR), ("text_len", C.c_size_t)]


def answer(model, chat):
    session, stream, event = PTR(), PTR(), Event(struct_size=C.sizeof(Event))
    ids, n = (C.c_int32 * 1024)(), C.c_size_t()
    call("session_create", model, None, C.byref(session))
    call("chat_tokens", model, json.dumps(chat).encode(), NUL, ids, C.c_size_t(1024), C.byref(n))
    call("session_append", session, ids, n, None, None, None)
    call("stream_start", session, None, C.byref(stream))
    text = b""
    while call("stream_next", stream, C.byref(event)) == 0:
        text += C.string_at(event.text, event.text_len)
    library.ottobit_stream_release(stream)
    library.ottobit_session_release(session)
    return text.decode()


def main():
    with open(os.path.join(MODEL, "questions.json"), encoding="utf-8") as file:
        questions = json.load(file)
    runtime, model = PTR(), PTR()
    call("runtime_create", None, C.byref(runtime))
    call("model_open", runtime, MODEL.encode(), NUL, None, C.byref(model))
    tasks = list(questions["score"])
    print("right answers, and the makers' share on the same questions\n")
    print(f"{'':10}{'thinking':>22}{'without':>22}")
    for task in tasks:
        asked = [q for q in questions["test"] if q["task"] == task]
        line = f"{task:10}"
        for name, budget in (("thinking", {}), ("budget_0", {"thinking_budget": 0})):
            right = sum(
                answer(model, {"messages": [{"role": "user", "content": q["question"]}], **budget})
                .endswith(q["expected"]) for q in asked)
            line += f"{right:8} of {len(asked)} ({questions['score'][task][name]:4.0%})"
        print(line)
    library.ottobit_model_release(model)
    library.ottobit_runtime_release(runtime)


if __name__ == "__main__":
    main()
