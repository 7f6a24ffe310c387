"""One connection: pipelining, versions, timeouts, and every way in which it can break."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cluster.client.connection import Connection, ConnectionLost, Patience
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode, UnsupportedVersion
from cluster.protocol.messages.handshake import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from cluster.protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseTopic,
)
from cluster.protocol.messages.produce import ProduceRequest
from tests.support.patience import eventually
from tests.support.proxy import Proxy
from tests.support.scripted_broker import ScriptedBroker

OFFERED = {ApiKey.METADATA: (0, 12), ApiKey.API_VERSIONS: (0, 4), ApiKey.PRODUCE: (0, 11)}


def echo_topics(request: MetadataRequest, version: int) -> MetadataResponse:
    return MetadataResponse(topics=[MetadataResponseTopic(name=topic.name) for topic in request.topics or []])


def asking(name: str) -> MetadataRequest:
    return MetadataRequest(topics=[MetadataRequestTopic(name=name)])


@pytest.fixture
async def broker() -> AsyncIterator[ScriptedBroker]:
    async with ScriptedBroker({MetadataRequest: echo_topics}, OFFERED) as started:
        yield started


async def opened(broker: ScriptedBroker | Proxy, **patience: int) -> Connection:
    return await Connection.open("127.0.0.1", broker.port, "test", Patience(**patience))


async def test_many_requests_at_once_each_get_their_own_answer(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        names = [f"topic-{number}" * (number + 1) for number in range(100)]
        answers = await asyncio.gather(*(connection.send(asking(name)) for name in names))
        assert [answer.topics[0].name for answer in answers] == names


async def test_a_frame_beyond_the_small_buffer_arrives_whole(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        request = MetadataRequest(topics=[MetadataRequestTopic(name=f"topic-{n:0>200}") for n in range(3000)])
        answer = await connection.send(request)
        assert [topic.name for topic in answer.topics] == [topic.name for topic in request.topics or []]


async def test_requests_go_out_in_the_order_of_sending(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        tasks = [asyncio.ensure_future(connection.send(asking(str(number)), 12)) for number in range(20)]
        await asyncio.gather(*tasks)
        assert [request.topics[0].name for request in broker.requests(MetadataRequest)] == [str(n) for n in range(20)]


async def test_the_highest_common_version_is_used_and_asked_for_once(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        await asyncio.gather(connection.send(asking("a")), connection.send(asking("b")))
        assert [request.api_version for request in broker.received] == [4, 12, 12]


async def test_a_given_version_is_used_without_asking(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        await connection.send(asking("a"), 9)
        assert [(request.api_key, request.api_version) for request in broker.received] == [(ApiKey.METADATA, 9)]


async def test_an_older_broker_is_asked_again_in_the_version_that_it_knows(broker: ScriptedBroker) -> None:
    def older(request: ApiVersionsRequest, version: int) -> ApiVersionsResponse:
        known = [ApiVersion(api_key=ApiKey.API_VERSIONS, min_version=0, max_version=2)]
        if version > 2:
            return ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=known)
        return ApiVersionsResponse(api_keys=[*known, ApiVersion(api_key=3, min_version=0, max_version=5)])

    broker.answers[ApiVersionsRequest] = older
    async with await opened(broker) as connection:
        assert (await connection.versions()).common(MetadataRequest) == 5
        assert [request.api_version for request in broker.received] == [4, 2]


async def test_an_api_that_the_broker_does_not_serve_is_an_unsupported_version(broker: ScriptedBroker) -> None:
    broker.versions = {ApiKey.METADATA: (0, 12)}
    async with await opened(broker) as connection:
        with pytest.raises(UnsupportedVersion, match="Produce"):
            await connection.send(ProduceRequest())
        assert (await connection.versions()).serves(ApiKey.METADATA)


async def test_a_produce_without_acknowledgement_returns_at_once(broker: ScriptedBroker) -> None:
    broker.answers[ProduceRequest] = lambda request, version: None
    async with await opened(broker) as connection:
        assert await connection.send(ProduceRequest(acks=0), 9) is None
        assert (await connection.send(asking("after"), 9)).topics[0].name == "after"
        assert len(broker.requests(ProduceRequest)) == 1


async def test_a_request_without_an_answer_in_time_ends_the_connection(broker: ScriptedBroker) -> None:
    broker.answers[MetadataRequest] = lambda request, version: None
    connection = await opened(broker)
    behind = asyncio.ensure_future(connection.send(asking("behind"), 9))
    with pytest.raises(ConnectionLost, match="no answer to Metadata within 20 ms"):
        await connection.send(asking("slow"), 9, timeout_ms=20)
    with pytest.raises(ConnectionLost):
        await behind
    assert connection.closed
    await connection.wait_closed()


async def test_what_waits_fails_when_the_broker_hangs_up(broker: ScriptedBroker) -> None:
    broker.answers[MetadataRequest] = lambda request, version: None
    connection = await opened(broker)
    waiting = [asyncio.ensure_future(connection.send(asking(str(n)), 9)) for n in range(3)]
    await eventually(lambda: len(broker.received) == 3, "three requests received")
    broker.hang_up()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionLost] * 3
    with pytest.raises(ConnectionLost):
        await connection.send(asking("late"), 9)


async def test_closing_fails_what_waits(broker: ScriptedBroker) -> None:
    broker.answers[MetadataRequest] = lambda request, version: None
    connection = await opened(broker)
    waiting = asyncio.ensure_future(connection.send(asking("a"), 9))
    await asyncio.sleep(0)
    connection.close()
    with pytest.raises(ConnectionLost, match="closed by us"):
        await waiting
    await connection.wait_closed()


async def test_a_cancelled_request_leaves_the_connection_in_order(broker: ScriptedBroker) -> None:
    async with await opened(broker) as connection:
        cancelled = asyncio.ensure_future(connection.send(asking("cancelled"), 9))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert (await connection.send(asking("next"), 9)).topics[0].name == "next"
        assert cancelled.cancelled()


async def test_connecting_to_nobody_says_where() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionLost, match=f"127.0.0.1:{port} cannot be reached"):
        await Connection.open("127.0.0.1", port, "test")


async def test_an_answer_that_is_not_kafka_ends_the_connection() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    connection = await Connection.open("127.0.0.1", server.sockets[0].getsockname()[1], "test")
    with pytest.raises(ConnectionLost, match="does not speak the Kafka protocol"):
        await connection.versions()
    server.close()


async def test_a_connection_cut_on_the_road_is_lost(broker: ScriptedBroker) -> None:
    async with Proxy(("127.0.0.1", broker.port)) as proxy:
        connection = await opened(proxy)
        await connection.send(asking("before"))
        proxy.cut()
        with pytest.raises(ConnectionLost):
            await connection.send(asking("after"))


async def test_bytes_held_back_on_the_road_are_waited_for(broker: ScriptedBroker) -> None:
    async with Proxy(("127.0.0.1", broker.port)) as proxy, await opened(proxy) as connection:
        proxy.block()
        waiting = asyncio.ensure_future(connection.send(asking("held"), 9))
        done, _ = await asyncio.wait([waiting], timeout=0.05)
        assert not done
        proxy.unblock()
        assert (await waiting).topics[0].name == "held"


async def test_senders_wait_while_the_broker_does_not_read() -> None:
    reading = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reading.wait()
        while await reader.read(1 << 20):
            pass

    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    connection = await Connection.open("127.0.0.1", server.sockets[0].getsockname()[1], "test")
    filling: Any = MetadataRequest(topics=[MetadataRequestTopic(name="x" * 30_000) for _ in range(100)])
    waiting = [asyncio.ensure_future(connection.send(filling, 9)) for _ in range(10)]
    await eventually(lambda: connection.congested, "the connection congested")
    reading.set()
    await eventually(lambda: not connection.congested, "the connection free again")
    connection.close()
    await asyncio.gather(*waiting, return_exceptions=True)
    server.close()
