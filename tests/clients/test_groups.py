"""Groups of two: members leave, join and die, eagerly and cooperatively; static members; commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.driver import Part, Record
from tests.clients.libraries import LIBRARIES, Library, each_library
from tests.clients.members import PARTITIONS, Member, wait_shared
from tests.clients.stage import Garage, Scenario, Stage
from tests.support.cluster import Cluster
from tests.support.patience import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

Play = Callable[[Scenario], None]
SESSION_MS = 6000


@each_library("leave, join, die")
def test_a_group_of_two_outlives_members_that_leave_join_and_die(play: Play) -> None:
    play(leave_join_and_die)


def leave_join_and_die(stage: Stage) -> None:
    topic, group = stage.topic(PARTITIONS), stage.name()
    mortal = stage.second()
    one, two, three = (stage.driver, "one"), (mortal, "two"), (mortal, "three")
    for driver, name in (one, two):
        driver.open(name, [topic], group=group, session_ms=SESSION_MS)
    wait_shared(topic, one, two)
    mortal.close("two")
    wait_shared(topic, one)
    mortal.open("three", [topic], group=group, session_ms=SESSION_MS)
    wait_shared(topic, one, three)
    mortal.kill()
    wait_shared(topic, one)
    values = [b"%d" % number for number in range(PARTITIONS * 5)]
    stage.driver.produce(topic, [Record(value, partition=int(value) % PARTITIONS) for value in values], batch=1)
    assert sorted(record.value or b"" for record in stage.read("one", len(values))) == sorted(values)
    stage.driver.close("one")


def revoked_while_joining(stage: Stage, assignor: str) -> tuple[set[Part], set[Part], set[Part]]:
    """A member had all partitions, then a second joined: all it had, what it has now, and what was ever revoked."""
    topic, group = stage.topic(PARTITIONS), stage.name()
    one, two = (stage.driver, "one"), (stage.second(), "two")
    stage.driver.open("one", [topic], group=group, assignor=assignor)
    (had,) = wait_shared(topic, one)
    before = len(stage.driver.call("rebalances", name="one"))
    stage.second().open("two", [topic], group=group, assignor=assignor)
    kept, _ = wait_shared(topic, one, two)
    events = stage.driver.call("rebalances", name="one")[before:]
    revoked = {(topic, partition) for kind, parts in events if kind == "revoked" for topic, partition in parts}
    stage.second().close("two")
    stage.driver.close("one")
    return had, kept, revoked


@each_library("eager")
def test_an_eager_member_gives_up_everything_when_another_joins(play: Play) -> None:
    play(rebalance_eagerly)


def rebalance_eagerly(stage: Stage) -> None:
    had, _, revoked = revoked_while_joining(stage, "eager")
    assert revoked == had


@each_library("cooperative")
def test_a_cooperative_member_gives_up_only_what_moves(play: Play) -> None:
    play(rebalance_cooperatively)


def rebalance_cooperatively(stage: Stage) -> None:
    had, kept, revoked = revoked_while_joining(stage, "cooperative")
    assert revoked == had - kept


@each_library("static member")
def test_a_static_member_comes_back_to_its_partitions_without_a_rebalance(play: Play) -> None:
    play(come_back)


def come_back(stage: Stage) -> None:
    topic, group = stage.topic(PARTITIONS), stage.name()
    mortal = stage.second()
    stage.driver.open("other", [topic], group=group, instance="other", session_ms=30_000)
    mortal.open("constant", [topic], group=group, instance="constant", session_ms=30_000)
    _, held = wait_shared(topic, (stage.driver, "other"), (mortal, "constant"))
    rebalances = stage.driver.call("rebalances", name="other")
    # kill -9, so that whatever a library does when it is closed, it has not left.
    mortal.kill()
    reborn = stage.second()
    reborn.open("constant", [topic], group=group, instance="constant", session_ms=30_000)
    _, again = wait_shared(topic, (stage.driver, "other"), (reborn, "constant"))
    assert again == held
    assert stage.driver.call("rebalances", name="other") == rebalances
    reborn.close("constant")
    stage.driver.close("other")


@pytest.fixture(scope="module")
def mixed_shares(three_brokers: Cluster, garage: Garage) -> dict[str, set[Part]]:
    """Members of all libraries that know the range assignor in one group: what each of them has."""
    members = [one for one in LIBRARIES if one.program.missing() is None and not one.lacks("mixed group")]
    topic = three_brokers.create_topic("mixed", len(members))
    drivers = [garage.driver(library) for library in members]

    def opening(member: Member) -> None:
        driver, name = member
        driver.open(name, [topic], group="mixed")

    shares = wait_shared(topic, *((driver, "mixed") for driver in drivers), partitions=len(members), opening=opening)
    # Side by side like the rest: who is closed while a rebalance goes on may wait for it, and so for the others.
    with ThreadPoolExecutor(len(drivers)) as pool:
        list(pool.map(lambda driver: driver.close("mixed"), drivers))
    return {library.name: share for library, share in zip(members, shares, strict=True)}


@each_library("mixed group")
def test_it_shares_a_group_with_members_of_the_other_libraries(
    library: Library, mixed_shares: dict[str, set[Part]]
) -> None:
    if reason := library.program.missing():
        pytest.skip(reason)
    assert len(mixed_shares[library.name]) == 1


@each_library("commit by hand")
def test_it_goes_on_from_what_was_committed_by_hand(play: Play) -> None:
    play(commit_by_hand)


def commit_by_hand(stage: Stage) -> None:
    topic, group, driver = stage.topic(), stage.name(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(100)])
    driver.open("first", [topic], group=group)
    stage.read("first", 100)
    driver.call("commit", name="first", offsets=[[topic, 0, 40]])
    assert driver.call("committed", name="first", topic=topic, partition=0) == 40
    driver.close("first")
    driver.open("second", [topic], group=group)
    assert [record.offset for record in stage.read("second", 60)] == list(range(40, 100))
    driver.call("commit", name="second", offsets=None)
    assert driver.call("committed", name="second", topic=topic, partition=0) == 100
    driver.close("second")
    driver.produce(topic, [Record(b"later")])
    driver.open("third", [topic], group=group)
    assert [record.offset for record in stage.read("third", 1)] == [100]
    driver.close("third")


@each_library("commit by itself")
def test_it_goes_on_from_what_it_committed_by_itself(play: Play) -> None:
    play(commit_automatically)


def commit_automatically(stage: Stage) -> None:
    topic, group, driver = stage.topic(), stage.name(), stage.driver
    driver.produce(topic, [Record(b"%d" % number) for number in range(100)])
    driver.open("first", [topic], group=group, auto_commit=True)
    stage.read("first", 100)

    def committed() -> bool:
        driver.poll("first", timeout_ms=100)
        return bool(driver.call("committed", name="first", topic=topic, partition=0) == 100)

    until(committed, "the offsets are committed while it reads")
    driver.produce(topic, [Record(b"%d" % number) for number in range(100, 120)])
    stage.read("first", 20)
    # And when it closes, before its interval is over.
    driver.close("first")
    driver.open("second", [topic], group=group, auto_commit=True)
    driver.produce(topic, [Record(b"last")])
    assert [record.offset for record in stage.read("second", 1)] == [120]
    driver.close("second")
