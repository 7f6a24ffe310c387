"""What a partition of `__consumer_offsets` holds, replayed for its coordinator while the node does other work."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from cluster.groups.coordinator import GroupCoordinatorShard
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

    What was overwritten is not looked into: as a rule that is nearly every commit.
    """

    def __init__(self, log: PartitionLog, shard: GroupCoordinatorShard) -> None:
        self.end_offset = log.log_end_offset
        self.unreadable = 0
        """Batches, and records that count, which no coordinator wrote."""
        self._log = log
        self._shard = shard
        self._latest: dict[bytes, bytes | None] = {}

    def slices(self) -> Iterator[None]:
        """Do a slice of the work at a time. Raises what reading the log raises, and CorruptMessage."""
        yield from self._read()
        latest = iter(self._latest.items())
        while found := list(islice(latest, REPLAYED_AT_A_TIME)):
            self.unreadable += self._shard.replay(found)
            yield

    def _read(self) -> Iterator[None]:
        looked_at = 0
        for batch in self._batches():
            found: list[tuple[bytes, bytes | None]] = []
            try:
                for record in records(batch):
                    if record.key is not None:
                        found.append((record.key, record.value))
                    looked_at += 1
                    if looked_at % READ_AT_A_TIME == 0:
                        yield
            except (CorruptMessage, InvalidRecord):
                self.unreadable += 1
                continue
            for key, value in found:
                self._latest.pop(key, None)
                self._latest[key] = value

    def _batches(self) -> Iterator[Batch]:
        offset = self._log.log_start_offset
        while offset < self.end_offset:
            piece = self._log.read(offset, PIECE_BYTES, self.end_offset, min_one_batch=True)
            read_from = offset
            for batch in batches(b"".join(piece.buffers)):
                offset = batch.next_offset
                if not batch.is_control:
                    yield batch
            if offset == read_from:
                raise CorruptMessage(f"{self._log.topic_partition} holds no batch at offset {offset}")
