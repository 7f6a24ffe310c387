"""Two hundred groups of one member each that commit all their partitions every second."""

from collections.abc import Iterator

from tests.benchmarks.clients.commits import committing
from tests.benchmarks.clients.crew import Crew, Job
from tests.benchmarks.figures import Figure, latency_figures
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.topics import topic
from tests.benchmarks.usage import cpu_of
from tests.benchmarks.workloads.workload import Workload

PROCESSES = 4


def measure(subject: Subject, sizes: Sizes) -> Iterator[Figure]:
    row = f"{sizes.groups} groups commit each second"
    with topic(subject) as name:
        groups = [f"{name}-{number}" for number in range(sizes.groups)]
        where = {"bootstrap": subject.bootstrap, "topic": name, "lasting_s": int(sizes.groups_s)}
        jobs = [Job(committing, {**where, "groups": groups[part::PROCESSES]}) for part in range(PROCESSES)]
        with Crew(jobs, at_most_s=60 + sizes.groups_s) as crew, cpu_of(subject.processes) as cpu:
            crew.go()
            outcomes = crew.outcomes()
    yield from latency_figures(f"{row}, latency", [latency for outcome in outcomes for latency in outcome.value])
    if cpu.cpu_s:
        yield Figure(f"{row}, CPU", cpu.cores, "cores")


WORKLOADS = (Workload(name="groups", about="200 groups that commit each second", measure=measure, rounds=2),)
