"""The proxy forwards, and breaks connections only as told."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.support.proxy import Proxy, ThreadedProxy


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Proxy(server.sockets[0].getsockname()) as started:
        yield started
    server.close()


async def test_it_forwards_both_ways(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    writer.close()


async def test_cutting_resets_open_connections_and_lets_new_ones_in(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"x")
    await reader.readexactly(1)
    proxy.cut()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    await test_it_forwards_both_ways(proxy)
    assert proxy.accepted == 2


async def test_blocked_bytes_arrive_after_unblocking(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.block()
    writer.write(b"later")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(reader.readexactly(5), 0.05)
    proxy.unblock()
    assert await reader.readexactly(5) == b"later"
    writer.close()


async def test_a_refusing_proxy_answers_nothing(proxy: Proxy) -> None:
    proxy.refusing = True
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


def test_the_threaded_proxy_serves_blocking_clients() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        ThreadedProxy(server.getsockname()) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as near,
    ):
        far, _ = server.accept()
        near.sendall(b"there")
        assert far.recv(10) == b"there"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            near.recv(1)
        far.close()
