"""How long sessions last when the controller's process stood still, and when it was merely kept waiting."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from cluster.broker.control import controllership
from cluster.broker.control.controllership import Controllership
from cluster.broker.control.standstills import LATE_S, LOOK_S, Standstills
from cluster.controller.changes import BrokerChanged
from cluster.controller.sessions import Sessions
from cluster.controller.store import Lease
from tests.controller.cluster import SESSION_MS, three_brokers
from tests.support.metadata_store import MemoryMetadataStore
from tests.support.nodes import Nodes, brokers

SESSION_S = 1.0
BARELY_S = 0.2
"""Less than what passes for standing still: a session that ends within a standstill ends so shortly before it does."""
SETTLING_S = 0.5
WAITS = 8


def fenced(nodes: Nodes) -> list[int]:
    """The brokers that the controller has ever given up."""
    changes = [entry.change for entry in nodes.store.entries]
    return [change.broker_id for change in changes if isinstance(change, BrokerChanged) and change.fenced]


async def stand_still(stood_s: float) -> None:
    asyncio.get_running_loop().call_soon(time.sleep, stood_s)
    await asyncio.sleep(0)


async def test_what_is_overdue_when_the_controller_lies_down_is_done_at_once_and_is_no_nap(tmp_path: Path) -> None:
    """A store that was slow to answer kept it waiting, with its ears open."""
    async with brokers(tmp_path, 1) as nodes:
        parts, now_s = nodes[1].parts, asyncio.get_running_loop().time()
        controlled = await three_brokers(now_ms=now_s * 1000)
        resting = Controllership(parts.config, nodes.store, parts.metadata, random.Random(1), controlled.policy)
        controller = controlled.controller
        controller.sessions.stood_still(-SESSION_MS - 2_000)
        due_ms = controller.next_deadline()
        async with asyncio.timeout(LATE_S):
            await resting._rest(controller, now_s + 10)
        assert controller.next_deadline() == due_ms


@pytest.mark.parametrize("stood_s", [SESSION_S + BARELY_S, 2 * SESSION_S])
async def test_no_session_ends_because_the_controller_stood_still(tmp_path: Path, stood_s: float) -> None:
    async with brokers(tmp_path, 1, 2, 3, broker_session_timeout_ms=str(int(SESSION_S * 1000))) as nodes:
        await asyncio.sleep(LOOK_S)
        await stand_still(stood_s)
        await asyncio.sleep(SETTLING_S)
        assert fenced(nodes) == []


async def test_a_controller_that_waits_for_its_store_hears_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited_s = forgiven_s = 0.0

    async def slowly(self: MemoryMetadataStore, lease: Lease) -> None:
        nonlocal waited_s
        await asyncio.sleep(2 * SESSION_S)
        waited_s += 2 * SESSION_S

    def forgive(self: Sessions, for_ms: float) -> None:
        nonlocal forgiven_s
        forgiven_s += for_ms / 1000

    monkeypatch.setattr(controllership, "RENEW_S", 0.1)
    monkeypatch.setattr(MemoryMetadataStore, "renew", slowly)
    monkeypatch.setattr(Sessions, "stood_still", forgive)
    async with brokers(tmp_path, 1) as nodes:
        await nodes.until(lambda: waited_s > 0, "the lease has been renewed")
        await asyncio.sleep(SETTLING_S)
        assert forgiven_s < waited_s / 2


async def test_sessions_last_longer_by_a_standstill_but_not_by_waiting() -> None:
    sessions = (await three_brokers()).controller.sessions
    standstills, ends_ms = Standstills(sessions), sessions.next_deadline()
    assert ends_ms is not None
    for _ in range(WAITS):
        await asyncio.sleep(LOOK_S)
        standstills.forgive()
    waited_ms = sessions.next_deadline()
    assert waited_ms is not None
    assert (waited_ms - ends_ms) / 1000 < WAITS * LOOK_S / 2
    await stand_still(LOOK_S + 4 * LATE_S)
    standstills.forgive()
    standstills.forgive()
    later_ms = sessions.next_deadline()
    assert later_ms is not None
    assert 4 * LATE_S < (later_ms - waited_ms) / 1000 < 7 * LATE_S
