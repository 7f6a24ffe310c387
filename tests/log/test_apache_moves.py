"""A partition's folder moves from Apache Kafka to us and back: both read what the other wrote, and go on."""

from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from cluster.log.files import RealFiles
from cluster.log.layout import TopicPartition as Partition
from cluster.log.partition_log import OpenFrom, PartitionLog
from tests.log.support import NOW, batch_of, config, stored_records
from tests.support.apache_cluster import apache_cluster
from tests.support.patience import seconds, until
from tests.support.probing import brokers_listed

TOPIC = "moved"
PAYLOAD = b"x" * 20_000


def produce(bootstrap: str, first: int, count: int, codec: str) -> None:
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "compression.type": codec,
            "linger.ms": 5,
            "batch.num.messages": 3,
        }
    )
    for number in range(first, first + count):
        producer.produce(TOPIC, key=b"k", value=b"%d " % number + PAYLOAD, partition=0)
    assert producer.flush(seconds(30)) == 0


def consume(bootstrap: str, count: int) -> list[int]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g", "enable.auto.commit": False})
    consumer.assign([TopicPartition(TOPIC, 0, OFFSET_BEGINNING)])
    found: list[int] = []
    while len(found) < count:
        messages = consumer.consume(count - len(found), seconds(20))
        assert messages, f"only {len(found)} of {count}"
        found += [int((message.value() or b"").split()[0]) for message in messages]
    consumer.close()
    return found


def numbers(log: PartitionLog) -> list[int]:
    return [int((record.value or b"").split()[0]) for record in stored_records(log)]


@pytest.mark.cluster
@pytest.mark.slow
def test_a_folder_moves_both_ways(tmp_path: Path) -> None:
    with apache_cluster(tmp_path, 1) as apache:
        settings = {"segment.bytes": str(1 << 20), "index.interval.bytes": "100"}
        new = NewTopic(TOPIC, 1, 1, config=settings)
        admin = AdminClient({"bootstrap.servers": apache.bootstrap})
        admin.create_topics([new])[TOPIC].result(seconds(30))
        for index, codec in enumerate(("none", "gzip", "snappy", "lz4", "zstd")):
            produce(apache.bootstrap, 60 * index, 60, codec)
        del admin
        apache.stop()

        folder = next(tmp_path.glob(f"n1/data/{TOPIC}-0"))
        ours = config(segment_bytes=1 << 20, index_interval_bytes=100)
        log = PartitionLog.open(RealFiles(), str(folder), Partition(TOPIC, 0), ours, NOW, OpenFrom(clean=True))
        assert numbers(log) == list(range(300))
        assert len(log.segments) > 1
        assert len(log.producers) == 5
        assert log.latest_epoch >= 0
        before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".index", ".timeindex")}
        for segment in log.segments:
            segment.rebuild_indexes()
        log.close()
        assert {name: (folder / name).read_bytes() for name in before} == before

        log = PartitionLog.open(RealFiles(), str(folder), Partition(TOPIC, 0), ours, NOW, OpenFrom(clean=True))
        for number in range(300, 400):
            log.append_as_leader(batch_of(b"%d " % number + PAYLOAD), log.latest_epoch, NOW)
        log.close()

        apache.start_node(1)
        until(lambda: brokers_listed(apache.port(1)) == 1, "Apache Kafka is back", 90)
        produce(apache.bootstrap, 400, 10, "none")
        assert consume(apache.bootstrap, 410) == list(range(410))
