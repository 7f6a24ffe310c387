"""Connections: the order of answers, what holds a sender back, what closes a connection and only that one."""

import asyncio
import gc
import logging
import sys
from typing import Any, cast

import pytest

from cluster.broker.network.complaints import LINES
from cluster.broker.network.connection import MAX_PIPELINED, Connection
from cluster.broker.services import NO_RESPONSE
from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ProtocolViolation
from cluster.protocol.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from cluster.protocol.messages.membership import HeartbeatRequest, HeartbeatResponse
from cluster.protocol.messages.metadata import MetadataRequest, MetadataResponse
from cluster.protocol.messages.produce import ProduceResponse
from tests.broker.data_path.requests import produce
from tests.broker.network.serving import (
    FETCH,
    HEARTBEAT,
    METADATA,
    PATIENCE_S,
    PRODUCE,
    Served,
    frame,
    serving,
)
from tests.support.patience import eventually


async def test_produces_are_begun_without_waiting_and_answered_in_order() -> None:
    async with serving() as served:
        client = await served.client()
        for correlation_id in range(3):
            client.send(PRODUCE, correlation_id, produce(b"a"))
        await eventually(lambda: len(served.answers) == 3, "all three are begun")
        for answer in reversed(served.answers):
            answer.set_result(ProduceResponse())
        assert [(await client.answer(PRODUCE))[0] for _ in range(3)] == [0, 1, 2]


async def test_more_requests_than_may_wait_are_all_answered_where_none_has_to_wait() -> None:
    async with serving() as served:
        served.outcome = lambda _: ProduceResponse()
        client = await served.client()
        count = 3 * MAX_PIPELINED
        client.writer.write(b"".join(frame(PRODUCE, number, produce(b"a")) for number in range(count)))
        assert [(await client.answer(PRODUCE))[0] for _ in range(count)] == list(range(count))


async def test_no_more_than_so_many_produces_wait_at_a_time() -> None:
    async with serving() as served:
        client = await served.client()
        for correlation_id in range(MAX_PIPELINED + 5):
            client.send(PRODUCE, correlation_id, produce(b"a"))
        await eventually(lambda: len(served.answers) == MAX_PIPELINED, "as many as may wait are begun")
        served.answers[0].set_result(ProduceResponse())
        assert (await client.answer(PRODUCE))[0] == 0
        await eventually(lambda: len(served.answers) == MAX_PIPELINED + 1, "an answer makes room for one more")


async def test_a_produce_that_waits_does_not_hold_its_records() -> None:
    async with serving() as served:
        client = await served.client()
        client.send(PRODUCE, 1, produce(b"a"))
        await eventually(lambda: served.answers, "it is begun")
        ((request, context),) = served.asked
        records = request.frame
        served.asked.clear()
        del request, context
        gc.collect()
        assert isinstance(records, bytearray)
        records.clear()  # BufferError while anybody has a view of it
        assert sys.getrefcount(records) == 2


@pytest.mark.parametrize(("api", "request_of", "response_of"), [
    (METADATA, MetadataRequest, MetadataResponse),
    (HEARTBEAT, HeartbeatRequest, HeartbeatResponse),
])  # fmt: skip
async def test_any_other_request_holds_the_next_one_back(
    api: tuple[ApiKey, int], request_of: type, response_of: type
) -> None:
    async with serving() as served:
        client = await served.client()
        client.send(api, 1, request_of())
        client.send(PRODUCE, 2, produce(b"a"))
        await eventually(lambda: served.answers, "the first is begun")
        await asyncio.sleep(0.01)
        assert [request.correlation_id for request, _ in served.asked] == [1]
        served.answers[0].set_result(response_of())
        assert (await client.answer(api))[0] == 1
        await eventually(lambda: len(served.asked) == 2, "the second is begun")


async def test_a_produce_that_takes_long_to_be_appended_holds_the_next_one_back() -> None:
    appended = asyncio.get_running_loop().create_future()

    async def work() -> Any:
        return await appended

    async with serving() as served:
        served.outcome = lambda request: work() if request.correlation_id == 1 else ProduceResponse()
        client = await served.client()
        for correlation_id in (1, 2):
            client.send(PRODUCE, correlation_id, produce(b"a"))
        await eventually(lambda: served.asked, "the first is begun")
        await asyncio.sleep(0.01)
        assert [request.correlation_id for request, _ in served.asked] == [1]
        appended.set_result(ProduceResponse())
        assert [(await client.answer(PRODUCE))[0] for _ in range(2)] == [1, 2]


