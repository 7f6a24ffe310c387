"""One topic that grows: what appending, reading and looking up cost must not depend on what is there."""

import random
from collections.abc import Iterator

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import Job, run
from tests.benchmarks.clients.seeking import seeking
from tests.benchmarks.figures import percentile
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.sweep.curves import Curve, Shape, decades
from tests.benchmarks.topics import PARTITIONS, ends, topic
from tests.benchmarks.workloads import consume, produce

MB = 1_000_000
REPEATS, LOOKUPS = 3, 40
FLAT = {"x_label": "log in MB (one replica)", "shape": Shape.FLAT, "logarithmic": True}

APPEND = Curve(title="Produce 1 KiB, acks=all", unit="records/s", **FLAT)
READ = Curve(title="Consume 1 KiB from the beginning", unit="records/s", **FLAT)
LOOK_UP = Curve(title="First record from any offset, p50", unit="ms", **FLAT)
CURVES = (APPEND, READ, LOOK_UP)


def measure(subject: Subject, sizes: Sizes) -> Iterator[str]:
    """Yields what it does now; fills the curves. What a step appends to measure counts towards the next one."""
    sample, written = sizes.large_records // 6, 0
    with topic(subject) as name:
        for size_mb in decades(max(1, sizes.data_mb // 100), sizes.data_mb):
            missing = size_mb * MB // produce.LARGE - written
            yield f"{size_mb} MB"
            if missing > 0:
                _append(subject, name, missing)
                written += missing
            APPEND.add(subject.name, size_mb, _append(subject, name, sample))
            written += sample
            end = ends(subject, name, written)
            READ.add(subject.name, size_mb, _read(subject, name, sample, end))
            LOOK_UP.add(subject.name, size_mb, _look_up(subject, name, end))


def _append(subject: Subject, name: str, records: int) -> float:
    jobs = produce.jobs(subject, name, produce.LARGE, records, {"acks": "all"})
    return throughput.rate([one.value for one in run(jobs, at_most_s=120 + records / 5000)])


def _read(subject: Subject, name: str, records: int, end: dict[int, int]) -> float:
    wanted = {partition: min(last, records // PARTITIONS) for partition, last in end.items()}
    jobs = consume.jobs(subject, name, dict.fromkeys(end, 0), wanted, REPEATS)
    return throughput.rate([one.value for one in run(jobs)])


def _look_up(subject: Subject, name: str, end: dict[int, int]) -> float:
    draw = random.Random(len(end))
    filled = [partition for partition, last in end.items() if last]
    places = [(partition, draw.randrange(end[partition])) for partition in draw.choices(filled, k=LOOKUPS + 1)]
    (outcome,) = run([Job(seeking, {"bootstrap": subject.bootstrap, "topic": name, "places": places})])
    return percentile(outcome.value, 50) * 1000
