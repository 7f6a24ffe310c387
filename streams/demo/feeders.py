"""What writes to the demo's topics: the machine every second, the metadata log as it grows."""

import asyncio
import json
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections

from cluster.models import MetadataRecord
from streams.demo.host import readings
from streams.demo.topics import CLUSTER_EVENTS, HOST_METRICS, as_json

EVERY_S = 1.0
LOOK_EVERY_S = 0.5
AT_ONCE = 500


async def feed_host_metrics(producer: AIOKafkaProducer) -> None:
    """Send the readings of each second, on the second."""
    while True:
        await asyncio.sleep(EVERY_S - time.time() % EVERY_S)
        at = int(time.time() * 1000)
        sent = [
            await producer.send(HOST_METRICS, key=key.encode(), value=as_json(figures), timestamp_ms=at)
            for key, figures in readings()
        ]
        await asyncio.gather(*sent)


async def feed_cluster_events(producer: AIOKafkaProducer, bootstrap_servers: str) -> None:
    """Send each entry of the metadata log once: on from the last one that the topic has."""
    offset = await last_event(bootstrap_servers)
    while True:
        for event in await sync_to_async(_events_after)(offset):
            await producer.send_and_wait(CLUSTER_EVENTS, key=event["kind"].encode(), value=as_json(event))
            offset = event["offset"]
        await asyncio.sleep(LOOK_EVERY_S)


async def last_event(bootstrap_servers: str) -> int:
    """The metadata offset in the topic's last record; -1 when it is empty."""
    partition = TopicPartition(CLUSTER_EVENTS, 0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False) as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        if end == 0:
            return -1
        consumer.seek(partition, end - 1)
        record = await consumer.getone()
        return int(json.loads(record.value)["offset"])


def _events_after(offset: int) -> list[dict[str, Any]]:
    """The next entries of the log; none while the database is away."""
    close_old_connections()
    try:
        rows = list(MetadataRecord.objects.filter(offset__gt=offset).order_by("offset")[:AT_ONCE])
    except Error:
        return []
    return [
        {"offset": row.offset, "at": row.created_at.isoformat(), "kind": row.kind, "change": row.payload}
        for row in rows
    ]
