# SPDX-License-Identifier: Apache-2.0
"""Alters model folders one thing at a time, each config key and each tensor, and opens them.

  python3 tests/capi/mutations_test.py [--every N] [FOLDER...]      by default all of tests/data

The library (OTTOBIT_LIBRARY, else build/release/libottobit.so) may refuse, by an error that is
neither internal nor about memory, or compute. Anything else ends the script with status 1: a crash,
a hang, an internal error, output. `accepted and other logits` are listed by key with -v: a person
judges whether such a value may have a meaning. --every N takes one mutation of N: 40 by default, for a
sample; 1 takes some minutes.
"""
import argparse
import collections
import ctypes as C
import glob
import json
import os
import select
import struct
import sys
import tempfile

INTERNAL, MEMORY = -18, -3
LIMIT = 20  # seconds for one folder
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GONE = object()
VALUES = [None, True, False, 0, 1, -1, 2, 3, 7, 2**31, 2**63, -2**63, 1e300, 1e-300, 0.5, -0.5, "", "x",
          [], [0], {}, {"x": 1}, GONE]


def variants(value):
    """What takes the place of a value."""
    own = []
    if isinstance(value, bool):
        own = [not value]
    elif isinstance(value, (int, float)):
        own = [-value, value + 1, value * 2, float(value), str(value), [value]]
    elif isinstance(value, str):
        own = [value + "x", value.upper(), [value]]
    elif isinstance(value, list):
        own = [value[:-1], value + value[-1:], value[::-1], dict.fromkeys(map(str, value), 1)]
    return own + [v for v in VALUES if v is GONE or type(v) is not type(value) or v != value]


def paths(node, above=()):
    """Every member and every first and last element of a JSON value."""
    if isinstance(node, dict):
        members = list(node.items())
    elif isinstance(node, list):
        members = list(enumerate(node))[:: max(1, len(node) - 1)]
    else:
        return
    for key, value in members:
        yield above + (key,)
        yield from paths(value, above + (key,))


def with_value(node, path, value):
    key, *rest = path
    node = dict(node) if isinstance(node, dict) else list(node)
    if rest:
        node[key] = with_value(node[key], rest, value)
    elif value is GONE:
        del node[key]
    else:
        node[key] = value
    return node


def at(node, path):
    for key in path:
        node = node[key]
    return node


