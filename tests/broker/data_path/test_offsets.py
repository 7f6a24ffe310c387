"""ListOffsets, OffsetForLeaderEpoch, DeleteRecords and DescribeProducers."""

import asyncio
from typing import Any

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.offsets import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from cluster.protocol.messages.produce import DescribeProducersRequest, TopicRequest
from tests.broker.data_path.requests import (
    LEADER,
    TOPIC,
    batch,
    create,
    error,
    fetched,
    get,
    idempotent,
    list_offset,
    listed,
    offsets_in,
    position,
    put,
)
from tests.support.nodes import Nodes

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, PENDING_UPLOAD = -1, -2, -3, -4, -5, -6


async def ask(nodes: Nodes, broker: int, timestamp: int, version: int = 9, **more: Any) -> tuple[Any, ...]:
    """Error or (offset, timestamp, leader epoch)."""
    answer = listed(await nodes.ask(broker, list_offset(timestamp, **more), version))
    return (error(answer),) if answer.error_code else (answer.offset, answer.timestamp, answer.leader_epoch)


async def timed(nodes: Nodes) -> int:
    """Three records, a second from one another, the second the newest; the time of the first."""
    await create(nodes, 1)
    begin = nodes.wall_ms() - 60_000
    for at in (begin, begin + 2_000, begin + 1_000):
        await put(nodes, 1, records=batch(b"a", at=at))
    return begin


# -- ListOffsets


async def test_the_ends_of_a_log(one: Nodes) -> None:
    await timed(one)
    assert await ask(one, 1, EARLIEST) == (0, -1, 0)
    assert await ask(one, 1, LATEST) == (3, -1, 0)
    assert await ask(one, 1, LATEST, isolation=1) == (3, -1, 0)


async def test_an_empty_log_has_its_ends_at_0(one: Nodes) -> None:
    await create(one, 1)
    assert await ask(one, 1, EARLIEST) == (0, -1, 0)
    assert await ask(one, 1, LATEST) == (0, -1, 0)
    assert await ask(one, 1, MAX_TIMESTAMP) == (-1, -1, -1)
    assert await ask(one, 1, 12345) == (-1, -1, -1)


async def test_by_timestamp(one: Nodes) -> None:
    begin = await timed(one)
    assert await ask(one, 1, begin - 5) == (0, begin, 0)
    assert await ask(one, 1, begin + 1) == (1, begin + 2_000, 0)
    assert await ask(one, 1, begin + 2_001) == (-1, -1, -1)
    assert await ask(one, 1, MAX_TIMESTAMP) == (1, begin + 2_000, 0)


async def test_nothing_is_tiered(one: Nodes) -> None:
    await timed(one)
    assert await ask(one, 1, EARLIEST_LOCAL) == (0, -1, 0)
    assert await ask(one, 1, LATEST_TIERED) == (-1, -1, -1)
    assert await ask(one, 1, PENDING_UPLOAD, 11) == (-1, -1, -1)


@pytest.mark.parametrize(
    ("timestamp", "version"),
    [(MAX_TIMESTAMP, 6), (EARLIEST_LOCAL, 7), (LATEST_TIERED, 8), (PENDING_UPLOAD, 10), (-9, 11)],
)
async def test_timestamps_with_a_meaning_need_their_version(one: Nodes, timestamp: int, version: int) -> None:
    await create(one, 1)
    assert await ask(one, 1, timestamp, version) == (ErrorCode.UNSUPPORTED_VERSION,)


async def test_consumers_are_told_of_nothing_that_is_not_committed_and_followers_are(three: Nodes) -> None:
    await create(three, 1, 2)
    now = three.wall_ms()
    await put(three, 1, records=batch(b"a", at=now - 10))
    three[2].parts.replication.close()
    await put(three, 1, records=batch(b"b", at=now), acks=LEADER)
    assert await ask(three, 1, LATEST) == (1, -1, 0)
    assert await ask(three, 1, LATEST, replica=2) == (2, -1, 0)
    assert await ask(three, 1, now) == (-1, -1, -1)
    assert await ask(three, 1, now, replica=2) == (1, now, 0)


