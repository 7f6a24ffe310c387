"""Members that say what they own, in a group that is led cooperatively: with the protocol (KIP-429) they keep the rest
of it when some is taken, and hand that over; without it no assignor helps, for joining again is not the assignor's."""

from dataclasses import dataclass

import pytest

from tests.clients.driver import Record
from tests.clients.libraries import LIBRARIES, Library, each_library
from tests.clients.matrix import ABSENT
from tests.clients.members import PARTITIONS, Member, Turns, wait_shared
from tests.clients.stage import Garage, Stage
from tests.support.cluster import Cluster
from tests.support.patience import seconds

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

BY_ROW = {library.name: library for library in LIBRARIES}
CONFLUENT = BY_ROW["confluent-kafka"]
WITHOUT = [BY_ROW[cell.client] for cell in ABSENT if cell.behaviour == "cooperative"]
BEFORE, AFTER = b"before", b"after"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a member that had read all six partitions, and committed none, was left with when another came."""

    partitions: set[int]
    read: set[tuple[int, bytes | None]]
    """What it has read since."""
    handed_over: set[int]

    def written(self, *values: bytes) -> set[tuple[int, bytes | None]]:
        return {(partition, value) for partition in self.partitions for value in values}


class Cast:
    """A group that confluent-kafka leads; the library under test has all of a topic, then must give half of it."""

    def __init__(self, stage: Stage, garage: Garage) -> None:
        self.stage = stage
        self.group = stage.name()
        self.topic = stage.topic(PARTITIONS)
        self.leader = (garage.driver(CONFLUENT, "leader"), self.group)
        self.owner = (stage.driver, self.group)
        self.newcomer = (garage.driver(CONFLUENT, "newcomer"), self.group)

    def play(self, hands_over: bool) -> Kept:
        """`hands_over`: whether to wait until the newcomer has something."""
        members = (self.leader, self.owner, self.newcomer)
        self._write(BEFORE)
        self._own_all()
        self._join(self.newcomer, self.topic)
        with Turns(members) as sharing:
            sharing.until(lambda: len(sharing.owned.get(self.owner, ())) == PARTITIONS // 2, "half is taken")
        self._write(AFTER)
        with Turns(members) as reading:

            def settled() -> bool:
                kept = self._kept(sharing, reading)
                return kept.read >= kept.written(AFTER) and bool(kept.handed_over) == hands_over and self._stable()

            reading.until(settled, "what it kept is read and the rest handed over")
        for driver, name in members:
            driver.close(name)
        return self._kept(sharing, reading)

    def _own_all(self) -> None:
        """The leader reads something else."""
        other = self.stage.topic()
        self._join(self.leader, other)
        wait_shared(other, self.leader, partitions=1)
        self._join(self.owner, self.topic)
        with Turns([self.leader, self.owner]) as turns:
            turns.until(lambda: len({one.partition for one in turns.read[self.owner]}) == PARTITIONS, "all is read")

    def _join(self, member: Member, topic: str) -> None:
        driver, name = member
        driver.open(name, [topic], group=self.group, assignor="cooperative")

    def _write(self, value: bytes) -> None:
        self.stage.driver.produce(self.topic, [Record(value, partition=number) for number in range(PARTITIONS)])

    def _stable(self) -> bool:
        admin = self.stage.cluster.admin()
        found = admin.describe_consumer_groups([self.group])[self.group].result(seconds(10))
        return bool(found.state.name == "STABLE")

    def _kept(self, sharing: Turns, reading: Turns) -> Kept:
        records = [*sharing.read[self.owner], *reading.read[self.owner]]
        return Kept(
            {partition for _, partition in sharing.owned[self.owner]},
            {(record.partition, record.value) for record in records},
            {partition for _, partition in reading.owned.get(self.newcomer, set())},
        )


def play(library: Library, cluster: Cluster, garage: Garage, hands_over: bool) -> Kept:
    if reason := library.program.missing():
        pytest.skip(reason)
    return Cast(Stage(library, cluster, garage), garage).play(hands_over)


@each_library("cooperative")
def test_a_library_with_the_protocol_reads_on_and_hands_the_rest_over(
    library: Library, three_brokers: Cluster, garage: Garage
) -> None:
    kept = play(library, three_brokers, garage, hands_over=True)
    assert kept.read == kept.written(AFTER)
    assert kept.handed_over == set(range(PARTITIONS)) - kept.partitions


@pytest.mark.parametrize("library", WITHOUT, ids=lambda library: library.slug)
def test_a_library_without_it_begins_anew_with_what_it_keeps_and_the_rest_is_left_unread(
    library: Library, three_brokers: Cluster, garage: Garage
) -> None:
    kept = play(library, three_brokers, garage, hands_over=False)
    assert kept.read == kept.written(BEFORE, AFTER)
    assert kept.handed_over == set()
