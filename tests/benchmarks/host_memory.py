"""Memory that the host of a virtual machine takes back while it is free.

With free page reporting the host gets free memory within seconds, and gives it again page by page when it is touched:
writing a file then costs ten times the CPU (1.5 s a GB instead of 0.17 were seen). What a cluster writes fast and what
it writes slowly would cost the same.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

DEVICES: Final = Path("/sys/bus/virtio/devices")
BALLOON, REPORTING = 5, 5
"""The virtio device that reports free pages, and the number of that feature of it."""

SHARE: Final = 0.8
"""Of the free memory, what is kept usable."""
APART: Final = 4 << 20
"""The kernel reports blocks of 8 MiB that are wholly free, so a page in use every 4 MiB keeps all of them from it."""
AT_ONCE: Final = 256 << 20


def taken_back(devices: Path = DEVICES) -> bool:
    """Whether the host of this machine takes free memory back."""
    return any(
        int((device / "device").read_text(), 16) == BALLOON and (device / "features").read_text()[REPORTING] == "1"
        for device in devices.glob("*")
    )


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Have most of the free memory from the host, and let it stay with this machine, free, until the end."""
    if not taken_back():
        yield
        return
    size = int(psutil.virtual_memory().free * SHARE) // APART * APART
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for start in range(0, size, AT_ONCE):
            end = min(size, start + AT_ONCE)
            memory[start : end : mmap.PAGESIZE] = bytes((end - start) // mmap.PAGESIZE)
        for start in range(0, size, APART):
            memory.madvise(mmap.MADV_DONTNEED, start + mmap.PAGESIZE, APART - mmap.PAGESIZE)
        yield
