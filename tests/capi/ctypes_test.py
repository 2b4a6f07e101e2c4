#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C interface from another language: Python's ctypes against the shared library, without any
helper of ours. Struct layouts are written down a second time here, from the header."""
import ctypes as C
import json
import os
import unittest

LIBRARY = os.environ["OTTOBIT_LIBRARY"]
MODEL = os.path.join(os.environ["OTTOBIT_EXAMPLES_DIR"], "models", "otto-mini")
NUL = C.c_size_t(-1).value
U32, I32, U64, I64, F32, F64, SIZE, PTR, TEXT = (
    C.c_uint32, C.c_int32, C.c_uint64, C.c_int64, C.c_float, C.c_double, C.c_size_t, C.c_void_p,
    C.c_char_p)


def struct(name, text):
    kinds = {"u32": U32, "i32": I32, "u64": U64, "i64": I64, "f32": F32, "f64": F64, "size": SIZE,
             "ptr": PTR, "text": TEXT}
    fields = [(n, kinds[k]) for k, names in (part.split(":") for part in text.split(";"))
              for n in names.split()]
    return type(name, (C.Structure,), {"_fields_": fields})


RuntimeOptions = struct("RuntimeOptions", (
    "u32:struct_size flags;i32:threads log_level;text:isa_cap settings_json;"
    "ptr:allocator thread_hooks log log_user"))
ModelOptions = struct("ModelOptions", (
    "u32:struct_size flags;u64:memory_limit;text:settings_json;ptr:cancel progress progress_user"))
SessionOptions = struct("SessionOptions", (
    "u32:struct_size flags;i32:context kv_dtype micro_batch on_overflow keep_first compute;"
    "text:settings_json"))
GenerateOptions = struct("GenerateOptions", (
    "u32:struct_size flags;u64:seed;i32:max_tokens top_k;f32:temperature top_p min_p typical_p "
    "repetition_penalty frequency_penalty presence_penalty;i32:penalty_window;f32:dry_multiplier "
    "dry_base;i32:dry_allowed;f32:xtc_probability xtc_threshold;i32:mirostat;f32:mirostat_tau "
    "mirostat_eta;i32:logprobs reserved0;size:stop_count;ptr:stop;size:bias_count;"
    "ptr:bias_ids bias_values grammar cancel logits logits_user;text:settings_json;"
    "i32:thinking_budget reserved1;size:dry_breaker_count;ptr:dry_breakers"))
Event = struct("Event", (
    "u32:struct_size;i32:finish token;f32:logprob;ptr:text;size:text_len;ptr:top_ids top_logprobs;"
    "size:top_count;u64:seed"))
Stats = struct("Stats", (
    "u32:struct_size reserved0;u64:prompt_tokens prompt_reused generated_tokens drafted_tokens "
    "accepted_tokens;f64:load_seconds prompt_seconds decode_seconds;u64:kv_bytes peak_bytes"))
Matrix = struct("Matrix", (
    "u32:struct_size;i32:dtype;i64:rows cols row_bytes scale_row_bytes;i32:scale_dtype "
    "scale_inverse block_rows block_cols;ptr:data scales"))

library = C.CDLL(LIBRARY)
for function in ("error_message", "error_subject", "status_name", "version_text", "cpu_json",
                 "build_json", "runtime_isa"):
    getattr(library, "ottobit_" + function).restype = TEXT
library.ottobit_session_length.restype = SIZE
library.ottobit_version.restype = U32


class Failure(Exception):
    def __init__(self, status, subject, message):
        super().__init__(message)
        self.status, self.subject = status, subject


def call(name, *arguments):
    """Appends the `err` parameter; raises what comes back in it."""
    error = PTR()
    status = getattr(library, "ottobit_" + name)(*arguments, C.byref(error))
    if status < 0:
        subject = library.ottobit_error_subject(error).decode()
        message = library.ottobit_error_message(error).decode()
        assert library.ottobit_error_code(error) == status
        library.ottobit_error_release(error)
        raise Failure(status, subject, message)
    assert not error
    return status


def options(kind, name, **values):
    result = kind()
    status = getattr(library, f"ottobit_{name}_init")(C.byref(result), SIZE(C.sizeof(kind)))
    assert status == 0 and result.struct_size == C.sizeof(kind)
    for field, value in values.items():
        setattr(result, field, value)
    return result


class Handles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runtime, cls.model = PTR(), PTR()
        call("runtime_create", C.byref(options(RuntimeOptions, "runtime_options", threads=2)),
             C.byref(cls.runtime))
        call("model_open", cls.runtime, MODEL.encode(), SIZE(NUL), None, C.byref(cls.model))

    @classmethod
    def tearDownClass(cls):
        library.ottobit_runtime_release(cls.runtime)
        library.ottobit_model_release(cls.model)

    def session(self, **values):
        session = PTR()
        call("session_create", self.model,
             C.byref(options(SessionOptions, "session_options", **values)), C.byref(session))
        self.addCleanup(library.ottobit_session_release, session)
        return session

    def array(self, name, kind, *arguments):
        need = SIZE()
        call(name, *arguments, None, SIZE(0), C.byref(need))
        result = (kind * need.value)()
        call(name, *arguments, result, need, None)
        return result

    def test_layouts(self):
        # The sizes of 64-bit systems; on 32-bit ones pointers take less.
        if C.sizeof(PTR) == 8:
            sizes = [C.sizeof(kind) for kind in (RuntimeOptions, ModelOptions, SessionOptions,
                                                 GenerateOptions, Event, Stats, Matrix)]
            self.assertEqual(sizes, [64, 48, 40, 200, 64, 88, 72])
            self.assertEqual(GenerateOptions.stop_count.offset, 96)
            self.assertEqual(Event.seed.offset, 56)

    def test_chat_answers_the_fixed_questions(self):
        with open(os.path.join(MODEL, "questions.json"), encoding="utf-8") as file:
            fixed = json.load(file)["fixed"]
        for question in fixed:
            chat = json.dumps({"messages": [{"role": "user", "content": question["question"]}]})
            prompt = self.array("chat_tokens", I32, self.model, chat.encode(), SIZE(NUL))
            self.assertEqual(list(prompt), question["prompt_ids"])
            for compute in (0, 1):
                session = self.session(compute=compute)
                call("session_append", session, prompt, SIZE(len(prompt)), None, None, None)
                stream, event = PTR(), Event(struct_size=C.sizeof(Event))
                call("stream_start", session, None, C.byref(stream))
                ids, text = [], b""
                while call("stream_next", stream, C.byref(event)) == 0:
                    text += C.string_at(event.text, event.text_len)
                    if event.finish == 0:
                        ids.append(event.token)
                library.ottobit_stream_release(stream)
                self.assertEqual(event.finish, 1)
                self.assertEqual(ids, question["ids"])
                self.assertTrue(text.decode().endswith(question["answer"]), text)

    def test_logprobs(self):
        session = self.session()
        call("session_append", session, (I32 * 3)(1, 2, 3), SIZE(3), None, None, None)
        stream, event = PTR(), Event(struct_size=C.sizeof(Event))
        wish = options(GenerateOptions, "generate_options", logprobs=4, max_tokens=1)
        call("stream_start", session, C.byref(wish), C.byref(stream))
        self.assertEqual(call("stream_next", stream, C.byref(event)), 0)
        self.assertEqual(event.top_count, 4)
        ids = list(C.cast(event.top_ids, C.POINTER(I32))[:4])
        values = list(C.cast(event.top_logprobs, C.POINTER(F32))[:4])
        self.assertEqual(ids[0], event.token)
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertEqual(values[0], event.logprob)
        library.ottobit_stream_release(stream)

    def test_an_older_struct_is_filled_as_far_as_it_goes(self):
        session = self.session()
        call("session_append", session, (I32 * 1)(1), SIZE(1), None, None, None)
        event, stream = Event(struct_size=Event.seed.offset, seed=7), PTR()
        call("stream_start", session, None, C.byref(stream))
        call("stream_next", stream, C.byref(event))
        self.assertEqual(event.seed, 7)
        library.ottobit_stream_release(stream)

    def test_errors_name_their_subject(self):
        with self.assertRaises(Failure) as caught:
            call("model_open", self.runtime, b"/nowhere", SIZE(NUL), None, C.byref(PTR()))
        self.assertEqual(caught.exception.status, -4)
        self.assertIn("nowhere", caught.exception.subject)

    def test_log_lines_go_to_the_host_and_nowhere_else(self):
        lines = []
        kind = C.CFUNCTYPE(None, I32, TEXT, PTR, SIZE, PTR)
        keep = kind(lambda level, area, text, size, user: lines.append(
            (level, area, C.string_at(text, size).decode())))
        runtime = PTR()
        wish = options(RuntimeOptions, "runtime_options", log_level=3, log=C.cast(keep, PTR).value)
        call("runtime_create", C.byref(wish), C.byref(runtime))
        library.ottobit_runtime_release(runtime)
        self.assertEqual(lines[0][:2], (3, b"runtime"))

    def test_progress_cancels(self):
        kind = C.CFUNCTYPE(I32, I32, U64, U64, PTR)
        stop = kind(lambda phase, done, total, user: 1)
        session = self.session(micro_batch=16)
        ids = (I32 * 200)(*([5] * 200))
        with self.assertRaises(Failure) as caught:
            call("session_append", session, ids, SIZE(200), None, stop, None)
        self.assertEqual(caught.exception.status, -8)
        length = library.ottobit_session_length(session)
        self.assertTrue(length < 200 and length % 16 == 0, length)
        call("session_append", session, ids, SIZE(1), None, None, None)

    def test_json(self):
        for name in ("cpu_json", "build_json"):
            self.assertIsInstance(json.loads(getattr(library, "ottobit_" + name)()), dict)
        described = json.loads(bytes(self.array("model_json", C.c_char, self.model)))
        self.assertEqual(described["family"], "seed_oss")
        self.assertEqual(described["format"], "FP8 E4M3, 128x128, scales UE8M0")

    def test_a_product(self):
        weights = (C.c_uint8 * 4)(0x38, 0x40, 0xB8, 0x30)  # 1, 2, -1, 0.5
        scales, x, y = (F32 * 1)(3), (F32 * 2)(10, 100), (F32 * 2)()
        w = Matrix(struct_size=C.sizeof(Matrix), dtype=4, rows=2, cols=2, row_bytes=2,
                   scale_row_bytes=4, scale_dtype=1, block_rows=128, block_cols=128,
                   data=C.addressof(weights), scales=C.addressof(scales))
        call("matmul", self.runtime, I64(1), 1, x, I64(8), C.byref(w), y, I64(8), None)
        self.assertEqual(list(y), [630.0, 120.0])


if __name__ == "__main__":
    unittest.main()
