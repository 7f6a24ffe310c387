"""A follower whose last fetch came too early joins the ISR without another one: an idle partition is not fetched."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.broker.partitions.followers import Position
from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.peers import Peers
from cluster.controller.state import BrokerState, ClusterState, PartitionState
from cluster.log.files import RealFiles
from cluster.protocol.primitives import ZERO_UUID
from tests.log.support import NOW, batch_of, open_log

LED = PartitionState(replicas=(1, 2, 3), isr=(1,), leader=1)


class Hosting:
    """A host that only counts the proposals."""

    def __init__(self) -> None:
        self.peers = Peers(1, max_lag_ms=1000)
        self.proposals: list[tuple[int, ...]] = []

    def propose(self, partition: Partition) -> None:
        proposal = partition.led().isr.proposal
        assert proposal is not None
        self.proposals.append(proposal.isr)

    def know(self, **fenced: bool) -> None:
        """Brokers 2 and 3 are registered; fenced or not."""
        self.peers.follow(
            replace(
                ClusterState(cluster_id="test"),
                brokers={
                    number: BrokerState(
                        id=number,
                        epoch=10 + number,
                        incarnation=ZERO_UUID,
                        host="127.0.0.1",
                        port=9091 + number,
                        fenced=fenced.get(f"broker_{number}", False),
                    )
                    for number in (1, 2, 3)
                },
            )
        )


@pytest.fixture
async def host() -> Hosting:
    assert asyncio.get_running_loop()
    return Hosting()


@pytest.fixture
async def partition(host: Hosting, tmp_path: Path) -> Partition:
    """A led partition with one record that nobody has copied yet."""
    led = Partition("orders", 0, open_log(RealFiles(), folder=str(tmp_path / "orders-0")), host)
    led.lead(LED, min_isr=1)
    led.append(memoryview(batch_of(b"value")), -1, NOW)
    return led


def fetches(partition: Partition, broker: int, offset: int) -> None:
    follower = partition.led().followers[broker]
    partition.follower_fetched(follower, Position(10 + broker, offset, 0))


async def test_one_that_was_fenced_joins_when_its_broker_is_unfenced(host: Hosting, partition: Partition) -> None:
    host.know(broker_2=True)
    fetches(partition, 2, 1)
    partition.review()
    assert host.proposals == []
    host.know()
    partition.review()
    assert host.proposals == [(1, 2)]


async def test_one_that_came_while_another_proposal_was_open_joins_after_it(
    host: Hosting, partition: Partition
) -> None:
    host.know()
    fetches(partition, 2, 1)
    fetches(partition, 3, 1)
    assert host.proposals == [(1, 2)]
    partition.lead(replace(LED, isr=(1, 2), partition_epoch=1), min_isr=1)
    assert host.proposals == [(1, 2), (1, 2, 3)]


async def test_one_that_has_not_all_of_the_log_has_to_ask_itself(host: Hosting, partition: Partition) -> None:
    host.know(broker_2=True)
    fetches(partition, 2, 0)
    host.know()
    partition.review()
    assert host.proposals == []
