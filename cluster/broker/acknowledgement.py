"""Acknowledgement of a produce with acks=all: waits until the in-sync replicas of every partition have it."""

from __future__ import annotations

import asyncio

from cluster.broker.partitions.partition import Partition
from cluster.broker.waiting import OffsetWait
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.produce import PartitionProduceResponse, ProduceResponse


class Acknowledgement:
    """The response of one produce while partitions of it still wait. Belongs to the node's loop.

    It must not hold the request: its records are in the log, and many requests may wait.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, response: ProduceResponse) -> None:
        self._loop = loop
        self._response = response
        self._waiting: dict[OffsetWait, tuple[Partition, PartitionProduceResponse]] = {}
        self._future: asyncio.Future[ProduceResponse] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def wait_for(self, partition: Partition, offset: int, result: PartitionProduceResponse) -> None:
        """Do not answer before the in-sync replicas of a partition have everything before `offset`."""
        wait: OffsetWait | None = None

        def settle(code: ErrorCode) -> None:
            result.error_code = code
            if wait is not None:
                del self._waiting[wait]
                self._answer_if_complete()

        wait = partition.wait_for(offset, settle)
        if wait is not None:
            self._waiting[wait] = partition, result

    def answer(self, timeout_s: float) -> ProduceResponse | asyncio.Future[ProduceResponse]:
        """The response when nothing has to be waited for, a future of it otherwise."""
        if not self._waiting:
            return self._response
        self._future = self._loop.create_future()
        self._timer = self._loop.call_later(timeout_s, self._expire)
        return self._future

    def _answer_if_complete(self) -> None:
        if self._future is not None and not self._waiting and not self._future.done():
            assert self._timer is not None, "a future is waited for until a time"
            self._timer.cancel()
            self._future.set_result(self._response)

    def _expire(self) -> None:
        """The time is up: what still waits is in the log, but nobody can say whether it will stay."""
        waiting, self._waiting = self._waiting, {}
        for wait, (partition, result) in waiting.items():
            result.error_code = ErrorCode.REQUEST_TIMED_OUT
            if partition.leadership is not None:
                partition.leadership.waits.remove(wait)
        self._answer_if_complete()
