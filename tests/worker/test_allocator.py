"""What the C library keeps of the memory that a broker frees."""

import platform
import subprocess
import sys

import pytest

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

if sys.argv[1] == "kept":
    keep_freed_memory()
faults = []
thread = threading.Thread(target=measured, args=(faults,))
thread.start()
thread.join()
print(faults[0])
"""


def faults(*arguments: str) -> int:
    """Pages that twenty answers of twelve megabytes took from the system once as many had been sent."""
    ran = subprocess.run([sys.executable, "-c", ANSWERS, *arguments], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told what to keep")
def test_memory_of_answers_that_were_sent_is_used_again() -> None:
    assert faults("kept") < 1000 < faults("as it is")
