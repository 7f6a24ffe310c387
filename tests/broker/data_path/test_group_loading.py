"""The coordinator of groups reads what its partition holds; what it cannot read once it reads again."""

from pathlib import Path

import pytest

from cluster.broker import groups
from cluster.broker.groups import HostedShard
from cluster.protocol.messages.coordination import FindCoordinatorRequest
from tests.support.nodes import Nodes, brokers

PARTITIONS = 2


def shards(nodes: Nodes) -> int:
    return len(list(nodes[1].parts.groups.loaded()))


async def test_groups_that_could_not_be_loaded_are_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with brokers(tmp_path, 1) as nodes:
        await nodes.ask(1, FindCoordinatorRequest(key_type=0, coordinator_keys=["readers"]))
        await nodes.until(lambda: shards(nodes) == PARTITIONS, "the groups are loaded")
        await nodes.crash(1)
        load, failures = HostedShard.load, [RuntimeError("nobody expected that")]

        async def failing_once(self: HostedShard) -> None:
            if failures:
                raise failures.pop()
            await load(self)

        monkeypatch.setattr(HostedShard, "load", failing_once)
        monkeypatch.setattr(groups, "LOAD_AGAIN_S", 0.05)
        await nodes.start(1)
        await nodes.until(lambda: not failures and shards(nodes) == PARTITIONS, "all are loaded")
