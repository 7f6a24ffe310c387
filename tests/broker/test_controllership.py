"""How the controller's clock goes on when its process stood still, and when it was merely kept waiting."""

import asyncio
import random
import time
from pathlib import Path

from cluster.broker.control.controllership import LATE_S, Controllership
from cluster.controller.controller import Controller
from tests.controller.cluster import SESSION_MS, ControlledCluster, three_brokers
from tests.support.nodes import brokers

SOON_S = 0.05


async def resting(folder: Path) -> tuple[Controllership, ControlledCluster]:
    """A controller whose three brokers have just been heard of."""
    async with brokers(folder, 1) as nodes:
        parts = nodes[1].parts
        controlled = await three_brokers(now_ms=asyncio.get_running_loop().time() * 1000)
        rng = random.Random(1)
        return Controllership(parts.config, nodes.store, parts.metadata, rng, controlled.policy), controlled


def first_session_ends_in_s(controller: Controller) -> float:
    due_ms = controller.next_deadline()
    assert due_ms is not None
    return due_ms / 1000 - asyncio.get_running_loop().time()


async def test_what_is_overdue_when_the_controller_lies_down_is_done_at_once_and_is_no_nap(tmp_path: Path) -> None:
    """A store that was slow to answer kept it waiting, with its ears open."""
    controllership, controlled = await resting(tmp_path)
    controller = controlled.controller
    controller.sessions.stood_still(-SESSION_MS - 2_000)
    due_ms = controller.next_deadline()
    async with asyncio.timeout(LATE_S):
        await controllership._rest(controller, asyncio.get_running_loop().time() + 10)
    assert controller.next_deadline() == due_ms


async def test_sessions_last_longer_by_what_the_controller_stood_still(tmp_path: Path) -> None:
    controllership, controlled = await resting(tmp_path)
    controller, loop = controlled.controller, asyncio.get_running_loop()
    before = first_session_ends_in_s(controller) + loop.time()
    loop.call_later(SOON_S / 2, time.sleep, LATE_S + 2 * SOON_S)
    await controllership._rest(controller, loop.time() + SOON_S)
    after = first_session_ends_in_s(controller) + loop.time()
    assert LATE_S < after - before < LATE_S + 20 * SOON_S