async def test_who_does_not_lead_does_not_answer(three: Nodes) -> None:
    await create(three, 1, 2)
    assert await ask(three, 2, LATEST) == (ErrorCode.NOT_LEADER_OR_FOLLOWER,)
    assert await ask(three, 3, LATEST) == (ErrorCode.NOT_LEADER_OR_FOLLOWER,)
    assert await ask(three, 1, LATEST, topic="nothing") == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,)
    assert await ask(three, 2, LATEST, epoch=7) == (ErrorCode.UNKNOWN_LEADER_EPOCH,)
    assert await ask(three, 2, LATEST, replica=-2) == (0, -1, 0)


async def test_a_partition_named_twice(one: Nodes) -> None:
    await create(one, 1, partitions=2)
    asked = [ListOffsetsPartition(partition_index=index, timestamp=LATEST) for index in (0, 1, 0)]
    request = ListOffsetsRequest(topics=[ListOffsetsTopic(name=TOPIC, partitions=asked)])
    response = await one.ask(1, request, 7)
    codes = {answer.partition_index: error(answer) for answer in response.topics[0].partitions}
    assert codes == {0: ErrorCode.INVALID_REQUEST, 1: ErrorCode.NONE}


@pytest.mark.parametrize(
    ("version", "code"), [(9, ErrorCode.OFFSET_NOT_AVAILABLE), (4, ErrorCode.LEADER_NOT_AVAILABLE)]
)
async def test_a_new_leader_that_does_not_know_yet_what_was_committed(
    three: Nodes, version: int, code: ErrorCode
) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    now = three.wall_ms()
    await put(three, 1, records=batch(b"a", at=now - 10))
    await three.until(lambda: three.replica(2, TOPIC).log.high_watermark == 1, "2 knows what is committed")
    for broker in (2, 3):
        three[broker].parts.replication.close()
    three.replica(2, TOPIC).log.append_as_follower(bytes(batch(b"b", at=now, base_offset=1, leader_epoch=0)), 0)
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads")
    three[3].parts.replication.close()
    assert await ask(three, 2, LATEST, version) == (code,)
    assert await ask(three, 2, now, version) == (code,)
    assert (await ask(three, 2, now - 10, version))[0] == 0
    assert (await ask(three, 2, EARLIEST, version))[0] == 0
    assert (await ask(three, 2, LATEST, version, replica=3))[0] == 2


# -- OffsetForLeaderEpoch


async def epoch_end(nodes: Nodes, broker: int, epoch: int, current: int = -1, topic: str = TOPIC) -> tuple[Any, ...]:
    asked = OffsetForLeaderPartition(partition=0, leader_epoch=epoch, current_leader_epoch=current)
    request = OffsetForLeaderEpochRequest(topics=[OffsetForLeaderTopic(topic=topic, partitions=[asked])])
    ((answer,),) = [t.partitions for t in (await nodes.ask(broker, request, 4)).topics]
    return (error(answer),) if answer.error_code else (answer.leader_epoch, answer.end_offset)


async def test_where_epochs_end(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a", b"b")
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads in epoch 1")
    await put(three, 2, b"c")
    assert await epoch_end(three, 2, 0) == (0, 2)
    assert await epoch_end(three, 2, 1) == (1, 3)
    assert await epoch_end(three, 2, 5) == (-1, -1)
    assert await epoch_end(three, 2, 0, current=0) == (ErrorCode.FENCED_LEADER_EPOCH,)
    assert await epoch_end(three, 2, 0, current=2) == (ErrorCode.UNKNOWN_LEADER_EPOCH,)
    assert await epoch_end(three, 3, 0) == (ErrorCode.NOT_LEADER_OR_FOLLOWER,)
    assert await epoch_end(three, 3, 0, topic="nothing") == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,)


# -- DeleteRecords


async def delete_records(
    nodes: Nodes, broker: int, offset: int, timeout_ms: int = 5_000, topic: str = TOPIC
) -> tuple[ErrorCode, int]:
    """Error and low watermark."""
    wanted = DeleteRecordsTopic(name=topic, partitions=[DeleteRecordsPartition(partition_index=0, offset=offset)])
    response = await nodes.ask(broker, DeleteRecordsRequest(topics=[wanted], timeout_ms=timeout_ms))
    ((result,),) = [t.partitions for t in response.topics]
    return error(result), result.low_watermark


