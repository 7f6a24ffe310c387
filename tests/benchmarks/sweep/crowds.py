"""More and more producers that each send at the same low rate."""

from collections.abc import Iterator

from tests.benchmarks.clients.crew import Crew, Job
from tests.benchmarks.clients.crowd import crowding
from tests.benchmarks.figures import percentile
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.sweep.curves import Curve, Shape, shares
from tests.benchmarks.topics import topic
from tests.benchmarks.usage import cpu_of, memory

PROCESSES, RATE = 2, 5
LINEAR = {"x_label": f"producers with {RATE} records/s each", "shape": Shape.LINEAR}

CPU = Curve(title="CPU for so many producers", unit="cores", **LINEAR)
MEMORY = Curve(title="Memory with so many producers, PSS", unit="MiB", **LINEAR)
LATENCY = Curve(
    title="Ack latency acks=all, p50", unit="ms", x_label=f"producers with {RATE} records/s each", shape=Shape.FLAT
)
CURVES = (CPU, MEMORY, LATENCY)


def measure(subject: Subject, sizes: Sizes) -> Iterator[str]:
    """Yields what it does now; fills the curves."""
    for count in shares(sizes.groups):
        yield f"{count} producers"
        with topic(subject) as name:
            work = {"bootstrap": subject.bootstrap, "topic": name, "rate": RATE, "lasting_s": sizes.latency_s}
            parts = [len(range(index, count, PROCESSES)) for index in range(PROCESSES)]
            jobs = [Job(crowding, {**work, "producers": part}) for part in parts if part]
            with Crew(jobs, at_most_s=60 + sizes.latency_s) as crew, cpu_of(subject.processes) as cpu:
                crew.go()
                outcomes = crew.outcomes()
                used = memory(subject.processes())
        latencies = [latency for outcome in outcomes for latency in outcome.value]
        LATENCY.add(subject.name, count, percentile(latencies, 50) * 1000)
        if subject.managed:
            CPU.add(subject.name, count, cpu.cores)
            MEMORY.add(subject.name, count, used.pss)
