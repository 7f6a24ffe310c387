"""Produce throughput: 100 B and 1 KiB, acks 1 and all, plain, idempotent, compressed."""

from collections.abc import Iterator
from typing import Any

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import Job, run
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import PARTITIONS, ends, topic
from tests.benchmarks.usage import cpu_of
from tests.benchmarks.workloads.workload import Workload, cpu_figures

SMALL, LARGE = 100, 1024
NAMES = {SMALL: "100 B", LARGE: "1 KiB"}
TARGETS = {SMALL: Target.THROUGHPUT, LARGE: Target.THROUGHPUT_1_KIB}
PROCESSES = {SMALL: 2, LARGE: 1}
"""One Python process makes some hundred thousand records a second: for small records that would be the limit."""

CLIENT: dict[int, dict[str, Any]] = {
    SMALL: {},
    LARGE: {"linger.ms": 500, "sticky.partitioning.linger.ms": 10, "queue.buffering.max.kbytes": 32 << 10},
}
"""Large records fill their batches at once, and the queue holds what the processor can keep near.

At its defaults librdkafka's idempotent producer spins: a partition whose request is under way cannot send, and wakes
its thread again and again once a record has waited for longer than the linger. That is time which brokers need.
"""

PLAIN = ({"acks": "1"}, {"acks": "all"})
IDEMPOTENT = ({"acks": "all", "enable.idempotence": True},)
LZ4 = tuple({**settings, "compression.type": "lz4"} for settings in PLAIN)


def jobs(subject: Subject, name: str, size: int, records: int, settings: dict[str, Any]) -> list[Job]:
    """Producers that share the records."""
    count = PROCESSES[size]
    share = {"records": records // count, "size": size, "partitions": PARTITIONS}
    share["settings"] = {**CLIENT[size], **settings}
    return [Job(throughput.producing, {"bootstrap": subject.bootstrap, "topic": name, **share})] * count


def records_of(size: int, sizes: Sizes) -> int:
    return sizes.small_records if size == SMALL else sizes.large_records


def measure(subject: Subject, sizes: Sizes, title: str, variants: tuple[dict[str, Any], ...]) -> Iterator[Figure]:
    for size in (SMALL, LARGE):
        for settings in variants:
            records = records_of(size, sizes)
            row = f"{title} {NAMES[size]} acks={settings['acks']}"
            with topic(subject) as name, cpu_of(subject.processes) as cpu:
                outcomes = run(jobs(subject, name, size, records, settings))
                ends(subject, name, records)  # what acks=1 leaves to be done counts as well
            yield Figure(row, throughput.rate([outcome.value for outcome in outcomes]), "records/s", TARGETS[size])
            yield from cpu_figures(row, cpu, outcomes, records)


def plain(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    return measure(subject, sizes, "produce", PLAIN)


def idempotent(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    return measure(subject, sizes, "produce idempotent", IDEMPOTENT)


def compressed(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    return measure(subject, sizes, "produce lz4", LZ4)


WORKLOADS = (
    Workload(name="produce", about="produce throughput", measure=plain),
    Workload(name="produce-idempotent", about="the same with idempotent producers", measure=idempotent),
    Workload(name="produce-lz4", about="the same with compressed batches", measure=compressed),
)
