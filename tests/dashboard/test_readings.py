"""What the observer makes of the cluster's answers where some are missing."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

from cluster.client.admin.groups import GroupList
from dashboard.watch.observation import Observation
from dashboard.watch.readings import OFFSETS_TOPIC, Readings
from tests.dashboard import scenes

BILLING = {"billing": scenes.group("billing", {("orders", 0): 7})}


def readings(*unavailable: int) -> Readings:
    """Of a cluster in which no broker lists a group; these do not even answer."""
    listed = GroupList(groups=(), unavailable=dict.fromkeys(unavailable, Any))
    asked = SimpleNamespace(groups=SimpleNamespace(all=AsyncMock(return_value=listed)))
    return Readings(asked)  # type: ignore[arg-type]


def seen_with(leader: int) -> Observation:
    offsets = scenes.topic(OFFSETS_TOPIC, scenes.partition(0, (1, 2, 3), leader=leader))
    return scenes.seen(scenes.shape(offsets), groups=BILLING)


async def test_a_group_that_no_coordinator_lists_is_gone() -> None:
    assert await readings().groups(seen_with(leader=2)) == {}


async def test_a_group_stays_as_it_was_seen_while_a_coordinator_does_not_answer() -> None:
    assert await readings(2).groups(seen_with(leader=2)) == BILLING


async def test_a_group_stays_as_it_was_seen_while_its_partition_has_no_leader() -> None:
    assert await readings().groups(seen_with(leader=-1)) == BILLING
