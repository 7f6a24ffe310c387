"""The sparse indexes of a segment: offset to position, and timestamp to offset.

    .index      relative offset uint32, position uint32     the last offset of a batch, and where the batch begins
    .timeindex  timestamp int64, relative offset uint32     the largest timestamp so far, the last offset of its batch

Entries ascend. They live in memory and reach the file in pieces: an index that lags behind its log, or is lost, is
built again from the log. Nothing here has a checksum, so `load` refuses what cannot be right.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right
from typing import Final, NamedTuple

from cluster.log.files import Files
from cluster.protocol.records.batch import NO_TIMESTAMP

_SPILL_ENTRIES: Final = 512
_TIME_ENTRY: Final = struct.Struct(">qI")
MAX_RELATIVE_OFFSET: Final = (1 << 31) - 1


class CorruptIndex(Exception):
    """The file cannot be an index of its segment; build it again."""


class TimestampOffset(NamedTuple):
    """A timestamp and the offset of a record that has it (or that ends its batch)."""

    timestamp: int
    offset: int


class _IndexFile:
    """The file of an index: entries are appended in pieces, or cut from its end."""

    __slots__ = ("files", "on_disk", "path")
    entry_bytes: int

    def __init__(self, files: Files, path: str) -> None:
        self.files = files
        self.path = path
        self.on_disk = 0

    def _read(self) -> bytes:
        file = self.files.open(self.path, create=False)
        try:
            data = file.pread(file.size(), 0)
        finally:
            file.close()
        if len(data) % self.entry_bytes:
            raise CorruptIndex(f"{self.path} holds {len(data)} bytes, no multiple of {self.entry_bytes}")
        self.on_disk = len(data) // self.entry_bytes
        return data

    def _append(self, data: bytes) -> None:
        if not data:
            return
        file = self.files.open(self.path)
        try:
            file.pwrite([data], self.on_disk * self.entry_bytes)
        finally:
            file.close()
        self.on_disk += len(data) // self.entry_bytes

    def _cut(self, entries: int) -> None:
        """Cut the file; to nothing means to create it, too."""
        if entries < self.on_disk or entries == 0:
            file = self.files.open(self.path)
            try:
                file.truncate(entries * self.entry_bytes)
            finally:
                file.close()
            self.on_disk = min(self.on_disk, entries)


class OffsetIndex(_IndexFile):
    """Where in a segment's file the batches are. Belongs to its segment."""

    __slots__ = ("base_offset", "offsets", "positions")
    entry_bytes = 8

    def __init__(self, files: Files, path: str, base_offset: int) -> None:
        super().__init__(files, path)
        self.base_offset = base_offset
        self.offsets = array("I")
        self.positions = array("I")

    @classmethod
    def load(cls, files: Files, path: str, base_offset: int, log_bytes: int) -> OffsetIndex:
        """Read the index of a segment of `log_bytes`. Raises CorruptIndex, FileNotFoundError."""
        index = cls(files, path, base_offset)
        words = array("I", index._read())
        if sys.byteorder == "little":
            words.byteswap()
        index.offsets, index.positions = words[0::2], words[1::2]
        if not (_ascends(index.offsets) and _ascends(index.positions)):
            raise CorruptIndex(f"{path} does not ascend")
        if words and not (0 < words[1] <= words[-1] < log_bytes and words[-2] <= MAX_RELATIVE_OFFSET):
            raise CorruptIndex(f"{path} points to where no entry points")
        return index

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def last(self) -> tuple[int, int]:
        """Offset and position of the last entry; of the segment's begin when there is none."""
        if not self.offsets:
            return self.base_offset, 0
        return self.base_offset + self.offsets[-1], self.positions[-1]

    def lookup(self, offset: int) -> int:
        """The position to begin to search at for the batch that holds `offset`."""
        slot = bisect_right(self.offsets, offset - self.base_offset) - 1
        return self.positions[slot] if slot >= 0 else 0

    def append(self, offset: int, position: int) -> None:
        """Add the batch that ends with `offset` and begins at `position`."""
        self.offsets.append(offset - self.base_offset)
        self.positions.append(position)
        if len(self.offsets) - self.on_disk >= _SPILL_ENTRIES:
            self.spill()

    def truncate_to(self, offset: int) -> None:
        """Forget the entries from `offset` on."""
        entries = bisect_right(self.offsets, offset - self.base_offset - 1) if offset > self.base_offset else 0
        del self.offsets[entries:], self.positions[entries:]
        self._cut(entries)

    def spill(self) -> None:
        """Bring the entries that are only in memory to the file."""
        fresh = self.offsets[self.on_disk :]
        words = array("I", bytes(8 * len(fresh)))
        words[0::2], words[1::2] = fresh, self.positions[self.on_disk :]
        if sys.byteorder == "little":
            words.byteswap()
        self._append(words.tobytes())


class TimeIndex(_IndexFile):
    """From when the batches are. Belongs to its segment."""

    __slots__ = ("base_offset", "offsets", "timestamps")
    entry_bytes = 12

    def __init__(self, files: Files, path: str, base_offset: int) -> None:
        super().__init__(files, path)
        self.base_offset = base_offset
        self.timestamps = array("q")
        self.offsets = array("I")

    @classmethod
    def load(cls, files: Files, path: str, base_offset: int) -> TimeIndex:
        """Read the time index of a segment. Raises CorruptIndex, FileNotFoundError."""
        index = cls(files, path, base_offset)
        for timestamp, offset in _TIME_ENTRY.iter_unpack(index._read()):
            index.timestamps.append(timestamp)
            index.offsets.append(offset)
        if not (_ascends(index.timestamps) and _ascends(index.offsets)):
            raise CorruptIndex(f"{path} does not ascend")
        return index

    def __len__(self) -> int:
        return len(self.timestamps)

    @property
    def last(self) -> TimestampOffset:
        """The last entry; no timestamp at the segment's begin when there is none."""
        if not self.timestamps:
            return TimestampOffset(NO_TIMESTAMP, self.base_offset)
        return TimestampOffset(self.timestamps[-1], self.base_offset + self.offsets[-1])

    def lookup(self, timestamp: int) -> int:
        """The offset to begin to search at for the first record that is not older than `timestamp`."""
        slot = bisect_right(self.timestamps, timestamp) - 1
        return self.base_offset + self.offsets[slot] if slot >= 0 else self.base_offset

    def append_if_newer(self, entry: TimestampOffset) -> None:
        """Add an entry, unless its timestamp is not above the last one."""
        timestamps = self.timestamps
        if entry.timestamp > (timestamps[-1] if timestamps else NO_TIMESTAMP):
            timestamps.append(entry.timestamp)
            self.offsets.append(entry.offset - self.base_offset)
            if len(timestamps) - self.on_disk >= _SPILL_ENTRIES:
                self.spill()

    def truncate_to(self, offset: int) -> None:
        """Forget the entries from `offset` on."""
        entries = bisect_right(self.offsets, offset - self.base_offset - 1) if offset > self.base_offset else 0
        del self.timestamps[entries:], self.offsets[entries:]
        self._cut(entries)

    def spill(self) -> None:
        """Bring the entries that are only in memory to the file."""
        fresh = zip(self.timestamps[self.on_disk :], self.offsets[self.on_disk :], strict=True)
        self._append(b"".join(_TIME_ENTRY.pack(timestamp, offset) for timestamp, offset in fresh))


def _ascends(values: array[int]) -> bool:
    """Whether no value is below the one before it, and the last is above the first."""
    listed = values.tolist()
    return listed == sorted(listed) and (len(listed) < 2 or listed[0] < listed[-1])
