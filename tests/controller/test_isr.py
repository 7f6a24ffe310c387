"""ISRs that leaders propose: what is taken, what is refused, and by which code."""

from __future__ import annotations

import pytest

from cluster.protocol.errors import ErrorCode, StaleBrokerEpoch
from cluster.protocol.messages.replication import (
    AlterPartitionRequest,
    AlterPartitionRequestPartitionData,
    AlterPartitionRequestTopicData,
)
from tests.controller.cluster import ControlledCluster, three_brokers


async def led_by_1() -> ControlledCluster:
    cluster = await three_brokers()
    await cluster.topic("orders", (1, 2, 3))
    return cluster


async def test_a_proposal_is_taken_and_answered_with_what_holds_now() -> None:
    cluster = await led_by_1()
    answer = await cluster.propose("orders", (1, 2))
    assert (answer.error_code, answer.leader_id, answer.isr) == (ErrorCode.NONE, 1, [1, 2])
    assert (answer.partition_epoch, answer.leader_epoch) == (1, 0)
    assert cluster.partition("orders").isr == (1, 2)


async def test_a_repeated_proposal_is_answered_without_a_change() -> None:
    cluster = await led_by_1()
    await cluster.propose("orders", (1, 2))
    offset = cluster.state.offset
    answer = await cluster.propose("orders", (1, 2))
    assert (answer.error_code, answer.partition_epoch) == (ErrorCode.NONE, 1)
    assert cluster.state.offset == offset


@pytest.mark.parametrize(
    ("differently", "code"),
    [
        ({"leader_epoch": 9}, ErrorCode.NOT_CONTROLLER),
        ({"partition_epoch": 9}, ErrorCode.NOT_CONTROLLER),
        ({"leader_epoch": -1}, ErrorCode.FENCED_LEADER_EPOCH),
        ({"partition_epoch": -1}, ErrorCode.INVALID_UPDATE_VERSION),
        ({"broker_id": 2}, ErrorCode.INVALID_REQUEST),
        ({"epoch_of_2": 0}, ErrorCode.INELIGIBLE_REPLICA),
        ({"recovering": 1}, ErrorCode.INVALID_REQUEST),
    ],
)
async def test_a_proposal_from_another_time_is_refused(differently: dict[str, int], code: ErrorCode) -> None:
    cluster = await led_by_1()
    offset = cluster.state.offset
    answer = await cluster.propose("orders", (1, 2), **differently)
    assert ErrorCode(answer.error_code) is code
    assert cluster.state.offset == offset


@pytest.mark.parametrize("isr", [(), (2, 3), (1, 4), (1, 2, 2)])
async def test_an_isr_that_cannot_be_is_refused(isr: tuple[int, ...]) -> None:
    cluster = await led_by_1()
    assert (await cluster.propose("orders", isr)).error_code == ErrorCode.INVALID_REQUEST


async def test_a_fenced_broker_cannot_come_back_into_the_isr() -> None:
    cluster = await led_by_1()
    await cluster.gone(3)
    assert (await cluster.propose("orders", (1, 2, 3))).error_code == ErrorCode.INELIGIBLE_REPLICA


async def test_a_broker_on_its_way_out_cannot_come_back_into_the_isr() -> None:
    cluster = await led_by_1()
    await cluster.heartbeat(3, want_shut_down=True)
    assert cluster.partition("orders").isr == (1, 2)
    assert (await cluster.propose("orders", (1, 2, 3))).error_code == ErrorCode.INELIGIBLE_REPLICA


async def test_an_earlier_incarnation_is_not_taken_for_the_present_one() -> None:
    cluster = await led_by_1()
    former = cluster.brokers[3].epoch
    await cluster.gone(3)
    await cluster.start(3)
    assert (await cluster.propose("orders", (1, 2, 3), epoch_of_3=former)).error_code == ErrorCode.INELIGIBLE_REPLICA
    assert (await cluster.propose("orders", (1, 2, 3))).error_code == ErrorCode.NONE


async def test_a_leader_of_an_earlier_incarnation_is_not_heard() -> None:
    cluster = await led_by_1()
    with pytest.raises(StaleBrokerEpoch):
        await cluster.propose("orders", (1, 2), broker_epoch=0)


async def test_a_leader_alone_leaves_the_others_eligible() -> None:
    cluster = await led_by_1()
    await cluster.propose("orders", (1, 2))
    await cluster.propose("orders", (1,))
    assert cluster.partition("orders").elr == (2,)
    await cluster.propose("orders", (1, 3))
    assert cluster.partition("orders").elr == ()


async def test_an_unknown_topic_and_an_unknown_partition_have_their_codes() -> None:
    cluster = await led_by_1()
    known = cluster.state.topics["orders"].id
    wanted = [
        AlterPartitionRequestTopicData(
            topic_id=topic_id, partitions=[AlterPartitionRequestPartitionData(partition_index=7)]
        )
        for topic_id in (known, known[::-1])
    ]
    request = AlterPartitionRequest(broker_id=1, broker_epoch=cluster.brokers[1].epoch, topics=wanted)
    answers = [t.partitions[0].error_code for t in (await cluster.controller.alter_partition(request)).topics]
    assert answers == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID]


async def test_before_version_3_a_proposal_names_no_epochs() -> None:
    cluster = await led_by_1()
    partition = AlterPartitionRequestPartitionData(partition_index=0, new_isr=[1, 3])
    topic = AlterPartitionRequestTopicData(topic_id=cluster.state.topics["orders"].id, partitions=[partition])
    request = AlterPartitionRequest(broker_id=1, broker_epoch=cluster.brokers[1].epoch, topics=[topic])
    await cluster.controller.alter_partition(request)
    assert cluster.partition("orders").isr == (1, 3)


async def test_the_leader_says_when_it_has_recovered() -> None:
    cluster = await three_brokers()
    await cluster.topic("orders", (1,))
    await cluster.gone(1)
    await cluster.start(1)
    assert cluster.partition("orders").recovering
    answer = await cluster.propose("orders", (1,), recovering=1)
    assert (answer.error_code, answer.leader_recovery_state) == (ErrorCode.NONE, 1)
    assert cluster.partition("orders").recovering
    await cluster.propose("orders", (1,))
    assert not cluster.partition("orders").recovering
