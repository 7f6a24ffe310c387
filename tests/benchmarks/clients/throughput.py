"""Client processes that produce or read as fast as it goes."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.benchmarks.clients.crew import Stopping

QUIET = {"log_level": 0}
FULL_QUEUE = {"fetch.queue.backoff.ms": 5}
"""A consumer stops fetching a partition of which it holds 100,000 records: by default for a second, in which it soon
has nothing to do. What would be measured is that second."""
AT_A_TIME = 1000
"""Records that a consumer asks for at once. With 10,000 the objects for them no longer fit into the processor's cache:
a record of 1 KiB then costs the client nearly twice as much."""

Settings = Mapping[str, Any]


class ClientError(Exception):
    """What the client was told by the cluster, or waited for in vain."""


@dataclass(frozen=True, slots=True)
class Span:
    """So many records between two moments of the machine's monotonic clock, which all processes share."""

    records: int
    began: float
    ended: float


def rate(spans: Sequence[Span]) -> float:
    """Records a second over all clients, from the first that began to the last that ended."""
    return sum(span.records for span in spans) / (max(s.ended for s in spans) - min(s.began for s in spans))


def payloads(size: int, count: int = 512) -> list[bytes]:
    """Records like those of an application: text of which about half compresses away. The same in every run."""
    draw = random.Random(size)
    text = [f'{{"id":"{draw.getrandbits(64):016x}","at":{draw.randrange(10**12)},"state":"active"}}' for _ in range(64)]
    return ["".join(draw.choices(text, k=size // 40 + 1)).encode()[:size] for _ in range(count)]


def producing(
    bootstrap: str, topic: str, partitions: int, records: int, size: int, settings: Settings, in_turn: bool = False
) -> Generator[None, Stopping, Span]:
    """As fast as it goes; from the first send to the last acknowledgement.

    Partitions are chosen by librdkafka, which fills one batch after another, or each record goes to the next one.
    """
    errors: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "delivery.report.only.error": True,
            "on_delivery": lambda error, _: errors.append(str(error)),
            **QUIET,
            **settings,
        }
    )
    values = payloads(size)
    for partition in range(partitions):
        _send(producer, topic, values[0], partition)
    finish(producer, errors)
    yield
    began = time.monotonic()
    if in_turn:
        for number in range(records):
            _send(producer, topic, values[number % len(values)], number % partitions)
    else:
        _send_all(producer, topic, values, records)
    finish(producer, errors)
    return Span(records, began, time.monotonic())


def _send(producer: Producer, topic: str, value: bytes, partition: int = -1) -> None:
    while True:
        try:
            return producer.produce(topic, value, partition=partition)
        except BufferError:
            producer.poll(0.005)


def _send_all(producer: Producer, topic: str, values: Sequence[bytes], records: int) -> None:
    """So many at a time: of what a record costs the machine, the smaller part is then Python's call of librdkafka."""
    messages: list[dict[str, Any]] = [{"value": value} for value in values]
    for sent in range(0, records, len(messages)):
        left = messages[: records - sent]
        while producer.produce_batch(topic, left) < len(left):
            left = [message for message in left if message.pop("_error", None)]
            producer.poll(0.005)


def finish(producer: Producer, errors: list[str]) -> None:
    left = producer.flush(90)
    if errors:
        raise ClientError(f"{len(errors)} records failed, the first with: {errors[0]}")
    if left:
        raise ClientError(f"{left} records were not acknowledged in 90 s")


def reading(
    bootstrap: str, topic: str, first: Mapping[int, int], records: int, repeats: int, settings: Settings
) -> Generator[None, Stopping, Span]:
    """So many records from the first offsets of partitions on, so often; from the assignment to the last record."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "measured", **QUIET, **FULL_QUEUE, **settings})
    consumer.list_topics(topic, timeout=30)
    places = [TopicPartition(topic, partition, offset) for partition, offset in first.items()]
    yield
    began = time.monotonic()
    for _ in range(repeats):
        consumer.assign(places)
        _read(consumer, records)
    span = Span(records * repeats, began, time.monotonic())
    consumer.close()
    return span


def _read(consumer: Consumer, wanted: int) -> None:
    deadline = time.monotonic() + 90
    while wanted > 0:
        messages = consumer.consume(min(AT_A_TIME, wanted), timeout=0.2)
        wanted -= len(messages)
        if messages and (error := messages[-1].error()):
            raise ClientError(str(error))
        if time.monotonic() > deadline:
            raise ClientError(f"{wanted} records were not read in 90 s")


def following(bootstrap: str, topic: str, partitions: Sequence[int]) -> Generator[None, Stopping, Span]:
    """All of these partitions until asked to stop, and then until nothing has come for a second."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "measured", **QUIET, **FULL_QUEUE})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    consumer.poll(1.0)
    stopping = yield
    records, began = 0, time.monotonic()
    last = began
    while not stopping() or time.monotonic() < last + 1:
        if messages := consumer.consume(AT_A_TIME, timeout=0.2):
            records, last = records + len(messages), time.monotonic()
            if error := messages[-1].error():
                raise ClientError(str(error))
    consumer.close()
    return Span(records, began, last)
