"""Offsets of partitions: ListOffsets, OffsetForLeaderEpoch, DeleteRecords, DescribeProducers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

from cluster.broker.partitions.leadership import Leadership
from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.watching import Bound
from cluster.broker.services import RequestContext, Services
from cluster.controller.placement import valid_topic_name
from cluster.log.segments.search import Known, LongSearch
from cluster.protocol.errors import (
    ErrorCode,
    InvalidRequest,
    InvalidTopicException,
    KafkaError,
    NotLeaderOrFollower,
    OffsetNotAvailable,
    OffsetOutOfRange,
    PolicyViolation,
    UnknownTopicOrPartition,
    UnsupportedVersion,
)
from cluster.protocol.messages.offsets import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
    EpochEndOffset,
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
)
from cluster.protocol.messages.produce import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = -1, -2, -3, -4, -5, -6
SINCE_VERSION = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, EARLIEST_PENDING_UPLOAD: 11}
OFFSET_NOT_AVAILABLE_SINCE = 5
HIGH_WATERMARK_OFFSET = -1
READ_COMMITTED = 1
CONSUMER, DEBUGGING = -1, -2
INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state"})


def hosted_partition(services: Services, topic: str, index: int) -> Partition:
    """The replica that this broker hosts. Raises UnknownTopicOrPartition or NotLeaderOrFollower."""
    partition = services.replicas.get(topic, index)
    if partition is None:
        known = services.cluster.state.partition(topic, index) is not None
        raise NotLeaderOrFollower if known else UnknownTopicOrPartition
    return partition


async def list_offsets(request: ListOffsetsRequest, context: RequestContext, services: Services) -> ListOffsetsResponse:
    """v1 one offset; v2 isolation; v4 leader epochs; v5 OFFSET_NOT_AVAILABLE; v7 max timestamp; v8, v9, v11 tiered.

    Without remote storage the local log is the whole log: the local start is the earliest offset, and nothing is
    tiered.
    """
    response = ListOffsetsResponse()
    for topic in request.topics:
        named = Counter(partition.partition_index for partition in topic.partitions)
        answers = []
        for asked in {partition.partition_index: partition for partition in topic.partitions}.values():
            answer = ListOffsetsPartitionResponse(partition_index=asked.partition_index)
            answers.append(answer)
            try:
                if named[asked.partition_index] > 1:
                    raise InvalidRequest
                await _search(answer, asked, topic.name, _Asking(request, context, services))
            except OffsetNotAvailable as error:
                unknown_yet = context.api_version < OFFSET_NOT_AVAILABLE_SINCE
                answer.error_code = ErrorCode.LEADER_NOT_AVAILABLE if unknown_yet else error.code
            except KafkaError as error:
                answer.error_code = error.code
        response.topics.append(ListOffsetsTopicResponse(name=topic.name, partitions=answers))
    return response


class _Asking(NamedTuple):
    request: ListOffsetsRequest
    context: RequestContext
    services: Services


async def _search(
    answer: ListOffsetsPartitionResponse, asked: ListOffsetsPartition, topic: str, asking: _Asking
) -> None:
    """Look for the offset. While a batch is looked into beside the loop anything may change: all is asked again."""
    known: Known = {}
    while True:
        try:
            return _list_offset(answer, asked, _readable(asked, topic, asking), asking.request, known)
        except LongSearch as search:
            known[search.key] = await asking.services.inspection.search(search)


def _readable(asked: ListOffsetsPartition, topic: str, asking: _Asking) -> Partition:
    timestamp = asked.timestamp
    if timestamp < EARLIEST_PENDING_UPLOAD or asking.context.api_version < SINCE_VERSION.get(timestamp, 0):
        raise UnsupportedVersion
    partition = hosted_partition(asking.services, topic, asked.partition_index)
    partition.check_epoch(asked.current_leader_epoch)
    if asking.request.replica_id != DEBUGGING:
        partition.led()
    return partition


def _list_offset(
    answer: ListOffsetsPartitionResponse,
    asked: ListOffsetsPartition,
    partition: Partition,
    request: ListOffsetsRequest,
    known: Known,
) -> None:
    log, timestamp = partition.log, asked.timestamp
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        answer.offset, answer.leader_epoch = log.log_start_offset, log.epochs.epoch_at(log.log_start_offset)
        return
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return
    bound = _bound(request)
    end = bound.end_of(log)
    if timestamp != LATEST:
        newest = timestamp == MAX_TIMESTAMP
        found = log.offset_of_max_timestamp(known) if newest else log.offset_for_timestamp(timestamp, known)
        if found is not None and found[0] < end:
            answer.offset, answer.timestamp, answer.leader_epoch = found
            return
    if bound is not Bound.LOG_END and partition.leadership is not None and not partition.leadership.settled():
        # A newer leader does not know yet how far its predecessor had acknowledged.
        raise OffsetNotAvailable
    if timestamp == LATEST:
        answer.offset, answer.leader_epoch = end, partition.leader_epoch


def _bound(request: ListOffsetsRequest) -> Bound:
    if request.replica_id != CONSUMER:
        return Bound.LOG_END
    return Bound.LAST_STABLE if request.isolation_level == READ_COMMITTED else Bound.HIGH_WATERMARK


def offset_for_leader_epoch(
    request: OffsetForLeaderEpochRequest, context: RequestContext, services: Services
) -> OffsetForLeaderEpochResponse:
    """Where an epoch ended (KIP-101, KIP-320). v2 current leader epoch; v3 replica id; v4 flexible."""
    response = OffsetForLeaderEpochResponse()
    for topic in request.topics:
        ends = [_epoch_end(services, topic.topic, asked) for asked in topic.partitions]
        response.topics.append(OffsetForLeaderTopicResult(topic=topic.topic, partitions=ends))
    return response


def _epoch_end(services: Services, topic: str, asked: OffsetForLeaderPartition) -> EpochEndOffset:
    answer = EpochEndOffset(partition=asked.partition)
    try:
        partition = hosted_partition(services, topic, asked.partition)
        partition.check_epoch(asked.current_leader_epoch)
        partition.led()
        answer.leader_epoch, answer.end_offset = partition.log.epoch_end_offset(asked.leader_epoch)
    except KafkaError as error:
        answer.error_code = error.code
    return answer


async def delete_records(
    request: DeleteRecordsRequest, context: RequestContext, services: Services
) -> DeleteRecordsResponse:
    """Move the log start up (offset -1: to the high watermark) and wait until all live replicas have done so."""
    response = DeleteRecordsResponse()
    waiting = []
    for topic in request.topics:
        results = []
        for asked in topic.partitions:
            result = DeleteRecordsPartitionResult(partition_index=asked.partition_index, low_watermark=-1)
            results.append(result)
            waiting.append(_delete(topic.name, asked, result, request.timeout_ms, services))
        response.topics.append(DeleteRecordsTopicResult(name=topic.name, partitions=results))
    await asyncio.gather(*waiting)
    return response


async def _delete(
    topic: str,
    asked: DeleteRecordsPartition,
    result: DeleteRecordsPartitionResult,
    timeout_ms: int,
    services: Services,
) -> None:
    try:
        if topic in INTERNAL_TOPICS:
            raise InvalidTopicException(f"records of the internal topic {topic} cannot be deleted")
        partition = hosted_partition(services, topic, asked.partition_index)
        leadership, log = partition.led(), partition.log
        if log.config.compact and not log.config.delete:
            raise PolicyViolation(f"the cleanup policy of {topic} does not let records be deleted")
        offset = log.high_watermark if asked.offset == HIGH_WATERMARK_OFFSET else asked.offset
        if not 0 <= offset <= log.high_watermark:
            raise OffsetOutOfRange(f"{offset} is not between 0 and the high watermark {log.high_watermark}")
        services.replicas.advance_log_start(partition, offset)
        result.error_code = await _low_watermark(leadership, offset, timeout_ms)
        led = partition.leadership is leadership
        result.low_watermark = leadership.low_watermark() if led else -1
    except KafkaError as error:
        result.error_code = error.code


async def _low_watermark(leadership: Leadership, offset: int, timeout_ms: int) -> ErrorCode:
    """Wait until every live replica begins at `offset` or later."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[ErrorCode] = loop.create_future()

    def settle(code: ErrorCode) -> None:
        if not done.done():
            done.set_result(code)

    wait = leadership.low_waits.add(offset, settle)
    leadership.settle_low_watermark()
    timer = loop.call_later(timeout_ms / 1000, settle, ErrorCode.REQUEST_TIMED_OUT)
    try:
        return await done
    finally:
        timer.cancel()
        leadership.low_waits.remove(wait)


