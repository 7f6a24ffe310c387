"""The clusters that are measured: ours, Apache Kafka, or one that runs already."""

from __future__ import annotations

import contextlib
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

import psutil

from tests.support import apache_kafka
from tests.support.apache_cluster import ApacheCluster
from tests.support.cluster import Cluster
from tests.support.patience import until
from tests.support.ports import free_ports
from tests.support.probing import brokers_listed
from tests.up.running import Up

OURS, APACHE = "Odradek", f"Apache Kafka {apache_kafka.VERSION}"
NODES = 3
READY_WITHIN_S = 90.0
SETTINGS = {"min.insync.replicas": "2", "group.initial.rebalance.delay.ms": "0"}
"""On both, beside what both have by default; replication factors are 3 on both."""

SERVER_JVM = (
    "-server -Xms1G -Xmx1G -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 "
    "-XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"
)
"""What Kafka's own start script gives a broker."""


class Subject(ABC):
    """A cluster under measurement.

    `managed` ones were started here and can be killed and restarted. `warming` is the share of the shortest warm-up
    that it needs: only Java compiles while it runs.
    """

    name: str
    managed = True
    warming = 0.2

    @property
    @abstractmethod
    def bootstrap(self) -> str: ...

    @abstractmethod
    def processes(self) -> list[psutil.Process]:
        """All processes of the cluster, none of a client."""


class Managed(Subject):
    """A cluster of three nodes of our own, in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def prepare(self) -> None:
        """What is done once before the first start."""

    @abstractmethod
    def launch(self) -> None:
        """Start the processes and wait for nothing."""

    @abstractmethod
    def stop(self) -> None:
        """In good order; safe to call at any time."""

    @abstractmethod
    def port(self, broker: int) -> int: ...

    @abstractmethod
    def kill(self, broker: int) -> None:
        """kill -9 of one broker, which its process manager starts again at once."""

    @abstractmethod
    def process(self, broker: int) -> psutil.Process: ...

    def kill_all(self) -> None:
        """kill -9 of every process at the same time."""
        processes = self.processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def wait_ready(self) -> None:
        ports = [self.port(broker) for broker in range(1, NODES + 1)]
        until(
            lambda: all(brokers_listed(port) == NODES for port in ports),
            f"{self.name}: every broker lists all",
            READY_WITHIN_S,
        )

    def start(self) -> None:
        self.prepare()
        self.launch()
        self.wait_ready()

    def twin(self, name: str) -> Managed:
        """Another cluster of the kind, without data."""
        return type(self)(self.folder.parent / f"{self.folder.name}-{name}")

    def __enter__(self) -> Managed:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Odradek(Managed):
    name = OURS

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._up: Up | None = None

    @property
    def up(self) -> Up:
        assert self._up is not None, "not launched"
        return self._up

    @property
    def bootstrap(self) -> str:
        return self.up.bootstrap_servers

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)

    def launch(self) -> None:
        settings = [argument for name, value in SETTINGS.items() for argument in ("--set", f"{name}={value}")]
        self._up = Up(self.folder / "data", *settings, brokers=NODES).start()

    def stop(self) -> None:
        if self._up is not None:
            self._up.__exit__(None, None, None)
            self._up = None

    def port(self, broker: int) -> int:
        return self.up.base_port + broker - 1

    def kill(self, broker: int) -> None:
        Cluster(self.up).kill(broker)

    def process(self, broker: int) -> psutil.Process:
        return Cluster(self.up).process(broker)

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return self.up.family()
        return []

    def wait_ready(self) -> None:
        self.up.until_it_says("bootstrap servers", READY_WITHIN_S)
        super().wait_ready()


class Apache(Managed):
    """Three combined KRaft nodes with the heap and the collector of Kafka's start script."""

    name = APACHE
    warming = 1.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._cluster = ApacheCluster(folder, NODES, free_ports(2 * NODES), SETTINGS, options=SERVER_JVM)

    @property
    def bootstrap(self) -> str:
        return self._cluster.bootstrap

    def prepare(self) -> None:
        self._cluster.format()

    def launch(self) -> None:
        for node in range(1, NODES + 1):
            self._cluster.start_node(node)

    def stop(self) -> None:
        self._cluster.stop()

    def port(self, broker: int) -> int:
        return self._cluster.port(broker)

    def kill(self, broker: int) -> None:
        self._cluster.kill(broker)
        self._cluster.start_node(broker)

    def process(self, broker: int) -> psutil.Process:
        return psutil.Process(self._cluster.processes[broker].pid)

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(process.pid) for process in self._cluster.processes.values() if process.poll() is None]

    def kill_all(self) -> None:
        super().kill_all()
        self._cluster.stop()


class Running(Subject):
    """A cluster that somebody else runs."""

    managed = False
    warming = 1.0

    def __init__(self, bootstrap: str) -> None:
        self.name = bootstrap
        self._bootstrap = bootstrap

    @property
    def bootstrap(self) -> str:
        return self._bootstrap

    def processes(self) -> list[psutil.Process]:
        return []
