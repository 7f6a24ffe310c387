"""A topic in memory, and consumers of it as aiokafka's are."""

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError


class FakeTopic:
    """Partitions as lists of values. Counts the consumers that are open."""

    def __init__(self, name: str = "orders", partitions: int = 1) -> None:
        self.name = name
        self.logs: list[list[bytes]] = [[] for _ in range(partitions)]
        self.starts = [0] * partitions
        self.open = 0
        self.most_open = 0
        self.away = False
        self.gone = False
        self.written = asyncio.Event()

    def write(self, *values: bytes, partition: int = 0) -> None:
        self.logs[partition].extend(values)
        self.written.set()
        self.written = asyncio.Event()

    def add_partition(self) -> None:
        self.logs.append([])
        self.starts.append(0)

    async def connect(self, passed_over: Any) -> Any:
        if self.away:
            raise KafkaConnectionError("nobody answers")
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        return FakeConsumer(self)


class FakeConsumer:
    """What the tail uses of AIOKafkaConsumer, and nothing else."""

    def __init__(self, topic: FakeTopic) -> None:
        self._topic = topic
        self._positions: dict[TopicPartition, int] = {}
        self._client = SimpleNamespace(add_topic=self._nothing, force_metadata_update=self._nothing)

    async def _nothing(self, *_: object) -> None:
        await asyncio.sleep(0)

    def partitions_for_topic(self, name: str) -> set[int] | None:
        return None if self._topic.gone else set(range(len(self._topic.logs)))

    async def end_offsets(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {each: len(self._topic.logs[each.partition]) for each in partitions}

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {each: self._topic.starts[each.partition] for each in partitions}

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    def highwater(self, partition: TopicPartition) -> int:
        return len(self._topic.logs[partition.partition])

    def last_poll_timestamp(self, partition: TopicPartition) -> int:
        return int(time.time() * 1000)

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        if self._topic.away:
            raise KafkaConnectionError("nobody answers")
        batches: dict[TopicPartition, list[Any]] = {}
        for partition, position in self._positions.items():
            taken = self._topic.logs[partition.partition][position : position + max_records]
            if taken:
                batches[partition] = [self._record(partition, position + n, value) for n, value in enumerate(taken)]
                self._positions[partition] = position + len(taken)
        if not batches:
            try:
                await asyncio.wait_for(self._topic.written.wait(), timeout_ms / 1000)
            except TimeoutError:
                return {}
        return batches

    def _record(self, partition: TopicPartition, offset: int, value: bytes) -> Any:
        fields = {"partition": partition.partition, "offset": offset, "timestamp": 0, "key": None, "headers": ()}
        return SimpleNamespace(value=value, **fields)

    async def stop(self) -> None:
        self._topic.open -= 1
