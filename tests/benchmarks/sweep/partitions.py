"""Topics of more and more partitions: time to create, and what they cost while nobody uses them."""

import time
from collections.abc import Iterator

from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Subject
from tests.benchmarks.sweep.curves import Curve, Shape, shares
from tests.benchmarks.topics import topic
from tests.benchmarks.usage import cpu_of, memory

REST_S = 5.0
LINEAR = {"x_label": "partitions, three replicas each", "shape": Shape.LINEAR}

CREATE = Curve(title="Topic created, all partitions led", unit="s", **LINEAR)
AT_REST = Curve(title="CPU at rest", unit="cores", **LINEAR)
MEMORY = Curve(title="Memory at rest, PSS", unit="MiB", **LINEAR)
CURVES = (CREATE, AT_REST, MEMORY)


def measure(subject: Subject, sizes: Sizes) -> Iterator[str]:
    """Yields what it does now; fills the curves."""
    for count in shares(sizes.partitions):
        yield f"{count} partitions"
        began = time.monotonic()
        with topic(subject, count):
            CREATE.add(subject.name, count, time.monotonic() - began)
            if not subject.managed:
                continue
            with cpu_of(subject.processes) as cpu:
                time.sleep(REST_S)
            AT_REST.add(subject.name, count, cpu.cores)
            MEMORY.add(subject.name, count, memory(subject.processes()).pss)
