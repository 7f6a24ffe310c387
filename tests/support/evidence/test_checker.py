"""The checker accepts every honest history and finds each kind of violation planted into one."""

import random
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.evidence.checker import EXACTLY_ONCE, SAFETY, FinalLog, Kind, Stored, violations
from tests.support.evidence.history import (
    Acknowledged,
    Assigned,
    CommitSeen,
    Committed,
    Event,
    Failed,
    History,
    Partition,
    Read,
    Sent,
)

Log = dict[Partition, list[Stored]]


@dataclass(frozen=True, slots=True)
class Case:
    history: History
    log: Log


def honest(seed: int) -> Case:
    """A random run of a correct cluster: sends, acknowledgements lost and not, reads with reassignment, commits."""
    draw = random.Random(seed)
    history = History()
    log: Log = {("orders", number): [] for number in range(draw.randint(1, 3))}
    cursors: dict[Partition, int] = {}
    for number in range(draw.randint(12, 60)):
        partition = draw.choice(list(log))
        _send(draw, history, log, partition, number)
        if draw.random() < 0.5:
            _read(draw, history, log[partition], partition, cursors)
    for partition, stored in log.items():
        _read_on(history, stored, partition, cursors.get(partition, 0))
        history.add(Committed(group="readers", partition=partition, offset=len(stored)))
        history.add(CommitSeen(group="readers", partition=partition, offset=len(stored)))
    return Case(history, log)


def _send(draw: random.Random, history: History, log: Log, partition: Partition, number: int) -> None:
    producer, value = f"producer-{draw.randint(0, 1)}", b"value-%d" % number
    history.add(Sent(producer=producer, partition=partition, value=value))
    written = draw.random() < 0.9
    if written:
        stored = log[partition]
        stored.append(((stored[-1][0] if stored else -1) + draw.choice([1, 1, 1, 2]), value))
    if written and draw.random() < 0.9:
        offset = log[partition][-1][0]
        history.add(Acknowledged(producer=producer, partition=partition, offset=offset, value=value, at=float(number)))
    else:
        history.add(Failed(producer=producer, partition=partition, value=value, error="timed out"))


def _read(
    draw: random.Random, history: History, stored: list[Stored], partition: Partition, cursors: dict[Partition, int]
) -> None:
    if partition not in cursors or draw.random() < 0.1:
        history.add(Assigned(reader="reader", partition=partition))
        cursors[partition] = max(0, cursors.get(partition, 0) - draw.randint(0, 3))
    end = min(len(stored), cursors[partition] + draw.randint(0, 4))
    _read_on(history, stored[:end], partition, cursors[partition])
    cursors[partition] = end


def _read_on(history: History, stored: list[Stored], partition: Partition, position: int) -> None:
    for offset, value in stored[position:]:
        history.add(Read(reader="reader", partition=partition, offset=offset, value=value))


def indexes(history: History, kind: type[Event]) -> list[int]:
    return [index for index, event in enumerate(history.events) if isinstance(event, kind)]


def kinds(case: Case) -> set[Kind]:
    log: FinalLog = case.log
    return {violation.kind for violation in violations(case.history, log)}


def plant_lost(draw: random.Random, case: Case) -> bool:
    if not (acks := list(case.history.of(Acknowledged))):
        return False
    ack = draw.choice(acks)
    case.log[ack.partition].remove((ack.offset, ack.value))
    return True


def plant_misplaced(draw: random.Random, case: Case) -> bool:
    if not (places := indexes(case.history, Acknowledged)):
        return False
    index = draw.choice(places)
    ack = case.history.events[index]
    assert isinstance(ack, Acknowledged)
    case.history.events[index] = replace(ack, offset=ack.offset + 1000)
    return True


def plant_duplicated(draw: random.Random, case: Case) -> bool:
    stored = draw.choice([stored for stored in case.log.values() if stored])
    stored.append((stored[-1][0] + 1, draw.choice(stored)[1]))
    return True


def plant_reordered(draw: random.Random, case: Case) -> bool:
    sent = {(event.partition, event.value): event.producer for event in case.history.of(Sent)}
    for partition, stored in case.log.items():
        for place, (first, second) in enumerate(pairwise(stored)):
            if sent[partition, first[1]] == sent[partition, second[1]]:
                stored[place : place + 2] = [(first[0], second[1]), (second[0], first[1])]
                return True
    return False


