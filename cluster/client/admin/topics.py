"""Topics: what there is, creation, deletion, more partitions, leader elections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cluster.client.addresses import TopicPartition, by_topic
from cluster.client.admin.descriptions import Topic, topic_of_metadata, topic_of_partitions
from cluster.client.admin.results import check, raise_if_moved, refusal
from cluster.client.connection import Connection
from cluster.client.routing import Router
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.metadata import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    TopicRequest,
)
from cluster.protocol.messages.metadata import (
    DescribeTopicPartitionsRequestCursor as Cursor,
)
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreatableTopicResult,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
    CreateTopicsRequest,
    CreateTopicsResponse,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
    ElectLeadersRequest,
    ElectLeadersResponse,
    TopicPartitions,
)
from cluster.protocol.primitives import Uuid

DEFAULT = -1
TIMEOUT_MS = 10_000
DELETION_BY_ID = 6
"""The version of DeleteTopics from which topics are named by a struct with name or id (KIP-516)."""
PREFERRED, UNCLEAN = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTopic:
    """`partitions` and `replication_factor` of -1 mean the cluster's defaults; `assignments` replaces both."""

    name: str
    partitions: int = DEFAULT
    replication_factor: int = DEFAULT
    configs: Mapping[str, str] = field(default_factory=dict)
    assignments: Mapping[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTopic:
    """`id` is all zeros, and the numbers -1, where the broker is too old to tell them."""

    name: str
    id: Uuid
    partitions: int
    replication_factor: int


@dataclass(frozen=True, slots=True)
class TopicAdmin:
    """Operations on topics. Each raises ConnectionLost or KafkaError when the cluster cannot be asked at all."""

    router: Router
    page_partitions: int = 2000
    """How many partitions are asked for at once in a description."""

    async def all(self) -> tuple[Topic, ...]:
        """Every topic with its partitions, by name."""

        async def ask() -> tuple[Topic, ...]:
            connection = await self.router.any_broker()
            response: MetadataResponse = await connection.send(
                MetadataRequest(topics=None, allow_auto_topic_creation=False)
            )
            topics = (topic_of_metadata(told) for told in response.topics)
            return tuple(sorted((topic for topic in topics if isinstance(topic, Topic)), key=lambda topic: topic.name))

        return await self.router.retrying(ask)

    async def describe(self, names: Sequence[str]) -> dict[str, Topic | KafkaError]:
        """Topics by name, with eligible leader replicas where the broker tells them."""

        async def ask() -> dict[str, Topic | KafkaError]:
            connection = await self.router.any_broker()
            if (await connection.versions()).serves(ApiKey.DESCRIBE_TOPIC_PARTITIONS):
                return await _describe_in_pages(connection, names, self.page_partitions)
            topics = [MetadataRequestTopic(name=name) for name in names]
            response: MetadataResponse = await connection.send(
                MetadataRequest(topics=topics, allow_auto_topic_creation=False)
            )
            return {told.name or "": topic_of_metadata(told) for told in response.topics}

        return await self.router.retrying(ask) if names else {}

    async def create(
        self, topics: Sequence[NewTopic], validate_only: bool = False, timeout_ms: int = TIMEOUT_MS
    ) -> dict[str, CreatedTopic | KafkaError]:
        """Create topics, or only say whether it could be done; one outcome a topic."""
        request = CreateTopicsRequest(
            topics=[_creatable(topic) for topic in topics], timeout_ms=timeout_ms, validate_only=validate_only
        )

        async def ask() -> dict[str, CreatedTopic | KafkaError]:
            response: CreateTopicsResponse = await (await self.router.controller()).send(request)
            return raise_if_moved({told.name: _created(told) for told in response.topics})

        return await self.router.retrying(ask)

    async def delete(self, names: Sequence[str], timeout_ms: int = TIMEOUT_MS) -> dict[str, KafkaError | None]:
        """Delete topics by name; None for each that is deleted."""

        async def ask() -> dict[str, KafkaError | None]:
            connection = await self.router.controller()
            version = (await connection.versions()).common(DeleteTopicsRequest)
            request = DeleteTopicsRequest(timeout_ms=timeout_ms)
            if version >= DELETION_BY_ID:
                request.topics = [DeleteTopicState(name=name) for name in names]
            else:
                request.topic_names = list(names)
            response: DeleteTopicsResponse = await connection.send(request, version)
            return raise_if_moved(
                {told.name or "": refusal(told.error_code, told.error_message) for told in response.responses}
            )

        return await self.router.retrying(ask)

    async def add_partitions(
        self, totals: Mapping[str, int], validate_only: bool = False, timeout_ms: int = TIMEOUT_MS
    ) -> dict[str, KafkaError | None]:
        """Grow topics to these numbers of partitions; None for each that grew."""
        topics = [CreatePartitionsTopic(name=name, count=count, assignments=None) for name, count in totals.items()]
        request = CreatePartitionsRequest(topics=topics, timeout_ms=timeout_ms, validate_only=validate_only)

        async def ask() -> dict[str, KafkaError | None]:
            response: CreatePartitionsResponse = await (await self.router.controller()).send(request)
            return raise_if_moved(
                {told.name: refusal(told.error_code, told.error_message) for told in response.results}
            )

        return await self.router.retrying(ask)

    async def elect_leaders(
        self, partitions: Sequence[TopicPartition] | None, unclean: bool = False, timeout_ms: int = TIMEOUT_MS
    ) -> dict[TopicPartition, KafkaError | None]:
        """Elect the preferred (or, unclean, any living) replica of these partitions, or of all.

        ElectionNotNeeded is an outcome, not a failure: the right broker leads already.
        """
        request = ElectLeadersRequest(
            election_type=UNCLEAN if unclean else PREFERRED,
            topic_partitions=None if partitions is None else _topic_partitions(partitions),
            timeout_ms=timeout_ms,
        )

        async def ask() -> dict[TopicPartition, KafkaError | None]:
            response: ElectLeadersResponse = await (await self.router.controller()).send(request)
            check(response.error_code)
            return raise_if_moved(
                {
                    TopicPartition(told.topic, result.partition_id): refusal(result.error_code, result.error_message)
                    for told in response.replica_election_results
                    for result in told.partition_result
                }
            )

        return await self.router.retrying(ask)


async def _describe_in_pages(
    connection: Connection, names: Sequence[str], page_partitions: int
) -> dict[str, Topic | KafkaError]:
    """DescribeTopicPartitions answers a bounded number of partitions and a cursor to go on from (KIP-966)."""
    request = DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=name) for name in sorted(names)], response_partition_limit=page_partitions
    )
    topics: dict[str, Topic | KafkaError] = {}
    while True:
        response: DescribeTopicPartitionsResponse = await connection.send(request)
        for told in response.topics:
            name, page = told.name or "", topic_of_partitions(told)
            before = topics.get(name)
            topics[name] = before.followed_by(page) if isinstance(before, Topic) else page
        if (cursor := response.next_cursor) is None:
            return topics
        request = DescribeTopicPartitionsRequest(
            topics=[TopicRequest(name=name) for name in sorted(names) if name >= cursor.topic_name],
            response_partition_limit=page_partitions,
            cursor=Cursor(topic_name=cursor.topic_name, partition_index=cursor.partition_index),
        )


def _creatable(topic: NewTopic) -> CreatableTopic:
    return CreatableTopic(
        name=topic.name,
        num_partitions=DEFAULT if topic.assignments else topic.partitions,
        replication_factor=DEFAULT if topic.assignments else topic.replication_factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas))
            for index, replicas in topic.assignments.items()
        ],
        configs=[CreatableTopicConfig(name=name, value=value) for name, value in topic.configs.items()],
    )


def _created(told: CreatableTopicResult) -> CreatedTopic | KafkaError:
    error = refusal(told.error_code, told.error_message)
    return error or CreatedTopic(
        name=told.name,
        id=told.topic_id,
        partitions=told.num_partitions,
        replication_factor=told.replication_factor,
    )


def _topic_partitions(partitions: Sequence[TopicPartition]) -> list[TopicPartitions]:
    return [TopicPartitions(topic=topic, partitions=numbers) for topic, numbers in by_topic(partitions).items()]
