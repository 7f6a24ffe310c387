"""One segment: a file of batches with its indexes, as it is written to and repaired."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from cluster.log.config import LogConfig
from cluster.log.files import Buffer, File, Files
from cluster.log.layout import DELETED, LOG, SEGMENT_SUFFIXES, TXN_INDEX, segment_path
from cluster.log.segments.index import CorruptIndex, TimestampOffset
from cluster.log.segments.indexes import Indexes
from cluster.log.segments.scan import scan_headers
from cluster.log.segments.transactions import TransactionIndex
from cluster.protocol.records.batch import NO_TIMESTAMP, Batch


class Segment:
    """A file of batches from `base_offset` on. Belongs to its log; `size_bytes` is what of the file is in use."""

    __slots__ = (
        "_config",
        "_first_timestamp",
        "_indexes",
        "base_offset",
        "created_ms",
        "directory",
        "file",
        "files",
        "jitter_ms",
        "size_bytes",
        "transactions",
    )

    def __init__(self, files: Files, directory: str, base_offset: int, config: LogConfig, now_ms: int) -> None:
        """Open a segment's file, or create it. Indexes are looked at when they are needed."""
        self.files = files
        self.directory = directory
        self.base_offset = base_offset
        self.created_ms = now_ms
        self.jitter_ms = 0
        self.file: File = files.open(segment_path(directory, base_offset, LOG))
        self.size_bytes = self.file.size()
        self.transactions = TransactionIndex(files, segment_path(directory, base_offset, TXN_INDEX))
        self._config = config
        self._indexes: Indexes | None = None
        self._first_timestamp: int | None = None

    def __repr__(self) -> str:
        return f"{self.file.path} ({self.size_bytes} bytes)"

    @property
    def indexes(self) -> Indexes:
        """The indexes; built again where they are missing or cannot be right."""
        return self._indexes or self._load()

    @property
    def newest(self) -> TimestampOffset:
        """The largest timestamp, and the last offset of its batch; timestamp -1 when there is none."""
        return self.indexes.newest

    def configure(self, config: LogConfig) -> None:
        """Follow a change of the configuration."""
        self._config = config
        if self._indexes is not None:
            self._indexes.configure(config)

    # -- writing

    def start_empty(self) -> None:
        """Begin with nothing, whatever the file holds."""
        self.size_bytes = 0
        self.forget_indexes()
        if self._config.preallocate:
            self.file.preallocate(self._config.segment_bytes)

    def append(self, data: Buffer, appended: Sequence[Batch]) -> None:
        """Append `data`, which consists of the given batches. After an OSError the segment is as it was before."""
        position = self.size_bytes
        try:
            self.file.pwrite((data,), position)
        except OSError:
            with contextlib.suppress(OSError):
                self.file.truncate(position)
            raise
        if position == 0:
            self._first_timestamp = appended[0].max_timestamp
        indexes = self._indexes or self._load()
        for batch in appended:
            indexes.note(batch, position)
            position += batch.size_bytes
        self.size_bytes = position

    def has_room_for(self, size_bytes: int, last_offset: int, max_bytes: int) -> bool:
        """Whether the segment may grow by a batch: neither its file nor an index would be too large."""
        return self.size_bytes + size_bytes <= max_bytes and self.indexes.have_room_for(last_offset)

    def waited_ms(self, now_ms: int, newest_timestamp: int) -> int:
        """How long the segment has been written to: by the timestamps of its records where they have any."""
        if self._first_timestamp is None and self.size_bytes:
            self._first_timestamp = next((b.max_timestamp for _, b in self.headers()), NO_TIMESTAMP)
        if self._first_timestamp is not None and self._first_timestamp >= 0:
            return newest_timestamp - self._first_timestamp
        return now_ms - self.created_ms

    def seal(self) -> None:
        """Write what of the indexes is only in memory, and give back what the file has too much."""
        if self._indexes is not None:
            self._indexes.seal()
        if self.file.size() != self.size_bytes:
            self.file.truncate(self.size_bytes)

    def spill(self) -> None:
        """Bring the indexes' entries to their files."""
        if self._indexes is not None:
            self._indexes.spill()

    def cut(self, position: int, next_offset: int) -> None:
        """Keep only what is in front of `position`, where the batch with `next_offset` would begin."""
        self.index_from(position, next_offset)
        self.file.truncate(position)
        self.size_bytes = position
        if position == 0:
            self._first_timestamp = None

    # -- reading; more of it in `search`

    def headers(self, position: int = 0) -> Iterator[tuple[int, Batch]]:
        """Positions and headers of the batches from a position on."""
        return scan_headers(self.file, position, self.size_bytes)

    # -- repairing

    def forget_indexes(self) -> Indexes:
        """Begin with empty indexes, to be fed with the batches that the file holds."""
        self._indexes = Indexes.empty(self.files, self.directory, self.base_offset, self._config)
        return self._indexes

    def index_from(self, position: int, next_offset: int) -> Indexes:
        """Keep the indexes of what is in front of `position`; to be fed with the batches from `next_offset` on."""
        indexes = self.indexes if position else self.forget_indexes()
        indexes.truncate_to(next_offset)
        self.transactions.truncate_to(next_offset)
        indexes.end_at(position, scan_headers(self.file, indexes.offsets.lookup(indexes.newest.offset), position))
        return indexes

    def rebuild_indexes(self) -> Indexes:
        """Build the indexes again from the batches' headers."""
        indexes = self.forget_indexes()
        for position, batch in self.headers():
            indexes.note(batch, position)
        indexes.seal()
        return indexes

    def _load(self) -> Indexes:
        try:
            indexes = Indexes.load(self.files, self.directory, self.base_offset, self._config, self.size_bytes)
            _, last = next(self.headers(indexes.offsets.last[1]), (0, None))
            indexes.check(last, self.size_bytes)
            indexes.check_times(self.headers(indexes.offsets.lookup(indexes.newest.offset)))
        except (CorruptIndex, FileNotFoundError):
            return self.rebuild_indexes()
        self._indexes = indexes
        return indexes


def files_of(segment: Segment, suffixes: Sequence[str] = SEGMENT_SUFFIXES) -> list[str]:
    """Paths of a segment's files, as far as they exist."""
    paths = (segment_path(segment.directory, segment.base_offset, suffix) for suffix in suffixes)
    return [path for path in paths if segment.files.exists(path)]


def mark_deleted(segment: Segment) -> list[str]:
    """Rename a segment's files, so that a restart removes them; close them. Answers their new names."""
    renamed = []
    for path in files_of(segment):
        segment.files.replace(path, path + DELETED)
        renamed.append(path + DELETED)
    segment.file.close()
    return renamed