async def test_records_are_deleted_up_to_an_offset_or_to_the_high_watermark(one: Nodes) -> None:
    await create(one, 1)
    for _ in range(3):
        await put(one, 1, b"a", b"b")
    assert await delete_records(one, 1, 3) == (ErrorCode.NONE, 3)
    assert error(fetched(await get(one, 1, position(2)))) == ErrorCode.OFFSET_OUT_OF_RANGE
    assert offsets_in(fetched(await get(one, 1, position(3)))) == [2, 3, 4, 5]
    assert await ask(one, 1, EARLIEST) == (3, -1, 0)
    assert await delete_records(one, 1, 1) == (ErrorCode.NONE, 3)
    assert await delete_records(one, 1, -1) == (ErrorCode.NONE, 6)


@pytest.mark.parametrize("offset", [7, -2])
async def test_only_what_is_there_can_be_deleted(one: Nodes, offset: int) -> None:
    await create(one, 1)
    await put(one, 1, b"a")
    assert await delete_records(one, 1, offset) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)


async def test_topics_whose_records_cannot_be_deleted(three: Nodes) -> None:
    await create(three, 1, 2, cleanup_policy="compact")
    await create(three, 1, topic="both", cleanup_policy="compact,delete")
    await create(three, 1, topic="__consumer_offsets")
    assert await delete_records(three, 1, 0) == (ErrorCode.POLICY_VIOLATION, -1)
    assert await delete_records(three, 1, 0, topic="both") == (ErrorCode.NONE, 0)
    assert await delete_records(three, 1, 0, topic="__consumer_offsets") == (ErrorCode.INVALID_TOPIC_EXCEPTION, -1)
    assert await delete_records(three, 2, 0) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)
    assert await delete_records(three, 1, 0, topic="nothing") == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1)


async def test_a_follower_that_does_not_follow_is_waited_for_until_the_time_is_up(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.until(lambda: three.replica(2, TOPIC).log.high_watermark == 1, "2 has it")
    three[2].parts.replication.close()
    assert await delete_records(three, 1, 1, timeout_ms=50) == (ErrorCode.REQUEST_TIMED_OUT, 0)
    assert len(three.replica(1, TOPIC).led().low_waits) == 0


async def test_a_broker_that_dies_is_waited_for_no_more(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.until(lambda: three.replica(2, TOPIC).log.high_watermark == 1, "2 has it")
    three[2].parts.replication.close()
    waiting = asyncio.ensure_future(delete_records(three, 1, 1, timeout_ms=20_000))
    await three.until(lambda: len(three.replica(1, TOPIC).led().low_waits) == 1, "it waits")
    await three.crash(2)
    assert await asyncio.wait_for(waiting, 5) == (ErrorCode.NONE, 1)


async def test_who_waits_for_a_deletion_hears_that_the_leader_is_another(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.until(lambda: three.replica(2, TOPIC).log.high_watermark == 1, "2 has it")
    three[2].parts.replication.close()
    waiting = asyncio.ensure_future(delete_records(three, 1, 1, timeout_ms=20_000))
    await three.until(lambda: len(three.replica(1, TOPIC).led().low_waits) == 1, "it waits")
    leaving = asyncio.ensure_future(three.stop(1))
    assert await asyncio.wait_for(waiting, 5) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)
    await leaving


# -- DescribeProducers


async def test_the_producers_of_a_partition(one: Nodes) -> None:
    await create(one, 1)
    now = one.wall_ms()
    await put(one, 1, records=idempotent(b"a", b"b", sequence=0, producer=7))
    await put(one, 1, records=batch(b"c", at=now, producer_id=8, producer_epoch=3, base_sequence=0))
    response = await one.ask(1, DescribeProducersRequest(topics=[TopicRequest(name=TOPIC, partition_indexes=[0, 4])]))
    known, unknown = response.topics[0].partitions
    producers = {p.producer_id: (p.producer_epoch, p.last_sequence, p.last_timestamp) for p in known.active_producers}
    assert producers == {7: (0, 1, -1), 8: (3, 0, now)}
    assert {p.current_txn_start_offset for p in known.active_producers} == {-1}
    assert error(unknown) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
