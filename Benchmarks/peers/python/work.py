# SPDX-License-Identifier: Apache-2.0
"""What an item does, in C. A call gives the interpreter's lock up, so that items run side by side."""

import ctypes
import os

_library = ctypes.CDLL(os.environ["PYTHON_PEERS_WORK"])
_library.item.argtypes = [ctypes.c_uint64]
_library.item.restype = ctypes.c_uint64
_library.item_sizes.argtypes = [ctypes.c_uint64] * 4
_library.item_sizes.restype = None

item = _library.item


def set_sizes(job):
    """Before a pass."""
    every, times = job.tail or (0, 1)
    head = times if every == 1 else 1
    if job.slow_head is not None:
        head = job.slow_head
    _library.item_sizes(job.steps, job.steps * head, job.steps * times, every)
