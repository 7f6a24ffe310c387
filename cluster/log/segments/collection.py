"""The segments of one log, in the order of their offsets."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator

from cluster.log.segments.search import FoundRecord, Known, find_batch, find_newest, find_timestamp
from cluster.log.segments.segment import Segment
from cluster.log.segments.transactions import AbortedTransaction


class Segments:
    """All segments of a log; the last one, the active segment, is written to. Never empty once the log is open."""

    __slots__ = ("_all", "_bases", "sealed_bytes")

    def __init__(self) -> None:
        self._all: list[Segment] = []
        self._bases: list[int] = []
        self.sealed_bytes = 0

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def active(self) -> Segment:
        """The segment that is written to."""
        return self._all[-1]

    @property
    def first(self) -> Segment:
        """The oldest segment."""
        return self._all[0]

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments."""
        return self.sealed_bytes + self._all[-1].size_bytes

    @property
    def base_offsets(self) -> list[int]:
        """Where the segments begin."""
        return list(self._bases)

    def add(self, segment: Segment) -> None:
        """Take in a segment."""
        insort(self._all, segment, key=lambda one: one.base_offset)
        insort(self._bases, segment.base_offset)
        self._count()

    def remove(self, segments: list[Segment]) -> None:
        """Let go of segments."""
        for segment in segments:
            self._all.remove(segment)
            self._bases.remove(segment.base_offset)
        self._count()

    def from_offset(self, offset: int) -> list[Segment]:
        """The segment that holds `offset`, and those behind it."""
        return self._all[self._slot(offset) :]

    def after(self, segment: Segment) -> Segment | None:
        """The next segment."""
        slot = bisect_right(self._bases, segment.base_offset)
        return self._all[slot] if slot < len(self._all) else None

    def _slot(self, offset: int) -> int:
        return max(bisect_right(self._bases, offset) - 1, 0)

    def _count(self) -> None:
        self.sealed_bytes = sum(segment.size_bytes for segment in self._all[:-1])

    def read(self, offset: int, end_offset: int, max_bytes: int, *, at_least_one: bool) -> bytes:
        """Batches from the one that holds `offset` on, out of one segment, below `end_offset` (a batch boundary).

        The last batch may be cut; the first one is whole, or the answer is empty when it is larger than `max_bytes`.
        With `at_least_one` it comes even so.
        """
        for segment in self.from_offset(offset):
            found = find_batch(segment, offset)
            if found is None:
                continue
            position, batch = found
            if batch.next_offset > end_offset:
                break
            size = batch.size_bytes
            if size <= max_bytes:
                size = min(self._end_position(segment, end_offset) - position, max_bytes)
            elif not at_least_one:
                break
            return segment.file.pread(size, position)
        return b""

    def _end_position(self, segment: Segment, end_offset: int) -> int:
        following = self.after(segment)
        if following is not None and following.base_offset <= end_offset:
            return segment.size_bytes
        found = find_batch(segment, end_offset)
        return segment.size_bytes if found is None else found[0]

    def find_timestamp(self, timestamp: int, start_offset: int, known: Known | None = None) -> FoundRecord | None:
        """The first record from `start_offset` on that is not older than `timestamp`.

        Where it is said what is `known` of batches that take long to look into, LongSearch is raised for the others.
        """
        for segment in self.from_offset(start_offset):
            if segment.newest.timestamp >= timestamp:
                found = find_timestamp(segment, timestamp, start_offset, known)
                if found is not None:
                    return found
        return None

    def find_newest(self, known: Known | None = None) -> FoundRecord | None:
        """The first record that has the largest timestamp of the log."""
        newest = max(self._all, key=lambda segment: segment.newest.timestamp)
        return find_newest(newest, known)

    def aborted(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """The aborted transactions that a reader of [offset, end_offset) may meet, by their first offsets."""
        found: list[AbortedTransaction] = []
        for segment in self.from_offset(offset):
            found += segment.transactions.between(offset, end_offset)
            if segment.transactions.settles(end_offset):
                break
        return sorted(found, key=lambda transaction: transaction.first_offset)
