"""A topic of a thousand partitions: created, and produced to in turn, so that every batch is small."""

import time
from collections.abc import Iterator

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import Job, run
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import topic
from tests.benchmarks.usage import cpu_of
from tests.benchmarks.workloads.workload import Workload, cpu_figures

SIZE = 100


def measure(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    row, records = f"{sizes.partitions:,} partitions", sizes.small_records // 8
    began = time.monotonic()
    with topic(subject, sizes.partitions) as name:
        yield Figure(f"{row}, created and all led", time.monotonic() - began, "s")
        work = {"partitions": sizes.partitions, "records": records, "size": SIZE, "settings": {"acks": "all"}}
        job = Job(throughput.producing, {"bootstrap": subject.bootstrap, "topic": name, **work, "in_turn": True})
        with cpu_of(subject.processes) as cpu:
            outcomes = run([job])
        row += " produce 100 B acks=all"
        yield Figure(row, throughput.rate([outcomes[0].value]), "records/s", Target.THROUGHPUT)
        yield from cpu_figures(row, cpu, outcomes, records)


WORKLOADS = (Workload(name="partitions", about="a topic of 1,000 partitions", measure=measure, rounds=1),)
