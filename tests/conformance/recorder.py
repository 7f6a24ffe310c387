"""Asking one cluster, and writing down what it answered."""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster.client.connection import Connection, ConnectionLost, Patience
from cluster.client.versions import SPECS
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.coordination import FindCoordinatorRequest
from cluster.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponseTopic
from cluster.protocol.messages.offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from cluster.protocol.messages.produce import DescribeProducersRequest, DescribeProducersResponse, TopicRequest
from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from cluster.protocol.primitives import Uuid
from tests.conformance.plain import Plain
from tests.support.patience import seconds

CLIENT_ID = "conformance"
PATIENCE = Patience(connect_ms=5_000, request_ms=8_000)
UNKNOWN_ID = Uuid(b"unknown topic id")
BROKERS = (1, 2, 3)
SHOWN_BYTES = 6
"""Of an answer to raw bytes: the correlation id, and an error code where the answer begins with one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and the plain form of its answer."""

    scenario: str
    label: str
    api: str
    version: int
    answer: Any

    @property
    def question(self) -> tuple[str, str, str, int]:
        return self.scenario, self.label, self.api, self.version


@dataclass(slots=True)
class Peer:
    """One of the two clusters. A scenario asks through it; every answer is recorded under its label."""

    name: str
    base_port: int
    run: str = ""
    scenario: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    plain: Plain = field(init=False)
    topic_ids: dict[str, Uuid] = field(default_factory=dict)
    _connections: dict[tuple[int, str], Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plain = Plain(self.base_port, self.run, lambda: time.time_ns() // 1_000_000)

    def called(self, name: str) -> str:
        """A name of a topic or group that no earlier run on this cluster has used."""
        return f"{self.run}{self.scenario}-{name}"

    # -- asking

    async def ask(
        self,
        label: str,
        message: Any,
        version: int | None = None,
        *,
        broker: int = 1,
        via: str = "",
        shown: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Ask a broker in the newest version, or this one; record and return the answer (None: it closed).

        `via` names one of several connections; `shown` takes out of an answer what is to be compared.
        """
        spec = SPECS[type(message)]
        version = spec.max_version if version is None else version
        answer: Any
        try:
            answer = await self.quietly(message, version, broker=broker, via=via)
        except ConnectionLost as loss:
            answer, told = None, "no answer" if "no answer" in str(loss) else "closed"
        else:
            told = self.plain.value("", shown(answer) if shown and answer is not None else answer)
        self.exchanges.append(Exchange(self.scenario, label, spec.name, version, told))
        return answer

    async def ask_in_every_version(self, label: str, make: Callable[[int], Any], **how: Any) -> None:
        """The same question in each version that is served."""
        spec = SPECS[type(make(99))]
        for version in range(spec.min_version, spec.max_version + 1):
            await self.ask(label, make(version), version, **how)

    async def quietly(self, message: Any, version: int | None = None, *, broker: int = 1, via: str = "") -> Any:
        """Ask without a record. Raises ConnectionLost."""
        version = SPECS[type(message)].max_version if version is None else version
        return await (await self._connection(broker, via)).send(message, version)

    async def _connection(self, broker: int, via: str) -> Connection:
        connection = self._connections.get((broker, via))
        if connection is None or connection.closed:
            connection = await Connection.open("127.0.0.1", self.base_port + broker - 1, CLIENT_ID, PATIENCE)
            self._connections[broker, via] = connection
        return connection

    async def ask_raw(self, label: str, frame: bytes, *, sized: bool = True, broker: int = 1) -> None:
        """Send these bytes on a connection of their own; record how an answer begins, or that it closed."""
        told = await raw_answer(self.base_port + broker - 1, struct.pack(">i", len(frame)) + frame if sized else frame)
        self.exchanges.append(Exchange(self.scenario, label, "raw bytes", 0, told))

    def note(self, label: str, api: str, version: int, told: Any) -> None:
        """Record what a scenario has seen of an answer that does not itself tell it."""
        self.exchanges.append(Exchange(self.scenario, label, api, version, told))

    # -- what scenarios need before they can ask

    async def create(self, name: str, partitions: int = 1, *, replicas: Sequence[int] = BROKERS, **configs: str) -> str:
        """A topic of this scenario with known leaders: partition n is led by the n-th of the replicas."""
        topic = self.called(name)
        assignments = [
            CreatableReplicaAssignment(
                partition_index=index,
                broker_ids=[replicas[(index + step) % len(replicas)] for step in range(len(replicas))],
            )
            for index in range(partitions)
        ]
        wanted = [CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()]
        creatable = CreatableTopic(
            name=topic, num_partitions=-1, replication_factor=-1, assignments=assignments, configs=wanted
        )
        answer = await self.quietly(CreateTopicsRequest(topics=[creatable], timeout_ms=20_000))
        if answer.topics[0].error_code:
            raise RuntimeError(f"{self.name} did not create {topic}: {answer.topics[0]}")
        await self.settle(topic)
        return topic

    async def settle(self, topic: str) -> None:
        """Wait until every broker knows the topic, with leaders and full ISRs, and does its part."""
        for broker in BROKERS:
            found = await until(lambda: self._described(topic, broker), _settled)  # noqa: B023
            self.topic_ids[topic] = found.topic_id
            self.plain.knows(found.topic_id, topic)
            hosted = [p.partition_index for p in found.partitions if broker in p.replica_nodes]
            led = [p.partition_index for p in found.partitions if broker == p.leader_id]
            hosting = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=hosted)])
            ends = [ListOffsetsPartition(partition_index=index, timestamp=-1) for index in led]
            leading = ListOffsetsRequest(replica_id=-1, topics=[ListOffsetsTopic(name=topic, partitions=ends)])
            for request in (hosting, leading):
                await until(lambda: self.quietly(request, broker=broker), _without_errors)  # noqa: B023

    async def _described(self, topic: str, broker: int) -> MetadataResponseTopic:
        request = MetadataRequest(topics=[MetadataRequestTopic(name=topic)], allow_auto_topic_creation=False)
        answer = await self.quietly(request, broker=broker)
        described: MetadataResponseTopic = answer.topics[0]
        return described

    async def forgotten(self, topic: str) -> None:
        """Wait until no broker knows the topic any more."""
        for broker in BROKERS:
            await until(lambda: self._described(topic, broker), _unknown)  # noqa: B023

    def topic_id(self, topic: str) -> Uuid:
        return self.topic_ids.get(topic, UNKNOWN_ID)

    async def coordinator(self, group: str) -> int:
        """The broker that coordinates a group; waits while there is none."""
        request = FindCoordinatorRequest(coordinator_keys=[group])
        answer = await until(lambda: self.quietly(request), lambda answer: not answer.coordinators[0].error_code)
        node: int = answer.coordinators[0].node_id
        return node

    async def offsets_topic(self) -> str:
        """The internal topic; groups have to be asked for before it exists."""
        await self.coordinator("any")
        await self.settle("__consumer_offsets")
        return "__consumer_offsets"

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


async def raw_answer(port: int, data: bytes) -> str:
    """How the answer to these bytes begins, or that the connection was closed or nothing came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(seconds(3)):
            size = struct.unpack(">i", await reader.readexactly(4))[0]
            answered = (await reader.readexactly(size))[:SHOWN_BYTES]
            return f"an answer: {answered.hex(' ')}"
    except (asyncio.IncompleteReadError, ConnectionError):
        return "closed"
    except TimeoutError:
        return "no answer"
    finally:
        writer.close()


async def until(ask: Callable[[], Awaitable[Any]], content: Callable[[Any], bool], at_most_s: float = 30.0) -> Any:
    """Ask until the answer is as it should be, and return it."""
    async with asyncio.timeout(seconds(at_most_s)):
        answer = await ask()
        while not content(answer):
            await asyncio.sleep(0.02)
            answer = await ask()
        return answer


def _without_errors(answer: ListOffsetsResponse | DescribeProducersResponse) -> bool:
    return not any(partition.error_code for topic in answer.topics for partition in topic.partitions)


def _unknown(topic: MetadataResponseTopic) -> bool:
    return bool(topic.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)


def _settled(topic: MetadataResponseTopic) -> bool:
    return not topic.error_code and all(
        not partition.error_code
        and partition.leader_id > 0
        and len(partition.isr_nodes) == len(partition.replica_nodes)
        for partition in topic.partitions
    )
