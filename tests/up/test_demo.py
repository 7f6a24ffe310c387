"""`up --demo`: three topics of live data and a group of two members that reads them; the row switches it on and off."""

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from cluster.client.addresses import bootstrap_servers
from cluster.client.admin import Admin
from cluster.client.admin.groups import GroupDescription
from streams.demo.topics import CLUSTER_EVENTS, CONSOLE_REQUESTS, HOST_METRICS, READERS, TOPICS
from tests.support.patience import seconds, until
from tests.up.rows import switch_demo
from tests.up.running import Up, get

pytestmark = pytest.mark.cluster


def values(up: Up, topic: str, count: int) -> list[Any]:
    """The first `count` values of a topic, decoded."""
    consumer = Consumer(
        {"bootstrap.servers": up.bootstrap_servers, "group.id": f"test-{topic}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found = []
    deadline = time.monotonic() + seconds(30)
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            found.append(json.loads(message.value() or b"null"))
    consumer.close()
    return found


def readers(up: Up) -> Any:
    async def ask() -> Any:
        async with Admin(bootstrap_servers(up.bootstrap_servers), random.Random()) as admin:
            return (await admin.groups.describe([READERS]))[READERS]

    return asyncio.run(ask())


def two_members(up: Up) -> GroupDescription | None:
    group = readers(up)
    return group if isinstance(group, GroupDescription) and len(group.members) == 2 else None


def test_the_demo_feeds_and_reads_and_can_be_switched_off_and_on(tmp_path: Path) -> None:
    with Up(tmp_path / "data", "--demo") as up:
        up.until_ready()
        assert get(f"http://127.0.0.1:{up.console_port}/sign-in/") == 200

        metrics = values(up, HOST_METRICS, 5)
        assert len(metrics) == 5
        assert values(up, CLUSTER_EVENTS, 3)[0]["offset"] == 0
        assert values(up, CONSOLE_REQUESTS, 1)[0]["path"] == "/sign-in/"
        until(lambda: two_members(up), "two members read the demo's topics")
        assert len({topic.partitions for topic in TOPICS}) == 3

        switch_demo(up.data_dir, False)
        up.until_it_says("demo           stopped")
        switch_demo(up.data_dir, True)
        up.until_it_says("demo           running")
