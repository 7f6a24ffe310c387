"""Offsets: where partitions begin and end, and what groups have committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cluster.client.addresses import TopicPartition, by_topic
from cluster.client.admin.results import check, refusal
from cluster.client.connection import Connection
from cluster.client.fan_out import ask_owners
from cluster.client.routing import Router
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
)
from cluster.protocol.messages.offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

CONSUMER_ID = -1
NAMED_TOPICS = 9
"""The last version of OffsetFetch and OffsetCommit that names topics; later ones take topic ids (KIP-848)."""
BATCHED_GROUPS = 8
"""The version of OffsetFetch from which several groups go into one request (KIP-709)."""
UNCOMMITTED = -1


class Instant(IntEnum):
    """What ListOffsets takes in place of a timestamp."""

    LATEST = -1
    EARLIEST = -2
    MAX_TIMESTAMP = -3


class Isolation(IntEnum):
    """LATEST is the high watermark when READ_UNCOMMITTED, else the last stable offset."""

    READ_UNCOMMITTED = 0
    READ_COMMITTED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOffset:
    """`offset` is -1 when no record is as late as the timestamp; `timestamp` in ms is -1 for LATEST and EARLIEST."""

    offset: int
    timestamp: int
    leader_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedOffset:
    offset: int
    leader_epoch: int = -1
    metadata: str = ""


Commits = dict[TopicPartition, CommittedOffset | KafkaError]


@dataclass(frozen=True, slots=True)
class OffsetAdmin:
    """Operations on offsets. Each raises ConnectionLost or KafkaError when the cluster cannot be asked at all."""

    router: Router

    async def list(
        self, instants: Mapping[TopicPartition, int], isolation: Isolation = Isolation.READ_UNCOMMITTED
    ) -> dict[TopicPartition, ListedOffset | KafkaError]:
        """The first offset at or after a timestamp in ms (or an Instant) in each partition."""

        async def ask(
            connection: Connection, part: Sequence[TopicPartition]
        ) -> dict[TopicPartition, ListedOffset | KafkaError]:
            request = ListOffsetsRequest(
                replica_id=CONSUMER_ID, isolation_level=isolation, topics=_listed_topics(instants, part)
            )
            response: ListOffsetsResponse = await connection.send(request)
            return {
                TopicPartition(topic.name, told.partition_index): refusal(told.error_code) or _listed(told)
                for topic in response.topics
                for told in topic.partitions
            }

        return await self.router.retrying(lambda: ask_owners(self.router, instants, self.router.leaders, ask))

    async def committed(self, group_ids: Sequence[str]) -> dict[str, Commits | KafkaError]:
        """Everything that each group has committed; empty for a group that does not exist."""

        async def ask(connection: Connection, part: Sequence[str]) -> Mapping[str, Commits | KafkaError]:
            version = (await connection.versions()).common(OffsetFetchRequest, at_most=NAMED_TOPICS)
            if version < BATCHED_GROUPS:
                return {group_id: await _fetch_of_one(connection, group_id, version) for group_id in part}
            groups = [OffsetFetchRequestGroup(group_id=group_id, topics=None) for group_id in part]
            response: OffsetFetchResponse = await connection.send(OffsetFetchRequest(groups=groups), version)
            return {told.group_id: refusal(told.error_code) or _commits(told) for told in response.groups}

        return await self.router.retrying(lambda: ask_owners(self.router, group_ids, self.router.coordinators, ask))

    async def commit(
        self, group_id: str, offsets: Mapping[TopicPartition, CommittedOffset]
    ) -> dict[TopicPartition, KafkaError | None]:
        """Set the offsets of a group without members; UnknownMemberId for all of them when it has some."""
        topics = [
            OffsetCommitRequestTopic(
                name=topic,
                partitions=[_committed_partition(number, offsets[TopicPartition(topic, number)]) for number in numbers],
            )
            for topic, numbers in by_topic(offsets).items()
        ]

        async def ask() -> dict[TopicPartition, KafkaError | None]:
            connection = await self.router.coordinator(group_id)
            version = (await connection.versions()).common(OffsetCommitRequest, at_most=NAMED_TOPICS)
            request = OffsetCommitRequest(group_id=group_id, topics=topics)
            response: OffsetCommitResponse = await connection.send(request, version)
            return {
                TopicPartition(topic.name, told.partition_index): refusal(told.error_code)
                for topic in response.topics
                for told in topic.partitions
            }

        return await self.router.retrying(ask)

    async def delete(
        self, group_id: str, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, KafkaError | None]:
        """Forget what a group has committed; GroupSubscribedToTopic where a member still reads the topic."""
        topics = [
            OffsetDeleteRequestTopic(
                name=topic, partitions=[OffsetDeleteRequestPartition(partition_index=number) for number in numbers]
            )
            for topic, numbers in by_topic(partitions).items()
        ]

        async def ask() -> dict[TopicPartition, KafkaError | None]:
            connection = await self.router.coordinator(group_id)
            response: OffsetDeleteResponse = await connection.send(
                OffsetDeleteRequest(group_id=group_id, topics=topics)
            )
            check(response.error_code)
            return {
                TopicPartition(topic.name, told.partition_index): refusal(told.error_code)
                for topic in response.topics
                for told in topic.partitions
            }

        return await self.router.retrying(ask)


def _listed_topics(instants: Mapping[TopicPartition, int], part: Sequence[TopicPartition]) -> list[ListOffsetsTopic]:
    return [
        ListOffsetsTopic(
            name=topic,
            partitions=[
                ListOffsetsPartition(partition_index=number, timestamp=instants[TopicPartition(topic, number)])
                for number in numbers
            ],
        )
        for topic, numbers in by_topic(part).items()
    ]


def _listed(told: ListOffsetsPartitionResponse) -> ListedOffset:
    return ListedOffset(offset=told.offset, timestamp=told.timestamp, leader_epoch=told.leader_epoch)


async def _fetch_of_one(connection: Connection, group_id: str, version: int) -> Commits | KafkaError:
    request = OffsetFetchRequest(group_id=group_id, topics=None)
    response: OffsetFetchResponse = await connection.send(request, version)
    return refusal(response.error_code) or _commits(response)


def _commits(told: OffsetFetchResponse | OffsetFetchResponseGroup) -> Commits:
    return {
        TopicPartition(topic.name, partition.partition_index): refusal(partition.error_code)
        or CommittedOffset(
            offset=partition.committed_offset,
            leader_epoch=partition.committed_leader_epoch,
            metadata=partition.metadata or "",
        )
        for topic in told.topics
        for partition in topic.partitions
        if partition.committed_offset != UNCOMMITTED or partition.error_code
    }


def _committed_partition(number: int, committed: CommittedOffset) -> OffsetCommitRequestPartition:
    return OffsetCommitRequestPartition(
        partition_index=number,
        committed_offset=committed.offset,
        committed_leader_epoch=committed.leader_epoch,
        committed_metadata=committed.metadata,
    )
