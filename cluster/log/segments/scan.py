"""Walking over the batches of a segment's file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cluster.log.files import File
from cluster.protocol.records.batch import HEADER_BYTES, LENGTH_OVERHEAD, MAGIC, Batch

_HEADER_CHUNK: Final = 4096
_BATCH_CHUNK: Final = 1 << 20


def scan_headers(file: File, start: int, end: int) -> Iterator[tuple[int, Batch]]:
    """Positions and headers of the batches in a range of a file; what they hold is not read.

    Stops in front of the first thing that cannot be a whole batch. `view` and `payload` of these batches are of no use.
    """
    return _scan(file, start, end, _HEADER_CHUNK, whole=False)


def scan_batches(file: File, start: int, end: int) -> Iterator[tuple[int, Batch]]:
    """Positions and batches in a range of a file. Stops in front of the first thing that cannot be a whole batch."""
    return _scan(file, start, end, _BATCH_CHUNK, whole=True)


def read_batch(file: File, position: int, size_bytes: int) -> Batch:
    """One whole batch, whose place and size are known."""
    return Batch(file.pread(size_bytes, position))


def _scan(file: File, position: int, end: int, chunk_bytes: int, *, whole: bool) -> Iterator[tuple[int, Batch]]:
    chunk, chunk_start = b"", position
    while end - position >= HEADER_BYTES:
        offset = position - chunk_start
        if offset + HEADER_BYTES > len(chunk):
            chunk, chunk_start, offset = file.pread(min(chunk_bytes, end - position), position), position, 0
            if len(chunk) < HEADER_BYTES:
                return
        batch = Batch(chunk, offset)
        size = batch.batch_length + LENGTH_OVERHEAD
        if batch.magic != MAGIC or size < HEADER_BYTES or position + size > end:
            return
        if whole and offset + size > len(chunk):
            chunk, chunk_start = file.pread(min(max(chunk_bytes, size), end - position), position), position
            if len(chunk) < size:
                return
            batch = Batch(chunk)
        yield position, batch
        position += size
