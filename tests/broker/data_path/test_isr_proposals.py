"""ISR proposals on their way to the controller: answers, refusals, no answers, answers that come too late."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cluster.broker.metrics import Metrics
from cluster.broker.partitions import proposals as module
from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.proposals import IsrProposals
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import ErrorCode, NotController
from cluster.protocol.messages.replication import (
    AlterPartitionRequest,
    AlterPartitionResponse,
    AlterPartitionResponsePartitionData,
    AlterPartitionResponseTopicData,
)
from tests.broker.data_path.hosting import LED, Host, append, fetches
from tests.broker.data_path.requests import LEADER, TOPIC, create, error, produce, produced, put
from tests.support.nodes import Nodes, brokers
from tests.support.patience import eventually

ALONE = replace(LED, isr=(1,), partition_epoch=10)


class Channel:
    """The way to a controller whose answers the test gives."""

    def __init__(self) -> None:
        self.asked: list[AlterPartitionRequest] = []
        self.answers: list[asyncio.Future[Any]] = []

    async def send(self, request: AlterPartitionRequest, version: int) -> AlterPartitionResponse:
        assert version == 3
        self.asked.append(request)
        self.answers.append(asyncio.get_running_loop().create_future())
        return cast(AlterPartitionResponse, await self.answers[-1])


def proposed(request: AlterPartitionRequest) -> tuple[int, int, list[tuple[int, int]]]:
    """Leader epoch, partition epoch and members of the one proposal in a request."""
    ((data,),) = [topic.partitions for topic in request.topics]
    members = [(member.broker_id, member.broker_epoch) for member in data.new_isr_with_epochs]
    return data.leader_epoch, data.partition_epoch, members


def answer(partition: Partition, **fields: Any) -> AlterPartitionResponse:
    data = AlterPartitionResponsePartitionData(partition_index=0, **({"leader_id": 1, "leader_epoch": 4} | fields))
    topic = AlterPartitionResponseTopicData(topic_id=partition.topic_id, partitions=[data])
    return AlterPartitionResponse(topics=[topic])


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    return Channel()


@pytest.fixture
async def metrics(host: Host, partition: Partition, channel: Channel) -> Metrics:
    """The host's proposals go by the channel; broker 2 is proposed to a leader that is alone in sync."""
    counted = Metrics()
    sender = IsrProposals(cast(Any, channel), counted, 1, lambda: 11)
    host.propose = sender.propose  # type: ignore[method-assign]
    partition.lead(ALONE, min_isr=1)
    fetches(partition, 2, 0)
    return counted


async def nth(channel: Channel, count: int) -> AlterPartitionRequest:
    """The request of this number."""
    await eventually(lambda: len(channel.asked) >= count, f"{count} requests were sent")
    return channel.asked[count - 1]


