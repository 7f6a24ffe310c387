"""Client processes that measure latencies from the moment when each record was due."""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Generator
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.benchmarks.clients.crew import Stopping
from tests.benchmarks.clients.throughput import QUIET, ClientError, Settings, finish, payloads


def acknowledged(
    bootstrap: str, topic: str, rate: int, lasting_s: float, settings: Settings
) -> Generator[None, Stopping, array[float]]:
    """Seconds from the moment when each record was due to its acknowledgement: a late send counts as latency."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, **QUIET, **settings})
    value = payloads(100)[0]
    _settle(producer, topic, value)
    yield
    latencies: array[float] = array("d")
    errors: list[str] = []
    began = time.monotonic()
    for number in range(int(rate * lasting_s)):
        due = began + number / rate

        def delivered(error: Any, _: Any, due: float = due) -> None:
            errors.append(str(error)) if error else latencies.append(time.monotonic() - due)

        _wait(producer, due)
        producer.produce(topic, value, on_delivery=delivered)
    finish(producer, errors)
    return latencies


def _wait(producer: Producer, due: float) -> None:
    """Until a moment, and serve acknowledgements meanwhile."""
    while (left := due - time.monotonic()) > 0:
        producer.poll(left)


def _settle(producer: Producer, topic: str, value: bytes) -> None:
    """Have connections to all leaders before anything is measured."""
    errors: list[str] = []
    for _ in range(20):
        for partition in range(12):
            producer.produce(
                topic, value, partition=partition, on_delivery=lambda error, _: error and errors.append(str(error))
            )
        producer.flush(30)
    finish(producer, errors)


def stamping(
    bootstrap: str, topic: str, rate: int, lasting_s: float, settings: Settings
) -> Generator[None, Stopping, int]:
    """Send records that carry the moment when they were due."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, **QUIET, **settings})
    filler = payloads(92)[0]
    _settle(producer, topic, struct.pack("d", 0) + filler)
    yield
    errors: list[str] = []
    began = time.monotonic()
    for number in range(int(rate * lasting_s)):
        due = began + number / rate
        _wait(producer, due)
        producer.produce(
            topic, struct.pack("d", due) + filler, on_delivery=lambda error, _: error and errors.append(str(error))
        )
    finish(producer, errors)
    return int(rate * lasting_s)


def receiving(bootstrap: str, topic: str, records: int) -> Generator[None, Stopping, array[float]]:
    """Seconds from the moment when each stamped record was due to its arrival here."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "measured", **QUIET})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(12)])
    consumer.poll(1.0)
    yield
    latencies: array[float] = array("d")
    deadline = time.monotonic() + 90
    while len(latencies) < records:
        if message := consumer.poll(0.1):
            if error := message.error():
                raise ClientError(str(error))
            (due,) = struct.unpack_from("d", message.value() or b"")
            if due:
                latencies.append(time.monotonic() - due)
        if time.monotonic() > deadline:
            raise ClientError(f"{records - len(latencies)} records did not arrive in 90 s")
    consumer.close()
    return latencies
