"""Fetch without a session: limits, waiting, where reading begins and ends, epochs, who may read."""

import asyncio

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.fetch import FetchRequest, FetchTopic, ReplicaState
from cluster.protocol.primitives import Uuid
from tests.broker.data_path.requests import (
    LEADER,
    TOPIC,
    create,
    error,
    fetch,
    fetched,
    get,
    offsets_in,
    partitions_of,
    position,
    put,
    values_in,
)
from tests.support.nodes import Nodes

LONG_MS = 20_000


async def three_batches(nodes: Nodes) -> None:
    """Offsets 0-1, 2-3 and 4-5."""
    await create(nodes, 1)
    for value in (b"a", b"b", b"c"):
        await put(nodes, 1, value, value)


# -- from where to where


async def test_a_batch_is_returned_whole_although_reading_begins_within_it(one: Nodes) -> None:
    await three_batches(one)
    assert offsets_in(fetched(await get(one, 1, position(3)))) == [2, 3, 4, 5]


async def test_at_the_end_there_is_nothing(one: Nodes) -> None:
    await three_batches(one)
    data = fetched(await get(one, 1, position(6)))
    assert (error(data), values_in(data), data.high_watermark, data.last_stable_offset) == (0, [], 6, 6)
    assert (data.log_start_offset, data.aborted_transactions) == (0, None)


@pytest.mark.parametrize("offset", [7, -5])
async def test_outside_of_the_log(one: Nodes, offset: int) -> None:
    await three_batches(one)
    data = fetched(await get(one, 1, position(offset), max_wait_ms=LONG_MS))
    assert (error(data), data.high_watermark, data.log_start_offset) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1, -1)


