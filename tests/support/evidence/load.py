"""Clients under observation: producers, a group of readers and a last reader, all writing down what they see."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from tests.support.evidence.checker import Stored
from tests.support.evidence.history import (
    Acknowledged,
    Assigned,
    CommitSeen,
    Committed,
    Failed,
    History,
    Partition,
    Read,
    Sent,
)
from tests.support.patience import seconds

QUIET = {"log_level": 0}


class LoadProducer(threading.Thread):
    """An idempotent acks=all producer at librdkafka's defaults that sends unique values at a steady rate."""

    def __init__(self, name: str, bootstrap: str, partitions: Sequence[Partition], history: History, rate: int) -> None:
        super().__init__(name=name, daemon=True)
        self._partitions = partitions
        self._history = history
        self._pause_s = 1 / rate
        self._stopping = threading.Event()
        self._producer = confluent_kafka.Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "client.id": name, **QUIET}
        )
        self.unfinished = 0

    def run(self) -> None:
        number = 0
        while not self._stopping.is_set():
            self._send(self._partitions[number % len(self._partitions)], b"%s-%d" % (self.name.encode(), number))
            number += 1
            self._producer.poll(self._pause_s)
        self.unfinished = self._producer.flush(seconds(60))

    def _send(self, partition: Partition, value: bytes) -> None:
        self._history.add(Sent(producer=self.name, partition=partition, value=value))

        def delivered(error: Any, message: Any) -> None:
            at = time.monotonic()
            if error is not None:
                self._history.add(Failed(producer=self.name, partition=partition, value=value, error=str(error)))
            else:
                self._history.add(
                    Acknowledged(producer=self.name, partition=partition, offset=message.offset(), value=value, at=at)
                )

        topic, number = partition
        self._producer.produce(topic, value, partition=number, on_delivery=delivered)

    def give_up(self) -> None:
        """Send no more and wait for nothing."""
        self._stopping.set()
        self._producer.purge()

    def finish(self) -> None:
        """Send no more and wait for what is under way."""
        self._stopping.set()
        self.join(seconds(90))
        assert not self.is_alive(), f"{self.name} does not end"
        assert self.unfinished == 0, f"{self.name} still waits for {self.unfinished} acknowledgements"


class LoadReader(threading.Thread):
    """A member of a group that reads, and commits what it has read, all the time."""

    def __init__(self, name: str, bootstrap: str, topic: str, group: str, history: History) -> None:
        super().__init__(name=name, daemon=True)
        self._group = group
        self._history = history
        self._stopping = threading.Event()
        self._consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "client.id": name,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "session.timeout.ms": 10_000,
                **QUIET,
            }
        )
        self._consumer.subscribe([topic], on_assign=self._assigned)

    def _assigned(self, consumer: confluent_kafka.Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._history.add(Assigned(reader=self.name, partition=(partition.topic, partition.partition)))

    def run(self) -> None:
        while not self._stopping.is_set():
            messages = self._consumer.consume(500, timeout=0.1)
            for message in messages:
                self._seen(message)
            if messages:
                self._commit()
        self._consumer.close()

    def _seen(self, message: confluent_kafka.Message) -> None:
        if message.error() is not None:
            return
        partition = (str(message.topic()), int(message.partition() or 0))
        value = message.value()
        assert isinstance(value, bytes)
        self._history.add(Read(reader=self.name, partition=partition, offset=int(message.offset() or 0), value=value))

    def _commit(self) -> None:
        with contextlib.suppress(confluent_kafka.KafkaException):
            for committed in self._consumer.commit(asynchronous=False) or []:
                if committed.error is None:
                    partition = (committed.topic, committed.partition)
                    self._history.add(Committed(group=self._group, partition=partition, offset=committed.offset))

    def give_up(self) -> None:
        self._stopping.set()

    def finish(self) -> None:
        self._stopping.set()
        self.join(seconds(30))
        assert not self.is_alive(), f"{self.name} does not end"


@contextlib.contextmanager
def load(
    bootstrap: str,
    partitions: Sequence[Partition],
    history: History,
    producers: int = 2,
    readers: int = 1,
    rate: int = 200,
) -> Iterator[None]:
    """Producers and a group of readers at work while the body runs; at the end every send has its outcome."""
    ((topic, _), *_) = partitions
    group = f"readers-of-{topic}"
    writing = [LoadProducer(f"producer-{n}", bootstrap, partitions, history, rate) for n in range(producers)]
    reading = [LoadReader(f"reader-{n}", bootstrap, topic, group, history) for n in range(readers)]
    for thread in (*reading, *writing):
        thread.start()
    try:
        yield
    except BaseException:
        for thread in (*writing, *reading):
            thread.give_up()
        raise
    for thread in (*writing, *reading):
        thread.finish()
    for partition in partitions:
        history.add(CommitSeen(group=group, partition=partition, offset=_committed(bootstrap, group, partition)))


def _committed(bootstrap: str, group: str, partition: Partition) -> int:
    consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": group, **QUIET})
    try:
        (committed,) = consumer.committed([TopicPartition(*partition)], timeout=seconds(30))
        return max(-1, committed.offset)
    finally:
        consumer.close()


def read_all(bootstrap: str, partition: Partition) -> list[Stored]:
    """Everything in a partition from its beginning to its high watermark, as a reader without a group gets it."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "last-reader", **QUIET})
    topic, number = partition
    stored: list[Stored] = []
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=seconds(30))
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING)])
        deadline = time.monotonic() + seconds(60)
        while first < end and (not stored or stored[-1][0] < end - 1):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{partition}: read to {stored[-1:]} of {end}")
            stored += [_stored(message) for message in consumer.consume(1000, timeout=0.5) if message.error() is None]
    finally:
        consumer.close()
    return stored


def _stored(message: confluent_kafka.Message) -> Stored:
    value, offset = message.value(), message.offset()
    assert isinstance(value, bytes)
    assert offset is not None
    return offset, value
