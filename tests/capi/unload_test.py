#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host that loads the library, uses it on several threads and unloads it, again and again."""
import _ctypes
import ctypes as C
import os
import struct
import unittest

LIBRARY = os.environ["OTTOBIT_LIBRARY"]
ROWS, COLS = 256, 512


def matrix(data):
    """An ottobit_matrix [ROWS, COLS] of float32 without scales."""
    layout = "<IiqqqqiiiiQQfi"
    fields = [struct.calcsize(layout), 1, ROWS, COLS, COLS * 4, 0, 0, 0, 0, 0,
              C.addressof(data), 0, 0.0, 0]
    return struct.pack(layout, *fields)


class Unload(unittest.TestCase):
    def test_rounds(self):
        weights = (C.c_float * (ROWS * COLS))(*[i % 7 for i in range(ROWS * COLS)])
        x = (C.c_float * COLS)(*[1.0] * COLS)
        first = None
        for _ in range(20):
            library = C.CDLL(LIBRARY)
            runtime, y = C.c_void_p(), (C.c_float * ROWS)()
            options = (C.c_uint32 * 32)()
            library.ottobit_runtime_options_init(options, C.c_size_t(64))
            options[2] = 4  # threads
            self.assertEqual(library.ottobit_runtime_create(options, C.byref(runtime), None), 0)
            for _ in range(10):
                status = library.ottobit_matmul(
                    runtime, C.c_int64(1), 1, x, C.c_int64(COLS * 4), matrix(weights), y,
                    C.c_int64(ROWS * 4), None, None)
                self.assertEqual(status, 0)
            library.ottobit_runtime_release(runtime)
            first = first or bytes(y)
            self.assertEqual(bytes(y), first)
            _ctypes.dlclose(library._handle)


if __name__ == "__main__":
    unittest.main()
