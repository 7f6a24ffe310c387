"""Finding things in a segment: by offset, by timestamp, its end."""

from __future__ import annotations

from typing import NamedTuple

from cluster.log.segments.scan import read_batch
from cluster.log.segments.segment import Segment
from cluster.log.validation import AT_ONCE_BYTES, AT_ONCE_RECORDS
from cluster.protocol.errors import CorruptMessage
from cluster.protocol.records.batch import Batch
from cluster.protocol.records.compression import MAX_INFLATED_BYTES
from cluster.protocol.records.iterate import MAX_RECORDS, Record, records


class FoundRecord(NamedTuple):
    """A record found by its timestamp."""

    offset: int
    timestamp: int
    leader_epoch: int


Known = dict[tuple[int, int], FoundRecord | None]
"""What long searches came to, by their keys."""


class LongSearch(Exception):
    """One batch that takes longer to look into than a loop may stand still: `run` it in an executor, and ask again."""

    def __init__(self, segment: Segment, position: int, header: Batch, timestamp: int, start_offset: int) -> None:
        super().__init__(f"the batch at {header.base_offset} cannot be looked into at once")
        self.key = header.base_offset, header.crc
        self.batch = read_batch(segment.file, position, header.size_bytes)
        self._timestamp = timestamp
        self._start_offset = start_offset

    def run(self, max_bytes: int = MAX_INFLATED_BYTES) -> FoundRecord | None:
        """The first record from the start offset on that is not older. Raises as `records` does."""
        for record in records(self.batch, max_bytes):
            if record.timestamp >= self._timestamp and record.offset >= self._start_offset:
                return _found(record, self.batch)
        return None


def find_batch(segment: Segment, offset: int) -> tuple[int, Batch] | None:
    """Position and header of the batch that holds `offset`, or of the first one behind it."""
    start = segment.indexes.offsets.lookup(offset)
    seen = False
    for position, batch in segment.headers(start):
        seen = True
        if batch.last_offset >= offset:
            return position, batch
    if not seen and 0 < start < segment.size_bytes:
        segment.rebuild_indexes()
        return next(((position, batch) for position, batch in segment.headers() if batch.last_offset >= offset), None)
    return None


def find_end(segment: Segment) -> tuple[int, int]:
    """Position and offset behind the last batch."""
    position, next_offset = segment.indexes.offsets.last[1], segment.base_offset
    for start, batch in segment.headers(position):
        position, next_offset = start + batch.size_bytes, batch.next_offset
    return position, next_offset


def truncate(segment: Segment, offset: int) -> int | None:
    """Cut the batch that holds `offset` and all behind it. The offset that comes next, None: nothing was cut."""
    found = find_batch(segment, offset)
    if found is None:
        return None
    position, batch = found
    next_offset = min(offset, batch.base_offset)
    segment.cut(position, next_offset)
    return next_offset


def retention_timestamp(segment: Segment) -> int:
    """By what retention counts a segment's age: its newest record, or else when its file was last changed."""
    timestamp = segment.newest.timestamp
    return timestamp if timestamp >= 0 else segment.files.modified_ms(segment.file.path)


def find_timestamp(
    segment: Segment, timestamp: int, start_offset: int, known: Known | None = None
) -> FoundRecord | None:
    """The first record from `start_offset` on that is not older than `timestamp`.

    One batch is looked into: when it has no such record although its header says so, its last one stands for it. When
    it has more records than are looked at, its first one does: who reads from there on misses nothing.
    """
    indexes = segment.indexes
    start = indexes.offsets.lookup(max(indexes.times.lookup(timestamp), start_offset))
    for position, header in segment.headers(start):
        if header.max_timestamp >= timestamp and header.last_offset >= start_offset:
            if header.record_count > MAX_RECORDS:
                return _unseen(header, max(header.base_offset, start_offset))
            found = _look(LongSearch(segment, position, header, timestamp, start_offset), known)
            if found is not None:
                return found
            if header.base_offset >= start_offset:
                return _unseen(header, header.last_offset)
    return None


def find_newest(segment: Segment, known: Known | None = None) -> FoundRecord | None:
    """The first record of the batch with the largest timestamp that has it; the last one of a batch of too many.

    Where no record has a timestamp, the first of them stands for all, with -1: so Kafka has it.
    """
    newest = segment.newest
    found = find_batch(segment, newest.offset)
    if found is None:
        return None
    if found[1].record_count > MAX_RECORDS:
        return _unseen(found[1], found[1].last_offset)
    return _look(LongSearch(segment, *found, newest.timestamp, found[1].base_offset), known)


def _unseen(header: Batch, offset: int) -> FoundRecord:
    """A record that nobody has looked at, as the header has it."""
    return FoundRecord(offset, header.max_timestamp, header.partition_leader_epoch)


def _found(record: Record, header: Batch) -> FoundRecord:
    """Within what the batch's header says: nobody has looked at what its producer wrote into the record."""
    offset = min(max(record.offset, header.base_offset), header.last_offset)
    return FoundRecord(offset, min(record.timestamp, header.max_timestamp), header.partition_leader_epoch)


def _look(search: LongSearch, known: Known | None) -> FoundRecord | None:
    if known is None:
        return search.run()
    if search.key in known:
        return known[search.key]
    if search.batch.record_count > AT_ONCE_RECORDS:
        raise search
    try:
        return search.run(AT_ONCE_BYTES)
    except CorruptMessage:
        raise search from None
