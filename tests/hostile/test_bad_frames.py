"""Bad frames at a real broker: one connection is closed or Kafka's code is told, and nobody else notices."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cluster.protocol.api import ApiKey
from cluster.protocol.errors import ErrorCode
from cluster.protocol.frames import decode_response, encode_request
from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from cluster.protocol.messages.metadata import MetadataRequest
from cluster.protocol.primitives import unsigned_varint
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.build import NewRecord, build_batch
from cluster.protocol.records.compression import compress
from tests.broker.data_path.requests import (
    ALL,
    create,
    error,
    fetched,
    get,
    list_offset,
    listed,
    position,
    produce,
    produced,
    put,
    values_in,
)
from tests.log.test_forgeries import holding
from tests.support.nodes import Nodes, brokers
from tests.support.patience import eventually, seconds

METADATA_V1 = b"\x00\x03\x00\x01\x00\x00\x00\x07\xff\xff"
METADATA_V9 = b"\x00\x03\x00\x09\x00\x00\x00\x07\xff\xff\x00"
OFFSETS = "__consumer_offsets"


@pytest.fixture(scope="module")
def bombs() -> dict[Compression, bytearray]:
    """A batch of each codec that inflates to more than is allowed; made before there is a broker on the loop."""
    content = bytes(110 << 20)
    return {codec: holding(compress(codec, content), codec) for codec in Compression if codec is not Compression.NONE}


@pytest.fixture
async def one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Nodes]:
    """A broker with a topic, whose other clients are served before and after, and which logs no error."""
    async with brokers(tmp_path, 1, broker_session_timeout_ms="9000") as nodes:
        await create(nodes, 1)
        assert error(await put(nodes, 1, b"before")) == ErrorCode.NONE
        caplog.clear()
        yield nodes
        assert error(await put(nodes, 1, b"after")) == ErrorCode.NONE
        assert values_in(fetched(await get(nodes, 1, position())))[:1] == [b"before"]
    assert [
        record.getMessage() for record in caplog.records if record.exc_info or record.levelno > logging.WARNING
    ] == []


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


async def outcome(nodes: Nodes, sent: bytes) -> bytes:
    """What the broker answers; nothing when it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", nodes.port(1))
    try:
        writer.write(sent)
        async with asyncio.timeout(seconds(10)):
            size = int.from_bytes(await reader.readexactly(4), "big")
            return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "body",
    [
        METADATA_V1 + b"\x7f\xff\xff\xff",
        METADATA_V1 + b"\x80\x00\x00\x00",
        METADATA_V1 + b"\x00\x00\x00\x01\x7f\xff",
        METADATA_V9 + b"\xff\xff\xff\xff\x0f",
        METADATA_V9 + b"\xff" * 100,
        METADATA_V9[:-1] + b"\xff\xff\xff\xff\x0f",
        METADATA_V9[:-1] + b"\x01\x00\xff\xff\xff\xff\x07",
        METADATA_V9 + b"\x00\x00\x00\x00" + b"\xff\xff\xff\xff\x0f" + b"\x05\x01x" * 1000,
        b"\x00\x00",
        b"",
        b"\x00\x03\x00\x01\x00\x00\x00\x07\x7f\xff",
        b"\x7f\xff\x00\x00\x00\x00\x00\x07\xff\xff",
        b"\x00\x00\x00\x02\x00\x00\x00\x07\xff\xff",
        b"\xff" * 1000,
    ],
    ids=lambda body: body[:24].hex() or "nothing",
)
async def test_a_bad_frame_closes_its_connection_with_one_line(
    one: Nodes, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await outcome(one, framed(body)) == b""
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


async def test_a_newer_version_of_api_versions_is_told_ours(one: Nodes) -> None:
    frame = await outcome(one, framed(b"\x00\x12\x7f\xff\x00\x00\x00\x07\xff\xff"))
    correlation_id, answer = decode_response(ApiKey.API_VERSIONS, 3, frame)
    assert (correlation_id, answer.error_code) == (7, ErrorCode.UNSUPPORTED_VERSION)


async def test_many_and_large_tagged_fields_that_nobody_knows_are_skipped(one: Nodes) -> None:
    body = unsigned_varint(1) + b"\x01\x01\x00"
    many = unsigned_varint(100_000) + b"".join(unsigned_varint(tag) + b"\x01x" for tag in range(100_000))
    large = b"\x01" + unsigned_varint(9) + unsigned_varint(5 << 20) + bytes(5 << 20)
    for tags in (many, large):
        frame = await outcome(one, framed(METADATA_V9 + body + tags))
        _, answer = decode_response(ApiKey.METADATA, 9, frame)
        assert [broker.node_id for broker in answer.brokers] == [1]


@pytest.mark.parametrize(
    ("key", "version", "message"),
    [(ApiKey.PRODUCE, 9, produce(b"a-value")), (ApiKey.PRODUCE, 3, produce(b"a-value")), (ApiKey.METADATA, 12, None)],
    ids=["Produce v9", "Produce v3", "Metadata v12"],
)
async def test_a_request_cut_at_any_byte_closes_its_connection(
    one: Nodes, key: ApiKey, version: int, message: Any
) -> None:
    whole = b"".join(encode_request(key, version, 7, "a-test", message or MetadataRequest()))[4:]
    end = one.replica(1, "orders").log.log_end_offset
    for cut in range(len(whole)):
        assert await outcome(one, framed(whole[:cut])) == b"", f"cut at {cut} of {len(whole)}"
    assert one.replica(1, "orders").log.log_end_offset == end


async def test_a_client_that_goes_in_the_middle_of_a_frame_is_not_worth_a_line(
    one: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    whole = b"".join(encode_request(ApiKey.PRODUCE, 9, 7, "a-test", produce(b"a-value")))
    for cut in range(len(whole)):
        _, writer = await asyncio.open_connection("127.0.0.1", one.port(1))
        writer.write(whole[:cut])
        if cut % 2:
            writer.transport.abort()
        else:
            writer.close()
    await eventually(lambda: one[1].metrics.connections == 1, "they are gone")
    assert caplog.records == []


@pytest.mark.parametrize("codec", [codec for codec in Compression if codec is not Compression.NONE])
async def test_a_bomb_is_refused_where_it_would_be_looked_into(
    bombs: dict[Compression, bytearray], one: Nodes, codec: Compression
) -> None:
    await create(one, 1, topic="compacted", cleanup_policy="compact", max_message_bytes=str(10 << 20))
    answer = await put(one, 1, topic="compacted", records=bytes(bombs[codec]))
    assert error(answer) == ErrorCode.CORRUPT_MESSAGE
    assert error(await put(one, 1, b"still served")) == ErrorCode.NONE


async def test_a_stored_bomb_is_not_looked_into_for_a_timestamp(
    bombs: dict[Compression, bytearray], one: Nodes
) -> None:
    await create(one, 1, topic="bombs")
    assert error(await put(one, 1, topic="bombs", records=bytes(bombs[Compression.ZSTD]))) == ErrorCode.NONE
    answer = listed(await one.ask(1, list_offset(5, topic="bombs"), 7))
    assert error(answer) in (ErrorCode.CORRUPT_MESSAGE, ErrorCode.INVALID_RECORD)


async def _repeat(ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    async with asyncio.timeout(seconds(20)):
        answer = await ask()
        while answer != wanted:
            await asyncio.sleep(0.02)
            answer = await ask()


async def test_what_no_coordinator_wrote_does_not_keep_groups_from_being_loaded(
    one: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    committing = OffsetCommitRequest(
        group_id="a-group",
        topics=[
            OffsetCommitRequestTopic(
                name="orders", partitions=[OffsetCommitRequestPartition(partition_index=0, committed_offset=5)]
            )
        ],
    )

    async def commits() -> ErrorCode:
        answer = await one.ask(1, committing, 8)
        return ErrorCode(answer.topics[0].partitions[0].error_code)

    await create(one, 1, topic=OFFSETS, partitions=2, cleanup_policy="compact")
    await _repeat(commits, ErrorCode.NONE)
    admin = await one.client(1, "__admin_client")
    garbage = [
        NewRecord(key, value, -1) for key in (b"", b"\x00", b"\x00\x02", b"\x00\x01\xff") for value in (None, b"x")
    ]
    value = NewRecord(b"\x00\x02\x00\x01g", b"\x7f\xff" + bytes(9), -1)
    for index in (0, 1):
        for records in (build_batch([*garbage, value]), holding(b"nonsense", Compression.NONE)):
            request = produce(topic=OFFSETS, index=index, records=records, acks=ALL)
            produced(await admin.send(request, 12))
    await one.crash(1)
    await one.start(1)
    caplog.clear()
    await _repeat(commits, ErrorCode.NONE)
