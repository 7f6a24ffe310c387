"""The demo as one program: makes the topics, then feeds and reads them until it is told to stop."""

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError as ClientError

from cluster.client.addresses import Endpoint
from cluster.client.admin import Admin
from cluster.client.connection import ConnectionLost
from cluster.protocol.errors import KafkaError
from cluster.worker.notify import notify
from streams.demo import feeders, readers, topics

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 2.0


async def run(bootstrap_servers: Sequence[str]) -> None:
    """Return after SIGTERM or SIGINT. A cluster that is away for a while is waited for."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    feeding = asyncio.create_task(_feed(bootstrap_servers))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({feeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    feeding.cancel()
    await asyncio.gather(feeding, stopping, return_exceptions=True)


async def _feed(bootstrap_servers: Sequence[str]) -> None:
    servers = ",".join(bootstrap_servers)
    await _until_it_works(partial(_make_topics, bootstrap_servers))
    notify(READY=1)
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, client_id="odradek-demo", acks="all", enable_idempotence=True, linger_ms=20
    )
    async with producer, asyncio.TaskGroup() as group:
        group.create_task(_for_ever(partial(feeders.feed_host_metrics, producer)))
        group.create_task(_for_ever(partial(feeders.feed_cluster_events, producer, servers)))
        for member, pause_s in readers.MEMBERS.items():
            group.create_task(_for_ever(partial(readers.read, member, pause_s, servers)))


async def _make_topics(bootstrap_servers: Sequence[str]) -> None:
    async with Admin(
        [Endpoint.parse(server) for server in bootstrap_servers], random.Random(), "odradek-demo"
    ) as admin:
        await topics.create_missing(admin)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await _until_it_works(work)


async def _until_it_works(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except (KafkaError, ConnectionLost, ClientError, OSError) as error:
            logger.warning("The cluster does not answer, trying again: %s", error)
            await asyncio.sleep(AGAIN_AFTER_S)
