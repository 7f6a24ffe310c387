"""Metadata and DescribeTopicPartitions: which topics there are and who leads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from cluster.broker.handlers.access import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS
from cluster.broker.services import RequestContext, Services
from cluster.controller.placement import valid_topic_name
from cluster.controller.state import BrokerState, ClusterState, PartitionState, TopicState
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.metadata import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponseCursor,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from cluster.protocol.messages.topics import CreatableTopic, CreateTopicsRequest
from cluster.protocol.primitives import ZERO_UUID

NOTICE_S = 0.005
FIRST_BROKER_S = 10.0
INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state"})
NO_BROKER = -1


async def metadata(request: MetadataRequest, context: RequestContext, services: Services) -> MetadataResponse:
    """v0 all topics when none is named, v1 when null; v4 may create topics; v8 operations; v10 ids; v12 by id."""
    version = context.api_version
    if version < 12 and any(topic.name is None or topic.topic_id != ZERO_UUID for topic in request.topics or ()):
        return _refused(request)
    await _elections(request, services)
    state = await with_a_broker(services)
    everything = request.topics is None or (version == 0 and not request.topics)
    if everything:
        topics = [describe_topic(state, topic) for topic in state.topics.values()]
    else:
        topics = [_asked(state, topic) for topic in _distinct(request.topics or ())]
        missing = [t for t in topics if t.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and t.name]
        if missing and services.config.auto_create_topics_enable and (version < 4 or request.allow_auto_topic_creation):
            await _create(missing, context, services)
    if request.include_topic_authorized_operations:
        for topic in topics:
            if topic.error_code == ErrorCode.NONE:
                topic.topic_authorized_operations = TOPIC_OPERATIONS
    state = services.cluster.state
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(node_id=b.id, host=b.host, port=b.port, rack=b.rack) for b in _named(state, services)
        ],
        cluster_id=services.cluster_id,
        controller_id=controller_id(state),
        topics=topics,
        cluster_authorized_operations=CLUSTER_OPERATIONS
        if request.include_cluster_authorized_operations
        else NOT_ASKED,
    )


async def _elections(request: MetadataRequest, services: Services) -> None:
    """Let elections that are due any moment come first: a leader that was just lost is no answer."""
    names = [topic.name for topic in request.topics or () if topic.name]
    if names:
        # Who asks because its leader died may be faster than our own notice of that death.
        await asyncio.sleep(NOTICE_S)
    while services.absences:
        state = services.cluster.state
        topics = [state.topics[name] for name in names if name in state.topics] if names else state.topics.values()
        leaders = dict.fromkeys(p.leader for topic in topics for p in topic.partitions.values())
        patience_s = max(map(services.absences.patience, leaders), default=0.0)
        if patience_s <= 0 or not await services.cluster.wait_for(state.offset + 1, patience_s):
            return


async def with_a_broker(services: Services) -> ClusterState:
    """The cluster, once there is a broker in it: where all start at once there is none for a moment.

    Some clients forget the brokers that they know when they are told of none. Kafka's are told nothing until the broker
    that they ask is unfenced; ours may know others, and the database that has to hear of this one may be away.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + FIRST_BROKER_S
    state = services.cluster.state
    while all(broker.fenced for broker in state.brokers.values()):
        if not await services.cluster.wait_for(state.offset + 1, end - loop.time()):
            break
        state = services.cluster.state
    return state


def _named(state: ClusterState, services: Services) -> list[BrokerState]:
    """The brokers that clients are told of: also one that has just crashed, for as long as Kafka would hear of it.

    Ours is fenced as soon as its port refuses connections. Clients that are not told of a broker any more forget it,
    with what they have asked of it: librdkafka then waits for the answer until the request's time is up.
    """
    session_s = services.config.broker_session_timeout_ms / 1000
    return [b for b in state.brokers.values() if not b.fenced or services.absences.patience(b.id, session_s)]


def controller_id(state: ClusterState) -> int:
    """The active controller, as long as it is a broker that clients can reach."""
    controller = state.controller
    if controller is None or controller.id not in state.brokers or state.brokers[controller.id].fenced:
        return NO_BROKER
    return controller.id


def _refused(request: MetadataRequest) -> MetadataResponse:
    """Ids came before their time: the answer has nothing but the error at each topic."""
    topics = [
        MetadataResponseTopic(error_code=ErrorCode.INVALID_REQUEST, name=topic.name or "", topic_id=topic.topic_id)
        for topic in request.topics or ()
    ]
    return MetadataResponse(topics=topics)


def _distinct(asked: Iterable[MetadataRequestTopic]) -> Iterable[MetadataRequestTopic]:
    """Each topic once. When any is asked for by its id, those without an id are passed over."""
    distinct = {(topic.name, topic.topic_id): topic for topic in asked}.values()
    by_id = {topic.topic_id: topic for topic in distinct if topic.topic_id != ZERO_UUID}
    return by_id.values() or distinct


