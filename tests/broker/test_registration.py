"""How long a broker waits when its id is taken: its earlier run's session ends with each controller that it meets."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cluster.broker.config import BrokerConfig
from cluster.broker.control.lifecycle import Incarnation, Lifecycle
from cluster.broker.refusal import NodeRefused
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.replication import BrokerHeartbeatResponse, BrokerRegistrationRequest
from cluster.protocol.messages.replication import BrokerRegistrationResponse as Registered
from cluster.protocol.primitives import ZERO_UUID
from tests.support.clock import SkippingLoop

SESSION_S = 9.0
ALMOST_A_SESSION_S = 8.0


class Controllers:
    """Whoever is the controller, one after the other; for each of them the broker's id is taken for a while."""

    def __init__(self, taken_for_s: list[float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._taken_for_s = taken_for_s
        self._elected_at = self._loop.time()
        self.state = SimpleNamespace(cluster_id="a-cluster", offset=1, controller=SimpleNamespace(epoch=1))

    async def send(self, request: Any, version: int, purpose: str) -> Any:
        if not isinstance(request, BrokerRegistrationRequest):
            return BrokerHeartbeatResponse(is_fenced=False)
        if not self._taken_for_s:
            return Registered(broker_epoch=5)
        if self._loop.time() >= self._elected_at + self._taken_for_s[0]:
            del self._taken_for_s[0]
            self._elected_at = self._loop.time()
            self.state.controller = SimpleNamespace(epoch=self.state.controller.epoch + 1)
        return Registered(error_code=ErrorCode.DUPLICATE_BROKER_REGISTRATION)

    async def claim_if_nobody_else_may(self) -> None:
        """Somebody is the controller all the time."""

    async def wait_for(self, offset: int, timeout_s: float) -> bool:
        return True

    async def catch_up_within(self, timeout_s: float) -> None:
        """There is nothing to be read."""


async def _registered(taken_for_s: list[float]) -> int:
    """The epoch of a broker that comes back when its earlier run is still remembered."""
    controllers = cast(Any, Controllers(taken_for_s))
    session = {"broker.session.timeout.ms": f"{SESSION_S * 1000:.0f}"}
    config = BrokerConfig.of({"node.id": "1", "log.dirs": "/nowhere", **session})
    incarnation = Incarnation(id=ZERO_UUID, directory_id=ZERO_UUID, previous_broker_epoch=-1)
    lifecycle = Lifecycle(config, controllers, controllers, controllers, incarnation, random.Random(1))

    async def nothing_more() -> None:
        """Nobody else wants to know."""

    lifecycle.on_registered = nothing_more
    running = asyncio.ensure_future(lifecycle.run())
    await asyncio.wait([running, lifecycle.running], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    running.cancel()
    return lifecycle.broker_epoch


def epoch_of_broker_whose_id_is_taken_for(*seconds_each: float) -> int:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(_registered(list(seconds_each)))


def test_a_broker_waits_for_the_session_of_its_earlier_run() -> None:
    assert epoch_of_broker_whose_id_is_taken_for(ALMOST_A_SESSION_S) == 5


def test_a_new_controller_gives_the_earlier_run_a_new_session_and_the_broker_new_patience() -> None:
    assert epoch_of_broker_whose_id_is_taken_for(*[ALMOST_A_SESSION_S] * 3) == 5


def test_an_id_that_stays_taken_belongs_to_another_process() -> None:
    with pytest.raises(NodeRefused, match="another process runs as broker 1"):
        epoch_of_broker_whose_id_is_taken_for(ALMOST_A_SESSION_S, 10 * SESSION_S)
