"""How long an idempotent producer at its defaults waits for an acknowledgement when its leader is killed or stopped."""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator

import psutil
from confluent_kafka import Producer

from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.probe import partition_zero
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.subjects import NODES, Managed
from tests.benchmarks.topics import QUIET, topic
from tests.benchmarks.workloads.workload import Workload
from tests.support.patience import until

PAUSE_S, AT_MOST_S = 0.005, 120.0
SETTLED_S = 1.0


class SteadyProducer(threading.Thread):
    """Sends two hundred records a second to partition 0 and notes when each was acknowledged."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__(daemon=True)
        self._topic = topic
        self._ended = threading.Event()
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **QUIET})
        self.acknowledged: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        while not self._ended.is_set():
            self._producer.produce(self._topic, b"!", partition=0, on_delivery=self._delivered)
            self._producer.poll(PAUSE_S)
        self._producer.flush(10)

    def _delivered(self, error: object, _: object) -> None:
        if error is None:
            self.acknowledged.append(time.monotonic())
        else:
            self.errors.append(str(error))

    def goes_on(self, since: float) -> bool:
        """Has it been acknowledged lately, and later than that moment?"""
        return bool(self.acknowledged) and self.acknowledged[-1] > max(since, time.monotonic() - 0.2)

    def longest_gap(self, since: float) -> float:
        """Seconds between two acknowledgements of which the second came after that moment."""
        told = list(self.acknowledged)
        return max(later - earlier for earlier, later in itertools.pairwise(told) if later >= since)

    def end(self) -> None:
        self._ended.set()
        self.join(15)


def leader(subject: Managed, name: str) -> int:
    def told() -> int | None:
        partition = partition_zero(subject.port(1), name)
        return partition.leader_id if partition is not None and partition.leader_id > 0 else None

    return until(told, f"the leader of {name}")


def strike(subject: Managed, row: str, fault: Callable[[int], Callable[[], None]]) -> Iterator[Figure]:
    """The fault happens to the leader; what it returns undoes it once records flow again."""
    with topic(subject, partitions=1) as name:
        producer = SteadyProducer(subject.bootstrap, name)
        producer.start()
        try:
            until(lambda: len(producer.acknowledged) > 200, "a producer at work", 60)
            victim = leader(subject, name)
            struck = time.monotonic()
            undo = fault(victim)
            try:
                others = [subject.port(node) for node in range(1, NODES + 1) if node != victim]
                yield Figure(f"{row}, another leader", _moved(others, name, victim) - struck, "s")
                until(lambda: producer.goes_on(struck + SETTLED_S), "acknowledgements again", AT_MOST_S)
            finally:
                undo()
            yield Figure(f"{row}, longest gap", producer.longest_gap(struck), "s", Target.FAILOVER)
            until(lambda: _in_sync(subject, name) == NODES, f"{name} in sync again", AT_MOST_S)
            yield Figure(f"{row}, all in sync again", time.monotonic() - struck, "s")
        finally:
            producer.end()
    if producer.errors:
        raise AssertionError(f"{len(producer.errors)} records failed, the first with: {producer.errors[0]}")


def _moved(ports: list[int], name: str, victim: int) -> float:
    """The moment when one of the others names another leader."""

    def elsewhere() -> bool:
        told = [partition_zero(port, name) for port in ports]
        return any(partition is not None and partition.leader_id not in (victim, -1) for partition in told)

    until(elsewhere, f"another leader than {victim}", AT_MOST_S)
    return time.monotonic()


def _in_sync(subject: Managed, name: str) -> int:
    """How many replicas are in sync by what all brokers say."""
    told = [partition_zero(subject.port(node), name) for node in range(1, NODES + 1)]
    return min(len(partition.isr_nodes) if partition is not None else 0 for partition in told)


def kill(subject: Managed, sizes: Sizes) -> Iterator[Figure]:
    def fault(broker: int) -> Callable[[], None]:
        subject.kill(broker)
        return lambda: None

    return strike(subject, "kill -9 of the leader", fault)


def stop(subject: Managed, sizes: Sizes) -> Iterator[Figure]:
    def fault(broker: int) -> Callable[[], None]:
        process = subject.process(broker)
        process.send_signal(signal.SIGSTOP)

        def resume() -> None:
            try:
                process.send_signal(signal.SIGCONT)
            except psutil.NoSuchProcess:
                return  # its supervisor had enough of it

        return resume

    return strike(subject, "SIGSTOP of the leader", fault)


WORKLOADS = (
    Workload(name="failover-kill", about="kill -9 of a leader", measure=kill, managed=True, disruptive=True),
    Workload(name="failover-stop", about="SIGSTOP of a leader", measure=stop, managed=True, disruptive=True, rounds=1),
)
