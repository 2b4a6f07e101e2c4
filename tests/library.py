# SPDX-License-Identifier: Apache-2.0
"""The C interface by ctypes, for scripts beside the tests."""
import ctypes as C
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.environ.get("OTTOBIT_LIBRARY", os.path.join(ROOT, "build/release/libottobit.so"))
NUL = C.c_size_t(-1)  # texts end with a NUL byte
PTR = C.c_void_p

library = C.CDLL(LIBRARY)
library.ottobit_error_message.restype = C.c_char_p
library.ottobit_error_message.argtypes = [PTR]


def call(name, *arguments):
    """The status of ottobit_NAME; ends the script where it fails."""
    error = PTR()
    status = getattr(library, "ottobit_" + name)(*arguments, C.byref(error))
    if status < 0:
        sys.exit(f"{name}: {library.ottobit_error_message(error).decode()}")
    return status