def _asked(state: ClusterState, asked: MetadataRequestTopic) -> MetadataResponseTopic:
    if asked.name is None or asked.topic_id != ZERO_UUID:
        name = state.topic_name(asked.topic_id)
        if name is None:
            return MetadataResponseTopic(error_code=ErrorCode.UNKNOWN_TOPIC_ID, name=None, topic_id=asked.topic_id)
        return describe_topic(state, state.topics[name])
    if not valid_topic_name(asked.name):
        return MetadataResponseTopic(error_code=ErrorCode.INVALID_TOPIC_EXCEPTION, name=asked.name)
    topic = state.topics.get(asked.name)
    if topic is None:
        return MetadataResponseTopic(
            error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name=asked.name, is_internal=asked.name in INTERNAL_TOPICS
        )
    return describe_topic(state, topic)


def describe_topic(state: ClusterState, topic: TopicState) -> MetadataResponseTopic:
    """One topic with all its partitions."""
    return MetadataResponseTopic(
        name=topic.name,
        topic_id=topic.id,
        is_internal=topic.name in INTERNAL_TOPICS,
        partitions=[_partition(state, index, partition) for index, partition in topic.partitions.items()],
    )


def _partition(state: ClusterState, index: int, partition: PartitionState) -> MetadataResponsePartition:
    led = partition.leader != NO_BROKER
    return MetadataResponsePartition(
        error_code=ErrorCode.NONE if led else ErrorCode.LEADER_NOT_AVAILABLE,
        partition_index=index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=list(partition.replicas),
        isr_nodes=list(partition.isr),
        offline_replicas=offline(state, partition),
    )


def offline(state: ClusterState, partition: PartitionState) -> list[int]:
    """The replicas whose brokers are away."""
    return [r for r in partition.replicas if r not in state.brokers or state.brokers[r].fenced]


async def _create(missing: Iterable[MetadataResponseTopic], context: RequestContext, services: Services) -> None:
    """Have the missing topics made. The answer still says that they are unknown, as Kafka's: the client asks again."""
    names = [topic.name for topic in missing if topic.name]
    try:
        await create_with_defaults(names, services)
    except (KafkaError, OSError):
        return


async def create_with_defaults(names: Iterable[str], services: Services) -> None:
    """Create topics as the broker's defaults say; internal ones as their own configuration says."""
    config = services.config
    wanted = []
    for name in names:
        topic = CreatableTopic(name=name, num_partitions=-1, replication_factor=-1)
        if name == "__consumer_offsets":
            topic = config.offsets_topic()
        wanted.append(topic)
    await services.controller.create_topics(CreateTopicsRequest(topics=wanted, timeout_ms=config.request_timeout_ms))


async def describe_topic_partitions(
    request: DescribeTopicPartitionsRequest, context: RequestContext, services: Services
) -> DescribeTopicPartitionsResponse:
    """Topics in order of name, a page of partitions at a time (KIP-966)."""
    state = services.cluster.state
    cursor = request.cursor
    if cursor is not None and cursor.partition_index < 0:
        return _nothing_but(ErrorCode.INVALID_REQUEST, request)
    asked = {topic.name: None for topic in request.topics}
    if cursor is not None and asked and cursor.topic_name not in asked:
        return _nothing_but(ErrorCode.INVALID_REQUEST, request)
    first = cursor.topic_name if cursor is not None else ""
    names = [name for name in sorted(asked or state.topics) if name >= first]
    room = max(1, min(services.config.max_request_partition_size_limit, request.response_partition_limit))
    response = DescribeTopicPartitionsResponse()
    for name in names:
        start = cursor.partition_index if cursor is not None and name == cursor.topic_name else 0
        if room <= 0:
            response.next_cursor = DescribeTopicPartitionsResponseCursor(topic_name=name, partition_index=start)
            break
        described = _page(state, name, start, room)
        room -= len(described.partitions)
        response.topics.append(described)
        topic = state.topics.get(name)
        if topic is not None and start + len(described.partitions) < len(topic.partitions):
            response.next_cursor = DescribeTopicPartitionsResponseCursor(
                topic_name=name, partition_index=start + len(described.partitions)
            )
            break
    return response


def _nothing_but(code: ErrorCode, request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse:
    """The response has no error of its own: each topic carries it."""
    topics = [DescribeTopicPartitionsResponseTopic(error_code=code, name=topic.name) for topic in request.topics]
    return DescribeTopicPartitionsResponse(topics=topics)


def _page(state: ClusterState, name: str, start: int, room: int) -> DescribeTopicPartitionsResponseTopic:
    topic = state.topics.get(name)
    if topic is None:
        code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if valid_topic_name(name) else ErrorCode.INVALID_TOPIC_EXCEPTION
        return DescribeTopicPartitionsResponseTopic(
            error_code=code, name=name, topic_authorized_operations=TOPIC_OPERATIONS
        )
    return DescribeTopicPartitionsResponseTopic(
        name=name,
        topic_id=topic.id,
        is_internal=name in INTERNAL_TOPICS,
        partitions=list(_described(state, topic, start, room)),
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _described(
    state: ClusterState, topic: TopicState, start: int, room: int
) -> Iterator[DescribeTopicPartitionsResponsePartition]:
    for index in range(start, min(len(topic.partitions), start + room)):
        partition = topic.partitions[index]
        yield DescribeTopicPartitionsResponsePartition(
            partition_index=index,
            leader_id=partition.leader,
            leader_epoch=partition.leader_epoch,
            replica_nodes=list(partition.replicas),
            isr_nodes=list(partition.isr),
            eligible_leader_replicas=list(partition.elr),
            last_known_elr=list(partition.last_known_elr),
            offline_replicas=offline(state, partition),
        )