def describe_producers(
    request: DescribeProducersRequest, context: RequestContext, services: Services
) -> DescribeProducersResponse:
    """The producers that a partition remembers, asked of any of its replicas (KIP-664)."""
    response = DescribeProducersResponse()
    for topic in request.topics:
        partitions = [_producers(services, topic.name, index) for index in topic.partition_indexes]
        response.topics.append(TopicResponse(name=topic.name, partitions=partitions))
    return response


def _no_producers(services: Services, topic: str, index: int) -> PartitionResponse:
    code, message = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "there is no such partition"
    if not valid_topic_name(topic):
        code, message = ErrorCode.INVALID_TOPIC_EXCEPTION, f"{topic!r} cannot be a topic's name"
    elif services.cluster.state.partition(topic, index) is not None:
        code, message = ErrorCode.NOT_LEADER_OR_FOLLOWER, "this broker has no replica of it"
    return PartitionResponse(partition_index=index, error_code=code, error_message=message)


def _producers(services: Services, topic: str, index: int) -> PartitionResponse:
    partition = services.replicas.get(topic, index)
    if partition is None:
        return _no_producers(services, topic, index)
    return PartitionResponse(
        partition_index=index,
        active_producers=[
            ProducerState(
                producer_id=producer.producer_id,
                producer_epoch=producer.epoch,
                last_sequence=producer.last_sequence,
                last_timestamp=producer.last_timestamp,
                coordinator_epoch=producer.coordinator_epoch,
                current_txn_start_offset=producer.current_txn_start_offset,
            )
            for producer in partition.log.active_producers()
        ],
    )
