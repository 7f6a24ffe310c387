"""Produce and producer ids: appends to the partitions that this broker leads."""

from __future__ import annotations

import asyncio
from typing import Any

from cluster.broker.acknowledgement import Acknowledgement
from cluster.broker.control.leaders import leader_of, node_endpoints
from cluster.broker.services import NO_RESPONSE, RequestContext, Services
from cluster.log.validation import LongWalk, NotOneBatch, Validated
from cluster.protocol.errors import (
    CorruptMessage,
    ErrorCode,
    InvalidRecord,
    InvalidRequest,
    InvalidRequiredAcks,
    InvalidTopicException,
    KafkaError,
    KafkaStorageError,
    MessageTooLarge,
    NotLeaderOrFollower,
    RecordListTooLarge,
    TransactionalIdAuthorizationFailed,
    UnknownTopicId,
    UnknownTopicOrPartition,
    UnsupportedCompressionType,
)
from cluster.protocol.messages.produce import (
    BatchIndexAndErrorMessage,
    InitProducerIdRequest,
    InitProducerIdResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from cluster.protocol.records.batch import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Compression, attributes_of

INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state"})
ADMIN_CLIENT_ID = "__admin_client"
ZSTD_SINCE, CURRENT_LEADER_SINCE, TOPIC_IDS_SINCE = 7, 10, 13
ACKS_ALL = -1
CODEC_MASK, TRANSACTIONAL = 0x07, 0x10

WITHOUT_LOG_START = (
    CorruptMessage,
    KafkaStorageError,
    MessageTooLarge,
    NotLeaderOrFollower,
    NotOneBatch,
    RecordListTooLarge,
)
"""What an append may fail with so that Kafka does not say where the log begins."""


def produce(request: ProduceRequest, context: RequestContext, services: Services) -> Any:
    """Append, then answer: at once for acks=1, when all in-sync replicas have it for acks=all, never for acks=0.

    v3 magic 2 only; v5 log start offset; v7 zstd; v8 record errors (KIP-467); v9 flexible; v10 current leader and
    endpoints (KIP-951); v12 transactions v2; v13 topic ids (KIP-516).
    """
    producing = Producing(request, context, services)
    for topic in request.topic_data:
        producing.append_topic(topic)
    if producing.long_walks:
        return _produce_slowly(producing, request, context)
    return _outcome(producing, request, context)


def _outcome(producing: Producing, request: ProduceRequest, context: RequestContext) -> Any:
    if request.acks == 0:
        if producing.failed and context.connection is not None:
            # The only way to tell a producer that wants no answer: it refreshes its metadata when it reconnects.
            context.connection.close()
        return NO_RESPONSE
    return producing.answer(request.timeout_ms)


async def _produce_slowly(producing: Producing, request: ProduceRequest, context: RequestContext) -> Any:
    """Append what takes long to be looked into as well. The connection's next request waits: the order is kept."""
    for long_walk in producing.long_walks:
        await producing.append_slowly(*long_walk)
    outcome = _outcome(producing, request, context)
    return await outcome if isinstance(outcome, asyncio.Future) else outcome


class Producing:
    """One produce request while its batches are appended. What waits afterwards holds nothing of the request."""

    def __init__(self, request: ProduceRequest, context: RequestContext, services: Services) -> None:
        self.failed = False
        self._acks = request.acks
        self._transactional = request.transactional_id is not None
        self._version = context.api_version
        self._internal_topics_too = context.client_id == ADMIN_CLIENT_ID
        self._services = services
        self._response = ProduceResponse()
        self._acknowledgement = Acknowledgement(asyncio.get_running_loop(), self._response)
        self._leaders: list[int] = []
        self.long_walks: list[tuple[str | None, PartitionProduceData, PartitionProduceResponse, LongWalk]] = []

    def append_topic(self, topic: TopicProduceData) -> None:
        """Append the batches of one topic."""
        name: str | None = topic.name
        if self._version >= TOPIC_IDS_SINCE:
            name = self._services.cluster.state.topic_name(topic.topic_id)
        if not topic.partition_data:
            return
        answer = TopicProduceResponse(name=topic.name, topic_id=topic.topic_id)
        self._response.responses.append(answer)
        for data in topic.partition_data:
            result = PartitionProduceResponse(index=data.index, base_offset=-1)
            answer.partition_responses.append(result)
            try:
                self._append(name, data, result)
            except KafkaError as error:
                self._describe(result, name or "", error)
            except LongWalk as walk:
                self.long_walks.append((name, data, result, walk))

    async def append_slowly(
        self, name: str | None, data: PartitionProduceData, result: PartitionProduceResponse, walk: LongWalk
    ) -> None:
        """Append what could not be appended at once. Meanwhile anything may have changed: it is all asked again."""
        try:
            while True:
                validated = await self._services.inspection.validate(data.records, walk)
                try:
                    return self._append(name, data, result, validated)
                except LongWalk as again:
                    walk = again
        except KafkaError as error:
            self._describe(result, name or "", error)

    def _append(
        self,
        name: str | None,
        data: PartitionProduceData,
        result: PartitionProduceResponse,
        validated: Validated | None = None,
    ) -> None:
        if name is None:
            raise UnknownTopicId
        if self._services.cluster.state.partition(name, data.index) is None:
            raise UnknownTopicOrPartition
        records = self._checked(name, data.records)
        partition = self._services.replicas.get(name, data.index)
        if partition is None:
            raise NotLeaderOrFollower
        try:
            info = partition.append(records, self._acks, self._services.wall_ms(), validated, at_once=True)
        except KafkaError as error:
            if not isinstance(error, WITHOUT_LOG_START):
                result.log_start_offset = partition.log.log_start_offset
            raise
        if not info.duplicate:
            self._services.metrics.bytes_in += len(records)
            self._services.metrics.records_in += info.last_offset - info.first_offset + 1
        result.base_offset = info.first_offset
        result.log_append_time_ms = info.log_append_time_ms
        result.log_start_offset = info.log_start_offset
        if self._acks == ACKS_ALL:
            self._acknowledgement.wait_for(partition, info.last_offset + 1, result)

    def _checked(self, name: str, records: Any) -> memoryview:
        """What can be said of a batch without the log that it is for."""
        if not records:
            raise InvalidRecord("there must be one record batch for each partition")
        batch: memoryview = records
        attributes = attributes_of(batch)
        if self._version < ZSTD_SINCE and attributes & CODEC_MASK == Compression.ZSTD:
            raise UnsupportedCompressionType(f"version {self._version} of Produce does not know Zstandard")
        if attributes & TRANSACTIONAL and not self._transactional:
            raise TransactionalIdAuthorizationFailed("a transactional batch without a transactional id")
        if self._acks not in (ACKS_ALL, 0, 1):
            raise InvalidRequiredAcks
        if name in INTERNAL_TOPICS and not self._internal_topics_too:
            raise InvalidTopicException(f"the topic {name} is written by the cluster only")
        if attributes & TRANSACTIONAL:
            raise InvalidRequest("transactions are not supported yet")
        return batch

    def _describe(self, result: PartitionProduceResponse, topic: str, error: KafkaError) -> None:
        self.failed = True
        result.error_code = error.code
        result.error_message = error.message
        result.record_errors = [
            BatchIndexAndErrorMessage(batch_index=index, batch_index_error_message=text)
            for index, text in getattr(error, "record_errors", ())
        ]
        if error.code == ErrorCode.NOT_LEADER_OR_FOLLOWER:
            self._point_to_leader(result, topic)

    def _point_to_leader(self, result: PartitionProduceResponse, topic: str) -> None:
        if self._version >= CURRENT_LEADER_SINCE:
            leader, epoch = leader_of(self._services, topic, result.index)
            result.current_leader = LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)
            self._leaders.append(leader)

    def answer(self, timeout_ms: int) -> ProduceResponse | asyncio.Future[ProduceResponse]:
        """The response, or a future of it while in-sync replicas are still to catch up."""
        self._response.node_endpoints = node_endpoints(self._services.cluster.state, self._leaders, NodeEndpoint)
        return self._acknowledgement.answer(timeout_ms / 1000)


async def init_producer_id(
    request: InitProducerIdRequest, context: RequestContext, services: Services
) -> InitProducerIdResponse:
    """Hand out a producer id for idempotent produce. v2 flexible; v3 epoch bump (KIP-360); v6 is unstable in 4.3.

    A producer that asks with its id and epoch gets a new id: without a transactional id nobody remembers the old one.
    """
    if request.transactional_id is not None:
        # Transactions are not offered yet: a fatal error is clean, a retriable one would let the producer hang.
        return InitProducerIdResponse(error_code=ErrorCode.INVALID_REQUEST, producer_epoch=NO_PRODUCER_EPOCH)
    if (request.producer_id == NO_PRODUCER_ID) != (request.producer_epoch == NO_PRODUCER_EPOCH):
        return InitProducerIdResponse(error_code=ErrorCode.INVALID_REQUEST, producer_epoch=NO_PRODUCER_EPOCH)
    try:
        return InitProducerIdResponse(producer_id=await services.producer_ids.next(), producer_epoch=0)
    except KafkaError as error:
        return InitProducerIdResponse(error_code=error.code, producer_epoch=NO_PRODUCER_EPOCH)
