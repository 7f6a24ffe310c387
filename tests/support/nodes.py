"""Real broker nodes in one process and one event loop: real sockets and files, a metadata store in memory."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cluster.broker.config import BrokerConfig
from cluster.broker.node import Node
from cluster.broker.partitions.partition import Partition
from cluster.broker.parts import Doors
from cluster.client.connection import Connection, ConnectionLost
from cluster.controller.state import ClusterState, PartitionState
from cluster.log.files import Files, RealFiles
from tests.support.metadata_store import MemoryMetadataStore
from tests.support.patience import eventually, seconds
from tests.support.ports import free_ports

FAST = {
    "broker.heartbeat.interval.ms": "100",
    "broker.session.timeout.ms": "3000",
    "replica.fetch.wait.max.ms": "100",
    "replica.lag.time.max.ms": "1500",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "2",
    "offsets.topic.replication.factor": "1",
    "auto.create.topics.enable": "false",
}
"""What makes a cluster of a test lively."""


class Nodes:
    """Brokers by id. `properties` are broker configurations by Kafka's names, with `_` for `.`."""

    def __init__(self, directory: Path, files: Callable[[int], Files] = lambda _: RealFiles(), **properties: str):
        self.store = MemoryMetadataStore(now_s=lambda: asyncio.get_running_loop().time())
        self.nodes: dict[int, Node] = {}
        self.wall_ahead_ms = 0
        self._directory = directory
        self._files = files
        self._properties = FAST | {name.replace("_", "."): value for name, value in properties.items()}
        self._ports: dict[int, int] = {}
        self._connections: dict[tuple[int, str], Connection] = {}
        self._starts = 0

    def __getitem__(self, broker_id: int) -> Node:
        return self.nodes[broker_id]

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.wall_ahead_ms

    # -- their lives

    async def start(self, *broker_ids: int, **properties: str) -> None:
        """Start brokers together; return when all are unfenced and know of one another."""
        await asyncio.gather(*(self._start(broker_id, properties) for broker_id in broker_ids))
        await self.until(lambda: self._agreed(), "all brokers know of all brokers")

    async def _start(self, broker_id: int, properties: dict[str, str]) -> None:
        self._ports.setdefault(broker_id, free_ports(1))
        own = {
            "node.id": str(broker_id),
            "log.dirs": str(self._directory / f"broker-{broker_id}"),
            "listeners": f"PLAINTEXT://127.0.0.1:{self._ports[broker_id]}",
        }
        more = {name.replace("_", "."): value for name, value in properties.items()}
        self._starts += 1
        rng = random.Random(f"{self._directory.name}/{broker_id}/{self._starts}")
        config = BrokerConfig.of(self._properties | own | more)
        doors = Doors(files=self._files(broker_id), store=self.store, rng=rng, wall_ms=self.wall_ms)
        node = self.nodes[broker_id] = Node(config, doors)
        await node.start()

    def _agreed(self) -> bool:
        up = sorted(self.nodes)
        return all([b.id for b in self.state(i).brokers.values() if not b.fenced and b.id in up] for i in up) and all(
            self._connected(self.state(i)) for i in up
        )

    def _connected(self, state: ClusterState) -> bool:
        return all(i in state.brokers and not state.brokers[i].fenced for i in self.nodes)

    async def stop(self, *broker_ids: int) -> None:
        """Controlled shutdown, one after the other."""
        for broker_id in broker_ids:
            await self.nodes.pop(broker_id).stop()
            self._forget(broker_id)

    async def crash(self, *broker_ids: int) -> None:
        """What kill -9 does: sockets break, nothing is written any more, what was written stays."""
        for broker_id in broker_ids:
            self.nodes.pop(broker_id).abandon()
            self._forget(broker_id)
        await asyncio.sleep(0)

    def _forget(self, broker_id: int) -> None:
        for key in [key for key in self._connections if key[0] == broker_id]:
            self._connections.pop(key).close()

    async def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        for node in self.nodes.values():
            node.abandon()
        await asyncio.sleep(0)
        await asyncio.get_running_loop().shutdown_default_executor()

    # -- what they know

    def state(self, broker_id: int) -> ClusterState:
        """The metadata as this broker has it."""
        return self.nodes[broker_id].parts.metadata.state

    def replica(self, broker_id: int, topic: str, index: int = 0) -> Partition:
        """The replica of a partition on this broker."""
        partition = self.nodes[broker_id].parts.replicas.get(topic, index)
        assert partition is not None, f"broker {broker_id} hosts no {topic}-{index}"
        return partition

    def placed(self, topic: str, index: int = 0) -> PartitionState:
        """What the metadata log says of a partition."""
        last = max((self.state(broker_id) for broker_id in self.nodes), key=lambda state: state.offset)
        partition = last.partition(topic, index)
        assert partition is not None, f"there is no {topic}-{index}"
        return partition

    def in_sync(self, broker_id: int, topic: str, index: int = 0) -> tuple[int, ...]:
        """The in-sync replicas as their leader, this broker, has them; none while it does not lead."""
        leadership = self.replica(broker_id, topic, index).leadership
        return leadership.isr.committed if leadership is not None else ()

    def leads(self, broker_id: int, topic: str, index: int = 0) -> bool:
        """True when this broker itself knows that it leads."""
        return self.replica(broker_id, topic, index).leadership is not None

    def leader(self, topic: str, index: int = 0) -> int:
        return self.placed(topic, index).leader

    def controller(self) -> int | None:
        """The broker that holds the lease and serves."""
        active = [i for i, node in self.nodes.items() if node.parts.controllership.active is not None]
        return active[0] if active else None

    async def until(self, condition: Callable[[], Any], what: str, at_most_s: float = 10.0) -> Any:
        return await eventually(condition, what, at_most_s)

    # -- clients

    async def client(self, broker_id: int, name: str = "a-test") -> Connection:
        """An open connection to this broker; the same one for the same name."""
        known = self._connections.get((broker_id, name))
        if known is None or known.closed:
            known = await Connection.open("127.0.0.1", self._ports[broker_id], name)
            self._connections[broker_id, name] = known
        return known

    async def until_it_listens(self, broker_id: int) -> Connection:
        """A connection of its own to a broker that is starting."""
        async with asyncio.timeout(seconds(10)):
            while True:
                with contextlib.suppress(ConnectionLost):
                    return await Connection.open("127.0.0.1", self._ports[broker_id], "a-test")
                await asyncio.sleep(0.001)

    async def ask(self, broker_id: int, request: Any, version: int | None = None) -> Any:
        """This broker's answer."""
        return await (await self.client(broker_id)).send(request, version)

    def port(self, broker_id: int) -> int:
        return self._ports[broker_id]


@asynccontextmanager
async def brokers(directory: Path, *broker_ids: int, **properties: str) -> AsyncIterator[Nodes]:
    """Running brokers, gone at the end."""
    nodes = Nodes(directory, **properties)
    try:
        await nodes.start(*broker_ids)
        yield nodes
    finally:
        await nodes.close()
