"""Kafka consumers as the console needs them: no group, no commits, and looking at a topic never creates it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

import aiokafka.client
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.metadata import MetadataRequest

from streams.inflation import bound_inflation
from streams.unreadable import PassedOver, allow_passing_over, passing_over

METADATA_PAUSE_S = 0.1
ASKED_AGAIN = 10


_looking = ContextVar("looking", default=False)
"""True while a CalmClient asks for metadata."""


class CalmClient(aiokafka.client.AIOKafkaClient):  # type: ignore[misc]
    """Creates nothing by asking, and asks at most ten times a second: aiokafka does so without pause for a leader."""

    _asked_at = -METADATA_PAUSE_S

    async def _metadata_update(self, *arguments: object) -> bool:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._asked_at + METADATA_PAUSE_S - now()))
        self._asked_at = now()
        token = _looking.set(True)
        try:
            return bool(await super()._metadata_update(*arguments))
        finally:
            _looking.reset(token)


def _metadata_request(topics: list[str] | None) -> MetadataRequest:
    return MetadataRequest(topics, allow_auto_topic_creation=not _looking.get())


# aiokafka asks with automatic creation on: a topic that is deleted while it is tailed would come back.
aiokafka.client.MetadataRequest = _metadata_request
bound_inflation()
allow_passing_over()

CLIENT_ID = "odradek-console"
FETCH_MAX_BYTES = 4 * 1024 * 1024
PARTITION_FETCH_BYTES = 1024 * 1024


class TopicGone(Exception):
    """The cluster does not know this topic (any more)."""


async def connect(
    bootstrap_servers: Sequence[str], *, committed_only: bool = False, passed_over: PassedOver | None = None
) -> AIOKafkaConsumer:
    """A started consumer without assignment; raises KafkaError when no broker answers.

    With `passed_over` it goes on behind batches that cannot be read, and tells of them; otherwise it fails on them.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=list(bootstrap_servers),
        client_id=CLIENT_ID,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=FETCH_MAX_BYTES,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        isolation_level="read_committed" if committed_only else "read_uncommitted",
        request_timeout_ms=10_000,
        metadata_max_age_ms=5_000,
    )
    # aiokafka lets nobody choose the class of a consumer's client.
    consumer._client.__class__ = CalmClient
    token = passing_over.set(passed_over)
    try:
        await consumer.start()
    except BaseException:
        await consumer.stop()
        raise
    finally:
        passing_over.reset(token)
    return consumer


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic in order. Raises TopicGone when several brokers, asked in turn, do not know it."""
    await consumer._client.add_topic(topic)
    for _ in range(ASKED_AGAIN):
        if known := consumer.partitions_for_topic(topic):
            return sorted(TopicPartition(topic, index) for index in known)
        # A broker that has just started, or a topic that has just been made: not every broker knows all yet.
        await asyncio.sleep(METADATA_PAUSE_S)
        await consumer._client.force_metadata_update()
    raise TopicGone(topic)


def assign(consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
    """Read exactly these partitions from exactly these offsets on."""
    consumer.assign(list(positions))
    for topic_partition, offset in positions.items():
        consumer.seek(topic_partition, offset)
