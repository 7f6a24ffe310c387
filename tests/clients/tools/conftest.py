"""One cluster and one JVM for all tools; each test takes topics and groups of its own."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.clients.target import target
from tests.clients.tools.shell import Shell, missing
from tests.conformance.clusters import SETTINGS
from tests.support.cluster import Cluster
from tests.support.patience import seconds, until

DAY_S = 24 * 3600
BEGAN_MS = int(time.time() - DAY_S) * 1000
"""When the first record of a filled topic says that it was made; the others follow a minute apart each."""
MINUTE_MS = 60_000
RUN = f"r{int(time.time()) % 100_000}"


@pytest.fixture(scope="package")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with target(tmp_path_factory.mktemp("tools"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="package")
def shell(brokers: Cluster) -> Iterator[Shell]:
    if reason := missing():
        pytest.skip(reason)
    running = Shell(brokers.bootstrap)
    yield running
    running.close()


@pytest.fixture
def new_name(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Names that no other test uses, made of this test's own."""
    numbers = itertools.count(1)
    base = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name).strip("-")[:80]
    return lambda: f"{base}-{RUN}-{next(numbers)}"


@pytest.fixture
def made(brokers: Cluster, new_name: Callable[[], str]) -> Callable[..., str]:
    """Makes a topic that every broker serves."""

    def make(partitions: int = 1, replication: int = 3, **configs: str) -> str:
        topic = new_name()
        wanted = {key.replace("_", "."): value for key, value in configs.items()}
        admin = AdminClient({"bootstrap.servers": brokers.bootstrap, "log_level": 0})
        admin.create_topics([NewTopic(topic, partitions, replication, config=wanted)])[topic].result(seconds(30))
        until(lambda: _served(brokers.bootstrap, topic, partitions), f"{topic} served")
        return topic

    return make


@pytest.fixture
def filled(brokers: Cluster, made: Callable[..., str]) -> str:
    """A topic of two partitions with ten records each, a minute apart."""
    topic = made(2)
    producer = Producer({"bootstrap.servers": brokers.bootstrap, "acks": "all", "log_level": 0})
    for number in range(20):
        stamp = BEGAN_MS + number // 2 * MINUTE_MS
        producer.produce(topic, f"value-{number}", f"key-{number}", number % 2, timestamp=stamp)
    assert producer.flush(seconds(30)) == 0
    return topic


@pytest.fixture
def committed(brokers: Cluster, new_name: Callable[[], str]) -> Callable[..., str]:
    """Makes a group without members that has committed these offsets."""

    def make(topic: str, *offsets: int) -> str:
        group = new_name()
        consumer = Consumer({"bootstrap.servers": brokers.bootstrap, "group.id": group, "log_level": 0})
        places = [TopicPartition(topic, partition, offset) for partition, offset in enumerate(offsets)]
        consumer.commit(offsets=places, asynchronous=False)
        consumer.close()
        return group

    return make


def _served(bootstrap: str, topic: str, partitions: int) -> bool:
    """Every broker knows the topic's leaders."""
    for server in bootstrap.split(","):
        admin = AdminClient({"bootstrap.servers": server, "log_level": 0})
        told = admin.list_topics(topic, timeout=seconds(10)).topics[topic]
        if told.error or len(told.partitions) != partitions or any(p.leader < 0 for p in told.partitions.values()):
            return False
    return True


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    """Writes a file for a tool to read, and tells its path."""
    numbers = itertools.count()

    def write(text: str) -> str:
        path = tmp_path / f"file-{next(numbers)}"
        path.write_text(text)
        return str(path)

    return write
