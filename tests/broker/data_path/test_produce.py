"""Produce: acknowledgements, refusals and whom they point to, repeated batches."""

import asyncio

import pytest

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from cluster.protocol.primitives import Uuid
from cluster.protocol.records.batch import Compression
from tests.broker.data_path.requests import (
    ALL,
    LEADER,
    NOBODY,
    TOPIC,
    batch,
    create,
    error,
    fetched,
    get,
    idempotent,
    position,
    produce,
    produced,
    put,
    values_in,
)
from tests.support.nodes import Nodes


async def test_offsets_are_given_in_order_and_what_was_produced_can_be_read(one: Nodes) -> None:
    await create(one, 1)
    first, second = await put(one, 1, b"a", b"b"), await put(one, 1, b"c", acks=LEADER)
    assert [(error(r), r.base_offset, r.log_start_offset) for r in (first, second)] == [(0, 0, 0), (0, 2, 0)]
    assert values_in(fetched(await get(one, 1, position(0)))) == [b"a", b"b", b"c"]


async def test_by_topic_id(one: Nodes) -> None:
    topic_id = await create(one, 1)
    assert produced(await one.ask(1, produce(b"a", topic_id=topic_id), 13)).base_offset == 0
    unknown = produced(await one.ask(1, produce(b"a", topic_id=Uuid(b"x" * 16)), 13))
    assert (error(unknown), unknown.base_offset) == (ErrorCode.UNKNOWN_TOPIC_ID, -1)


async def test_with_acks_all_every_in_sync_replica_has_it_before_the_answer(three: Nodes) -> None:
    await create(three, 1, 2, 3)
    assert error(await put(three, 1, b"a")) == ErrorCode.NONE
    assert [three.replica(i, TOPIC).log.log_end_offset for i in (1, 2, 3)] == [1, 1, 1]


async def test_many_at_once_are_answered_in_order(three: Nodes) -> None:
    await create(three, 1, 2, 3, partitions=2)
    answers = await asyncio.gather(*(put(three, 1, b"%d" % i, index=i % 2) for i in range(200)))
    assert [answer.base_offset for answer in answers] == [i // 2 for i in range(200)]


async def test_several_partitions_in_one_request_fail_and_succeed_on_their_own(one: Nodes) -> None:
    await create(one, 1, partitions=2)
    data = [PartitionProduceData(index=index, records=batch(b"a")) for index in (0, 7, 1)]
    request = ProduceRequest(acks=ALL, timeout_ms=1000, topic_data=[TopicProduceData(name=TOPIC, partition_data=data)])
    response = await one.ask(1, request, 9)
    results = response.responses[0].partition_responses
    assert [(r.index, error(r)) for r in results] == [(0, 0), (7, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), (1, 0)]


# -- acks


async def test_with_acks_0_there_is_no_answer_and_an_error_closes_the_connection(one: Nodes) -> None:
    await create(one, 1)
    client = await one.client(1)
    assert await client.send(produce(b"a", acks=NOBODY), 9) is None
    assert (await put(one, 1, b"b")).base_offset == 1
    await client.send(produce(b"a", acks=NOBODY, topic="nothing"), 9)
    await asyncio.wait_for(client.wait_closed(), 5)


async def test_acks_that_do_not_exist_are_refused(one: Nodes) -> None:
    await create(one, 1)
    assert error(await put(one, 1, b"a", acks=2)) == ErrorCode.INVALID_REQUIRED_ACKS
    assert one.replica(1, TOPIC).log.log_end_offset == 0


async def test_too_few_in_sync_replicas_refuse_acks_all_before_the_append(three: Nodes) -> None:
    await create(three, 1, 2, min_insync_replicas="2")
    await three.crash(2)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1,), "2 is out of sync")
    refused = await put(three, 1, b"a")
    assert (error(refused), three.replica(1, TOPIC).log.log_end_offset) == (ErrorCode.NOT_ENOUGH_REPLICAS, 0)
    assert error(await put(three, 1, b"b", acks=LEADER)) == ErrorCode.NONE


async def test_the_high_watermark_waits_for_enough_in_sync_replicas(three: Nodes) -> None:
    await create(three, 1, 2, min_insync_replicas="2")
    await three.crash(2)
    await three.until(lambda: three.in_sync(1, TOPIC) == (1,), "2 is out of sync")
    await put(three, 1, b"a", acks=LEADER)
    assert three.replica(1, TOPIC).log.high_watermark == 0
    await three.start(2)
    await three.until(lambda: three.replica(1, TOPIC).log.high_watermark == 1, "2 is in sync again")


