"""What clients saw: frozen records of sends, acknowledgements, reads and commits, in the order of seeing them."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A value handed to a producer; values are unique in a history. These records stand in the order of sending."""

    producer: str
    partition: Partition
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The broker said: this value is durable at this offset. `at` is monotonic seconds."""

    producer: str
    partition: Partition
    offset: int
    value: bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The producer gave up; the record may or may not be in the log."""

    producer: str
    partition: Partition
    value: bytes
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """From here on the reader reads this partition from wherever it stands: a new span of reading begins."""

    reader: str
    partition: Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    reader: str
    partition: Partition
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """An acknowledged commit of a group."""

    group: str
    partition: Partition
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSeen:
    """A committed offset as the coordinator told it (-1: it knew none)."""

    group: str
    partition: Partition
    offset: int


Event = Sent | Acknowledged | Failed | Assigned | Read | Committed | CommitSeen
E = TypeVar("E", Sent, Acknowledged, Failed, Assigned, Read, Committed, CommitSeen)


@dataclass(slots=True)
class History:
    """An append-only list of events; any thread may add."""

    events: list[Event] = field(default_factory=list)
    _counts: Counter[type] = field(default_factory=Counter, repr=False)
    _growth: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def add(self, event: Event) -> None:
        with self._growth:
            self.events.append(event)
            self._counts[type(event)] += 1
            self._growth.notify_all()

    def of(self, kind: type[E]) -> Iterator[E]:
        return (event for event in list(self.events) if isinstance(event, kind))

    def count(self, kind: type[E]) -> int:
        return self._counts[kind]

    def wait_for(self, kind: type[E], count: int, timeout: float) -> None:
        """Block until so many events of a kind are recorded; TimeoutError says how far it came."""
        with self._growth:
            if not self._growth.wait_for(lambda: self.count(kind) >= count, timeout):
                raise TimeoutError(f"{self.count(kind)} of {count} {kind.__name__} after {timeout:.0f} s")

    def wait_for_more(self, kind: type[E], more: int, timeout: float) -> None:
        self.wait_for(kind, self.count(kind) + more, timeout)

    def longest_gap(self) -> float:
        """The longest time, in seconds, without an acknowledgement between the first and the last one."""
        times = sorted(event.at for event in self.of(Acknowledged))
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)
