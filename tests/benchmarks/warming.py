"""Load before anything is measured: Java compiles what it has seen often enough, so its rate grows for a minute."""

import time
from collections.abc import Iterator

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import run
from tests.benchmarks.figures import Figure, flat
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import topic
from tests.benchmarks.workloads import consume, produce
from tests.benchmarks.workloads.workload import Workload


def warm(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    """Laps of producing and consuming until their rate is flat: the first lap's rate, the last one's, and how many."""
    rates: list[float] = []
    began = time.monotonic()
    least = sizes.least_warm_s * subject.warming
    while (elapsed := time.monotonic() - began) < sizes.most_warm_s:
        if elapsed >= least and flat(rates):
            break
        rates.append(_lap(subject, sizes))
    yield Figure("warm-up, first lap", rates[0], "records/s")
    yield Figure("warm-up, last lap", rates[-1], "records/s")
    yield Figure("warm-up", len(rates), "laps")


def _lap(subject: Subject, sizes: Sizes) -> float:
    """All records by the time that the clients were at work."""
    records, at_work_s = 0, 0.0
    for size, acks in ((produce.SMALL, "all"), (produce.LARGE, "1"), (produce.LARGE, "all")):
        count = produce.records_of(size, sizes) // 4
        with topic(subject) as name:
            writers = [one.value for one in run(produce.jobs(subject, name, size, count, {"acks": acks}))]
            readers = [one.value for one in run(consume.from_the_beginning(subject, name, count))]
        for spans in (writers, readers):
            done = sum(span.records for span in spans)
            records, at_work_s = records + done, at_work_s + done / throughput.rate(spans)
    return records / at_work_s


WARM_UP = Workload(name="warm-up", about="load until the rate is flat", measure=warm)