def plant_divergent(draw: random.Random, case: Case) -> bool:
    if not (places := indexes(case.history, Read)):
        return False
    index = draw.choice(places)
    read = case.history.events[index]
    assert isinstance(read, Read)
    case.history.events[index] = replace(read, value=b"another content")
    return True


def plant_phantom(draw: random.Random, case: Case) -> bool:
    stored = draw.choice(list(case.log.values()))
    stored.append(((stored[-1][0] if stored else -1) + 1, b"nobody sent this"))
    return True


def plant_skipped(draw: random.Random, case: Case) -> bool:
    places = indexes(case.history, Read)
    for first, middle, last in zip(places, places[1:], places[2:], strict=False):
        one, two, three = (case.history.events[place] for place in (first, middle, last))
        assert isinstance(one, Read)
        assert isinstance(two, Read)
        assert isinstance(three, Read)
        if one.partition == two.partition == three.partition and last == first + 2:
            del case.history.events[middle]
            return True
    return False


def plant_went_back(draw: random.Random, case: Case) -> bool:
    if not (places := indexes(case.history, Read)):
        return False
    index = draw.choice(places)
    case.history.events.insert(index, case.history.events[index])
    return True


def plant_commit_lost(draw: random.Random, case: Case) -> bool:
    partition = next(iter(case.log))
    case.history.add(Committed(group="readers", partition=partition, offset=10_000))
    case.history.add(CommitSeen(group="readers", partition=partition, offset=draw.choice([-1, 0, 9_999])))
    return True


PLANTS = {
    Kind.LOST: plant_lost,
    Kind.MISPLACED: plant_misplaced,
    Kind.DUPLICATED: plant_duplicated,
    Kind.REORDERED: plant_reordered,
    Kind.DIVERGENT: plant_divergent,
    Kind.PHANTOM: plant_phantom,
    Kind.SKIPPED: plant_skipped,
    Kind.WENT_BACK: plant_went_back,
    Kind.COMMIT_LOST: plant_commit_lost,
}
SEEDS = st.integers(min_value=0, max_value=2**32)


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_an_honest_history_has_no_violation(seed: int) -> None:
    assert kinds(honest(seed)) == set()


@pytest.mark.parametrize("kind", PLANTS, ids=lambda kind: kind.name.lower())
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_planted_violation_is_found(kind: Kind, seed: int) -> None:
    case = honest(seed)
    if PLANTS[kind](random.Random(seed), case):
        assert kind in kinds(case)


def test_every_planted_violation_is_possible_in_most_histories() -> None:
    for kind, plant in PLANTS.items():
        planted = sum(plant(random.Random(seed), honest(seed)) for seed in range(20))
        assert planted >= 10, kind


def test_a_duplicate_is_no_violation_when_producers_were_not_idempotent() -> None:
    case = honest(7)
    plant_duplicated(random.Random(7), case)
    assert violations(case.history, case.log, SAFETY) == []
    assert {found.kind for found in violations(case.history, case.log, EXACTLY_ONCE)} == {Kind.DUPLICATED}


def test_a_new_assignment_may_go_back() -> None:
    history, partition = History(), ("orders", 0)
    for offset in (0, 1):
        history.add(Sent(producer="p", partition=partition, value=b"%d" % offset))
    for offset in (0, 1, 0):
        history.add(Assigned(reader="r", partition=partition))
        history.add(Read(reader="r", partition=partition, offset=offset, value=b"%d" % offset))
    assert violations(history, {partition: [(0, b"0"), (1, b"1")]}) == []


def test_the_longest_gap_is_measured_between_acknowledgements() -> None:
    history = History()
    for at in (1.0, 1.5, 4.0, 4.2):
        history.add(Acknowledged(producer="p", partition=("t", 0), offset=0, value=b"", at=at))
    assert history.longest_gap() == 2.5


def test_waiting_for_events_that_do_not_come_says_how_far_it_came() -> None:
    history = History()
    history.add(Assigned(reader="r", partition=("t", 0)))
    history.wait_for(Assigned, 1, timeout=1)
    with pytest.raises(TimeoutError, match="1 of 2 Assigned"):
        history.wait_for(Assigned, 2, timeout=0.01)
