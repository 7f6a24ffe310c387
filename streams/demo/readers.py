"""The demo's consumer group: two members that come by at their own pace, so that their lag rises and falls."""

import asyncio
import logging

from aiokafka import AIOKafkaConsumer

from streams.demo.topics import CLUSTER_EVENTS, CONSOLE_REQUESTS, HOST_METRICS, READERS

logger = logging.getLogger(__name__)

MEMBERS = {"reader-quick": 2.0, "reader-thorough": 7.0}


async def read(member: str, pause_s: float, bootstrap_servers: str) -> None:
    """Take everything there is, commit it, rest for `pause_s`, and again."""
    consumer = AIOKafkaConsumer(
        HOST_METRICS,
        CONSOLE_REQUESTS,
        CLUSTER_EVENTS,
        bootstrap_servers=bootstrap_servers,
        group_id=READERS,
        client_id=member,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        while True:
            while batches := await consumer.getmany(timeout_ms=200):
                logger.debug("%s took %d records", member, sum(map(len, batches.values())))
                await consumer.commit()
            await asyncio.sleep(pause_s)
