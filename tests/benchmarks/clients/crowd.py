"""A client process that is many producers, each of which sends at a low and steady rate."""

from __future__ import annotations

import time
from array import array
from collections.abc import Generator
from typing import Any

from confluent_kafka import Producer

from tests.benchmarks.clients.crew import Stopping
from tests.benchmarks.clients.throughput import QUIET, finish, payloads

LOOK_EVERY_S = 0.0002
"""How late an acknowledgement may be noticed."""


def crowding(
    bootstrap: str, topic: str, producers: int, rate: int, lasting_s: float
) -> Generator[None, Stopping, array[float]]:
    """Seconds from the moment when each record was due to its acknowledgement; `rate` is of one producer."""
    errors: list[str] = []
    crowd = [
        Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 0, **QUIET}) for _ in range(producers)
    ]
    value = payloads(100)[0]
    for producer in crowd:
        for partition in range(12):
            producer.produce(topic, value, partition=partition)
    for producer in crowd:
        finish(producer, errors)
    yield
    latencies: array[float] = array("d")
    under_way: dict[int, Producer] = {}
    began = time.monotonic()
    for number in range(int(rate * producers * lasting_s)):
        index, due = number % producers, began + number / (rate * producers)

        def delivered(error: Any, _: Any, due: float = due) -> None:
            errors.append(str(error)) if error else latencies.append(time.monotonic() - due)

        while (left := due - time.monotonic()) > 0:
            _look_at(under_way)
            time.sleep(min(left, LOOK_EVERY_S))
        crowd[index].produce(topic, value, on_delivery=delivered)
        under_way[index] = crowd[index]
    for producer in crowd:
        finish(producer, errors)
    return latencies


def _look_at(under_way: dict[int, Producer]) -> None:
    """Notice acknowledgements: who has got all of its own is waited for no more."""
    for index, producer in list(under_way.items()):
        producer.poll(0)
        if not len(producer):
            del under_way[index]
