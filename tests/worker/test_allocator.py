"""What the C library keeps of the memory that a broker frees."""

import platform
import subprocess
import sys

import pytest

from cluster.worker.allocator import KEPT_BYTES

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told what to keep")

IN_A_THREAD = """
if sys.argv[1] == "kept":
    keep_freed_memory()
found = []
thread = threading.Thread(target=measured, args=(found,))
thread.start()
thread.join()
print(found[0])
"""

ANSWERS = """
import resource, sys, threading
from cluster.worker.allocator import keep_freed_memory

def answer():
    for _ in range(20):
        parts = [bytes(1_000_000) for _ in range(12)]
        del parts

def measured(out):
    answer()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    answer()
    out.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

REQUESTS = """
import psutil, sys, threading
from cluster.protocol.connection import ServerConnection
from cluster.worker.allocator import keep_freed_memory

def measured(out):
    wires = [ServerConnection(100 << 20) for _ in range(16)]
    before = psutil.Process().memory_info().rss
    size = 0
    while size < 24 << 20:
        for wire in wires:
            room = wire.get_buffer(-1)
            piece = min(len(room), 1 << 16)
            room[:piece] = ((100 << 20) - 4).to_bytes(4, "big") + bytes(piece - 4) if not size else bytes(piece)
            del room
            wire.buffer_updated(piece)
        size = wires[0].arrived_bytes
    held = sum(wire.held_bytes for wire in wires)
    out.append(psutil.Process().memory_info().rss - before - held)
"""


def measured(program: str, setting: str) -> int:
    """What one of these programs finds in a process of its own."""
    command = [sys.executable, "-c", program + IN_A_THREAD, setting]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(ran.stdout)


def test_memory_of_answers_that_were_sent_is_used_again() -> None:
    faults = {setting: measured(ANSWERS, setting) for setting in ("kept", "as it is")}
    assert faults["kept"] < 1000 < faults["as it is"]


def test_requests_that_arrive_side_by_side_take_little_more_than_they_hold() -> None:
    assert measured(REQUESTS, "kept") < KEPT_BYTES
