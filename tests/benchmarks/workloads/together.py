"""Ten producers and ten consumers at the same time, on one topic."""

from collections.abc import Iterator

from tests.benchmarks.clients import throughput
from tests.benchmarks.clients.crew import Crew, CrewError, Job
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import PARTITIONS, topic
from tests.benchmarks.usage import cpu_of
from tests.benchmarks.workloads import produce
from tests.benchmarks.workloads.workload import Workload, cpu_figures

CLIENTS, SIZE = 10, produce.LARGE


def jobs(subject: Subject, name: str, records: int) -> list[Job]:
    """The consumers first, each with its partitions."""
    where = {"bootstrap": subject.bootstrap, "topic": name}
    owned = [[p for p in range(PARTITIONS) if p % CLIENTS == index] for index in range(CLIENTS)]
    work = {"partitions": PARTITIONS, "records": records // CLIENTS, "size": SIZE}
    work["settings"] = {**produce.CLIENT[SIZE], "acks": "all"}
    consumers = [Job(throughput.following, {**where, "partitions": partitions}) for partitions in owned]
    return consumers + [Job(throughput.producing, {**where, **work})] * CLIENTS


def measure(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    row, records = f"{CLIENTS} producers, {CLIENTS} consumers 1 KiB acks=all", sizes.together_records
    with (
        topic(subject) as name,
        Crew(jobs(subject, name, records), at_most_s=120) as crew,
        cpu_of(subject.processes) as cpu,
    ):
        crew.go()
        producers = crew.outcomes(CLIENTS)
        crew.stop(0, CLIENTS)
        consumers = crew.outcomes(0, CLIENTS)
    written, seen = ([one.value for one in outcomes] for outcomes in (producers, consumers))
    if (arrived := sum(span.records for span in seen)) < records:
        raise CrewError(f"{arrived} of {records} records arrived")
    yield Figure(f"{row}, produced", throughput.rate(written), "records/s", Target.THROUGHPUT_1_KIB)
    yield Figure(f"{row}, consumed", throughput.rate(seen), "records/s", Target.THROUGHPUT_1_KIB)
    yield from cpu_figures(row, cpu, producers + consumers, records)


WORKLOADS = (Workload(name="together", about="ten producers and ten consumers", measure=measure),)
