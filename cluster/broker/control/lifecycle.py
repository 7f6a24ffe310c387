"""A broker's life in the cluster: registers, heartbeats, takes the controller's place, leaves in order."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from cluster.broker.config import BrokerConfig
from cluster.broker.control.channel import HEARTBEATS, LEAVING, ControllerChannel
from cluster.broker.control.metadata import MetadataReplica
from cluster.broker.control.succession import Succession
from cluster.broker.refusal import NodeRefused
from cluster.client.connection import ConnectionLost
from cluster.controller.store import StoreUnavailable
from cluster.protocol.errors import DuplicateBrokerRegistration, ErrorCode, KafkaError, error_for
from cluster.protocol.messages.replication import (
    BrokerHeartbeatRequest,
    BrokerHeartbeatResponse,
    BrokerRegistrationRequest,
)
from cluster.protocol.messages.replication import (
    Listener as ListenerAddress,
)
from cluster.protocol.primitives import Uuid

logger = logging.getLogger(__name__)

HEARTBEAT_VERSION, REGISTRATION_VERSION = 1, 4
RETRY_S = 0.1
PATIENCE_WITH_A_TWIN = 1.5
"""How many session timeouts a registration may be refused because the broker's id is taken."""
PLAINTEXT = 0


class BrokerPhase(Enum):
    """Where a broker stands in its life."""

    STARTING = "starting"
    RUNNING = "running"
    LEAVING = "controlled shutdown"
    GONE = "shut down"