async def test_consumers_see_only_what_is_committed(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    three[2].parts.replication.close()
    await put(three, 1, b"b", acks=LEADER)
    for isolation in (0, 1):
        data = fetched(await get(three, 1, position(0), isolation_level=isolation))
        assert (values_in(data), data.high_watermark) == ([b"a"], 1)


async def test_readers_of_committed_records_are_told_of_no_aborted_transactions(one: Nodes) -> None:
    await three_batches(one)
    assert fetched(await get(one, 1, position(0), isolation_level=1)).aborted_transactions == []


# -- limits


async def test_the_first_batch_comes_although_it_is_larger_than_any_limit(one: Nodes) -> None:
    await three_batches(one)
    limited = fetched(await get(one, 1, position(0, partition_max_bytes=1), max_bytes=1))
    assert offsets_in(limited) == [0, 1]


async def test_no_more_than_the_limits_allow(one: Nodes) -> None:
    await three_batches(one)
    size = len(b"".join(map(bytes, [fetched(await get(one, 1, position(4))).records])))
    assert offsets_in(fetched(await get(one, 1, position(0, partition_max_bytes=2 * size)))) == [0, 1, 2, 3]
    assert offsets_in(fetched(await get(one, 1, position(0), max_bytes=2 * size))) == [0, 1, 2, 3]


async def test_the_whole_answer_is_limited_in_the_order_of_the_request(one: Nodes) -> None:
    await create(one, 1, partitions=3)
    for index in range(3):
        await put(one, 1, b"x" * 500, index=index)
    response = await get(one, 1, *(position(0, index) for index in (2, 0, 1)), max_bytes=700)
    assert {i: len(values_in(d)) for i, d in partitions_of(response).items()} == {2: 1, 0: 0, 1: 0}


# -- waiting


async def test_a_fetch_waits_for_something_and_is_answered_when_it_comes(one: Nodes) -> None:
    await create(one, 1)
    reader = await one.client(1, "a-reader")
    waiting = asyncio.ensure_future(reader.send(fetch(position(0), max_wait_ms=LONG_MS), 12))
    partition = one.replica(1, TOPIC)
    await one.until(lambda: partition.watchers._reading, "the fetch waits")
    await put(one, 1, b"a")
    assert values_in(fetched(await asyncio.wait_for(waiting, 5))) == [b"a"]
    assert not partition.watchers._reading


async def test_a_fetch_waits_for_as_many_bytes_as_it_wants(one: Nodes) -> None:
    await create(one, 1)
    reader = await one.client(1, "a-reader")
    waiting = asyncio.ensure_future(reader.send(fetch(position(0), max_wait_ms=LONG_MS, min_bytes=400), 12))
    await one.until(lambda: one.replica(1, TOPIC).watchers._reading, "the fetch waits")
    for _ in range(3):
        await put(one, 1, b"x" * 100)
        await asyncio.sleep(0)
    assert len(values_in(fetched(await asyncio.wait_for(waiting, 5)))) == 3


async def test_when_the_time_is_up_what_is_there_is_sent(one: Nodes) -> None:
    await three_batches(one)
    data = fetched(await get(one, 1, position(4), max_wait_ms=20, min_bytes=10_000))
    assert values_in(data) == [b"c", b"c"]


async def test_more_bytes_than_fit_into_the_answer_are_not_waited_for(one: Nodes) -> None:
    await three_batches(one)
    asked = get(one, 1, position(0), max_wait_ms=LONG_MS, min_bytes=10_000, max_bytes=100)
    assert values_in(fetched(await asyncio.wait_for(asked, 5)))


async def test_an_error_in_one_partition_ends_the_wait_for_the_others(one: Nodes) -> None:
    await create(one, 1)
    response = await asyncio.wait_for(get(one, 1, position(0), position(0, 9), max_wait_ms=LONG_MS), 5)
    answers = partitions_of(response)
    assert (error(answers[0]), error(answers[9])) == (ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


async def test_nothing_to_read_is_not_waited_for(one: Nodes) -> None:
    response = await asyncio.wait_for(one.ask(1, FetchRequest(max_wait_ms=LONG_MS, min_bytes=1), 12), 5)
    assert (response.error_code, response.responses) == (0, [])


async def test_a_client_that_goes_leaves_no_watcher(one: Nodes) -> None:
    await create(one, 1)
    reader = await one.client(1, "a-reader")
    waiting = asyncio.ensure_future(reader.send(fetch(position(0), max_wait_ms=LONG_MS), 12))
    partition = one.replica(1, TOPIC)
    await one.until(lambda: partition.watchers._reading, "the fetch waits")
    reader.close()
    await asyncio.gather(waiting, return_exceptions=True)
    await one.until(lambda: not partition.watchers._reading, "nobody watches any more")


async def test_a_waiting_fetch_hears_that_the_leader_is_another(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    reader = await three.client(1, "a-reader")
    asked = fetch(position(1, current_leader_epoch=0), max_wait_ms=LONG_MS)
    waiting = asyncio.ensure_future(reader.send(asked, 12))
    await three.until(lambda: three.replica(1, TOPIC).watchers._reading, "the fetch waits")
    leaving = asyncio.ensure_future(three.stop(1))
    assert error(fetched(await asyncio.wait_for(waiting, 5))) == ErrorCode.FENCED_LEADER_EPOCH
    await leaving


# -- who is asked, and by which name


async def test_by_topic_id(one: Nodes) -> None:
    topic_id = await create(one, 1)
    await put(one, 1, b"a")
    response = await one.ask(1, fetch(position(0), topic_id=topic_id), 17)
    assert (values_in(fetched(response)), response.responses[0].topic_id) == ([b"a"], topic_id)
    unknown = await one.ask(1, fetch(position(0), topic_id=Uuid(b"x" * 16)), 17)
    assert error(fetched(unknown)) == ErrorCode.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize("version", [4, 10, 11, 12])
async def test_a_follower_serves_consumers_since_version_11(three: Nodes, version: int) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.until(lambda: three.replica(2, TOPIC).log.high_watermark == 1, "2 knows the high watermark")
    data = fetched(await three.ask(2, fetch(position(0)), version))
    assert error(data) == (ErrorCode.NOT_LEADER_OR_FOLLOWER if version < 11 else ErrorCode.NONE)
    assert values_in(data) == ([] if version < 11 else [b"a"])


@pytest.mark.parametrize("version", [15, 16])
async def test_a_broker_without_a_replica_says_who_leads_since_version_16(three: Nodes, version: int) -> None:
    topic_id = await create(three, 1, 3)
    response = await three.ask(2, fetch(position(0), topic_id=topic_id), version)
    data = fetched(response)
    assert error(data) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert data.current_leader.leader_id == (1 if version == 16 else -1)
    assert [e.node_id for e in response.node_endpoints] == ([1] if version == 16 else [])


# -- epochs


async def test_a_reader_with_another_leader_epoch_is_told(three: Nodes) -> None:
    await create(three, 1, 2)
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads in epoch 1")
    for epoch, code in ((0, ErrorCode.FENCED_LEADER_EPOCH), (1, ErrorCode.NONE), (5, ErrorCode.UNKNOWN_LEADER_EPOCH)):
        assert error(fetched(await get(three, 2, position(0, current_leader_epoch=epoch)))) == code


async def test_where_a_readers_log_leaves_the_leaders(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads in epoch 1")
    await put(three, 2, b"b")
    same = fetched(await get(three, 2, position(1, last_fetched_epoch=0)))
    assert (same.diverging_epoch.epoch, values_in(same)) == (-1, [b"b"])
    longer = fetched(await get(three, 2, position(5, last_fetched_epoch=0), max_wait_ms=LONG_MS))
    assert (longer.diverging_epoch.epoch, longer.diverging_epoch.end_offset, values_in(longer)) == (0, 1, [])
    later = fetched(await get(three, 2, position(2, last_fetched_epoch=9)))
    assert error(later) == ErrorCode.OFFSET_OUT_OF_RANGE


async def test_below_the_log_start_there_is_no_divergence_but_an_error(one: Nodes) -> None:
    await three_batches(one)
    one[1].parts.replicas.advance_log_start(one.replica(1, TOPIC), 4)
    data = fetched(await get(one, 1, position(2, last_fetched_epoch=0)))
    assert error(data) == ErrorCode.OFFSET_OUT_OF_RANGE


# -- followers


def follower_fetch(topic_id: Uuid, broker: int, epoch: int, offset: int = 0, leader_epoch: int = 0) -> FetchRequest:
    positions = [position(offset, current_leader_epoch=leader_epoch)]
    return FetchRequest(
        replica_state=ReplicaState(replica_id=broker, replica_epoch=epoch),
        max_wait_ms=0,
        topics=[FetchTopic(topic_id=topic_id, partitions=positions)],
    )


async def test_a_follower_reads_beyond_the_high_watermark(three: Nodes) -> None:
    topic_id = await create(three, 1, 2)
    three[2].parts.replication.close()
    await put(three, 1, b"a", acks=LEADER)
    epoch = three.state(1).brokers[2].epoch
    assert values_in(fetched(await three.ask(1, follower_fetch(topic_id, 2, epoch), 17))) == [b"a"]


async def test_a_follower_that_is_no_replica_is_to_come_again(three: Nodes) -> None:
    topic_id = await create(three, 1, 2)
    epoch = three.state(1).brokers[3].epoch
    data = fetched(await three.ask(1, follower_fetch(topic_id, 3, epoch), 17))
    assert error(data) == ErrorCode.UNKNOWN_LEADER_EPOCH


async def test_a_fetch_of_an_earlier_incarnation_vouches_for_nothing(three: Nodes) -> None:
    topic_id = await create(three, 1, 2)
    three[2].parts.replication.close()
    await put(three, 1, b"a", acks=LEADER)
    epoch = three.state(1).brokers[2].epoch
    data = fetched(await three.ask(1, follower_fetch(topic_id, 2, epoch - 1, offset=1), 17))
    assert error(data) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert three.replica(1, TOPIC).log.high_watermark == 0


async def test_a_position_outside_of_the_log_vouches_for_nothing(three: Nodes) -> None:
    topic_id = await create(three, 1, 2)
    three[2].parts.replication.close()
    await put(three, 1, b"a", acks=LEADER)
    epoch = three.state(1).brokers[2].epoch
    data = fetched(await three.ask(1, follower_fetch(topic_id, 2, epoch, offset=100), 17))
    assert error(data) == ErrorCode.OFFSET_OUT_OF_RANGE
    assert three.replica(1, TOPIC).log.high_watermark == 0