async def test_an_append_that_nobody_copies_times_out_and_leaves_nothing_behind(three: Nodes) -> None:
    await create(three, 1, 2)
    three[2].parts.replication.close()
    waiting = await put(three, 1, b"a", timeout_ms=30)
    assert (error(waiting), waiting.base_offset) == (ErrorCode.REQUEST_TIMED_OUT, 0)
    leadership = three.replica(1, TOPIC).leadership
    assert leadership is not None
    assert len(leadership.waits) == 0


async def test_an_append_is_acknowledged_when_the_replica_that_was_missing_leaves_the_isr(three: Nodes) -> None:
    await create(three, 1, 2)
    three[2].parts.replication.close()
    assert error(await put(three, 1, b"a", timeout_ms=10_000)) == ErrorCode.NONE
    assert three.placed(TOPIC).isr == (1,)


async def test_a_shrink_below_the_minimum_is_told_to_those_who_are_beyond_the_mark(three: Nodes) -> None:
    await create(three, 1, 2, min_insync_replicas="2")
    await put(three, 1, b"a")
    leadership = three.replica(1, TOPIC).leadership
    assert leadership is not None
    told: list[ErrorCode] = []
    leadership.isr = leadership.isr.commit((1,), leadership.isr.partition_epoch + 1)
    three.replica(1, TOPIC).wait_for(1, told.append)
    assert told == [ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND]


# -- refusals


async def test_an_unknown_topic_and_an_unknown_partition(one: Nodes) -> None:
    await create(one, 1)
    assert error(await put(one, 1, b"a", topic="nothing")) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert error(await put(one, 1, b"a", index=1)) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("replicas", [(1, 2), (1, 3)], ids=["a follower", "no replica"])
async def test_a_broker_that_does_not_lead_says_who_does(three: Nodes, replicas: tuple[int, ...]) -> None:
    await create(three, *replicas)
    response = await three.ask(2, produce(b"a"), 12)
    result = produced(response)
    assert error(result) == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert (result.current_leader.leader_id, result.current_leader.leader_epoch) == (1, 0)
    (endpoint,) = response.node_endpoints
    assert (endpoint.node_id, endpoint.host, endpoint.port) == (1, "127.0.0.1", three.port(1))


async def test_before_version_10_nobody_is_pointed_to(three: Nodes) -> None:
    await create(three, 1, 2)
    response = await three.ask(2, produce(b"a"), 9)
    assert produced(response).current_leader.leader_id == -1


async def test_internal_topics_are_written_by_the_cluster_only(one: Nodes) -> None:
    await create(one, 1, topic="__consumer_offsets")
    result = await put(one, 1, b"a", topic="__consumer_offsets")
    assert error(result) == ErrorCode.INVALID_TOPIC_EXCEPTION
    admin = await one.client(1, "__admin_client")
    assert error(produced(await admin.send(produce(b"a", topic="__consumer_offsets"), 12))) != (
        ErrorCode.INVALID_TOPIC_EXCEPTION
    )


async def test_zstandard_needs_version_7(one: Nodes) -> None:
    await create(one, 1)
    records = batch(b"a", compression=Compression.ZSTD)
    assert error(produced(await one.ask(1, produce(records=records), 6))) == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert error(produced(await one.ask(1, produce(records=records), 7))) == ErrorCode.NONE


async def test_no_batch_two_batches_and_a_torn_one(one: Nodes) -> None:
    await create(one, 1)
    for records, code in (
        (b"", ErrorCode.INVALID_RECORD),
        (batch(b"a") + batch(b"b"), ErrorCode.INVALID_RECORD),
        (batch(b"a")[:-1], ErrorCode.INVALID_RECORD),
        (bytes(batch(b"a"))[:-1] + b"x", ErrorCode.CORRUPT_MESSAGE),
    ):
        assert error(await put(one, 1, records=records)) == code
    assert one.replica(1, TOPIC).log.log_end_offset == 0


async def test_a_batch_larger_than_the_topic_allows(one: Nodes) -> None:
    await create(one, 1, max_message_bytes="200")
    assert error(await put(one, 1, b"x" * 200)) == ErrorCode.MESSAGE_TOO_LARGE
    assert error(await put(one, 1, b"x" * 50)) == ErrorCode.NONE


