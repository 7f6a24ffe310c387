"""What a partition of `__consumer_offsets` holds, replayed for its coordinator while the node does other work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cluster.groups.coordinator import GroupCoordinatorShard
from cluster.groups.effects import Record
from cluster.log.partition_log import PartitionLog
from cluster.protocol.errors import CorruptMessage, InvalidRecord
from cluster.protocol.records.batch import Batch, batches
from cluster.protocol.records.iterate import records

PIECE_BYTES: Final = 256 * 1024

READ_AT_A_TIME: Final = 1_000
REPLAYED_AT_A_TIME: Final = 200
"""Records of one slice of the work: some milliseconds."""


class Loading:
    """Replays a log up to where it ends now. Of each key the last record counts, as in a compacted log.

    What was overwritten is not looked into (as a rule that is nearly every commit), unless what overwrote it cannot be
    read.
    """

    def __init__(self, log: PartitionLog, shard: GroupCoordinatorShard) -> None:
        self.end_offset = log.log_end_offset
        self.unreadable = 0
        """Batches and records that no coordinator wrote, as far as they were looked into."""
        self._log = log
        self._shard = shard

    def slices(self) -> Iterator[None]:
        """Do a slice of the work at a time. Raises what reading the log raises, and CorruptMessage."""
        latest: dict[bytes, bytes | None] = {}
        for found in self._records():
            if found is None:
                yield
                continue
            key, value = found
            latest.pop(key, None)
            latest[key] = value
        doubtful: dict[bytes, None] = {}
        for number, record in enumerate(latest.items(), 1):
            if self._shard.replay([record]):
                doubtful[record[0]] = None
            if number % REPLAYED_AT_A_TIME == 0:
                yield
        if doubtful:
            yield from self._replay_all(doubtful)

    def _replay_all(self, keys: dict[bytes, None]) -> Iterator[None]:
        """Where the last record of a key cannot be read, the last one that can be read counts."""
        self.unreadable = 0
        for found in self._records():
            if found is None:
                yield
            elif found[0] in keys:
                self.unreadable += self._shard.replay([found])

    def _records(self) -> Iterator[Record | None]:
        """All records with keys, and None where it is time for a pause."""
        looked_at = 0
        for batch in self._batches():
            found: list[Record] = []
            try:
                for record in records(batch):
                    if record.key is not None:
                        found.append((record.key, record.value))
                    looked_at += 1
                    if looked_at % READ_AT_A_TIME == 0:
                        yield None
            except (CorruptMessage, InvalidRecord):
                self.unreadable += 1
            else:
                yield from found

    def _batches(self) -> Iterator[Batch]:
        offset = self._log.log_start_offset
        while offset < self.end_offset:
            read_from, piece = offset, self._log.read(offset, PIECE_BYTES, self.end_offset, min_one_batch=True)
            if not piece.size_bytes:
                return  # A compacted log may end behind its last batch.
            for batch in batches(b"".join(piece.buffers)):
                offset = batch.next_offset
                if not batch.is_control:
                    yield batch
            if offset == read_from:
                raise CorruptMessage(f"{self._log.topic_partition} holds no batch at offset {offset}")
