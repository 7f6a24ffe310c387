"""Apache Kafka itself as a peer: combined KRaft nodes on 127.0.0.1 in a temporary folder."""

import contextlib
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster.protocol.primitives import random_uuid, uuid_to_text
from tests.support import apache_kafka
from tests.support.patience import seconds, until
from tests.support.ports import free_ports
from tests.support.probing import brokers_listed

HEAP = "-Xms256M -Xmx384M -XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@dataclass(slots=True)
class ApacheCluster:
    """Running nodes; the first has id 1 and listens on `base_port`."""

    folder: Path
    nodes: int
    base_port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    options: str = HEAP
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{self.port(node)}" for node in range(1, self.nodes + 1))

    def port(self, node: int) -> int:
        return self.base_port + node - 1

    def format(self) -> None:
        """Write each node's settings and its empty storage."""
        cluster_id = uuid_to_text(random_uuid(random.SystemRandom()))
        for node in range(1, self.nodes + 1):
            self._format(node, cluster_id)

    def start(self) -> None:
        self.format()
        for node in range(1, self.nodes + 1):
            self.start_node(node)
        for node in range(1, self.nodes + 1):
            until(lambda: brokers_listed(self.port(node)) == self.nodes, f"Apache Kafka node {node} ready", 90)  # noqa: B023

    def start_node(self, node: int) -> None:
        folder = self.folder / f"n{node}"
        command = apache_kafka.java("kafka.Kafka", str(folder / "server.properties"), options=self.options)
        with (folder / "out.log").open("ab") as output:
            self.processes[node] = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def kill(self, node: int) -> None:
        """kill -9, and wait until it is gone."""
        process = self.processes.pop(node)
        process.kill()
        process.wait()

    def stop_node(self, node: int) -> None:
        """A controlled shutdown."""
        process = self.processes.pop(node)
        process.send_signal(signal.SIGTERM)
        process.wait(seconds(30))

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(seconds(15))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def _format(self, node: int, cluster_id: str) -> None:
        folder = self.folder / f"n{node}"
        folder.mkdir(parents=True)
        (folder / "server.properties").write_text(self._properties(node, folder))
        apache_kafka.tool(
            "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(folder / "server.properties")
        )

    def _properties(self, node: int, folder: Path) -> str:
        voters = ",".join(f"{i}@127.0.0.1:{self.base_port + self.nodes + i - 1}" for i in range(1, self.nodes + 1))
        controller = self.base_port + self.nodes + node - 1
        replication = min(self.nodes, 3)
        settings = {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port(node)},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port(node)}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": f"{folder}/data",
            "offsets.topic.replication.factor": str(replication),
            "offsets.topic.num.partitions": "5",
            "transaction.state.log.replication.factor": str(replication),
            "transaction.state.log.min.isr": str(min(2, replication)),
            "default.replication.factor": str(replication),
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


@contextlib.contextmanager
def apache_cluster(folder: Path, nodes: int = 1, **settings: str) -> Iterator[ApacheCluster]:
    """A running Apache Kafka; settings with `_` for `.`. Skips the test when its classes are missing."""
    apache_kafka.needed()
    named = {name.replace("_", "."): value for name, value in settings.items()}
    cluster = ApacheCluster(folder, nodes, free_ports(2 * nodes), named)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
