"""A client process that looks up one place after another."""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator, Sequence

from confluent_kafka import Consumer, TopicPartition

from tests.benchmarks.clients.crew import Stopping
from tests.benchmarks.clients.throughput import QUIET, ClientError

WITHIN_S = 30.0


def seeking(bootstrap: str, topic: str, places: Sequence[tuple[int, int]]) -> Generator[None, Stopping, array[float]]:
    """Seconds from the assignment of each (partition, offset) to the record there. The first one is not counted."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "measured", "fetch.wait.max.ms": 5, **QUIET})
    _record(consumer, topic, *places[0])
    yield
    latencies: array[float] = array("d")
    for partition, offset in places[1:]:
        began = time.monotonic()
        _record(consumer, topic, partition, offset)
        latencies.append(time.monotonic() - began)
    consumer.close()
    return latencies


def _record(consumer: Consumer, topic: str, partition: int, offset: int) -> None:
    consumer.assign([TopicPartition(topic, partition, offset)])
    message = consumer.poll(WITHIN_S)
    if message is None or message.error():
        raise ClientError(f"no record at offset {offset} of {topic}-{partition}: {message and message.error()}")
    if message.offset() != offset:
        raise ClientError(f"asked for offset {offset} of {topic}-{partition}, got {message.offset()}")
