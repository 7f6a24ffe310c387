"""What looks at real processes tell: which of them hang, and which are busy."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.worker.vitals import Vitals
from tests.support.patience import until

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system tells no states of threads")

ASLEEP = "import threading; threading.Event().wait()"
SPINNING_ASIDE = """
import threading

def spin():
    while True:
        pass

threading.Thread(target=spin).start()
"""


@contextmanager
def python(program: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        yield process
        process.kill()


def look(process: subprocess.Popen[bytes]) -> Vitals:
    vitals = Vitals.of(process.pid)
    assert vitals is not None
    return vitals


def hangs(process: subprocess.Popen[bytes]) -> bool:
    before = look(process)
    return look(process).hangs(before)


def has_computed(process: subprocess.Popen[bytes], cpu_s: float) -> bool:
    return look(process).cpu_s >= cpu_s


def test_a_process_that_sleeps_hangs() -> None:
    with python(ASLEEP) as process:
        until(lambda: hangs(process), "it sleeps")


def test_a_process_of_which_one_thread_computes_does_not_hang_until_it_is_stopped() -> None:
    with python(SPINNING_ASIDE) as process:
        until(lambda: has_computed(process, 0.2), "it computes")
        looks = [look(process)]
        while looks[-1].cpu_s < 0.6:
            looks.append(look(process))
        assert not any(each.rests for each in looks)
        process.send_signal(signal.SIGSTOP)
        until(lambda: hangs(process), "it is stopped")


def test_of_a_process_that_is_gone_nothing_is_to_be_seen() -> None:
    with python("") as process:
        process.wait()
        assert Vitals.of(process.pid) is None
