"""What the C library keeps of the memory that a broker frees."""

import ctypes
from typing import Final

KEPT_BYTES: Final = 64 * 1024 * 1024
"""More than one answer may bring (`fetch.max.bytes`)."""

LARGEST_BYTES: Final = 4 * 1024 * 1024
"""Larger buffers are mapped for themselves: a request that arrives moves then as its buffer grows, and leaves no hole
of its former size behind. What an answer brings of one partition is smaller, unless `max.partition.fetch.bytes` is
raised."""

# The numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def keep_freed_memory() -> None:
    """Let buffers of answers be used again instead of going back to the system, where the C library can be told.

    By its defaults glibc gives the pages of an answer of some megabytes back as soon as it is sent, and each page of
    the next one is a fault: half of what a broker computes that serves readers of old records.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, LARGEST_BYTES)