MOVES = {
    BrokerPhase.STARTING: (BrokerPhase.RUNNING, BrokerPhase.LEAVING, BrokerPhase.GONE),
    BrokerPhase.RUNNING: (BrokerPhase.LEAVING, BrokerPhase.GONE),
    BrokerPhase.LEAVING: (BrokerPhase.GONE,),
    BrokerPhase.GONE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incarnation:
    """One run of a broker: who it is, and whose data directory it has."""

    id: Uuid
    directory_id: Uuid
    previous_broker_epoch: int
    """Of the run that left the directory as it is now; -1 when something may be missing in it."""

    def registration(self, config: BrokerConfig, cluster_id: str) -> BrokerRegistrationRequest:
        """How this run introduces itself to the controller."""
        listener = ListenerAddress(
            name="PLAINTEXT", host=config.advertised_host, port=config.advertised_port, security_protocol=PLAINTEXT
        )
        return BrokerRegistrationRequest(
            broker_id=config.node_id,
            cluster_id=cluster_id,
            incarnation_id=self.id,
            listeners=[listener],
            rack=config.broker_rack,
            log_dirs=[self.directory_id],
            previous_broker_epoch=self.previous_broker_epoch,
        )


class Lifecycle:
    """Keeps this broker registered and unfenced. Belongs to the node's loop.

    `broker_epoch` is -1 until the controller has registered this incarnation.
    """

    def __init__(
        self,
        config: BrokerConfig,
        metadata: MetadataReplica,
        channel: ControllerChannel,
        succession: Succession,
        incarnation: Incarnation,
        rng: random.Random,
    ) -> None:
        self._config = config
        self._metadata = metadata
        self._channel = channel
        self._succession = succession
        self._incarnation = incarnation
        self._random = rng
        self._loop = asyncio.get_running_loop()
        self.on_registered: Callable[[], Awaitable[None]] | None = None
        self.broker_epoch = -1
        self.phase = BrokerPhase.STARTING
        self.fenced = True
        self.running = self._loop.create_future()
        self.gone = self._loop.create_future()
        self._leaving = self._loop.create_future()
        self._refused: tuple[int, float] | None = None
        """By the controller of which epoch since when: another one waits anew for the sessions that it takes over."""

    def _move(self, to: BrokerPhase) -> None:
        assert to in MOVES[self.phase], f"a broker cannot go from {self.phase.value} to {to.value}"
        self.phase = to

    def leave(self) -> None:
        """Begin the controlled shutdown: leadership moves away first. `gone` is done when that has happened."""
        if self.phase in (BrokerPhase.STARTING, BrokerPhase.RUNNING):
            self._move(BrokerPhase.LEAVING)
            # The heartbeat under way waits for metadata: do not sit it out.
            self._leaving.set_result(None)

    async def run(self) -> None:
        """Register and heartbeat until the controller lets this broker go."""
        lost_at: float | None = None
        patience_s = self._config.broker_session_timeout_ms / 2000
        while self.phase is not BrokerPhase.GONE:
            try:
                if self.broker_epoch < 0:
                    async with asyncio.timeout(patience_s):
                        epoch = await self._register()
                    await self._take_part(epoch)
                async with asyncio.timeout(patience_s):
                    await self._heartbeat()
                lost_at = None
            except DuplicateBrokerRegistration as error:
                await self._pause(RETRY_S)
                self._give_way(error)
            except StoreUnavailable as error:
                logger.warning("the metadata store does not answer: %s", error)
                await self._pause(1.0)
            except (OSError, ConnectionLost, TimeoutError, KafkaError) as error:
                now = self._loop.time()
                lost_at = now if lost_at is None else lost_at
                await self._without_controller(error, now - lost_at)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * (0.5 + self._random.random()))

    def _give_way(self, error: DuplicateBrokerRegistration) -> None:
        """Somebody else runs as this broker. If that was an earlier run of ours, its session ends soon."""
        now, controller = self._loop.time(), self._metadata.state.controller
        epoch = controller.epoch if controller is not None else 0
        if self._refused is None or self._refused[0] != epoch:
            self._refused = epoch, now
        if now - self._refused[1] > self._config.broker_session_timeout_ms / 1000 * PATIENCE_WITH_A_TWIN:
            twin = f"another process runs as broker {self._config.node_id} of this cluster"
            raise NodeRefused(f"{twin}; stop it, or give this one another id") from error

    async def _register(self) -> int:
        await self._succession.claim_if_nobody_else_may()
        registration = self._incarnation.registration(self._config, self._metadata.state.cluster_id)
        response = await self._channel.send(registration, REGISTRATION_VERSION, HEARTBEATS)
        if response.error_code != ErrorCode.NONE:
            raise error_for(response.error_code)
        return int(response.broker_epoch)

    async def _take_part(self, epoch: int) -> None:
        """Begin with what the metadata log says once it tells the registration."""
        self._refused = None
        self.broker_epoch = epoch
        while not await self._metadata.wait_for(epoch, 1.0):
            logger.info("broker %s waits for the log to tell its registration", self._config.node_id)
        assert self.on_registered is not None, "the node wires what follows a registration before it registers"
        await self.on_registered()

    async def _heartbeat(self) -> None:
        leaving = self.phase is BrokerPhase.LEAVING
        request = BrokerHeartbeatRequest(
            broker_id=self._config.node_id,
            broker_epoch=self.broker_epoch,
            current_metadata_offset=self._metadata.state.offset,
            want_fence=False,
            want_shut_down=leaving,
        )
        response = await self._answer(request, leaving=leaving)
        if response is None:
            return
        if response.error_code in (ErrorCode.STALE_BROKER_EPOCH, ErrorCode.BROKER_ID_NOT_REGISTERED):
            logger.warning("the controller does not know this incarnation, registering again")
            self.broker_epoch = -1
            return
        if response.error_code != ErrorCode.NONE:
            raise error_for(response.error_code)
        # The next heartbeat tells how far this broker is: let it be worth telling.
        await self._metadata.catch_up_within(self._config.broker_heartbeat_interval_ms / 2000)
        self.fenced = response.is_fenced
        if not response.is_fenced and self.phase is BrokerPhase.STARTING:
            self._move(BrokerPhase.RUNNING)
            self.running.set_result(None)
        if leaving and response.should_shut_down:
            self._move(BrokerPhase.GONE)
            self.gone.set_result(None)

    async def _answer(self, request: BrokerHeartbeatRequest, *, leaving: bool) -> BrokerHeartbeatResponse | None:
        """The controller's answer; None when this broker wants to leave before there is one."""
        purpose = LEAVING if leaving else HEARTBEATS
        sending = self._loop.create_task(self._channel.send(request, HEARTBEAT_VERSION, purpose))
        sending.add_done_callback(_look_at)
        try:
            if not leaving:
                await asyncio.wait([sending, self._leaving], return_when=asyncio.FIRST_COMPLETED)
                if not sending.done():
                    return None
            response: BrokerHeartbeatResponse = await sending
        finally:
            sending.cancel()
        return response

    async def _without_controller(self, error: BaseException, away_s: float) -> None:
        try:
            if not await self._succession.look(error, away_s):
                await self._pause(RETRY_S / 2)
        except StoreUnavailable:
            await self._pause(RETRY_S)


def _look_at(sending: asyncio.Task[BrokerHeartbeatResponse]) -> None:
    """Nobody may be left to take the answer: it is looked at in any case."""
    if not sending.cancelled():
        sending.exception()