async def test_work_for_a_produce_that_wants_no_answer_leaves_no_gap_in_the_answers() -> None:
    async def work() -> Any:
        return NO_RESPONSE

    async with serving() as served:
        served.outcome = lambda request: work() if request.body.acks == 0 else ProduceResponse()
        client = await served.client()
        client.send(PRODUCE, 1, produce(b"a", acks=0))
        client.send(PRODUCE, 2, produce(b"b"))
        assert (await client.answer(PRODUCE))[0] == 2


async def test_a_request_behind_a_waiting_produce_is_begun_but_answered_behind_it() -> None:
    async with serving() as served:
        client = await served.client()
        client.send(PRODUCE, 1, produce(b"a"))
        client.send(METADATA, 2, MetadataRequest())
        await eventually(lambda: len(served.answers) == 2, "both are begun")
        served.answers[1].set_result(MetadataResponse())
        await asyncio.sleep(0)
        served.answers[0].set_result(ProduceResponse())
        assert (await client.answer(PRODUCE))[0] == 1
        assert (await client.answer(METADATA))[0] == 2


async def test_a_produce_that_wants_no_answer_gets_none() -> None:
    async with serving() as served:
        served.outcome = lambda request: NO_RESPONSE if request.body.acks == 0 else ProduceResponse()
        client = await served.client()
        client.send(PRODUCE, 1, produce(b"a", acks=0))
        client.send(PRODUCE, 2, produce(b"b"))
        assert (await client.answer(PRODUCE))[0] == 2


async def test_a_client_that_does_not_read_is_read_from_no_more() -> None:
    async with serving() as served:
        data = PartitionData(records=bytes(1 << 20))
        served.outcome = lambda _: FetchResponse(responses=[FetchableTopicResponse(topic="a", partitions=[data])])
        client, total = await served.client(), 40
        for correlation_id in range(total):
            client.send(FETCH, correlation_id, FetchRequest())
        (connection,) = await eventually(lambda: list(served.listener._connections), "it is connected")
        await eventually(lambda: not connection._writable, "the answers stay in the broker")
        assert len(served.asked) < total
        for correlation_id in range(total):
            assert (await client.answer(FETCH))[0] == correlation_id
        assert len(served.asked) == total


