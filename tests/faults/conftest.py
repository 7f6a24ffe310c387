"""A cluster for the tests of one file, and a history that is judged after each of them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.cluster import Cluster, cluster
from tests.support.evidence.checker import Violation, violations
from tests.support.evidence.history import Acknowledged, Committed, Failed, History, Partition, Read
from tests.support.evidence.load import read_all
from tests.support.evidence.replicas import differences

SESSION_MS = 3000
OPTIONS = (
    "--set",
    f"broker.session.timeout.ms={SESSION_MS}",
    "--set",
    "broker.heartbeat.interval.ms=500",
    "--set",
    "group.initial.rebalance.delay.ms=0",
    # A broker that is paused here is to wake up again.
    "--watchdog",
    "0",
)
NUMBERS = itertools.count(1)
SETTLED = 300
"""So many acknowledgements and reads show that work goes on."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(3, tmp_path_factory.mktemp("faults"), *OPTIONS) as running:
        yield running


@dataclass(slots=True)
class Case:
    """One topic under load on a cluster, and what its clients saw."""

    cluster: Cluster
    partitions: list[Partition]
    history: History = field(default_factory=History)

    def acknowledged(self, more: int, timeout: float = 60) -> None:
        """Wait until so many more records are acknowledged."""
        self.history.wait_for_more(Acknowledged, more, timeout)

    def goes_on(self) -> None:
        """Records are acknowledged and read, offsets committed: each of it more than what was under way already."""
        self.history.wait_for_more(Acknowledged, SETTLED, 60)
        self.history.wait_for_more(Read, SETTLED, 60)
        self.history.wait_for_more(Committed, 10, 60)

    def judge(self) -> None:
        """Everything acknowledged is there once, in order, at its offset; replicas are equal; nothing has failed."""
        for partition in self.partitions:
            self.cluster.wait_in_sync(partition)
        log = {partition: read_all(self.cluster.bootstrap, partition) for partition in self.partitions}
        found = violations(self.history, log)
        for partition, stored in log.items():
            found += self._differences(partition, stored[-1][0] + 1 if stored else 0)
        assert found == [], f"{len(found)} violations, the first: {found[:5]}"
        assert list(self.history.of(Failed)) == []
        assert self.history.count(Acknowledged) > 0

    def _differences(self, partition: Partition, high_watermark: int) -> list[Violation]:
        folders = self.cluster.replica_folders(partition)
        assert sorted(folders) == list(self.cluster.brokers)
        return list(differences(partition, folders, high_watermark))


@pytest.fixture
def case(faulty: Cluster) -> Case:
    """A new topic of three partitions, replicated on all brokers, on a cluster that is whole."""
    return case_on(faulty)


def case_on(faulty: Cluster) -> Case:
    """The same on this cluster."""
    faulty.wait_ready()
    topic = f"load-{next(NUMBERS)}"
    faulty.create_topic(topic, 3)
    partitions = [(topic, number) for number in range(3)]
    for partition in partitions:
        faulty.wait_in_sync(partition)
    return Case(faulty, partitions)
