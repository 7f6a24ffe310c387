"""Consume throughput: hot, what was just appended; cold, what a broker has to read from its files."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import Job, run
from tests.benchmarks.figures import Figure
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import PARTITIONS, ends, topic
from tests.benchmarks.usage import cpu_of
from tests.benchmarks.workloads import produce
from tests.benchmarks.workloads.produce import LARGE, NAMES, SMALL, TARGETS
from tests.benchmarks.workloads.workload import Workload, cpu_figures

PROCESSES = 2
HOT_BYTES = 16 << 20
"""The end of a topic that a broker's memory of recent appends surely holds (ours: 32 MiB for all logs of a broker)."""

HOT_REPEATS = {SMALL: 40, LARGE: 60}
COLD_REPEATS = {SMALL: 5, LARGE: 12}
"""So that a row lasts for some seconds."""

COLD_SHARE = 0.8
"""What is read of a topic from its beginning on, so that its end, which memory may hold, is not among it."""

FULL_BATCHES = {"acks": "all", "linger.ms": 1000, "sticky.partitioning.linger.ms": 10}
"""Each batch is as large as a client makes it. At its defaults a producer makes smaller ones for the faster cluster,
and its readers more work: what is measured would be how fast the records were written. librdkafka stays with a
partition for twice its linger unless told otherwise: in two seconds it would fill one or two partitions only."""

SETTINGS = {"fetch.wait.max.ms": 5}
"""librdkafka has one fetch under way at a broker. One that asks for more behind the end of a log waits there, and the
partitions that have more wait with it: for half a second by default, which would be what is measured."""


def split(first: dict[int, int], records: dict[int, int]) -> list[tuple[dict[int, int], int]]:
    """Each process's first offsets and how many records are its."""
    parts = [[p for p in first if p % PROCESSES == index and records[p]] for index in range(PROCESSES)]
    return [({p: first[p] for p in part}, sum(records[p] for p in part)) for part in parts]


def jobs(subject: Subject, name: str, first: dict[int, int], records: dict[int, int], repeats: int) -> list[Job]:
    """Consumers that share the partitions."""
    common = {"bootstrap": subject.bootstrap, "topic": name, "repeats": repeats, "settings": SETTINGS}
    return [Job(throughput.reading, {**common, "first": f, "records": r}) for f, r in split(first, records)]


def from_the_beginning(subject: Subject, name: str, written: int, share: float = 1.0, repeats: int = 1) -> list[Job]:
    """Consumers that read the first `share` of every partition."""
    records = {partition: int(last * share) for partition, last in ends(subject, name, written).items()}
    return jobs(subject, name, dict.fromkeys(records, 0), records, repeats)


def from_the_end(subject: Subject, name: str, written: int, size: int) -> list[Job]:
    """Consumers that read the last HOT_BYTES again and again."""
    end = ends(subject, name, written)
    first = {partition: max(0, last - HOT_BYTES // size // PARTITIONS) for partition, last in end.items()}
    records = {partition: last - first[partition] for partition, last in end.items()}
    return jobs(subject, name, first, records, HOT_REPEATS[size])


def figures(subject: Subject, row: str, size: int, readers: list[Job]) -> Iterator[Figure]:
    with cpu_of(subject.processes) as cpu:
        outcomes = run(readers)
    spans = [outcome.value for outcome in outcomes]
    yield Figure(row, throughput.rate(spans), "records/s", TARGETS[size])
    yield from cpu_figures(row, cpu, outcomes, sum(span.records for span in spans))


def measure(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    """Each size is read hot when it was just produced; then cold, when all of the other size came after it."""
    written = {size: produce.records_of(size, sizes) for size in (SMALL, LARGE)}
    with ExitStack() as topics:
        names: dict[int, str] = {}
        for size in (LARGE, SMALL, LARGE):
            name = topics.enter_context(topic(subject))
            run(produce.jobs(subject, name, size, written[size], FULL_BATCHES))
            if size not in names:
                names[size] = name
                readers = from_the_end(subject, name, written[size], size)
                yield from figures(subject, f"consume {NAMES[size]} hot", size, readers)
        for size, name in names.items():
            readers = from_the_beginning(subject, name, written[size], COLD_SHARE, COLD_REPEATS[size])
            yield from figures(subject, f"consume {NAMES[size]} cold", size, readers)


WORKLOADS = (Workload(name="consume", about="consume throughput, hot and cold", measure=measure),)
