"""From the start of the processes to the first record that all replicas have: empty, with data, after kill -9."""

import socket
import time
from collections.abc import Iterator

from confluent_kafka import Producer

from tests.benchmarks.clients.crew import run
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import Managed
from tests.benchmarks.topics import QUIET, create
from tests.benchmarks.usage import memory
from tests.benchmarks.workloads import produce
from tests.benchmarks.workloads.memory import memory_figures
from tests.benchmarks.workloads.workload import Workload
from tests.support.patience import until

AT_MOST_S = 120.0
IMPATIENT = {"topic.metadata.refresh.fast.interval.ms": 20, "retry.backoff.ms": 20, "linger.ms": 0}
MB = 1_000_000


def first_acknowledged(subject: Managed) -> float:
    """Seconds. The client begins when a broker answers: librdkafka rests up to a second after a refused connection."""
    began = time.monotonic()
    subject.launch()
    until(lambda: _answers(subject.port(1)), f"{subject.name} answers", AT_MOST_S)
    acknowledged: list[float] = []
    producer = Producer({"bootstrap.servers": subject.bootstrap, "acks": "all", **IMPATIENT, **QUIET})

    def delivered(error: object, _: object) -> None:
        if error is None:
            acknowledged.append(time.monotonic())

    while not acknowledged:
        producer.produce("first", b"!", on_delivery=delivered)
        producer.flush(5)
        if time.monotonic() - began > AT_MOST_S:
            raise TimeoutError(f"no acknowledgement {AT_MOST_S:.0f} s after the start")
    return acknowledged[0] - began


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def fresh(subject: Managed, sizes: Sizes) -> Iterator[Figure]:
    """Formatting the storage, which only Kafka needs, is not counted."""
    with subject.twin("fresh") as twin:
        twin.prepare()
        yield Figure("start, first acks=all record", first_acknowledged(twin), "s", Target.START)
        twin.wait_ready()
        yield from memory_figures("memory after the start", memory(twin.processes()))
        began = time.monotonic()
        twin.stop()
        yield Figure("stop in good order", time.monotonic() - began, "s")


def again(subject: Managed, sizes: Sizes) -> Iterator[Figure]:
    """Once stopped in good order, once killed all at once."""
    data = f"{sizes.data_mb / 1000:g} GB"
    with subject.twin("filled") as twin:
        twin.start()
        first = fill(twin, sizes)
        yield Figure(f"fill with {data}", first, "s")
        twin.stop()
        yield Figure(f"start with {data}, first acks=all record", first_acknowledged(twin), "s", Target.START)
        twin.wait_ready()
        twin.kill_all()
        row = f"start with {data} after kill -9 of all"
        yield Figure(f"{row}, first acks=all record", first_acknowledged(twin), "s", Target.START)
        twin.wait_ready()


def fill(subject: Managed, sizes: Sizes) -> float:
    """Records of 1 KiB in a topic that stays; returns the seconds that it took."""
    began = time.monotonic()
    kept = create(subject)
    records = sizes.data_mb * MB // produce.LARGE
    run(produce.jobs(subject, kept, produce.LARGE, records, {"acks": "all"}), at_most_s=120 + sizes.data_mb / 5)
    return time.monotonic() - began


WORKLOADS = (
    Workload(name="start", about="start of an empty cluster", measure=fresh, managed=True, disruptive=True),
    Workload(
        name="restart",
        about="start with data, in good order and after kill -9",
        measure=again,
        managed=True,
        disruptive=True,
        rounds=1,
    ),
)
