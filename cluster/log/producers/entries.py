"""What a log knows of one idempotent producer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cluster.protocol.records.batch import MAX_SEQUENCE, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, Batch

BATCHES_KEPT: Final = 5
"""A producer has at most five requests in flight: a batch that comes again is one of the last five."""


class AppendedBatch(NamedTuple):
    """One of the last batches of a producer. `timestamp` is its max timestamp."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_sequence(self) -> int:
        """Sequence of its first record."""
        return (self.last_sequence - self.offset_delta) & MAX_SEQUENCE

    @property
    def first_offset(self) -> int:
        """Offset of its first record."""
        return self.last_offset - self.offset_delta


@dataclass(slots=True)
class ProducerEntry:
    """The state of one producer id in one log."""

    producer_id: int
    epoch: int = NO_PRODUCER_EPOCH
    coordinator_epoch: int = -1
    last_timestamp: int = NO_TIMESTAMP
    transaction_start: int | None = None
    """First offset of the open transaction."""
    batches: deque[AppendedBatch] = field(default_factory=lambda: deque(maxlen=BATCHES_KEPT))

    @property
    def last_sequence(self) -> int:
        """Sequence of the last record, -1 when no batch is known."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    @property
    def current_txn_start_offset(self) -> int:
        """As `transaction_start`, -1 for none: what Kafka answers."""
        return -1 if self.transaction_start is None else self.transaction_start

    def duplicate_of(self, batch: Batch) -> AppendedBatch | None:
        """The batch of before that has the same epoch and the same sequences."""
        if batch.producer_epoch == self.epoch:
            last_sequence = batch.last_sequence
            for known in self.batches:
                if known.last_sequence == last_sequence and known.first_sequence == batch.base_sequence:
                    return known
        return None

    def in_sequence(self, sequence: int) -> bool:
        """Whether a batch may begin with `sequence`."""
        last = self.last_sequence
        return sequence == last + 1 or (sequence == 0 and last == MAX_SEQUENCE)

    def begin_epoch(self, epoch: int) -> None:
        """A new epoch knows no batches of the old one."""
        self.batches.clear()
        self.epoch = epoch
