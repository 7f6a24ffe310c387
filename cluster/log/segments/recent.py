"""What was appended lately, kept in memory: readers at a log's end need no file.

All logs of a broker share one budget; what was appended first goes first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Final

from cluster.log.files import Buffer
from cluster.protocol.records.batch import batches

_ENTRY_OVERHEAD_BYTES: Final = 512
_COMPACT_AFTER: Final = 256
_MOST_AROUND: Final = 16
"""A view is kept as a copy when what it is a part of is so many times larger: the whole would stay in memory."""


class TailCache:
    """The budget that the logs of a broker share. Belongs to the broker's loop."""

    __slots__ = ("_entries", "max_bytes", "used_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._entries: deque[tuple[RecentAppends, int, int]] = deque()

    def charge(self, log: RecentAppends, size_bytes: int) -> None:
        """Account for an entry of a log, and have the oldest entries go while there is no room."""
        self._entries.append((log, log.generation, size_bytes))
        self.used_bytes += size_bytes
        while self.used_bytes > self.max_bytes:
            oldest, generation, size = self._entries.popleft()
            self.used_bytes -= size
            if generation == oldest.generation:
                oldest.drop_oldest()


class RecentAppends:
    """The youngest appends of one log, without a gap between them. Belongs to that log."""

    __slots__ = ("_buffers", "_cache", "_dropped", "_next_offsets", "first_offset", "generation")

    def __init__(self, cache: TailCache) -> None:
        self._cache = cache
        self._buffers: list[Buffer | None] = []
        self._next_offsets: list[int] = []
        self._dropped = 0
        self.first_offset = -1
        self.generation = 0

    def add(self, first_offset: int, next_offset: int, buffer: Buffer) -> None:
        """Keep the batches in `buffer`, which follow those that were added before."""
        if self._dropped == len(self._buffers):
            self.first_offset = first_offset
        size = len(buffer) + _ENTRY_OVERHEAD_BYTES
        if type(buffer) is memoryview and len(buffer.obj) > _MOST_AROUND * size:  # type: ignore[arg-type]
            buffer = bytes(buffer)
        self._buffers.append(buffer)
        self._next_offsets.append(next_offset)
        self._cache.charge(self, size)

    def drop_oldest(self) -> None:
        """Forget the oldest entry."""
        self._buffers[self._dropped] = None
        self.first_offset = self._next_offsets[self._dropped]
        self._dropped += 1
        if self._dropped >= _COMPACT_AFTER and self._dropped * 2 >= len(self._buffers):
            del self._buffers[: self._dropped], self._next_offsets[: self._dropped]
            self._dropped = 0

    def clear(self) -> None:
        """Forget everything: the log's end was cut, or grows without being kept here."""
        self._buffers.clear()
        self._next_offsets.clear()
        self._dropped = 0
        self.first_offset = -1
        self.generation += 1

    def read(self, offset: int, end_offset: int, max_bytes: int, *, at_least_one: bool) -> list[Buffer] | None:
        """Whole batches from the one that holds `offset` on, below `end_offset`; None when they are not all here.

        With `at_least_one` the first batch comes even if it is larger than `max_bytes`.
        """
        if self.first_offset < 0 or offset < self.first_offset or self._dropped == len(self._buffers):
            return None
        first = bisect_right(self._next_offsets, offset, self._dropped)
        begins_at = self._next_offsets[first - 1] if first > self._dropped else self.first_offset
        found: list[Buffer] = []
        room = max_bytes
        for slot in range(first, len(self._buffers)):
            buffer = self._buffers[slot]
            assert buffer is not None, "entries behind the dropped ones are there"
            if begins_at < offset or self._next_offsets[slot] > end_offset or len(buffer) > room:
                part = _cut(buffer, offset, end_offset, room, at_least_one=at_least_one and not found)
                if part:
                    found.append(part)
                if not part or self._next_offsets[slot] > end_offset or len(buffer) > room:
                    break
                room -= len(part)
            else:
                found.append(buffer)
                room -= len(buffer)
            begins_at = self._next_offsets[slot]
        return found


def _cut(buffer: Buffer, offset: int, end_offset: int, room: int, *, at_least_one: bool) -> memoryview:
    """The batches in a buffer from the one with `offset` on, below `end_offset`, as many as there is room for."""
    start = end = -1
    for batch in batches(buffer):
        if batch.next_offset > end_offset:
            break
        if batch.last_offset < offset:
            continue
        start = batch.start if start < 0 else start
        if batch.end - start > room and not (at_least_one and end < 0):
            break
        end = batch.end
    return memoryview(buffer)[start:end] if end > start >= 0 else memoryview(b"")
