"""One viewer of a tail: a bounded queue, and the account received = shown + filtered + dropped."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from streams.tail.filters import RecordFilter
from streams.tail.records import TailRecord

QUEUE_RECORDS = 500


class ViewerState(Enum):
    """
    LIVE         takes what the shared reader delivers
    PAUSED       takes nothing and keeps its place
    CATCHING_UP  is fed from its place by a reader of its own, until it meets the shared one
    """

    LIVE = auto()
    PAUSED = auto()
    CATCHING_UP = auto()


MOVES: Mapping[ViewerState, frozenset[ViewerState]] = {
    ViewerState.LIVE: frozenset({ViewerState.PAUSED, ViewerState.CATCHING_UP}),
    ViewerState.PAUSED: frozenset({ViewerState.CATCHING_UP, ViewerState.LIVE}),
    ViewerState.CATCHING_UP: frozenset({ViewerState.PAUSED, ViewerState.LIVE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of every record that reached the viewer."""

    received: int = 0
    shown: int = 0
    filtered: int = 0
    dropped: int = 0


class Viewer:
    """Owns a viewer's queue, place and account. Used on one event loop only."""

    def __init__(self, record_filter: RecordFilter, positions: Mapping[int, int] | None = None) -> None:
        self.filter = record_filter
        self.state = ViewerState.CATCHING_UP if positions else ViewerState.LIVE
        self.positions: dict[int, int] = dict(positions or {})
        self.news = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self._queue: deque[TailRecord] = deque()
        self._shown = self._filtered = self._dropped = 0

    def move_to(self, state: ViewerState) -> None:
        if state is not self.state:
            if state not in MOVES[self.state]:
                raise ValueError(f"a viewer cannot go from {self.state.name} to {state.name}")
            self.state = state
            self.news.set()

    def deliver(self, record: TailRecord) -> None:
        """Take a record from the shared reader; one that was had already, or that is not wanted now, is left."""
        if self.state is ViewerState.LIVE:
            self._take(record)

    def feed(self, record: TailRecord) -> None:
        """Take a record from the viewer's own reader while it catches up."""
        if self.state is ViewerState.CATCHING_UP:
            self._take(record)

    def _take(self, record: TailRecord) -> None:
        if record.offset < self.positions.get(record.partition, 0):
            return
        self.positions[record.partition] = record.offset + 1
        self.news.set()
        if not self.filter.matches(record):
            self._filtered += 1
            return
        if len(self._queue) == QUEUE_RECORDS:
            self._queue.popleft()
            self._dropped += 1
        self._queue.append(record)
        if len(self._queue) == QUEUE_RECORDS:
            self.room.clear()

    def miss(self, records: int) -> None:
        """So many records in front of those that come next cannot be read."""
        self._dropped += records
        self.news.set()

    def skip_to(self, positions: Mapping[int, int]) -> None:
        """Go on from further ahead; the records in between count as dropped."""
        for partition, offset in positions.items():
            self._dropped += max(0, offset - self.positions.get(partition, offset))
            self.positions[partition] = max(offset, self.positions.get(partition, 0))

    def follow(self, positions: Mapping[int, int]) -> None:
        """Know where each partition is read next, as far as that is not known; offsets without records are passed."""
        for partition, offset in positions.items():
            self.positions[partition] = max(offset, self.positions.get(partition, 0))

    def take_all(self) -> tuple[list[TailRecord], Account]:
        """Everything that waits to be shown, and the account including it."""
        records = list(self._queue)
        self._queue.clear()
        self.room.set()
        self.news.clear()
        self._shown += len(records)
        received = self._shown + self._filtered + self._dropped
        account = Account(received=received, shown=self._shown, filtered=self._filtered, dropped=self._dropped)
        return records, account
