"""Topics for measurements: the same settings everywhere, gone afterwards."""

import contextlib
import itertools
import os
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.benchmarks.subjects import Subject
from tests.support.patience import until

PARTITIONS, REPLICAS = 12, 3
CONFIGS = {"file.delete.delay.ms": "1000"}
QUIET = {"log_level": 0}
_numbers = itertools.count(1)


def admin(subject: Subject) -> AdminClient:
    return AdminClient({"bootstrap.servers": subject.bootstrap, **QUIET})


def led(client: AdminClient, topic: str, partitions: int) -> bool:
    """Does every partition have a leader and all replicas in sync?"""
    with contextlib.suppress(KafkaException, KeyError):
        told = client.list_topics(topic, timeout=10).topics[topic].partitions.values()
        return len(told) == partitions and all(p.leader >= 0 and len(p.isrs) == len(p.replicas) for p in told)
    return False


def create(subject: Subject, partitions: int = PARTITIONS) -> str:
    """The name of a new topic whose partitions all have leaders, and all replicas in sync.

    It has three replicas, of which two must be in sync; fewer where a foreign cluster has fewer brokers.
    """
    name, client = f"measured-{os.getpid()}-{next(_numbers)}", admin(subject)
    replicas = min(REPLICAS, len(client.list_topics(timeout=30).brokers))
    configs = {**CONFIGS, "min.insync.replicas": str(min(2, replicas))}
    client.create_topics([NewTopic(name, partitions, replicas, config=configs)], request_timeout=60)[name].result(60)
    until(lambda: led(client, name, partitions), f"leaders of {name}", 60)
    return name


@contextlib.contextmanager
def topic(subject: Subject, partitions: int = PARTITIONS) -> Iterator[str]:
    """A topic that is deleted at the end."""
    name = create(subject, partitions)
    try:
        yield name
    finally:
        client = admin(subject)
        with contextlib.suppress(KafkaException):
            client.delete_topics([name], request_timeout=30)[name].result(30)


def ends(subject: Subject, name: str, records: int) -> dict[int, int]:
    """The high watermark of each partition, once all records can be read: acks=1 tells before followers have them."""
    consumer = Consumer({"bootstrap.servers": subject.bootstrap, "group.id": "measured", **QUIET})
    found: dict[int, int] = {}

    def readable() -> bool:
        for partition in range(PARTITIONS):
            found[partition] = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=30)[1]
        return sum(found.values()) >= records

    try:
        until(readable, f"{records} records of {name} readable", 60)
    finally:
        consumer.close()
    return found
