"""All libraries at work at once while brokers die and restart: nothing fails, is lost, doubled or out of order."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.clients.driver import Driver
from tests.clients.libraries import LIBRARIES, Library, each_library
from tests.clients.stage import NUMBERS, Garage
from tests.clients.target import coordinator
from tests.support.cluster import Cluster
from tests.support.evidence.checker import (
    SAFETY,
    Stored,
    duplicated,
    reordered,
    violations,
)
from tests.support.evidence.history import Acknowledged, History, Partition, Sent
from tests.support.evidence.load import read_all
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.faults, pytest.mark.slow]

PARTITIONS = 3
INTERVAL_MS = 20
SETTLED = 60
"""Records that every library has sent and read before a fault, and again after it."""


@dataclass(slots=True)
class Worker:
    """One library that writes a topic of its own and reads it in a group of its own."""

    driver: Driver
    topic: str
    group: str
    sent: int = 0
    answers: list[Any] = field(default_factory=list)
    reading: list[Any] = field(default_factory=list)
    log: dict[Partition, list[Stored]] = field(default_factory=dict)

    @property
    def partitions(self) -> list[Partition]:
        return [(self.topic, number) for number in range(PARTITIONS)]

    def start(self) -> None:
        idempotence = not self.driver.library.lacks("idempotence")
        settings = {"idempotence": idempotence}
        self.driver.call("start_reading", name=self.group, topics=[self.topic], settings={"group": self.group})
        self.driver.call(
            "start_load",
            name=self.group,
            topic=self.topic,
            partitions=PARTITIONS,
            interval_ms=INTERVAL_MS,
            settings=settings,
        )

    def progress(self) -> tuple[int, int]:
        """How many sends are answered and how far it has read."""
        read = self.driver.call("read_ends", name=self.group)
        return self.driver.call("load_count", name=self.group), sum(read.values())

    def stop(self, bootstrap: str) -> None:
        told = self.driver.call("stop_load", name=self.group, at_most_s=150)
        self.sent, self.answers = told["sent"], told["answers"]
        self.log = {partition: read_all(bootstrap, partition) for partition in self.partitions}
        ends = {str(number): len(self.log[self.topic, number]) for number in range(PARTITIONS)}
        until(lambda: self.driver.call("read_ends", name=self.group) == ends, f"{self.group} has read to {ends}", 60)
        self.reading = self.driver.call("stop_reading", name=self.group)

    def history(self) -> History:
        """What was sent and acknowledged, in words of the checker."""
        history = History()
        for number in range(self.sent):
            history.add(Sent(producer=self.group, partition=(self.topic, number % PARTITIONS), value=b"%d" % number))
        for number, (partition, offset), at in self.answers:
            place, value = (self.topic, partition), b"%d" % number
            told = offset if offset is not None and offset >= 0 else self._offset(place, value)
            history.add(Acknowledged(producer=self.group, partition=place, offset=told, value=value, at=at))
        return history

    def _offset(self, place: Partition, value: bytes) -> int:
        """Where a record is whose offset is not told: to librdkafka the answer to a later one stands for a lost one."""
        return next((offset for offset, stored in self.log[place] if stored == value), -1)

    def judge(self) -> None:
        failed = [answer for answer in self.answers if isinstance(answer[1], dict)]
        assert failed == [], f"{len(failed)} sends failed"
        assert len(self.answers) == self.sent
        checks = SAFETY if self.driver.library.lacks("idempotence") else (*SAFETY, duplicated)
        assert violations(self.history(), self.log, checks) == []
        for number in range(PARTITIONS):
            kept_its_place(self.reading, number, len(self.log[self.topic, number]))


def kept_its_place(events: Sequence[Any], partition: int, end: int) -> None:
    """Every offset was read; a reader that went back went to what it had committed and no further.

    Where a commit overlapped a rebalance, the member may have asked for its place before the commit was taken.
    """
    expected, committed = 0, {0}
    for number, (kind, at, offset) in enumerate(events):
        if kind == "committed" and at == partition:
            committed = {offset}
        elif kind == "perhaps" and at == partition:
            committed.add(offset)
        elif kind == "read" and at == partition:
            before = events[max(0, number - 20) : number]
            assert offset in {expected, *committed}, f"{expected} or {committed}, not {offset}, follows {before}"
            expected = offset + 1
    assert expected == end


Fault = Callable[[Cluster, list[Worker]], None]
Evidence = dict[str, Worker]


class Shift:
    """Workers of every library under one fault."""

    def __init__(self, cluster: Cluster, garage: Garage, libraries: Sequence[Library]) -> None:
        self._cluster = cluster
        self._garage = garage
        self._libraries = libraries

    def under(self, fault: Fault) -> Evidence:
        self._cluster.wait_ready()
        coordinating = self._coordinator()
        workers = [self._worker(library, coordinating) for library in self._libraries]
        try:
            self._see_through(fault, workers)
        except BaseException:
            # Left at work they would be a burden on the next fault.
            for worker in workers:
                worker.driver.kill()
            raise
        return {worker.driver.library.name: worker for worker in workers}

    def _see_through(self, fault: Fault, workers: list[Worker]) -> None:
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(Worker.start, workers))
            self._work_on(workers)
            fault(self._cluster, workers)
            self._work_on(workers)
            list(pool.map(lambda worker: worker.stop(self._cluster.bootstrap), workers))

    def _work_on(self, workers: list[Worker]) -> None:
        """Until each has sent and read so many more."""
        for worker in workers:
            acknowledged, read = worker.progress()

            def further() -> bool:
                now = worker.progress()  # noqa: B023
                return now[0] >= acknowledged + SETTLED and now[1] >= read + SETTLED  # noqa: B023

            try:
                until(further, f"{worker.group} goes on", 90)
            except TimeoutError as error:
                stood = f"from {(acknowledged, read)} sent and read it came to {worker.progress()}"
                raise TimeoutError(f"{error}; {stood}; it said: {worker.driver.said()}") from None

    def _coordinator(self) -> int:
        name = f"shift-{next(NUMBERS)}"
        return until(lambda: coordinator(self._cluster, name), "a coordinator")

    def _worker(self, library: Library, coordinating: int) -> Worker:
        topic = self._cluster.create_topic(f"{library.slug}-survival-{next(NUMBERS)}", PARTITIONS)
        return Worker(self._garage.driver(library), topic, self._group(library, coordinating))

    def _group(self, library: Library, coordinating: int) -> str:
        """A group that this broker coordinates, so that one kill meets all groups."""
        names = (f"{library.slug}-survivors-{number}" for number in NUMBERS)
        return next(name for name in names if coordinator(self._cluster, name) == coordinating)


def kill_leader(cluster: Cluster, workers: list[Worker]) -> None:
    """The partitions of each topic are led by all three brokers: any broker leads one of each."""
    victim = cluster.leader(workers[0].partitions[0])
    cluster.kill(victim)


def kill_coordinator(cluster: Cluster, workers: list[Worker]) -> None:
    victim = until(lambda: coordinator(cluster, workers[0].group), "a coordinator")
    cluster.kill(victim)


def roll(cluster: Cluster, workers: list[Worker]) -> None:
    for broker in cluster.brokers:
        cluster.stop(broker)
        cluster.start(broker)
        cluster.wait_ready(60)
        for worker in workers:
            for partition in worker.partitions:
                cluster.wait_in_sync(partition)


@pytest.fixture(scope="module")
def shift(request: pytest.FixtureRequest, three_brokers: Cluster, garage: Garage) -> Shift:
    chosen = {item.callspec.params["library"].name for item in request.session.items if item.path == request.path}
    present = [one for one in LIBRARIES if one.name in chosen and one.program.missing() is None]
    if not present:
        pytest.skip(next(reason for one in LIBRARIES if one.name in chosen and (reason := one.program.missing())))
    return Shift(three_brokers, garage, present)


@pytest.fixture(scope="module")
def leader_killed(shift: Shift) -> Evidence:
    return shift.under(kill_leader)


@pytest.fixture(scope="module")
def coordinator_killed(shift: Shift) -> Evidence:
    return shift.under(kill_coordinator)


@pytest.fixture(scope="module")
def rolled(shift: Shift) -> Evidence:
    return shift.under(roll)


def evidence(library: Library, seen: Evidence) -> Worker:
    if reason := library.program.missing():
        pytest.skip(reason)
    return seen[library.name]


@each_library("leader killed")
def test_it_survives_the_kill_of_a_leader(library: Library, leader_killed: Evidence) -> None:
    evidence(library, leader_killed).judge()


@each_library("order with retries")
def test_what_it_retried_is_in_the_order_in_which_it_was_sent(library: Library, leader_killed: Evidence) -> None:
    worker = evidence(library, leader_killed)
    assert list(reordered(worker.history(), worker.log)) == []
    assert sum(map(len, worker.log.values())) >= worker.sent


@each_library("coordinator killed")
def test_it_survives_the_kill_of_its_coordinator(library: Library, coordinator_killed: Evidence) -> None:
    evidence(library, coordinator_killed).judge()


@each_library("rolling restart")
def test_it_survives_a_rolling_restart(library: Library, rolled: Evidence) -> None:
    evidence(library, rolled).judge()
