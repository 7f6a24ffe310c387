"""A topic and its partitions as a broker describes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster.client.admin.results import refusal
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.metadata import (
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from cluster.protocol.primitives import Uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionDescription:
    """`leader` is -1 while nobody leads. The first of `replicas` is the preferred leader."""

    partition: int
    leader: int
    leader_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    offline: tuple[int, ...]
    elr: tuple[int, ...] = ()
    last_known_elr: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """`partitions` stand in the order of their numbers."""

    name: str
    id: Uuid
    internal: bool
    partitions: tuple[PartitionDescription, ...]

    def followed_by(self, page: "Topic | KafkaError") -> "Topic | KafkaError":
        """This topic with the partitions of a later page added."""
        return replace(self, partitions=self.partitions + page.partitions) if isinstance(page, Topic) else page


def topic_of_metadata(told: MetadataResponseTopic) -> Topic | KafkaError:
    if (error := refusal(told.error_code)) is not None:
        return error
    return _topic(told, [_partition_of_metadata(partition) for partition in told.partitions])


def topic_of_partitions(told: DescribeTopicPartitionsResponseTopic) -> Topic | KafkaError:
    if (error := refusal(told.error_code)) is not None:
        return error
    return _topic(told, [_partition(partition) for partition in told.partitions])


def _topic(
    told: MetadataResponseTopic | DescribeTopicPartitionsResponseTopic, partitions: Sequence[PartitionDescription]
) -> Topic:
    ordered = tuple(sorted(partitions, key=lambda partition: partition.partition))
    return Topic(name=told.name or "", id=told.topic_id, internal=told.is_internal, partitions=ordered)


def _partition_of_metadata(told: MetadataResponsePartition) -> PartitionDescription:
    return PartitionDescription(
        partition=told.partition_index,
        leader=told.leader_id,
        leader_epoch=told.leader_epoch,
        replicas=tuple(told.replica_nodes),
        isr=tuple(told.isr_nodes),
        offline=tuple(told.offline_replicas),
    )


def _partition(told: DescribeTopicPartitionsResponsePartition) -> PartitionDescription:
    return PartitionDescription(
        partition=told.partition_index,
        leader=told.leader_id,
        leader_epoch=told.leader_epoch,
        replicas=tuple(told.replica_nodes),
        isr=tuple(told.isr_nodes),
        offline=tuple(told.offline_replicas),
        elr=tuple(told.eligible_leader_replicas or ()),
        last_known_elr=tuple(told.last_known_elr or ()),
    )