def isr_of(partition: Partition) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Committed and maximal ISR."""
    return partition.led().isr.committed, partition.led().isr.maximal


async def test_a_proposal_that_is_taken(partition: Partition, channel: Channel, metrics: Metrics) -> None:
    assert proposed(await nth(channel, 1)) == (4, 10, [(1, 11), (2, 12)])
    assert isr_of(partition) == ((1,), (1, 2))
    channel.answers[0].set_result(answer(partition, isr=[1, 2], partition_epoch=11))
    await eventually(lambda: isr_of(partition) == ((1, 2), (1, 2)), "it is committed")
    assert (metrics.isr_expands, metrics.isr_shrinks) == (1, 0)


async def test_the_epoch_of_a_member_is_that_of_its_fetch_although_it_has_come_anew(
    host: Host, partition: Partition, channel: Channel, metrics: Metrics
) -> None:
    host.know(b1=11, b2=40, b3=13)
    assert proposed(await nth(channel, 1)) == (4, 10, [(1, 11), (2, 12)])


@pytest.mark.parametrize("code", [ErrorCode.INELIGIBLE_REPLICA, ErrorCode.OPERATION_NOT_ATTEMPTED])
async def test_what_was_certainly_not_taken_is_forgotten(
    partition: Partition, channel: Channel, metrics: Metrics, code: ErrorCode
) -> None:
    await nth(channel, 1)
    append(partition, acks=1)
    assert partition.log.high_watermark == 0
    channel.answers[0].set_result(answer(partition, error_code=code))
    await eventually(lambda: isr_of(partition) == ((1,), (1,)), "back to what is committed")


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.NEW_LEADER_ELECTED,
        ErrorCode.INVALID_UPDATE_VERSION,
        ErrorCode.UNKNOWN_TOPIC_ID,
        ErrorCode.INVALID_REQUEST,
    ],
)
async def test_what_the_controller_has_moved_on_from_stays_open_until_the_log_tells(
    partition: Partition, channel: Channel, metrics: Metrics, code: ErrorCode
) -> None:
    await nth(channel, 1)
    channel.answers[0].set_result(answer(partition, error_code=code))
    for _ in range(10):
        await asyncio.sleep(0)
    assert isr_of(partition) == ((1,), (1, 2))
    assert len(channel.asked) == 1
    partition.lead(replace(ALONE, isr=(1, 3), partition_epoch=12), min_isr=1)
    assert isr_of(partition)[0] == (1, 3)


@pytest.mark.parametrize(
    "outcome",
    [
        lambda future, partition: future.set_exception(ConnectionLost("gone")),
        lambda future, partition: future.set_exception(NotController("another is")),
        lambda future, partition: future.set_result(AlterPartitionResponse(error_code=ErrorCode.STALE_BROKER_EPOCH)),
        lambda future, partition: future.set_result(AlterPartitionResponse()),
        lambda future, partition: future.set_result(answer(partition, error_code=ErrorCode.UNKNOWN_SERVER_ERROR)),
    ],
    ids=["connection lost", "no controller", "refused as a whole", "left out of the answer", "an error of nobody"],
)
async def test_without_a_certain_answer_it_stays_open_and_is_sent_again(
    partition: Partition, channel: Channel, metrics: Metrics, outcome: Callable[[Any, Partition], None]
) -> None:
    first = await nth(channel, 1)
    outcome(channel.answers[0], partition)
    second = await nth(channel, 2)
    assert proposed(first) == proposed(second)
    assert isr_of(partition) == ((1,), (1, 2))


async def test_an_answer_to_a_proposal_that_the_log_has_decided_changes_nothing(
    partition: Partition, channel: Channel, metrics: Metrics
) -> None:
    await nth(channel, 1)
    partition.lead(replace(ALONE, isr=(1, 2), partition_epoch=11), min_isr=1)
    fetches(partition, 3, 0)
    assert isr_of(partition) == ((1, 2), (1, 2, 3))
    channel.answers[0].set_result(answer(partition, error_code=ErrorCode.INELIGIBLE_REPLICA))
    assert proposed(await nth(channel, 2))[1:] == (11, [(1, 11), (2, 12), (3, 13)])
    assert isr_of(partition) == ((1, 2), (1, 2, 3))


async def test_an_isr_that_was_so_already_is_settled(partition: Partition, channel: Channel, metrics: Metrics) -> None:
    await nth(channel, 1)
    channel.answers[0].set_result(answer(partition, isr=[1], partition_epoch=10))
    assert proposed(await nth(channel, 2)) == (4, 10, [(1, 11), (2, 12)]), "what is wanted is proposed anew"


async def test_a_proposal_of_the_tick_in_which_the_sender_ends_is_sent(
    partition: Partition, channel: Channel, metrics: Metrics
) -> None:
    await nth(channel, 1)
    channel.answers[0].set_result(answer(partition, isr=[1, 2], partition_epoch=11))
    asyncio.get_running_loop().call_soon(fetches, partition, 3, 0)
    assert proposed(await nth(channel, 2))[1:] == (11, [(1, 11), (2, 12), (3, 13)])


async def test_nobody_is_asked_for_a_leadership_that_is_over(
    partition: Partition, channel: Channel, metrics: Metrics
) -> None:
    await nth(channel, 1)
    partition.follow(replace(LED, leader=2, leader_epoch=5, partition_epoch=12))
    channel.answers[0].set_exception(ConnectionLost("gone"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(channel.asked) == 1


# -- with a controller


async def test_while_the_controller_cannot_write_a_shrink_acknowledges_nothing(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, replica_lag_time_max_ms="300") as nodes:
        await nodes.start(2)
        await create(nodes, 2, 1)
        nodes.store.hold = asyncio.get_running_loop().create_future()
        nodes[1].parts.replication.close()
        client = await nodes.client(2)
        waiting = asyncio.ensure_future(client.send(produce(b"a"), 12))
        leadership = nodes.replica(2, TOPIC).led()
        await nodes.until(lambda: leadership.isr.proposal, "the leader wants to go on without 1")
        assert (leadership.isr.maximal, waiting.done(), leadership.log.high_watermark) == ((2, 1), False, 0)
        nodes.store.hold.set_result(None)
        assert error(produced(await asyncio.wait_for(waiting, 5))) == ErrorCode.NONE
        assert nodes.placed(TOPIC).isr == (2,)


async def test_a_proposal_without_an_answer_goes_to_the_next_controller(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, replica_lag_time_max_ms="300") as nodes:
        await nodes.start(2, 3)
        await create(nodes, 2, 3)
        nodes.store.hold = asyncio.get_running_loop().create_future()
        nodes[3].parts.replication.close()
        await put(nodes, 2, b"a", acks=LEADER)
        leadership = nodes.replica(2, TOPIC).led()
        await nodes.until(lambda: leadership.isr.proposal, "the leader wants to go on without 3")
        await nodes.crash(1)
        nodes.store.hold.set_result(None)
        await nodes.until(lambda: leadership.isr.committed == (2,), "another controller takes it")
        assert leadership.log.high_watermark == 1


async def test_a_broker_that_comes_back_joins_and_the_one_that_fell_behind_leaves(three: Nodes) -> None:
    await create(three, 1, 2, 3)
    await three.crash(2)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1, 3), "2 is fenced and out")
    await three.start(2)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1, 3, 2), "2 is back")
    three[3].parts.replication.close()
    await put(three, 1, b"a", acks=LEADER)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1, 2), "3 has stopped")
