"""A client process with many groups of one member each, which commit on schedule."""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, TopicPartition

from tests.benchmarks.clients.crew import Stopping
from tests.benchmarks.clients.throughput import QUIET, ClientError

JOINED_WITHIN_S = 60.0


def committing(
    bootstrap: str, topic: str, groups: Sequence[str], lasting_s: int
) -> Generator[None, Stopping, array[float]]:
    """Seconds from the moment when each commit was due to its answer; each group commits once a second."""
    with ThreadPoolExecutor(len(groups)) as threads:
        consumers = list(threads.map(lambda group: _joined(bootstrap, topic, group), groups))
        yield
        latencies: array[float] = array("d")
        began = time.monotonic()
        first = [began + index / len(groups) for index in range(len(groups))]
        for part in threads.map(lambda pair: _commit(*pair, lasting_s), zip(consumers, first, strict=True)):
            latencies.extend(part)
        list(threads.map(Consumer.close, consumers))
    return latencies


def _joined(bootstrap: str, topic: str, group: str) -> Consumer:
    """A member that owns its partitions, and does not fetch: commits are what is measured."""
    owned: list[TopicPartition] = []

    def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        consumer.pause(partitions)
        owned.extend(partitions)

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, **QUIET})
    consumer.subscribe([topic], on_assign=assigned)
    deadline = time.monotonic() + JOINED_WITHIN_S
    while not owned:
        consumer.poll(0.2)
        if time.monotonic() > deadline:
            raise ClientError(f"{group} has no assignment after {JOINED_WITHIN_S:.0f} s")
    return consumer


def _commit(consumer: Consumer, first: float, times: int) -> list[float]:
    latencies = []
    partitions = consumer.assignment()
    for number in range(times):
        due = first + number
        time.sleep(max(0.0, due - time.monotonic()))
        offsets = [TopicPartition(one.topic, one.partition, number + 1) for one in partitions]
        for committed in consumer.commit(offsets=offsets, asynchronous=False) or []:
            if committed.error is not None:
                raise ClientError(str(committed.error))
        latencies.append(time.monotonic() - due)
        consumer.poll(0)
    return latencies