MALFORMED = {
    "a negative size": (-5).to_bytes(4, "big", signed=True),
    "a size above the limit": (2_000_000).to_bytes(4, "big"),
    "an API that nobody has": b"\x00\x00\x00\x0a" + b"\x03\xe7\x00\x00\x00\x00\x00\x01\xff\xff",
    "a version that nobody has": b"\x00\x00\x00\x0a" + b"\x00\x03\x00\x63\x00\x00\x00\x01\xff\xff",
    "less than a header": b"\x00\x00\x00\x02\x00\x03",
    "a body that ends too early": b"\x00\x00\x00\x0b" + b"\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x00",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_frame_closes_its_connection_and_no_other(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(request_bytes=1_000_000) as served:
        served.outcome = lambda _: MetadataResponse()
        bystander, offender = await served.client(), await served.client()
        with caplog.at_level(logging.INFO, "cluster.broker"):
            offender.writer.write(sent)
            assert await offender.closed()
        assert len(caplog.records) == 1
        bystander.send(METADATA, 1, MetadataRequest())
        assert (await bystander.answer(METADATA))[0] == 1
        assert served.metrics.connections == 1


async def test_no_answer_at_all_closes_the_connection_behind_what_was_answered() -> None:
    async with serving() as served:
        served.outcome = lambda request: None if request.correlation_id == 2 else MetadataResponse()
        client = await served.client()
        client.writer.write(frame(METADATA, 1, MetadataRequest()) + frame(METADATA, 2, MetadataRequest()))
        assert (await client.answer(METADATA))[0] == 1
        assert await client.closed()


async def test_a_violation_found_while_answering_closes_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def violated() -> None:
        raise ProtocolViolation("nonsense inside")

    async with serving() as served:
        served.outcome = lambda _: violated()
        client = await served.client()
        client.send(METADATA, 1, MetadataRequest())
        assert await client.closed()
    assert "nonsense inside" in caplog.text


async def test_many_bad_clients_do_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        for _ in range(100):
            client = await served.client()
            client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await client.closed()
    assert len(caplog.records) == LINES + 1
    assert caplog.records[-1].getMessage().startswith("80 more connections were closed")


async def test_what_was_asked_before_a_bad_frame_is_answered() -> None:
    async with serving() as served:
        served.outcome = lambda _: MetadataResponse()
        client = await served.client()
        bad = b"\x00\x00\x00\x0a" + b"\x03\xe7\x00\x00\x00\x00\x00\x01\xff\xff"
        client.writer.write(frame(METADATA, 1, MetadataRequest()) + bad)
        assert (await client.answer(METADATA))[0] == 1
        assert await client.closed()


async def test_a_client_that_reads_nothing_for_long_is_idle() -> None:
    async with serving(idle_s=0.2) as served:
        data = PartitionData(records=bytes(20 << 20))
        served.outcome = lambda _: FetchResponse(responses=[FetchableTopicResponse(topic="a", partitions=[data])])
        client = await served.client()
        client.send(FETCH, 1, FetchRequest())
        await eventually(lambda: served.metrics.unsent_bytes > 10 << 20, "the answer stays in the broker")
        await eventually(lambda: served.metrics.connections == 0, "it was closed")
        assert served.metrics.unsent_bytes == 0


async def test_pipelined_fetches_do_not_pile_up_answers() -> None:
    async with serving() as served:
        data = PartitionData(records=bytes(4 << 20))
        served.outcome = lambda _: FetchResponse(responses=[FetchableTopicResponse(topic="a", partitions=[data])])
        client, total = await served.client(), 10
        client.writer.write(b"".join(frame(FETCH, index, FetchRequest()) for index in range(total)))
        await eventually(lambda: served.metrics.unsent_bytes, "the client does not read")
        assert len(served.asked) <= 2
        for correlation_id in range(total):
            assert (await client.answer(FETCH))[0] == correlation_id


class Wire(asyncio.Transport):
    """A transport without a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def writelines(self, list_of_data: Any) -> None:
        self.written += map(bytes, list_of_data)

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def receive(connection: Connection, data: bytes) -> None:
    """What a loop does with bytes that arrive together."""
    connection.get_buffer(-1)[: len(data)] = data
    connection.buffer_updated(len(data))


async def test_a_request_whose_client_goes_at_once_cleans_up_all_the_same() -> None:
    cleaned = []

    async def waits() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append(True)

    served = Served()
    served.outcome = lambda _: waits()
    connection = served.listener._connection()
    connection.connection_made(Wire())
    receive(connection, frame(METADATA, 1, MetadataRequest()))
    connection.connection_lost(None)
    await eventually(lambda: cleaned, "the coroutine was left")


async def test_a_request_that_came_together_with_one_that_waits_hurries_it() -> None:
    hurried = asyncio.get_running_loop().create_future()

    async def waits(peer: Any) -> FetchResponse:
        peer.when_more(lambda: hurried.done() or hurried.set_result(None))
        await hurried
        return FetchResponse()

    served = Served()
    served.outcome = lambda _: waits(served.asked[-1][1].connection)
    connection = served.listener._connection()
    connection.connection_made(wire := Wire())
    receive(connection, frame(FETCH, 1, FetchRequest()) + frame(FETCH, 2, FetchRequest()))
    await asyncio.wait_for(hurried, PATIENCE_S)
    await eventually(lambda: wire.written, "it is answered")


async def test_those_who_want_to_know_hear_that_a_connection_is_gone() -> None:
    heard: list[int] = []
    async with serving() as served:
        served.outcome = lambda _: MetadataResponse()
        client = await served.client()
        client.send(METADATA, 1, MetadataRequest())
        await client.answer(METADATA)
        peer = cast(Any, served.asked[0][1].connection)
        peer.when_closed(lambda: heard.append(1))
        client.writer.close()
        await eventually(lambda: heard, "the callback was called")
    assert heard == [1]
