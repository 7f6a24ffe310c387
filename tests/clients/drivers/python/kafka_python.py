"""Driver of kafka-python, 3 and 2.0.2: PYTHONPATH says which. Their admin clients are in files of their own."""

import logging
import pkgutil
import sys

try:
    import six

    # kafka-python 2.0.2's own copy of six does not work from Python 3.12 on.
    sys.modules["kafka.vendor.six.moves"] = six.moves
except ImportError:
    pass

import kafka
import kafka.coordinator.assignors
from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaConnectionError
from owning import OwningAssignor
from serving import ClientError, Driver, pack, serve, told, unpack

OLD = kafka.__version__.startswith("2.")
if OLD:
    from kafka_python_2_admin import Administration
else:
    from kafka_python_3_admin import Administration

WAIT_S = 30
JOINING_MS = 3_000
"""Poll at least so long while nothing is assigned: kafka-python 3.0.12 never ends a rebalance for which it has the
answer to its JoinGroup, but not yet that to its SyncGroup, when the poll is over."""


def assignors(name):
    if name == "cooperative" and OLD:
        # What a member owns changes nothing in how it joins again (test_cooperation.py).
        return [OwningAssignor()]
    if name == "cooperative":
        from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

        return [CooperativeStickyAssignor]
    return [RangePartitionAssignor]


def offset_at(offset):
    return OffsetAndMetadata(offset, "") if OLD else OffsetAndMetadata(offset, "", -1)


class Listener(ConsumerRebalanceListener):
    def __init__(self, events):
        self.events = events

    def on_partitions_assigned(self, assigned):
        self.events.append(["assigned", [list(part) for part in assigned]])

    def on_partitions_revoked(self, revoked):
        self.events.append(["revoked", [list(part) for part in revoked]])


class KafkaPython(Driver):
    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.events = {}

    # -- producing

    def new_producer(self, settings):
        codec = settings.get("compression", "none")
        named = {} if OLD else {"enable_idempotence": settings.get("idempotence", True)}
        if OLD:
            # Without idempotence only one request at a time keeps the order of what is retried.
            named = {"retries": 1000, "max_in_flight_requests_per_connection": 1}
        return KafkaProducer(
            bootstrap_servers=self.bootstrap.split(","),
            acks="all",
            compression_type=None if codec == "none" else codec,
            max_request_size=settings.get("max_request_bytes", 1_048_576),
            **named,
        )

    def send(self, producer, topic, record, done):
        headers = [(name, unpack(value)) for name, value in record["h"]]
        try:
            future = producer.send(
                topic,
                unpack(record["v"]),
                unpack(record["k"]),
                headers=headers,
                partition=record["p"],
                timestamp_ms=record["ts"],
            )
        except Exception as error:
            done(None, None, failure(error))
            return
        future.add_callback(lambda told: done(told.partition, told.offset, None))
        future.add_errback(lambda error: done(None, None, failure(error)))

    def finish(self, producer):
        producer.flush(120)
        producer.close()

    # -- consuming

    def open(self, name, topics, pattern, settings):
        named = {}
        if settings.get("instance"):
            named["group_instance_id"] = settings["instance"]
        consumer = self.consumers[name] = KafkaConsumer(
            bootstrap_servers=self.bootstrap.split(","),
            group_id=settings["group"],
            auto_offset_reset=settings.get("reset", "earliest"),
            enable_auto_commit=settings.get("auto_commit", False),
            auto_commit_interval_ms=300,
            session_timeout_ms=settings.get("session_ms", 10_000),
            heartbeat_interval_ms=300,
            metadata_max_age_ms=500,
            partition_assignment_strategy=assignors(settings.get("assignor", "eager")),
            **named,
        )
        self.events[name] = []
        listener = Listener(self.events[name])
        if pattern is None:
            consumer.subscribe(topics, listener=listener)
        else:
            consumer.subscribe(pattern=pattern, listener=listener)

    def poll(self, name, timeout_ms, most):
        consumer = self.consumers[name]
        if not consumer.assignment():
            timeout_ms = max(timeout_ms, JOINING_MS)
        try:
            fetched = consumer.poll(timeout_ms, max_records=most)
        except KafkaConnectionError:
            # By its code 3.0.12 lets this out, instead of asking again, where the requests for the coordinator and for
            # metadata both meet a broker that has just died. It says that it may be retried.
            return []
        return [self._shown(record) for part in fetched.values() for record in part]

    def _shown(self, record):
        headers = [[name, pack(value)] for name, value in record.headers]
        place = [record.topic, record.partition, record.offset]
        return [*place, pack(record.key), pack(record.value), headers, record.timestamp]

    def rebalances(self, name):
        return self.events[name]

    def assignment(self, name):
        return [list(part) for part in self.consumers[name].assignment()]

    def commit(self, name, offsets):
        given = {TopicPartition(topic, part): offset_at(offset) for topic, part, offset in offsets or []}
        self.consumers[name].commit(given or None)

    def committed(self, name, topic, partition):
        return self.consumers[name].committed(TopicPartition(topic, partition))

    def seek(self, name, topic, partition, to):
        consumer, part = self.consumers[name], TopicPartition(topic, partition)
        if to == "beginning":
            consumer.seek_to_beginning(part)
        elif to == "end":
            consumer.seek_to_end(part)
        else:
            consumer.seek(part, to)

    def offset_for_time(self, name, topic, partition, timestamp):
        part = TopicPartition(topic, partition)
        return self.consumers[name].offsets_for_times({part: timestamp})[part].offset

    def pause(self, name, parts):
        self.consumers[name].pause(*[TopicPartition(*part) for part in parts])

    def resume(self, name, parts):
        self.consumers[name].resume(*[TopicPartition(*part) for part in parts])

    def close(self, name):
        self.consumers.pop(name).close()

    def offers(self):
        return {
            "admin": dir(KafkaAdminClient),
            "producer": list(KafkaProducer.DEFAULT_CONFIG),
            "consumer": list(KafkaConsumer.DEFAULT_CONFIG),
            "assignors": [module.name for module in pkgutil.walk_packages(kafka.coordinator.assignors.__path__)],
        }


def failure(error):
    answer = told(error)
    return ClientError(answer["name"], answer["message"], answer["code"])


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    serve(KafkaPython(sys.argv[1]), Administration(sys.argv[1]))
