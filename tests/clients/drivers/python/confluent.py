"""Driver of confluent-kafka. Its administration is in a file of its own."""

import sys

from confluent_admin import WAIT_S, Administration
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from serving import ClientError, Driver, pack, serve, unpack

ASSIGNORS = {"eager": "range", "cooperative": "cooperative-sticky"}


def described(error):
    """A KafkaException carries a KafkaError; librdkafka's own codes are negative."""
    inner = error.args[0] if isinstance(error, KafkaException) and error.args else error
    code = inner.code() if hasattr(inner, "code") else None
    return {"name": type(error).__name__, "message": str(error), "code": code}


class Confluent(Driver):
    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.events = {}

    # -- producing

    def new_producer(self, settings):
        return Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "enable.idempotence": settings.get("idempotence", True),
                "compression.type": settings.get("compression", "none"),
                "message.max.bytes": settings.get("max_request_bytes", 1_000_000),
                "linger.ms": settings.get("linger_ms", 5),
                "log_level": 0,
            }
        )

    def send(self, producer, topic, record, done):
        def delivered(error, message):
            failed = ClientError(error.name(), str(error), error.code()) if error else None
            done(message.partition(), message.offset(), failed)

        extra = {} if record["p"] is None else {"partition": record["p"]}
        if record["ts"] is not None:
            extra["timestamp"] = record["ts"]
        headers = [(name, unpack(value)) for name, value in record["h"]]
        producer.produce(
            topic, unpack(record["v"]), unpack(record["k"]), headers=headers, on_delivery=delivered, **extra
        )
        producer.poll(0)

    def finish(self, producer):
        if left := producer.flush(120):
            raise RuntimeError(f"{left} records have no answer")

    # -- consuming

    def open(self, name, topics, pattern, settings):
        reset = settings.get("reset", "earliest")
        named = {
            "bootstrap.servers": self.bootstrap,
            "group.id": settings["group"],
            "auto.offset.reset": reset,
            "enable.auto.commit": settings.get("auto_commit", False),
            "auto.commit.interval.ms": 300,
            "session.timeout.ms": settings.get("session_ms", 10_000),
            "heartbeat.interval.ms": 300,
            "topic.metadata.refresh.interval.ms": 500,
            "partition.assignment.strategy": ASSIGNORS[settings.get("assignor", "eager")],
            "log_level": 0,
        }
        if settings.get("instance"):
            named["group.instance.id"] = settings["instance"]
        consumer = self.consumers[name] = Consumer(named)
        events = self.events[name] = []

        def noted(kind):
            return lambda _, parts: events.append([kind, [[part.topic, part.partition] for part in parts]])

        wanted = topics if pattern is None else ["^" + pattern]
        consumer.subscribe(wanted, on_assign=noted("assigned"), on_revoke=noted("revoked"), on_lost=noted("lost"))

    def poll(self, name, timeout_ms, most):
        messages = self.consumers[name].consume(most, timeout=timeout_ms / 1000)
        return [self._shown(message) for message in messages if not self._passing(message.error())]

    def _passing(self, error):
        if error is not None and error.fatal():
            raise KafkaException(error)
        return error is not None

    def _shown(self, message):
        headers = [[key, pack(value)] for key, value in message.headers() or []]
        place = [message.topic(), message.partition(), message.offset()]
        return [*place, pack(message.key()), pack(message.value()), headers, message.timestamp()[1]]

    def rebalances(self, name):
        return self.events[name]

    def assignment(self, name):
        return [[part.topic, part.partition] for part in self.consumers[name].assignment()]

    def commit(self, name, offsets):
        given = {"offsets": [TopicPartition(*one) for one in offsets]} if offsets else {}
        for part in self.consumers[name].commit(asynchronous=False, **given):
            if part.error:
                raise KafkaException(part.error)

    def committed(self, name, topic, partition):
        (part,) = self.consumers[name].committed([TopicPartition(topic, partition)], timeout=WAIT_S)
        return None if part.offset < 0 else part.offset

    def seek(self, name, topic, partition, to):
        offset = {"beginning": OFFSET_BEGINNING, "end": OFFSET_END}.get(to, to)
        self.consumers[name].seek(TopicPartition(topic, partition, offset))

    def offset_for_time(self, name, topic, partition, timestamp):
        (part,) = self.consumers[name].offsets_for_times([TopicPartition(topic, partition, timestamp)], timeout=WAIT_S)
        return part.offset

    def pause(self, name, parts):
        self.consumers[name].pause([TopicPartition(*part) for part in parts])

    def resume(self, name, parts):
        self.consumers[name].resume([TopicPartition(*part) for part in parts])

    def close(self, name):
        self.consumers.pop(name).close()

    def offers(self):
        return {"admin": dir(AdminClient)}


if __name__ == "__main__":
    serve(Confluent(sys.argv[1]), Administration(sys.argv[1]), describe=described)
