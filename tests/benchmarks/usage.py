"""What processes use: CPU seconds and memory, over all processes of a cluster."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psutil

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """In MiB. PSS counts a page that n processes share as an n-th for each, so it adds up; RSS counts it n times."""

    pss: float
    rss: float


def memory(processes: Iterable[psutil.Process]) -> Memory:
    pss = rss = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            info = process.memory_full_info()
            pss += info.pss
            rss += info.rss
    return Memory(pss / MIB, rss / MIB)


def cpu_seconds(processes: Iterable[psutil.Process]) -> dict[int, float]:
    """User and system time of each, by pid."""
    used = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used[process.pid] = times.user + times.system
    return used


@dataclass(slots=True)
class Consumed:
    """CPU seconds that a cluster used over so many seconds of the wall clock."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def cores(self) -> float:
        return self.cpu_s / self.wall_s if self.wall_s else 0.0


@contextlib.contextmanager
def cpu_of(processes: Callable[[], Sequence[psutil.Process]]) -> Iterator[Consumed]:
    """Filled when the body has ended. A process that began in between counts from its start."""
    consumed, began, before = Consumed(), time.monotonic(), cpu_seconds(processes())
    yield consumed
    after = cpu_seconds(processes())
    consumed.cpu_s = sum(used - before.get(pid, 0.0) for pid, used in after.items())
    consumed.wall_s = time.monotonic() - began
