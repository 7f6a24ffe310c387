"""Batches that cannot be read: a consumer may pass over them, where aiokafka would fail on the first one for ever."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import aiokafka.consumer.fetcher
from aiokafka import TopicPartition

PassedOver = Callable[[TopicPartition, int, int, Exception], None]
"""Told of a partition, the first offset and the one behind the last that cannot be read, and why."""

passing_over: ContextVar[PassedOver | None] = ContextVar("passing_over", default=None)
"""Set where a consumer is started that passes over such batches."""


class _Batches:
    """The batches of one answer, and the one that is being read."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.current: Any = None
        self.has_next = records.has_next

    def next_batch(self) -> Any:
        self.current = self._records.next_batch()
        return self.current


class PassableRecords(aiokafka.consumer.fetcher.PartitionRecords):  # type: ignore[misc]
    """What aiokafka fetched of a partition. A producer can write what no consumer can read: a wrong compression, say.

    A batch that cannot be read is refused, as by aiokafka, unless somebody wants to be told of it.
    """

    next_fetch_offset: int

    def __init__(self, tp: TopicPartition, records: Any, *more: Any) -> None:
        self._passed_over = passing_over.get()
        super().__init__(tp, _Batches(records), *more)

    def _unpack_records(self) -> Iterator[Any]:
        while True:
            try:
                yield from super()._unpack_records()
            except Exception as error:
                batch = self._records.current
                if self._passed_over is None or batch is None:
                    raise
                first, self.next_fetch_offset = self.next_fetch_offset, max(self.next_fetch_offset, batch.next_offset)
                self._passed_over(self._tp, max(first, batch.base_offset), batch.next_offset, error)
            else:
                return


def allow_passing_over() -> None:
    """Let consumers pass over what cannot be read, when they are started so."""
    aiokafka.consumer.fetcher.PartitionRecords = PassableRecords
