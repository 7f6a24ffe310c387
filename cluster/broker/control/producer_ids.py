"""Producer ids, handed out from blocks that the controller allocates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cluster.broker.services import ControllerAccess
from cluster.protocol.errors import CoordinatorLoadInProgress, ErrorCode, KafkaError, error_for
from cluster.protocol.messages.replication import AllocateProducerIdsRequest, AllocateProducerIdsResponse


class ProducerIds:
    """Hands out each id of the cluster once. Belongs to the node's loop."""

    def __init__(self, broker_id: int, broker_epoch: Callable[[], int], controller: ControllerAccess) -> None:
        self._broker_id = broker_id
        self._broker_epoch = broker_epoch
        self._controller = controller
        self._next, self._end = 0, 0
        self._allocating = asyncio.Lock()

    async def next(self) -> int:
        """A producer id that nobody else has. Raises CoordinatorLoadInProgress when no block can be had now.

        That is what Kafka says: of all errors it is the one that makes a producer ask again instead of giving up.
        """
        while self._next >= self._end:
            async with self._allocating:
                if self._next >= self._end:
                    await self._allocate()
        self._next += 1
        return self._next - 1

    async def _allocate(self) -> None:
        request = AllocateProducerIdsRequest(broker_id=self._broker_id, broker_epoch=self._broker_epoch())
        try:
            response: AllocateProducerIdsResponse = await self._controller.send(request, 0)
            if response.error_code != ErrorCode.NONE:
                raise error_for(response.error_code)
        except (OSError, KafkaError) as error:
            raise CoordinatorLoadInProgress(f"no producer ids can be had: {error}") from error
        self._next = response.producer_id_start
        self._end = self._next + response.producer_id_len
