"""A real cluster of real processes, and what a fault does to them: kill -9, SIGSTOP, resume, stop, start."""

import contextlib
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tests.support.evidence.history import Partition
from tests.support.patience import seconds, until
from tests.support.probing import brokers_listed
from tests.up.rows import node, want
from tests.up.running import Up, ended

ASK_S = 5.0


class Cluster:
    """The brokers 1 to `size` of a running `up`, by their ids."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self.size = up.brokers
        self.bootstrap = up.bootstrap_servers
        self._paused: dict[int, psutil.Process] = {}

    @property
    def brokers(self) -> Sequence[int]:
        return range(1, self.size + 1)

    def port(self, broker: int) -> int:
        return self.up.base_port + broker - 1

    def process(self, broker: int) -> psutil.Process:
        """The process that runs a broker now; waits while there is none."""
        return until(lambda: self._process(broker), f"a process of broker {broker}")

    def _process(self, broker: int) -> psutil.Process | None:
        return self.up.part(f"broker-{broker}")

    # -- what a fault does

    def kill(self, broker: int) -> None:
        """kill -9; `up` starts it again by itself."""
        process = self.process(broker)
        process.kill()
        until(lambda: ended(process), f"broker {broker} gone")

    def pause(self, broker: int) -> None:
        """SIGSTOP: the process neither runs nor answers, its connections stay open."""
        process = self._paused[broker] = self.process(broker)
        process.send_signal(signal.SIGSTOP)

    def resume(self, broker: int) -> None:
        self._paused.pop(broker).send_signal(signal.SIGCONT)

    def stop(self, broker: int) -> None:
        """A controlled shutdown; the broker stays away until `start`."""
        want(self.up.data_dir, broker, desired="stopped")
        until(lambda: node(self.up.data_dir, broker).state == "stopped", f"broker {broker} stopped")

    def start(self, broker: int) -> None:
        want(self.up.data_dir, broker, desired="running")
        until(lambda: node(self.up.data_dir, broker).state == "running", f"broker {broker} running")

    # -- what an administrator does

    def create_topic(self, name: str, partitions: int, **configs: str) -> str:
        """A topic replicated on all brokers, made when its partitions have leaders; configs with `_` for `.`."""
        named = {key.replace("_", "."): value for key, value in configs.items()}
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, self.size, config=named)])[name].result(seconds(30))
        for number in range(partitions):
            self.leader((name, number))
        return name

    # -- what is so

    def admin(self, broker: int | None = None) -> AdminClient:
        servers = self.bootstrap if broker is None else f"127.0.0.1:{self.port(broker)}"
        return AdminClient({"bootstrap.servers": servers, "log_level": 0, "topic.metadata.refresh.interval.ms": 500})

    def wait_ready(self, at_most_s: float = 30.0) -> None:
        """Every broker answers and lists all the others."""
        for broker in self.brokers:
            until(lambda: brokers_listed(self.port(broker)) == self.size, f"broker {broker} lists all", at_most_s)  # noqa: B023

    def leader(self, partition: Partition) -> int:
        """The broker that leads now; waits while there is none."""
        return until(lambda: self._leader(partition), f"a leader of {partition}")

    def _leader(self, partition: Partition) -> int | None:
        topic, number = partition
        try:
            told = self.admin().list_topics(topic, timeout=ASK_S).topics[topic].partitions
        except (KafkaException, KeyError):
            return None
        leader = told[number].leader if number in told else -1
        return leader if leader in self.brokers else None

    def controller(self) -> int:
        """The broker that is the controller now; waits while there is none."""
        return until(self._controller, "a controller")

    def _controller(self) -> int | None:
        with contextlib.suppress(KafkaException):
            controller: int = self.admin().list_topics(timeout=ASK_S).controller_id
            return controller if controller in self.brokers else None
        return None

    def in_sync(self, partition: Partition) -> set[int]:
        topic, number = partition
        with contextlib.suppress(KafkaException, KeyError):
            return set(self.admin().list_topics(topic, timeout=ASK_S).topics[topic].partitions[number].isrs)
        return set()

    def wait_in_sync(self, partition: Partition, replicas: int | None = None, at_most_s: float = 60.0) -> None:
        """Every replica of the partition is in the ISR."""
        wanted = replicas or self.size
        until(lambda: len(self.in_sync(partition)) == wanted, f"{partition} in sync on {wanted}", at_most_s)

    def replica_folders(self, partition: Partition) -> dict[int, Path]:
        """Where each broker keeps its replica."""
        topic, number = partition
        found = {broker: self._data_folder(broker) / f"{topic}-{number}" for broker in self.brokers}
        return {broker: folder for broker, folder in found.items() if folder.is_dir()}

    def _data_folder(self, broker: int) -> Path:
        candidates = [found.parent for found in self.up.data_dir.rglob("meta.properties")]
        for folder in candidates:
            if f"node.id={broker}\n" in (folder / "meta.properties").read_text() + "\n":
                return folder
        raise AssertionError(f"no data directory of broker {broker} among {candidates}")

    def resume_all(self) -> None:
        for broker in list(self._paused):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.resume(broker)


@contextlib.contextmanager
def cluster(size: int, folder: Path, *options: str, extra: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster of so many brokers that all know each other; stopped, whatever happened, at the end."""
    with Up(folder / "data", *options, brokers=size, extra=extra) as up:
        up.until_ready()
        running = Cluster(up)
        running.wait_ready()
        try:
            yield running
        finally:
            running.resume_all()
