"""The memory of requests on their way: what it may be, who waits, who goes ahead, who is sent away."""

import asyncio
from typing import Any

import pytest

from cluster.broker.network import memory
from cluster.protocol.connection import FIRST_BYTES, RECEIVE_BYTES
from cluster.protocol.messages.metadata import MetadataRequest, MetadataResponse
from cluster.protocol.messages.produce import ProduceResponse
from tests.broker.data_path.requests import produce
from tests.broker.network.serving import METADATA, PRODUCE, Client, Served, ask, frame, serving
from tests.support.patience import eventually

BIG = 1 << 20


def big(correlation_id: int) -> bytes:
    """A request of a mebibyte: what follows its body is not looked at."""
    sent = bytearray(frame(METADATA, correlation_id, MetadataRequest()))
    sent += bytes(BIG - len(sent))
    sent[:4] = (BIG - 4).to_bytes(4, "big")
    return bytes(sent)


async def begun(served: Served, sent: int) -> Client:
    """A client that has sent the beginning of a big request."""
    client, before = await served.client(), served.listener.memory.used_bytes
    client.writer.write(big(1)[:sent])
    await eventually(lambda: served.listener.memory.used_bytes - before >= sent - 4, "it has arrived")
    return client


async def test_a_promise_takes_no_memory() -> None:
    async with serving(queued_bytes=2 * BIG) as served:
        for _ in range(50):
            (await served.client()).writer.write((100 << 20).to_bytes(4, "big"))
        await eventually(lambda: served.metrics.bytes_received == 200, "all promises are there")
        assert served.listener.memory.used_bytes <= 50 * FIRST_BYTES


async def test_what_has_arrived_is_counted_until_it_is_served_or_gone() -> None:
    async with serving() as served:
        served.outcome = lambda _: MetadataResponse()
        served_one, broken = await begun(served, BIG // 2), await begun(served, BIG // 2)
        assert BIG <= served.listener.memory.used_bytes <= 2 * BIG
        served_one.writer.write(big(1)[BIG // 2 :])
        assert (await served_one.answer(METADATA))[0] == 1
        broken.writer.transport.abort()
        await eventually(lambda: served.listener.memory.used_bytes == 0, "nothing is held any more")


async def test_many_senders_together_stay_within_the_limit_and_are_all_served() -> None:
    async with serving(queued_bytes=3 * BIG) as served:
        served.outcome = lambda _: MetadataResponse()
        most = 0

        async def send(client: Client) -> None:
            nonlocal most
            for start in range(0, BIG, BIG // 8):
                client.writer.write(big(1)[start : start + BIG // 8])
                await asyncio.sleep(0)
                most = max(most, sum(c.share.arrived_bytes for c in served.listener._connections))
            assert (await client.answer(METADATA))[0] == 1

        await asyncio.gather(*[send(await served.client()) for _ in range(30)])
        # The limit, the one that goes ahead, and what each has brought before it is known to be much.
        assert most <= 4 * BIG + 30 * RECEIVE_BYTES
        assert served.listener.memory.used_bytes == 0


async def test_small_requests_are_served_while_memory_is_short() -> None:
    async with serving(queued_bytes=BIG // 2) as served:
        served.outcome = lambda _: MetadataResponse()
        ahead, second = await begun(served, BIG // 2), await served.client()
        second.writer.write(big(1)[: BIG // 2])
        await eventually(lambda: served.listener.memory.short, "memory is short")
        await ask(await served.client())
        assert not ahead.writer.is_closing()
        assert not second.writer.is_closing()


async def test_who_goes_ahead_and_stalls_is_sent_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "STALL_S", 0.05)
    async with serving(queued_bytes=BIG // 4) as served:
        served.outcome = lambda _: MetadataResponse()
        stalled = await begun(served, BIG // 2)
        willing = await served.client()
        willing.writer.write(big(1))
        assert await stalled.closed()
        assert (await willing.answer(METADATA))[0] == 1
    assert "memory is short" in caplog.text


async def test_who_goes_ahead_and_stalls_alone_may_take_its_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "STALL_S", 0.02)
    async with serving(queued_bytes=BIG // 4) as served:
        served.outcome = lambda _: MetadataResponse()
        slow = await begun(served, BIG // 2)
        await asyncio.sleep(0.1)
        slow.writer.write(big(1)[BIG // 2 :])
        assert (await slow.answer(METADATA))[0] == 1


async def test_who_waited_for_memory_and_needs_none_any_more_is_read_on() -> None:
    async with serving(queued_bytes=BIG // 4) as served:
        ahead, waiting = await begun(served, BIG // 2), await served.client()
        sizable = bytearray(frame(METADATA, 2, MetadataRequest()))
        sizable += bytes(RECEIVE_BYTES // 2 - len(sizable))
        sizable[:4] = (len(sizable) - 4).to_bytes(4, "big")
        waiting.writer.write(frame(METADATA, 1, MetadataRequest()) + sizable)
        shares = [connection.share for connection in served.listener._connections]
        await eventually(lambda: any(share.short for share in shares), "the second waits for memory")
        for correlation_id in (1, 2):
            served.answers[-1].set_result(MetadataResponse())
            assert (await waiting.answer(METADATA))[0] == correlation_id
            waiting.send(METADATA, 3, MetadataRequest())
            await eventually(lambda: len(served.answers) == correlation_id + 1, "the next has begun")  # noqa: B023
        assert not ahead.writer.is_closing()


async def test_whose_requests_wait_for_their_turn_is_not_sent_away_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "STALL_S", 0.05)
    async with serving(queued_bytes=RECEIVE_BYTES // 4) as served:
        patient, next_one = await served.client(), await served.client()
        sizable = bytearray(frame(METADATA, 2, MetadataRequest()))
        sizable += bytes(RECEIVE_BYTES // 2 - len(sizable))
        sizable[:4] = (len(sizable) - 4).to_bytes(4, "big")
        patient.writer.write(frame(METADATA, 1, MetadataRequest()) + sizable)
        await eventually(lambda: served.listener.memory.short, "its second request waits, and takes memory")
        next_one.writer.write(big(3))
        await eventually(lambda: len(served.answers) == 2, "the other one is served meanwhile")
        for answer in served.answers:
            answer.set_result(MetadataResponse())
        assert (await next_one.answer(METADATA))[0] == 3
        assert (await patient.answer(METADATA))[0] == 1
        await eventually(lambda: len(served.answers) == 3, "the second request has its turn")


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_produce_that_is_still_worked_on_is_counted_until_it_is_done_or_gone(leaves: bool) -> None:
    appended = asyncio.get_running_loop().create_future()

    async def work() -> Any:
        return await appended

    async with serving() as served:
        served.outcome = lambda _: work()
        client = await served.client()
        client.send(PRODUCE, 1, produce(bytes(BIG)))
        await eventually(lambda: served.asked, "it is begun")
        assert BIG <= served.listener.memory.used_bytes < 2 * BIG
        if leaves:
            client.writer.transport.abort()
        else:
            appended.set_result(ProduceResponse())
        await eventually(lambda: served.listener.memory.used_bytes == 0, "nothing is held any more")
