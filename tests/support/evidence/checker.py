"""Judges a recorded history against what the log holds in the end; knows nothing of how either was obtained."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.support.evidence.history import Acknowledged, Assigned, CommitSeen, Committed, History, Partition, Read, Sent

Stored = tuple[int, bytes]
FinalLog = Mapping[Partition, Sequence[Stored]]
"""Per partition every (offset, value) that a fresh reader got from the beginning, in the order in which it got them."""


class Kind(Enum):
    LOST = "an acknowledged record is not in the log"
    MISPLACED = "an acknowledged record is not at the offset that was acknowledged"
    DUPLICATED = "a record is in the log more than once"
    REORDERED = "records of one producer are in the log in another order than they were sent"
    DIVERGENT = "one offset was seen with two contents"
    PHANTOM = "a record that nobody sent"
    SKIPPED = "a reader missed a record between two that it read"
    WENT_BACK = "a reader got an offset again, or an earlier one, without a new assignment"
    COMMIT_LOST = "an acknowledged commit was forgotten"
    REPLICAS_DIFFER = "replicas are not byte-equal up to the high watermark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    kind: Kind
    partition: Partition
    detail: str


Check = Callable[[History, FinalLog], Iterator[Violation]]


def lost(history: History, log: FinalLog) -> Iterator[Violation]:
    values = {partition: {value for _, value in stored} for partition, stored in log.items()}
    for ack in history.of(Acknowledged):
        if ack.value not in values.get(ack.partition, set()):
            yield Violation(
                kind=Kind.LOST, partition=ack.partition, detail=f"{ack.value!r} acknowledged at {ack.offset}"
            )


def misplaced(history: History, log: FinalLog) -> Iterator[Violation]:
    places = _places(log)
    for ack in history.of(Acknowledged):
        offsets = places.get((ack.partition, ack.value), [])
        if offsets and ack.offset not in offsets:
            detail = f"{ack.value!r} acknowledged at {ack.offset}, found at {offsets}"
            yield Violation(kind=Kind.MISPLACED, partition=ack.partition, detail=detail)


def duplicated(history: History, log: FinalLog) -> Iterator[Violation]:
    counts = Counter(value for stored in log.values() for _, value in stored)
    for (partition, value), offsets in _places(log).items():
        if counts[value] > 1:
            yield Violation(kind=Kind.DUPLICATED, partition=partition, detail=f"{value!r} at {offsets}")


def reordered(history: History, log: FinalLog) -> Iterator[Violation]:
    places = _places(log)
    reached: dict[tuple[str, Partition], tuple[int, bytes]] = {}
    for sent in history.of(Sent):
        if not (offsets := places.get((sent.partition, sent.value))):
            continue
        offset, before = reached.get((sent.producer, sent.partition), (-1, b""))
        if offsets[0] < offset:
            detail = f"{sent.value!r} at {offsets[0]}, sent after {before!r} at {offset}"
            yield Violation(kind=Kind.REORDERED, partition=sent.partition, detail=detail)
        else:
            reached[sent.producer, sent.partition] = (offsets[0], sent.value)


def divergent(history: History, log: FinalLog) -> Iterator[Violation]:
    contents: dict[tuple[Partition, int], dict[bytes, None]] = defaultdict(dict)
    for seen in (*history.of(Acknowledged), *history.of(Read)):
        contents[seen.partition, seen.offset][seen.value] = None
    for partition, stored in log.items():
        for offset, value in stored:
            contents[partition, offset][value] = None
    for (partition, offset), values in contents.items():
        if len(values) > 1:
            yield Violation(kind=Kind.DIVERGENT, partition=partition, detail=f"offset {offset}: {list(values)}")


def phantom(history: History, log: FinalLog) -> Iterator[Violation]:
    sent = {(event.partition, event.value) for event in history.of(Sent)}
    seen = {(event.partition, event.value): event.offset for event in history.of(Read)}
    seen |= {(partition, value): offset for partition, stored in log.items() for offset, value in stored}
    for (partition, value), offset in seen.items():
        if (partition, value) not in sent:
            yield Violation(kind=Kind.PHANTOM, partition=partition, detail=f"{value!r} at {offset}")


def skipped(history: History, log: FinalLog) -> Iterator[Violation]:
    offsets = {partition: sorted(offset for offset, _ in stored) for partition, stored in log.items()}
    for reader, partition, before, offset in _steps(history):
        missed = [held for held in offsets.get(partition, []) if before < held < offset]
        if missed:
            detail = f"{reader} read {before}, then {offset}; between them {missed[:5]}"
            yield Violation(kind=Kind.SKIPPED, partition=partition, detail=detail)


def went_back(history: History, log: FinalLog) -> Iterator[Violation]:
    for reader, partition, before, offset in _steps(history):
        if offset <= before:
            detail = f"{reader} read {before}, then {offset}"
            yield Violation(kind=Kind.WENT_BACK, partition=partition, detail=detail)


def commit_lost(history: History, log: FinalLog) -> Iterator[Violation]:
    reached: dict[tuple[str, Partition], int] = {}
    for event in list(history.events):
        match event:
            case Committed():
                place = (event.group, event.partition)
                reached[place] = max(event.offset, reached.get(place, -1))
            case CommitSeen() if event.offset < reached.get((event.group, event.partition), -1):
                detail = f"{event.group} committed {reached[event.group, event.partition]}, read back {event.offset}"
                yield Violation(kind=Kind.COMMIT_LOST, partition=event.partition, detail=detail)


SAFETY: tuple[Check, ...] = (lost, misplaced, reordered, divergent, phantom, skipped, went_back, commit_lost)
EXACTLY_ONCE: tuple[Check, ...] = (*SAFETY, duplicated)
"""What holds when every producer was idempotent."""


def violations(history: History, log: FinalLog, checks: Sequence[Check] = EXACTLY_ONCE) -> list[Violation]:
    return [violation for check in checks for violation in check(history, log)]


def _places(log: FinalLog) -> dict[tuple[Partition, bytes], list[int]]:
    places: dict[tuple[Partition, bytes], list[int]] = {}
    for partition, stored in log.items():
        for offset, value in stored:
            places.setdefault((partition, value), []).append(offset)
    return places


def _steps(history: History) -> Iterator[tuple[str, Partition, int, int]]:
    """Every (reader, partition, offset read before, offset read) within one span of reading."""
    last: dict[tuple[str, Partition], int] = {}
    for event in list(history.events):
        match event:
            case Assigned():
                last.pop((event.reader, event.partition), None)
            case Read():
                before = last.get((event.reader, event.partition))
                last[event.reader, event.partition] = event.offset
                if before is not None:
                    yield event.reader, event.partition, before, event.offset
