"""The one reader of a topic behind all viewers of its tail, and the register of such readers."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.consumers import TopicGone, assign, partitions_of
from streams.tail.records import TailRecord
from streams.tail.viewer import Viewer, ViewerState
from streams.unreadable import PassedOver

logger = logging.getLogger(__name__)

Connect = Callable[[PassedOver], Awaitable[AIOKafkaConsumer]]
POLL_MS = 200
POLL_RECORDS = 1000
RETRY_S = 0.5
STALE_S = 3.0
TOLD_AGAIN_S = 60.0
"""How often it is said at most that something cannot be read."""


class ReaderState(StrEnum):
    STARTING = "starting"
    READING = "reading"
    AWAY = "away"
    GONE = "gone"


class TopicReader:
    """Reads every partition of a topic from its end on and hands each record to every viewer. One event loop."""

    def __init__(self, topic: str, connect: Connect) -> None:
        self.topic = topic
        self.viewers: set[Viewer] = set()
        self.positions: dict[int, int] = {}
        self.state = ReaderState.STARTING
        self.started = asyncio.Event()
        self._connect = connect
        self._consumer: AIOKafkaConsumer | None = None
        self._ends: dict[int, int] = {}
        self._told, self._untold = -TOLD_AGAIN_S, 0
        self._passed_over: dict[int, int] = {}
        """Where what cannot be read ends, by partition: as soon as what lies in front of it has been delivered."""

    async def run(self) -> None:
        """Read until cancelled; a cluster that is away is tried again, from the same place."""
        while self.state is not ReaderState.GONE:
            try:
                await self._read()
            except TopicGone:
                self._enter(ReaderState.GONE)
                self.started.set()
            except (KafkaError, OSError) as error:
                if self.state is not ReaderState.AWAY:
                    logger.info("the tail of %s waits for the cluster: %s", self.topic, error)
                self._enter(ReaderState.AWAY)
                await asyncio.sleep(RETRY_S)

    async def _read(self) -> None:
        consumer = await self._connect(self._pass_over)
        try:
            partitions = await partitions_of(consumer, self.topic)
            await self._take_places(consumer, partitions)
            self._consumer = consumer
            self._enter(ReaderState.READING)
            self.started.set()
            while True:
                await self._poll(consumer)
        finally:
            self._consumer = None
            await consumer.stop()

    async def _take_places(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        """Begin at the end of each partition, except where this reader has been before."""
        unknown = [each for each in partitions if each.partition not in self.positions]
        # A partition that was added while the tail ran is new to its last record: nothing of it may be missed.
        added_later = bool(self.positions)
        ends = {} if added_later or not unknown else await consumer.end_offsets(unknown)
        for each in unknown:
            self.positions[each.partition] = ends.get(each, 0)
        assign(consumer, {each: self.positions[each.partition] for each in partitions})

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        for topic_partition, records in batches.items():
            position = await consumer.position(topic_partition)
            # Nothing may await between these two: a viewer that catches up compares itself with the positions.
            self._deliver(records)
            self.positions[topic_partition.partition] = position
        for partition, end in self._passed_over.items():
            self.positions[partition] = max(end, self.positions[partition])
        self._passed_over.clear()
        await self._follow_partitions(consumer)
        # A busy topic never makes getmany wait, and the viewers' sockets need their turn.
        await asyncio.sleep(0)

    def _deliver(self, records: list[Any]) -> None:
        for record in map(TailRecord.of, records):
            for viewer in self.viewers:
                viewer.deliver(record)

    def _pass_over(self, partition: TopicPartition, first: int, end: int, error: Exception) -> None:
        """What cannot be read counts as dropped: the tail goes on behind it."""
        self._untold += end - first
        now = asyncio.get_running_loop().time()
        if now >= self._told + TOLD_AGAIN_S:
            last = f"{end - 1} of partition {partition.partition}"
            unreadable = f"{self._untold} offsets that cannot be read, the last is {last}"
            logger.warning("the tail of %s passes over %s: %s", self.topic, unreadable, error)
            self._told, self._untold = now, 0
        self._passed_over[partition.partition] = end
        for viewer in self.viewers:
            if viewer.state is ViewerState.LIVE:
                viewer.miss(end - first)

    async def _follow_partitions(self, consumer: AIOKafkaConsumer) -> None:
        known = consumer.partitions_for_topic(self.topic)
        if known is None or len(known) > len(self.positions):
            partitions = await partitions_of(consumer, self.topic)
            if len(partitions) > len(self.positions):
                await self._take_places(consumer, partitions)

    def _enter(self, state: ReaderState) -> None:
        self.state = state
        for viewer in self.viewers:
            viewer.news.set()

    @property
    def ends(self) -> dict[int, int]:
        """The end of each partition as the last fetch told it."""
        if self._consumer is not None:
            for each in self._consumer.assignment():
                self._ends[each.partition] = self._consumer.highwater(each) or self.positions[each.partition]
        return self._ends

    @property
    def silent_s(self) -> float:
        """For how long some partition has not been heard of; 0 while all leaders answer."""
        if self._consumer is None:
            return 0.0
        heard = [self._consumer.last_poll_timestamp(each) for each in self._consumer.assignment()]
        age = time.time() - min((at for at in heard if at), default=time.time() * 1000) / 1000
        return age if age > STALE_S else 0.0


class Readers:
    """The register: at most one reader for each topic, none without a viewer. One event loop."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect
        self._readers: dict[str, tuple[TopicReader, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        return len(self._readers)

    def join(self, topic: str, viewer: Viewer) -> TopicReader:
        """Add a viewer; the first one of a topic starts its reader."""
        if topic not in self._readers or self._readers[topic][1].done():
            reader = TopicReader(topic, self.connect)
            self._readers[topic] = reader, asyncio.create_task(reader.run(), name=f"tail of {topic}")
        reader = self._readers[topic][0]
        reader.viewers.add(viewer)
        return reader

    async def leave(self, topic: str, viewer: Viewer) -> None:
        """Remove a viewer; with the last one the reader and its connections go at once."""
        reader, task = self._readers[topic]
        reader.viewers.discard(viewer)
        if not reader.viewers:
            del self._readers[topic]
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
