"""The producers of one log: who may append what, which transactions are open."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cluster.log.files import Files
from cluster.log.layout import DELETED, SNAPSHOT, offset_of, segment_path
from cluster.log.producers.entries import AppendedBatch, ProducerEntry
from cluster.log.producers.snapshots import read_snapshot, write_snapshot
from cluster.log.segments.transactions import AbortedTransaction
from cluster.protocol.errors import InvalidProducerEpoch, InvalidTxnState, OutOfOrderSequenceNumber
from cluster.protocol.records.batch import Batch
from cluster.protocol.records.iterate import records

_MARKER_KEY: Final = struct.Struct(">hh")
_MARKER_VALUE: Final = struct.Struct(">hi")
_ABORT, _COMMIT = 0, 1

SNAPSHOT_BATCHES: Final = 30_000
SNAPSHOT_BATCHES_A_PRODUCER: Final = 10
"""Whoever cuts a log reads about so many batches at most to know its producers again: its loop must not stand still."""


class AppendOrigin(Enum):
    """Who appends: a client, a coordinator of this broker, or a replica that copies its leader."""

    CLIENT = "client"
    COORDINATOR = "coordinator"
    REPLICATION = "replication"


@dataclass(frozen=True, slots=True)
class EndMarker:
    """What a control batch says of a transaction."""

    aborted: bool
    coordinator_epoch: int
    timestamp: int


def end_marker(batch: Batch) -> EndMarker | None:
    """The marker in a control batch; None when it holds something else, or nothing (compaction took it)."""
    for record in records(batch):
        if record.key is None or record.value is None or len(record.key) < _MARKER_KEY.size:
            return None
        _, kind = _MARKER_KEY.unpack_from(record.key)
        if kind not in (_ABORT, _COMMIT) or len(record.value) < _MARKER_VALUE.size:
            return None
        return EndMarker(kind == _ABORT, _MARKER_VALUE.unpack_from(record.value)[1], record.timestamp)
    return None


class Producers:
    """State of all idempotent producers in one log, up to `end_offset`. Belongs to that log."""

    __slots__ = ("_ended", "_entries", "end_offset", "open_transactions")

    def __init__(self, end_offset: int = 0) -> None:
        self._entries: dict[int, ProducerEntry] = {}
        self._ended: dict[int, int] = {}
        self.open_transactions: dict[int, int] = {}
        self.end_offset = end_offset

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Iterable[ProducerEntry]:
        """Every producer that is known."""
        return self._entries.values()

    def restore(self, entries: Iterable[ProducerEntry], end_offset: int) -> None:
        """Begin with the producers of a snapshot, taken at `end_offset`."""
        self._entries = {entry.producer_id: entry for entry in entries}
        starts = ((entry.producer_id, entry.transaction_start) for entry in self._entries.values())
        self.open_transactions = {producer: start for producer, start in starts if start is not None}
        self._ended.clear()
        self.end_offset = end_offset

    def check(self, batch: Batch, partition: object, origin: AppendOrigin) -> AppendedBatch | None:
        """Whether a leader may append the batch; the batch of before when it is a repetition.

        Raises InvalidProducerEpoch, OutOfOrderSequenceNumber, InvalidTxnState.
        """
        entry = self._entries.get(batch.producer_id)
        if entry is not None:
            duplicate = entry.duplicate_of(batch) if origin is AppendOrigin.CLIENT else None
            if duplicate is not None:
                return duplicate
            if batch.producer_epoch < entry.epoch:
                raise InvalidProducerEpoch(
                    f"Epoch of producer {batch.producer_id} in {partition} is {batch.producer_epoch}, "
                    f"which is smaller than the last seen epoch {entry.epoch}"
                )
            if origin is AppendOrigin.CLIENT:
                _check_sequence(entry, batch, partition)
        self._check_transaction(entry, batch)
        return None

    def _check_transaction(self, entry: ProducerEntry | None, batch: Batch) -> None:
        is_open = entry is not None and entry.transaction_start is not None and entry.epoch == batch.producer_epoch
        if batch.is_control or batch.is_transactional == is_open:
            return
        if batch.is_transactional:
            raise InvalidTxnState("Record was not part of an ongoing transaction")
        raise InvalidTxnState(f"Expected transactional write from producer {batch.producer_id}")

    def update(self, batch: Batch, marker: EndMarker | None = None) -> AbortedTransaction | None:
        """Take in a batch that was appended. Answers the transaction that it aborted."""
        self.end_offset = batch.next_offset
        if batch.producer_id < 0 or (marker is None and batch.is_control):
            return None
        entry = self._entries.get(batch.producer_id)
        if entry is None:
            entry = self._entries[batch.producer_id] = ProducerEntry(batch.producer_id)
        if batch.producer_epoch != entry.epoch:
            entry.begin_epoch(batch.producer_epoch)
        if marker is not None:
            return self._end_transaction(entry, batch, marker)
        entry.last_timestamp = timestamp = batch.max_timestamp
        delta = batch.last_offset_delta
        entry.batches.append(AppendedBatch(batch.last_sequence, batch.last_offset, delta, timestamp))
        if batch.is_transactional and entry.transaction_start is None:
            entry.transaction_start = self.open_transactions[entry.producer_id] = batch.base_offset
        return None

    def _end_transaction(self, entry: ProducerEntry, batch: Batch, marker: EndMarker) -> AbortedTransaction | None:
        start, entry.transaction_start = entry.transaction_start, None
        entry.coordinator_epoch, entry.last_timestamp = marker.coordinator_epoch, marker.timestamp
        if start is None:
            return None
        del self.open_transactions[entry.producer_id]
        self._ended[start] = batch.base_offset
        if not marker.aborted:
            return None
        stable = min(self.open_transactions.values(), default=batch.base_offset + 1)
        return AbortedTransaction(entry.producer_id, start, batch.base_offset, stable)

    def first_unstable_offset(self) -> int | None:
        """The first offset of a transaction that is open, or whose marker is not replicated yet."""
        if not self.open_transactions and not self._ended:
            return None
        return min((*self.open_transactions.values(), *self._ended))

    def replicated(self, high_watermark: int) -> None:
        """Markers below the high watermark cannot be lost any more."""
        if self._ended:
            self._ended = {start: end for start, end in self._ended.items() if end >= high_watermark}

    def expire(self, now_ms: int, expiration_ms: int) -> None:
        """Forget the producers that have been silent for so long and have no open transaction."""
        for producer_id, entry in list(self._entries.items()):
            if entry.transaction_start is None and now_ms - entry.last_timestamp >= expiration_ms:
                del self._entries[producer_id]


def _check_sequence(entry: ProducerEntry, batch: Batch, partition: object) -> None:
    if batch.producer_epoch == entry.epoch:
        allowed = entry.in_sequence(batch.base_sequence)
    else:
        allowed = batch.base_sequence == 0
    if not allowed:
        raise OutOfOrderSequenceNumber(
            f"Out of order sequence number for producer {batch.producer_id} in {partition}: "
            f"{batch.base_sequence} (incoming seq. number), {entry.last_sequence} (current end sequence number), "
            f"epoch {batch.producer_epoch} after {entry.epoch}"
        )


class Snapshots:
    """The producer snapshots in one log's folder, by their offsets. Belongs to that log."""

    __slots__ = ("_directory", "_files", "batches_since", "offsets")

    def __init__(self, files: Files, directory: str, names: Iterable[str] = ()) -> None:
        self._files = files
        self._directory = directory
        self.batches_since = 0
        """How many batches of the log are not in its last snapshot."""
        found = (offset_of(name, SNAPSHOT) for name in names)
        self.offsets = sorted(offset for offset in found if offset is not None)

    def path(self, offset: int) -> str:
        """Where the snapshot of an offset lies."""
        return segment_path(self._directory, offset, SNAPSHOT)

    def due(self, producers: Producers) -> bool:
        """Whether another one is worth its price: to replay the batches behind the last one, or to write it."""
        return self.batches_since >= SNAPSHOT_BATCHES + SNAPSHOT_BATCHES_A_PRODUCER * len(producers)

    def take(self, producers: Producers) -> str | None:
        """Write a snapshot of now, unless there is one. Answers its path."""
        self.batches_since = 0
        if producers.end_offset in self.offsets:
            return None
        path = self.path(producers.end_offset)
        write_snapshot(self._files, path, producers.entries)
        self.offsets = sorted((*self.offsets, producers.end_offset))
        return path

    def restore(self, log_start_offset: int, end_offset: int) -> Producers:
        """Producers of the last sound snapshot in (log start, end]; damaged and later ones are removed."""
        for offset in reversed(self.offsets):
            if log_start_offset < offset <= end_offset:
                entries = read_snapshot(self._files, self.path(offset))
                if entries is not None:
                    producers = Producers()
                    producers.restore(entries, offset)
                    return producers
            if offset > log_start_offset:
                self.remove(offset)
        return Producers(log_start_offset)

    def remove(self, offset: int) -> None:
        """Remove the snapshot of an offset."""
        self._files.unlink(self.path(offset))
        self.offsets.remove(offset)

    def remove_strays(self, base_offsets: list[int], recovery_point: int) -> None:
        """Keep what belongs to a segment, and of those in the last one what a cut or a crash may need.

        A cut may reach below the newest; a crash leaves what had been taken when the log was flushed.
        """
        flushed = max((offset for offset in self.offsets if offset <= recovery_point), default=0)
        kept = [offset for offset in (flushed, *self.offsets[-2:]) if offset >= base_offsets[-1]]
        for offset in self.offsets[:]:
            if offset not in base_offsets and offset not in kept:
                self.remove(offset)

    def remove_all(self) -> None:
        """Remove every snapshot."""
        for offset in self.offsets[:]:
            self.remove(offset)

    def mark_deleted(self, offset: int) -> list[str]:
        """Rename the snapshot of a deleted segment, if there is one. Answers its new name."""
        if offset not in self.offsets:
            return []
        self.offsets.remove(offset)
        self._files.replace(self.path(offset), self.path(offset) + DELETED)
        return [self.path(offset) + DELETED]
