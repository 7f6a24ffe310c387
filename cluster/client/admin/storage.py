"""What brokers hold on their disks: log directories, producers in a log, deletion of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.client.addresses import TopicPartition, by_topic
from cluster.client.admin.results import check, refusal
from cluster.client.connection import Connection
from cluster.client.fan_out import ask_every_broker, ask_owners
from cluster.client.routing import Router
from cluster.protocol.errors import KafkaError
from cluster.protocol.messages.offsets import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from cluster.protocol.messages.produce import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    TopicRequest,
)
from cluster.protocol.messages.produce import ProducerState as ToldProducer
from cluster.protocol.messages.storage import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
)

TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReplica:
    """`offset_lag` is how far the replica is behind its leader's high watermark, as its broker knows."""

    partition: TopicPartition
    size_bytes: int
    offset_lag: int
    future: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDirectory:
    """`total_bytes` and `usable_bytes` of the volume are -1 where the broker does not tell them."""

    path: str
    error: KafkaError | None
    total_bytes: int
    usable_bytes: int
    replicas: tuple[StoredReplica, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveProducer:
    """A producer that the leader remembers. `transaction_start` is the offset of its open transaction, or -1."""

    producer_id: int
    epoch: int
    last_sequence: int
    last_timestamp: int
    coordinator_epoch: int
    transaction_start: int


@dataclass(frozen=True, slots=True)
class StorageAdmin:
    """Operations on storage. Each raises ConnectionLost or KafkaError when the cluster cannot be asked at all."""

    router: Router

    async def log_directories(
        self, partitions: Sequence[TopicPartition] | None = None
    ) -> dict[int, tuple[LogDirectory, ...] | KafkaError]:
        """The log directories of every live broker with all (or these) replicas in them."""
        topics = None if partitions is None else _describable(partitions)

        async def ask(connection: Connection) -> tuple[LogDirectory, ...]:
            response: DescribeLogDirsResponse = await connection.send(DescribeLogDirsRequest(topics=topics))
            check(response.error_code)
            return tuple(_directory(told) for told in response.results)

        return await self.router.retrying(lambda: ask_every_broker(self.router, ask))

    async def delete_records(
        self, before: Mapping[TopicPartition, int], timeout_ms: int = TIMEOUT_MS
    ) -> dict[TopicPartition, int | KafkaError]:
        """Delete what lies before these offsets (-1: up to the high watermark); the new first offset of each."""

        async def ask(connection: Connection, part: Sequence[TopicPartition]) -> dict[TopicPartition, int | KafkaError]:
            topics = [
                DeleteRecordsTopic(
                    name=topic,
                    partitions=[
                        DeleteRecordsPartition(partition_index=number, offset=before[TopicPartition(topic, number)])
                        for number in numbers
                    ],
                )
                for topic, numbers in by_topic(part).items()
            ]
            response: DeleteRecordsResponse = await connection.send(
                DeleteRecordsRequest(topics=topics, timeout_ms=timeout_ms)
            )
            return {
                TopicPartition(topic.name, told.partition_index): error
                if (error := refusal(told.error_code)) is not None
                else told.low_watermark
                for topic in response.topics
                for told in topic.partitions
            }

        return await self.router.retrying(lambda: ask_owners(self.router, before, self.router.leaders, ask))

    async def producers(
        self, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, tuple[ActiveProducer, ...] | KafkaError]:
        """The idempotent and transactional producers that the leader of each partition remembers."""

        async def ask(
            connection: Connection, part: Sequence[TopicPartition]
        ) -> dict[TopicPartition, tuple[ActiveProducer, ...] | KafkaError]:
            topics = [TopicRequest(name=topic, partition_indexes=numbers) for topic, numbers in by_topic(part).items()]
            response: DescribeProducersResponse = await connection.send(DescribeProducersRequest(topics=topics))
            return {
                TopicPartition(topic.name, told.partition_index): error
                if (error := refusal(told.error_code, told.error_message)) is not None
                else tuple(_producer(producer) for producer in told.active_producers)
                for topic in response.topics
                for told in topic.partitions
            }

        return await self.router.retrying(lambda: ask_owners(self.router, partitions, self.router.leaders, ask))


def _describable(partitions: Sequence[TopicPartition]) -> list[DescribableLogDirTopic]:
    return [DescribableLogDirTopic(topic=topic, partitions=numbers) for topic, numbers in by_topic(partitions).items()]


def _directory(told: DescribeLogDirsResult) -> LogDirectory:
    return LogDirectory(
        path=told.log_dir,
        error=refusal(told.error_code),
        total_bytes=told.total_bytes,
        usable_bytes=told.usable_bytes,
        replicas=tuple(
            StoredReplica(
                partition=TopicPartition(topic.name, replica.partition_index),
                size_bytes=replica.partition_size,
                offset_lag=replica.offset_lag,
                future=replica.is_future_key,
            )
            for topic in told.topics
            for replica in topic.partitions
        ),
    )


def _producer(told: ToldProducer) -> ActiveProducer:
    return ActiveProducer(
        producer_id=told.producer_id,
        epoch=told.producer_epoch,
        last_sequence=told.last_sequence,
        last_timestamp=told.last_timestamp,
        coordinator_epoch=told.coordinator_epoch,
        transaction_start=told.current_txn_start_offset,
    )