class Weights:
    """One safetensors file, and altered copies of it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            self.header = json.loads(file.read(size))
            self.data = file.read()

    def written(self, header, data=None):
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + (self.data if data is None else data)

    def mutations(self):
        """(what was done, bytes of the file)"""
        for name, entry in self.header.items():
            if name == "__metadata__":
                continue
            others = {n: e for n, e in self.header.items() if n != name}

            def put(shape=None, dtype=None):
                new = dict(entry, shape=shape or entry["shape"], dtype=dtype or entry["dtype"])
                return self.written(dict(others, **{name: new}))

            begin, end = entry["data_offsets"]
            shape = entry["shape"]
            yield name + " renamed", self.written(dict(others, **{name + "_": entry}))
            yield name + " dropped", self.without(name)
            yield name + " flat", put([1] + shape)
            yield name + " cut", self.cut(name)
            if len(shape) > 1:
                yield name + " transposed", put(shape[::-1])
            for dtypes in (("BF16", "F16", "I16"), ("F32", "I32"), ("U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0")):
                for dtype in dtypes:
                    if entry["dtype"] in dtypes and entry["dtype"] != dtype:
                        yield f"{name} as {dtype}", put(dtype=dtype)
            poison = {"F32": 4, "BF16": 2, "F16": 2}.get(entry["dtype"])
            if poison:
                data = bytearray(self.data)
                data[begin : begin + poison] = b"\xff" * (poison - 1) + b"\x7f"
                yield name + " with a NaN", self.written(self.header, data)

    def without(self, name):
        return self.rebuilt({n: e for n, e in self.header.items() if n != name})

    def cut(self, name):
        """One row less."""
        entry = dict(self.header[name])
        if not entry["shape"] or entry["shape"][0] < 2:
            return self.without(name)
        begin, end = entry["data_offsets"]
        rows = entry["shape"][0]
        entry["shape"] = [rows - 1] + entry["shape"][1:]
        entry["data_offsets"] = [begin, begin + (end - begin) // rows * (rows - 1)]
        return self.rebuilt(dict(self.header, **{name: entry}))

    def rebuilt(self, header):
        out, data = {}, []
        size = 0
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                data.append(self.data[begin:end])
                entry = dict(entry, data_offsets=[size, size + end - begin])
                size += end - begin
            out[name] = entry
        return self.written(out, b"".join(data))


def mutations(folder):
    """(name, file, bytes) of all that is done to a folder; the first changes nothing."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    yield "as it is", "config.json", json.dumps(config).encode()
    for path in paths(config):
        for value in variants(at(config, path)):
            text = "gone" if value is GONE else json.dumps(value)
            yield (".".join(map(str, path)) + " = " + text, "config.json",
                   json.dumps(with_value(config, path, value)).encode())
    for path in glob.glob(os.path.join(folder, "*.safetensors")):
        name = os.path.basename(path)
        for what, data in Weights(path).mutations():
            yield what, name, data
        with open(path, "rb") as file:
            data = file.read()
        for part in (0, 7, 8, 100, len(data) // 2, len(data) - 1):
            yield f"{part} bytes", name, data[:part]


class Library:
    def __init__(self):
        sys.path.insert(0, TESTS)
        import library

        self.library = library.library
        self.runtime = C.c_void_p()
        self.library.ottobit_runtime_create(None, C.byref(self.runtime), None)

    def result(self, folder):
        """(status, message) of opening and of six tokens, or (0, their logits)."""
        model, session, error, need = C.c_void_p(), C.c_void_p(), C.c_void_p(), C.c_size_t()
        lib = self.library
        ids = (C.c_int32 * 6)(1, 7, 30, 2, 99, 5)
        room = C.c_size_t(1 << 20)
        logits = (C.c_float * (1 << 20))()
        try:
            status = lib.ottobit_model_open(self.runtime, folder.encode(), C.c_size_t(-1), None, C.byref(model),
                                            C.byref(error))
            if status == 0:
                status = lib.ottobit_session_create(model, None, C.byref(session), C.byref(error))
            if status == 0:
                status = lib.ottobit_session_append(session, ids, C.c_size_t(6), None, None, None, C.byref(error))
            if status == 0:
                status = lib.ottobit_session_logits(session, logits, room, C.byref(need), C.byref(error))
            if status == 0:
                return 0, bytes(memoryview(logits)[: need.value].cast("B")).hex()[:4096]
            return status, lib.ottobit_error_message(error).decode("utf-8", "replace")
        finally:
            lib.ottobit_error_release(error)
            lib.ottobit_session_release(session)
            lib.ottobit_model_release(model)


def work(folder, first, every, pipe):
    """In a child: a line of JSON for each mutation from `first` on, before and after it."""
    lib = Library()
    with tempfile.TemporaryDirectory() as copy, os.fdopen(pipe, "w") as out:
        for entry in os.listdir(folder):
            os.symlink(os.path.abspath(os.path.join(folder, entry)), os.path.join(copy, entry))
        for number, (what, name, data) in enumerate(mutations(folder)):
            if number < first or (number % every and number > 0):
                continue
            print(json.dumps([number, what]), file=out, flush=True)
            path = os.path.join(copy, name)
            os.remove(path)
            with open(path, "wb") as file:
                file.write(data)
            print(json.dumps(lib.result(copy)), file=out, flush=True)
            os.remove(path)
            os.symlink(os.path.abspath(os.path.join(folder, name)), path)


def results(folder, every):
    """(what was done, status, message or logits) of each mutation; status None: the child died."""
    first = 0
    while first is not None:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                work(folder, first, every, write)
            finally:
                os._exit(0)
        os.close(write)
        first, pending = None, None
        with os.fdopen(read, "rb", buffering=0) as lines:
            buffer = b""
            while select.select([lines], [], [], LIMIT)[0]:
                chunk = os.read(lines.fileno(), 1 << 16)
                if not chunk:
                    break
                buffer += chunk
                *whole, buffer = buffer.split(b"\n")
                for line in map(json.loads, whole):
                    if pending is None:
                        pending = line
                    else:
                        yield pending[1], line[0], line[1]
                        pending = None
            else:
                os.kill(child, 9)
        status = os.waitpid(child, 0)[1]
        if pending is not None:
            yield pending[1], None, f"the process ended with {status}" if status != 9 else "it hangs"
            first = pending[0] + 1


def judge(folder, every, verbose):
    counts, bad = collections.Counter(), []
    accepted = collections.defaultdict(list)
    original = None
    for what, status, text in results(folder, every):
        if original is None:
            original = text
            if status != 0:
                sys.exit(f"{folder}: {text}")
        key = what.split(" = ")[0].split(" ")[0].split(".")[-1]
        if status is None or status in (INTERNAL, MEMORY):
            bad.append(f"{what}: {text}")
            kind = "bad"
        elif status == 0:
            kind = "the same logits" if text == original else "accepted and other logits"
            if text != original:
                accepted[what.split(" = ")[0]].append(what.split(" = ")[-1])
        else:
            named = key in text or what.split(" ")[0] in text
            kind = "refused by name" if named else "refused"
            if not named and verbose > 1:
                print(f"  {what}: {text}")
        counts[kind] += 1
    print(f"{os.path.basename(folder)}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())), flush=True)
    for line in bad:
        print("  " + line)
    for path, values in accepted.items() if verbose else ():
        print(f"  {path}: {', '.join(values)}")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=40)
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("folders", nargs="*")
    given = parser.parse_args()
    folders = given.folders or [f for f in sorted(glob.glob(os.path.join(TESTS, "data", "*")))
                                if glob.glob(os.path.join(f, "*.safetensors"))]
    total = collections.Counter()
    for folder in folders:
        total += judge(folder, given.every, given.verbose)
    print(f"{sum(total.values())} mutations: " + ", ".join(f"{n} {kind}" for kind, n in sorted(total.items())))
    return 1 if total["bad"] else 0


if __name__ == "__main__":
    sys.exit(main())
