"""Our cluster and Apache Kafka's, three brokers each, with the same settings."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support import apache_kafka
from tests.support.apache_cluster import ApacheCluster
from tests.support.ports import free_ports
from tests.up.running import Up

OFFSETS_PARTITIONS = 5
SETTINGS = {
    "offsets.topic.num.partitions": str(OFFSETS_PARTITIONS),
    "group.initial.rebalance.delay.ms": "0",
    "min.insync.replicas": "2",
    "default.replication.factor": "3",
    "unclean.leader.election.enable": "false",
}


@contextlib.contextmanager
def both(folder: Path) -> Iterator[tuple[int, int]]:
    """The first ports of both; stopped at the end. RuntimeError when Apache Kafka cannot run here."""
    if reason := apache_kafka.missing():
        raise RuntimeError(reason)
    apache = ApacheCluster(folder / "apache", 3, free_ports(6), SETTINGS)
    options = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        stack.callback(apache.stop)
        starting = pool.submit(apache.start)
        ours = stack.enter_context(Up(folder / "ours", *options, brokers=3))
        ours.until_ready()
        starting.result()
        yield ours.base_port, apache.base_port
