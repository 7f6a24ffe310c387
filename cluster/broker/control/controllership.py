"""The controller lease on this broker: claims it, serves while it is held, gives way when another took over."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine
from typing import Any

from cluster.broker.config import BrokerConfig
from cluster.broker.control.metadata import MetadataReplica
from cluster.broker.control.standstills import Standstills
from cluster.broker.services import PeerConnection
from cluster.broker.waiting import WakeUp
from cluster.controller.controller import Controller
from cluster.controller.policy import Policy
from cluster.controller.state import BrokerState
from cluster.controller.store import Deposed, Lease, MetadataStore, StoreUnavailable
from cluster.protocol.errors import KafkaError

logger = logging.getLogger(__name__)

GRACE_S = 0.15
"""How long a broker whose connection broke may take to come back before it is looked for."""
PROBE_TIMEOUT_S = 0.5
RENEW_S = 2.0


class Controllership:
    """Holds the lease or not. Belongs to the node's loop.

    Taking the lease early is always safe: whoever held it before cannot commit any more.
    """

    def __init__(
        self,
        config: BrokerConfig,
        store: MetadataStore,
        metadata: MetadataReplica,
        rng: random.Random,
        policy: Policy,
    ) -> None:
        self._config = config
        self._store = store
        self._metadata = metadata
        self._random = rng
        self._policy = policy
        self._loop = asyncio.get_running_loop()
        self._tick = WakeUp(self._loop)
        self._touched: dict[int, float] = {}
        self._attached: dict[int, PeerConnection] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        self.active: Controller | None = None

    async def claim(self, known_epoch: int) -> bool:
        """Take the lease if nobody took it since `known_epoch`. True when this broker is the controller now.

        Raises StoreUnavailable.
        """
        config = self._config
        try:
            lease = await self._store.claim(config.node_id, config.advertised_host, config.advertised_port, known_epoch)
        except Deposed:
            await self._metadata.catch_up()
            return False
        await self._metadata.catch_up()
        logger.info("broker %s is the controller of epoch %s", config.node_id, lease.epoch)
        self.active = self._controller(lease)
        self._start(self._serve(self.active, lease))
        for broker in self._metadata.state.brokers.values():
            if not broker.fenced and broker.id != config.node_id:
                self._start(self._look_for(broker))
        return True

    def _controller(self, lease: Lease) -> Controller:
        now_ms = self._loop.time() * 1000
        state = self._metadata.state
        return Controller(self._store, state, lease, self._policy, self._random, now_ms, lambda _: self._committed())

    def _committed(self) -> None:
        self._metadata.announce()
        self._tick.wake()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a duty of the controller failed", exc_info=error)

    async def _serve(self, controller: Controller, lease: Lease) -> None:
        """Renew the lease and do what is due, until another broker holds it."""
        renew_at, standstills = self._loop.time() + RENEW_S, Standstills(controller.sessions)
        watching = self._start(standstills.watch())
        try:
            while self.active is controller:
                try:
                    if (now := self._loop.time()) >= renew_at:
                        renew_at = now + RENEW_S
                        await self._store.renew(lease)
                    standstills.forgive()
                    await controller.tick(self._loop.time() * 1000)
                except StoreUnavailable as error:
                    logger.warning("the metadata store does not answer: %s", error)
                await self._rest(controller, renew_at)
        except (Deposed, KafkaError) as error:
            logger.info("broker %s is the controller no more: %s", self._config.node_id, error)
        finally:
            watching.cancel()
            self.resign(controller)

    async def _rest(self, controller: Controller, renew_at: float) -> None:
        """Sleep until something is due, unless it is overdue."""
        now, due = self._loop.time(), controller.next_deadline()
        await self._tick.sleep(max(now, min(renew_at, now + RENEW_S if due is None else due / 1000)))

    def resign(self, controller: Controller) -> None:
        """Stop being the controller: another took the lease, or the node stops."""
        if self.active is controller:
            self.active = None
            controller.depose()
            self._metadata.announce()

    # -- the brokers' sessions

    def heard_of(self, broker_id: int, connection: PeerConnection | None) -> None:
        """A heartbeat of this broker arrived, by this connection (None: from this very process)."""
        self._touched[broker_id] = self._loop.time()
        if connection is not None and self._attached.get(broker_id) is not connection:
            self._attached[broker_id] = connection
            connection.when_closed(lambda: self._detached(broker_id, connection))

    def _detached(self, broker_id: int, connection: PeerConnection) -> None:
        """The connection of a broker's heartbeats broke: look whether its process is gone."""
        if self._attached.get(broker_id) is connection:
            del self._attached[broker_id]
        broker = self._metadata.state.brokers.get(broker_id)
        if self.active is not None and broker is not None:
            self._start(self._look_for(broker))

    async def _look_for(self, broker: BrokerState) -> None:
        """Fence a broker that refuses connections and does not come back within the grace.

        A refused connection says that the process is gone; silence says nothing, and is left to the session timeout.
        """
        controller, since = self.active, self._loop.time()
        while self.active is controller and controller is not None:
            await asyncio.sleep(GRACE_S)
            if self._touched.get(broker.id, -1.0) > since:
                return
            if not await self._refuses(broker):
                return
            if self._touched.get(broker.id, -1.0) <= since and self.active is controller:
                await controller.broker_gone(broker.id, broker.epoch)
                return

    async def _refuses(self, broker: BrokerState) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                _, writer = await asyncio.open_connection(broker.host, broker.port)
        except ConnectionRefusedError:
            return True
        except (OSError, TimeoutError):
            return False
        writer.close()
        return False

    def close(self) -> None:
        """Be the controller no more; another broker takes the lease when it finds this one gone."""
        if self.active is not None:
            self.resign(self.active)
        for task in list(self._tasks):
            task.cancel()
