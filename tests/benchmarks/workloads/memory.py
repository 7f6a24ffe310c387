"""Memory and CPU of a cluster that rests after work, and its memory while it works."""

import threading
import time
from collections.abc import Iterator

from tests.benchmarks.clients.crew import run
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Managed
from tests.benchmarks.topics import topic
from tests.benchmarks.usage import Memory, cpu_of, memory
from tests.benchmarks.workloads import produce
from tests.benchmarks.workloads.workload import Workload

REST_S, SAMPLE_S = 3.0, 0.25


class Peak(threading.Thread):
    """The most memory that a cluster had while the thread ran."""

    def __init__(self, subject: Managed) -> None:
        super().__init__(daemon=True)
        self._subject = subject
        self._ended = threading.Event()
        self.pss = self.rss = 0.0

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            now = memory(self._subject.processes())
            self.pss, self.rss = max(self.pss, now.pss), max(self.rss, now.rss)

    def end(self) -> Memory:
        self._ended.set()
        self.join()
        return Memory(self.pss, self.rss)


def memory_figures(row: str, used: Memory) -> list[Figure]:
    """Of all processes together. PSS has the target: RSS counts shared pages once for each process."""
    return [Figure(f"{row}, PSS", used.pss, "MiB", Target.MEMORY), Figure(f"{row}, RSS", used.rss, "MiB")]


def measure(subject: Managed, sizes: Sizes) -> Iterator[Figure]:
    with cpu_of(subject.processes) as cpu:
        time.sleep(REST_S)
    yield Figure("at rest, CPU", cpu.cores, "cores")
    yield from memory_figures("memory at rest", memory(subject.processes()))
    peak = Peak(subject)
    with topic(subject) as name:
        peak.start()
        try:
            records = produce.records_of(produce.LARGE, sizes)
            run(produce.jobs(subject, name, produce.LARGE, records, {"acks": "all"}))
        finally:
            used = peak.end()
    yield from memory_figures("memory under load", used)


WORKLOADS = (Workload(name="memory", about="memory at rest and under load", measure=measure, managed=True, rounds=2),)
