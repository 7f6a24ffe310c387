"""Brokers for tests of the data path: on asyncio's loop and on uvloop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from cluster.broker.partitions.partition import Partition
from tests.broker.data_path.hosting import Host, host_of_three, led_by_1
from tests.support.nodes import Nodes, brokers


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Nodes]:
    """A single broker."""
    async with brokers(tmp_path, 1) as nodes:
        yield nodes


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Three brokers."""
    async with brokers(tmp_path, 1, 2, 3) as nodes:
        yield nodes


@pytest.fixture
async def host() -> Host:
    """A host of partitions without a node."""
    return host_of_three()


@pytest.fixture
async def partition(host: Host, tmp_path: Path) -> Partition:
    """A partition led by broker 1, without a node."""
    return led_by_1(host, tmp_path)
