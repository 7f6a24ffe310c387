"""Snapshots of a log's producers.

version          int16   1
CRC-32C          uint32  over everything behind it
number of        int32
for each: producer id int64, epoch int16, last sequence int32, last offset int64, offset delta int32,
          timestamp int64, coordinator epoch int32, first offset of the open transaction int64 (-1: none)

Kafka writes the last batch of a producer only and refuses, after a restart, an older one that comes again because its
answer was lost. Here a producer has a row for each batch that is remembered, the last one last: of rows with the same
producer id Kafka's reader keeps the last.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from crc32c import crc32c

from cluster.log.files import Files, read_file, write_file
from cluster.log.producers.entries import AppendedBatch, ProducerEntry

_HEAD: Final = struct.Struct(">hIi")
_CRC_END: Final = 6
_ENTRY: Final = struct.Struct(">qhiqiqiq")
_VERSION: Final = 1


def write_snapshot(files: Files, path: str, producers: Iterable[ProducerEntry]) -> None:
    """Write a snapshot. It is synchronised with the next flush: the CRC tells whether it survived."""
    rows = [row for entry in producers for row in _rows(entry)]
    body = struct.pack(">i", len(rows)) + b"".join(rows)
    write_file(files, path, struct.pack(">hI", _VERSION, crc32c(body)) + body, sync=False)


def read_snapshot(files: Files, path: str) -> list[ProducerEntry] | None:
    """The producers of a snapshot; None when it is missing or damaged."""
    data = read_file(files, path)
    if data is None or len(data) < _HEAD.size:
        return None
    version, crc, count = _HEAD.unpack_from(data)
    rows = memoryview(data)[_HEAD.size :]
    if version != _VERSION or crc != crc32c(memoryview(data)[_CRC_END:]) or len(rows) != count * _ENTRY.size:
        return None
    entries: dict[int, ProducerEntry] = {}
    for fields in _ENTRY.iter_unpack(rows):
        _take_row(entries, *fields)
    return list(entries.values())


def _rows(entry: ProducerEntry) -> Iterator[bytes]:
    *older, last = entry.batches or [AppendedBatch(-1, -1, 0, -1)]
    for batch in (*older, last._replace(timestamp=entry.last_timestamp)):
        yield _ENTRY.pack(
            entry.producer_id,
            entry.epoch,
            batch.last_sequence,
            batch.last_offset,
            batch.offset_delta,
            batch.timestamp,
            entry.coordinator_epoch,
            entry.current_txn_start_offset,
        )


def _take_row(entries: dict[int, ProducerEntry], producer_id: int, epoch: int, *rest: int) -> None:
    last_sequence, last_offset, offset_delta, timestamp, coordinator_epoch, transaction_start = rest
    entry = entries.setdefault(producer_id, ProducerEntry(producer_id))
    if entry.epoch != epoch:
        entry.begin_epoch(epoch)
    entry.coordinator_epoch, entry.last_timestamp = coordinator_epoch, timestamp
    entry.transaction_start = transaction_start if transaction_start >= 0 else None
    if last_offset >= 0:
        entry.batches.append(AppendedBatch(last_sequence, last_offset, offset_delta, timestamp))
