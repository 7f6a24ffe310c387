"""The console's consumers leave no trace: looking at a topic does not create it, whoever else shares the process."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.consumers import TopicGone, connect, partitions_of
from tests.support.nodes import brokers


async def test_looking_creates_nothing_and_writing_beside_it_does(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1, auto_create_topics_enable="true", num_partitions="1") as nodes:
        address = f"127.0.0.1:{nodes.port(1)}"
        consumer = await connect([address])
        with pytest.raises(TopicGone):
            await partitions_of(consumer, "orders")
        assert "orders" not in nodes.state(1).topics
        async with AIOKafkaProducer(bootstrap_servers=address) as producer:
            await producer.send_and_wait("orders", b"a")
        assert [each.partition for each in await partitions_of(consumer, "orders")] == [0]
        await consumer.stop()
