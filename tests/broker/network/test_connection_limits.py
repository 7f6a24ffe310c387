"""How many connections there may be, from whom, how many in a second, and how long they may be idle."""

import asyncio

import pytest

from cluster.broker.network import connection
from cluster.broker.network.admission import ConnectionLimits
from cluster.protocol.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from cluster.protocol.messages.metadata import MetadataRequest, MetadataResponse
from tests.broker.network.serving import FETCH, METADATA, PATIENCE_S, Client, Served, ask, serving, silent
from tests.support.patience import eventually


async def test_an_idle_connection_is_closed_and_one_that_waits_is_not() -> None:
    async with serving(idle_s=0.1) as served:
        waiting, idle = await served.client(), await served.client()
        waiting.send(METADATA, 1, MetadataRequest())
        assert await idle.closed()
        assert served.metrics.connections == 1
        served.answers[0].set_result(MetadataResponse())
        assert (await waiting.answer(METADATA))[0] == 1


async def test_idle_connections_may_stay_for_ever() -> None:
    async with serving(idle_s=None) as served:
        client = await served.client()
        await asyncio.sleep(0.02)
        served.outcome = lambda _: MetadataResponse()
        client.send(METADATA, 1, MetadataRequest())
        assert (await client.answer(METADATA))[0] == 1


async def test_one_connection_too_many_from_one_address_is_closed() -> None:
    async with serving(connections_per_host=2) as served:
        served.outcome = lambda _: MetadataResponse()
        first, second, third = await served.client(), await served.client(), await served.client()
        assert await third.closed()
        await ask(first)
        await ask(second)
        first.writer.close()
        await eventually(lambda: served.metrics.connections == 1, "there is room again")
        await ask(await served.client())


async def test_an_address_may_have_a_limit_of_its_own() -> None:
    async with serving(connections_per_host=0, overrides={"127.0.0.1": 2}) as served:
        served.outcome = lambda _: MetadataResponse()
        clients = [await served.client() for _ in range(3)]
        assert await clients[2].closed()
        for client in clients[:2]:
            await ask(client)


async def test_a_host_may_have_a_limit_by_its_name() -> None:
    async with serving(connections_per_host=0, overrides={"localhost": 1}) as served:
        served.outcome = lambda _: MetadataResponse()
        await eventually(lambda: "127.0.0.1" in served.listener._hosts.addresses, "the name is resolved")
        await ask(await served.client())


async def test_a_connection_above_the_limit_waits_until_another_goes() -> None:
    async with serving(connections=2) as served:
        served.outcome = lambda _: MetadataResponse()
        first, second, third = await served.client(), await served.client(), await served.client()
        await ask(first)
        await ask(second)
        assert await silent(third)
        assert served.metrics.connections == 2
        first.writer.close()
        assert (await third.answer(METADATA))[0] == 1


async def test_a_lower_limit_closes_those_that_have_been_silent_for_longest() -> None:
    async with serving() as served:
        served.outcome = lambda _: MetadataResponse()
        silent_one, busy = await served.client(), await served.client()
        await ask(silent_one)
        await ask(busy)
        served.limits = ConnectionLimits(connections=1)
        served.listener.limits_changed()
        assert await silent_one.closed()
        await ask(busy)


BIG_ANSWER = FetchResponse(
    responses=[FetchableTopicResponse(topic="a", partitions=[PartitionData(records=bytes(20 << 20))])]
)


async def sent_away_before_it_reads(served: Served) -> Client:
    """A client that was sent away while most of its answer was still in the broker."""
    served.outcome = lambda _: BIG_ANSWER
    client = await served.client()
    client.send(FETCH, 1, FetchRequest())
    await eventually(lambda: served.metrics.unsent_bytes > 10 << 20, "the answer stays in the broker")
    served.limits = ConnectionLimits(connections=0)
    served.listener.limits_changed()
    return client


async def test_a_client_that_is_sent_away_and_reads_nothing_keeps_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNREAD_S", 0.1)
    async with serving(idle_s=None) as served:
        client = await sent_away_before_it_reads(served)
        await eventually(lambda: served.metrics.connections == 0, "it is gone")
        assert served.metrics.unsent_bytes == 0
        client.writer.close()


async def test_a_client_that_is_sent_away_and_reads_gets_what_was_written_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "UNREAD_S", 0.5)
    async with serving(idle_s=None) as served:
        client, received = await sent_away_before_it_reads(served), 0
        begun = asyncio.get_running_loop().time()
        while received < 20 << 20:
            async with asyncio.timeout(PATIENCE_S):
                received += len(await client.reader.readexactly(1 << 20))
            await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() > begun + connection.UNREAD_S, "it would not be slow"
        await eventually(lambda: served.metrics.connections == 0, "it is gone")


async def test_more_connections_in_a_second_than_may_be_wait_for_the_next() -> None:
    async with serving(new_per_s=20) as served:
        served.outcome = lambda _: MetadataResponse()
        clients = [await served.client() for _ in range(40)]
        for client in clients:
            client.send(METADATA, 1, MetadataRequest())
        begun = asyncio.get_running_loop().time()
        for client in clients:
            assert (await client.answer(METADATA))[0] == 1
        assert asyncio.get_running_loop().time() - begun > 0.5