async def test_a_record_without_a_key_in_a_compacted_topic_names_the_record(one: Nodes) -> None:
    await create(one, 1, cleanup_policy="compact")
    result = await put(one, 1, b"a", b"b")
    assert error(result) == ErrorCode.INVALID_RECORD
    assert [e.batch_index for e in result.record_errors] == [0, 1]
    assert result.log_start_offset == 0


async def test_transactions_are_refused_for_good(one: Nodes) -> None:
    await create(one, 1)
    request = produce(records=batch(b"a", is_transactional=True, producer_id=7, producer_epoch=0, base_sequence=0))
    request.transactional_id = "t"
    assert error(produced(await one.ask(1, request, 9))) == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("named", ["", "t"])
async def test_an_ordinary_batch_is_one_also_beside_a_transactional_id(one: Nodes, named: str) -> None:
    """brod names a transaction that has no name with all that it produces."""
    await create(one, 1)
    request = produce(b"a")
    request.transactional_id = named
    assert produced(await one.ask(1, request, 9)).base_offset == 0
    assert values_in(fetched(await get(one, 1, position(0)))) == [b"a"]


async def test_the_log_may_stamp_the_records_itself(one: Nodes) -> None:
    await create(one, 1, message_timestamp_type="LogAppendTime")
    before = one.wall_ms()
    result = await put(one, 1, records=batch(b"a", at=5))
    assert before <= result.log_append_time_ms <= one.wall_ms()


# -- idempotence


async def test_a_repeated_batch_is_answered_with_its_first_offset(one: Nodes) -> None:
    await create(one, 1)
    first = await put(one, 1, records=idempotent(b"a", b"b", sequence=0))
    again = await put(one, 1, records=idempotent(b"a", b"b", sequence=0))
    assert (first.base_offset, again.base_offset, error(again)) == (0, 0, ErrorCode.NONE)
    assert one.replica(1, TOPIC).log.log_end_offset == 2


async def test_a_batch_that_is_repeated_while_later_ones_wait_is_acknowledged_with_its_first(three: Nodes) -> None:
    await create(three, 1, 2)
    three[2].parts.replication.close()
    first, second = await three.client(1, "first"), await three.client(1, "second")
    sent = [
        asyncio.ensure_future(client.send(produce(records=idempotent(b"a", sequence=sequence)), 9))
        for client, sequence in ((first, 0), (first, 1), (second, 0))
    ]
    leadership = three.replica(1, TOPIC).leadership
    assert leadership is not None
    await three.until(lambda: len(leadership.waits) == 3, "all three wait")
    answers = [produced(answer) for answer in await asyncio.gather(*sent)]
    assert [(error(answer), answer.base_offset) for answer in answers] == [(0, 0), (0, 1), (0, 0)]


async def test_a_gap_a_stale_epoch_and_a_new_epoch(one: Nodes) -> None:
    await create(one, 1)
    await put(one, 1, records=idempotent(b"a", sequence=0))
    gap = await put(one, 1, records=idempotent(b"a", sequence=5))
    assert error(gap) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert error(await put(one, 1, records=idempotent(b"a", sequence=0, epoch=2))) == ErrorCode.NONE
    stale = await put(one, 1, records=idempotent(b"b", sequence=1, epoch=1))
    assert error(stale) == ErrorCode.INVALID_PRODUCER_EPOCH


async def test_a_repeated_batch_is_recognised_by_the_next_leader(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, records=idempotent(b"a", sequence=0))
    await three.crash(1)
    await three.until(lambda: three.leads(2, TOPIC), "2 leads")
    again = await put(three, 2, records=idempotent(b"a", sequence=0))
    assert (error(again), again.base_offset, three.replica(2, TOPIC).log.log_end_offset) == (0, 0, 1)


async def test_a_repeated_batch_is_recognised_after_a_crash_of_the_broker(one: Nodes) -> None:
    await create(one, 1)
    await put(one, 1, records=idempotent(b"a", sequence=0))
    await one.crash(1)
    await one.start(1)
    await one.until(lambda: one.leads(1, TOPIC), "1 leads again")
    again = await put(one, 1, records=idempotent(b"a", sequence=0))
    assert (error(again), again.base_offset) == (ErrorCode.NONE, 0)
