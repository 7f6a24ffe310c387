"""The two sparse indexes of a segment as one: fed with batches in order, loaded with suspicion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cluster.log.config import LogConfig
from cluster.log.files import Files
from cluster.log.layout import INDEX, TIME_INDEX, segment_path
from cluster.log.segments.index import MAX_RELATIVE_OFFSET, CorruptIndex, OffsetIndex, TimeIndex, TimestampOffset
from cluster.protocol.records.batch import NO_TIMESTAMP, Batch

NO_TIMESTAMP_YET: Final = TimestampOffset(NO_TIMESTAMP, -1)


class Indexes:
    """Offset and time index of a segment. `newest` is the largest timestamp so far. Belongs to its segment."""

    __slots__ = (
        "_max_offset_entries",
        "_max_time_entries",
        "base_offset",
        "bytes_since_entry",
        "interval_bytes",
        "newest",
        "offsets",
        "times",
    )

    def __init__(self, offsets: OffsetIndex, times: TimeIndex, config: LogConfig) -> None:
        self.offsets = offsets
        self.times = times
        self.base_offset = offsets.base_offset
        self.newest = times.last if len(times) else NO_TIMESTAMP_YET
        self.bytes_since_entry = 0
        self.configure(config)

    @classmethod
    def empty(cls, files: Files, directory: str, base_offset: int, config: LogConfig) -> Indexes:
        """Indexes without entries, in memory and on disk."""
        offsets = OffsetIndex(files, segment_path(directory, base_offset, INDEX), base_offset)
        times = TimeIndex(files, segment_path(directory, base_offset, TIME_INDEX), base_offset)
        indexes = cls(offsets, times, config)
        indexes.truncate_to(base_offset)
        return indexes

    @classmethod
    def load(cls, files: Files, directory: str, base_offset: int, config: LogConfig, log_bytes: int) -> Indexes:
        """Read both files. Raises CorruptIndex when they cannot be right, FileNotFoundError when one is missing."""
        path = segment_path(directory, base_offset, INDEX)
        offsets = OffsetIndex.load(files, path, base_offset, log_bytes)
        times = TimeIndex.load(files, segment_path(directory, base_offset, TIME_INDEX), base_offset)
        indexes = cls(offsets, times, config)
        indexes.bytes_since_entry = log_bytes - offsets.last[1]
        return indexes

    def configure(self, config: LogConfig) -> None:
        """Follow a change of the configuration."""
        self.interval_bytes = config.index_interval_bytes
        self._max_offset_entries = config.segment_index_bytes // OffsetIndex.entry_bytes
        self._max_time_entries = config.segment_index_bytes // TimeIndex.entry_bytes - 1

    def check(self, batch: Batch | None, log_bytes: int) -> None:
        """Raise CorruptIndex unless these can be the indexes of a log that has `batch` where the last entry points."""
        last_offset, position = self.offsets.last
        if batch is None:
            if position or len(self.times):
                raise CorruptIndex(f"{self.offsets.path} points to no batch")
            return
        if len(self.offsets) and batch.last_offset != last_offset:
            raise CorruptIndex(f"{self.offsets.path} points to the wrong batch")
        if not len(self.offsets) and log_bytes > max(self.interval_bytes, batch.size_bytes):
            raise CorruptIndex(f"{self.offsets.path} is empty")
        if not len(self.times) and batch.max_timestamp >= 0:
            raise CorruptIndex(f"{self.times.path} is empty")

    def check_times(self, headers: Iterable[tuple[int, Batch]]) -> None:
        """Raise CorruptIndex unless the first of the batches that is not below the last timestamp's offset has it."""
        if len(self.times):
            batch = next((batch for _, batch in headers if batch.last_offset >= self.newest.offset), None)
            if batch is None or (batch.max_timestamp, batch.last_offset) != self.newest:
                raise CorruptIndex(f"{self.times.path} has a wrong timestamp")

    def note(self, batch: Batch, position: int) -> None:
        """Take notice of a batch at `position`."""
        if batch.max_timestamp > self.newest[0]:
            self.newest = TimestampOffset(batch.max_timestamp, batch.last_offset)
        if self.bytes_since_entry > self.interval_bytes:
            self.offsets.append(batch.last_offset, position)
            self.times.append_if_newer(self.newest)
            self.bytes_since_entry = 0
        self.bytes_since_entry += batch.size_bytes

    def have_room_for(self, last_offset: int) -> bool:
        """Whether a batch that ends with `last_offset` can get an entry; the time index keeps one for the sealing."""
        return (
            len(self.offsets.offsets) < self._max_offset_entries
            and len(self.times.timestamps) < self._max_time_entries
            and last_offset - self.base_offset <= MAX_RELATIVE_OFFSET
        )

    def truncate_to(self, offset: int) -> None:
        """Forget the entries from `offset` on."""
        self.offsets.truncate_to(offset)
        self.times.truncate_to(offset)
        self.newest = self.times.last if len(self.times) else NO_TIMESTAMP_YET

    def end_at(self, position: int, headers: Iterable[tuple[int, Batch]]) -> None:
        """After `truncate_to`: the batches end at `position`; `headers` are those from the newest timestamp on."""
        for _, batch in headers:
            if batch.max_timestamp > self.newest.timestamp:
                self.newest = TimestampOffset(batch.max_timestamp, batch.last_offset)
        self.bytes_since_entry = position - self.offsets.last[1]

    def spill(self) -> None:
        """Bring the entries to the files."""
        self.offsets.spill()
        self.times.spill()

    def seal(self) -> None:
        """As `spill`, with the newest timestamp as the last entry."""
        self.times.append_if_newer(self.newest)
        self.spill()
