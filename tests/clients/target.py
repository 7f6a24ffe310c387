"""The cluster that the matrix runs against: ours, or Apache Kafka's to know what a client can do there."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.clients.cells import AGAINST
from tests.support.apache_cluster import ApacheCluster, apache_cluster
from tests.support.cluster import Cluster, cluster
from tests.support.patience import seconds

SETTINGS = {
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "10",
    "min.insync.replicas": "2",
    # The session of a broker is the default: two busy cores may keep three brokers from running for longer than 3 s.
    "broker.heartbeat.interval.ms": "500",
}


class ApacheTarget(Cluster):
    """Apache Kafka's brokers behind the face of ours."""

    def __init__(self, apache: ApacheCluster) -> None:
        self.apache = apache
        self.size = apache.nodes
        self.bootstrap = apache.bootstrap

    def port(self, broker: int) -> int:
        return self.apache.port(broker)

    def kill(self, broker: int) -> None:
        self.apache.kill(broker)
        self.apache.start_node(broker)

    def stop(self, broker: int) -> None:
        self.apache.stop_node(broker)

    def start(self, broker: int) -> None:
        self.apache.start_node(broker)


@contextlib.contextmanager
def target(folder: Path, settings: Mapping[str, str] = SETTINGS) -> Iterator[Cluster]:
    """Three running brokers with the ids 1 to 3."""
    if AGAINST == "apache":
        named = {name.replace(".", "_"): value for name, value in settings.items()}
        with apache_cluster(folder / "apache", 3, **named) as apache:
            yield ApacheTarget(apache)
    else:
        options = [f"--set={name}={value}" for name, value in settings.items()]
        with cluster(3, folder, *options) as running:
            yield running


def coordinator(running: Cluster, group: str) -> int | None:
    """The broker that coordinates a group; None while none does."""
    admin: AdminClient = running.admin()
    with contextlib.suppress(KafkaException):
        found = admin.describe_consumer_groups([group])[group].result(seconds(10)).coordinator
        return int(found.id)
    return None
