"""What a producer wrote and no consumer can read: the tail goes on behind it, whoever browses is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException

from cluster.protocol.errors import ErrorCode
from cluster.protocol.records.batch import Compression
from cluster.protocol.records.build import NewRecord, build_batch
from streams.consumers import assign, connect
from streams.tail.catch_up import catch_up
from streams.tail.filters import RecordFilter
from streams.tail.reader import Readers
from streams.tail.viewer import Account, Viewer
from streams.unreadable import PassedOver
from tests.broker.data_path.requests import TOPIC, create, error, put
from tests.log.test_forgeries import forged, holding
from tests.support.nodes import Nodes, brokers
from tests.support.patience import eventually

NOT_TEXT = build_batch([NewRecord(b"k", b"v", 1, (("name", b"x"),))])
POISON = {
    "what is no gzip": holding(b"this is no gzip", Compression.GZIP, 3),
    "what is no record": holding(bytes([0xFF] * 30), Compression.NONE, 3),
    "a header whose name is no text": forged(NOT_TEXT.replace(b"name", b"n\xff\xfee")),
}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with brokers(tmp_path, 1) as nodes:
        await create(nodes, 1, partitions=2)
        yield nodes


async def consumer(nodes: Nodes, passed_over: PassedOver | None = None) -> AIOKafkaConsumer:
    return await connect([f"127.0.0.1:{nodes.port(1)}"], passed_over=passed_over)


async def write(nodes: Nodes, *batches: bytes | bytearray, index: int = 0) -> None:
    for batch in batches:
        assert error(await put(nodes, 1, records=bytes(batch), index=index)) == ErrorCode.NONE


def good(value: bytes) -> bytearray:
    return build_batch([NewRecord(b"k", value, 1)])


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
async def test_a_tail_goes_on_behind_what_cannot_be_read(
    one: Nodes, poison: bytearray, caplog: pytest.LogCaptureFixture
) -> None:
    readers, viewer = Readers(lambda passed_over: consumer(one, passed_over)), Viewer(RecordFilter(), None)
    reader = readers.join(TOPIC, viewer)
    await asyncio.wait_for(reader.started.wait(), 10)
    await write(one, good(b"before"), poison, good(b"behind"), poison)
    await write(one, good(b"elsewhere"), index=1)
    end = one.replica(1, TOPIC).log.log_end_offset
    await eventually(lambda: reader.positions == {0: end, 1: 1}, "all of it has been read or passed over")
    _, account = viewer.take_all()
    assert account == Account(received=end + 1, shown=3, dropped=end - 2)
    poisonous = (end - 2) // 2
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        f"the tail of {TOPIC} passes over {poisonous} offsets that cannot be read, "
        f"the last is {poisonous} of partition 0"
    ]
    await readers.leave(TOPIC, viewer)


async def test_a_viewer_that_catches_up_goes_on_behind_it_as_well(one: Nodes) -> None:
    await write(one, good(b"before"), POISON["what is no gzip"], good(b"behind"), POISON["what is no gzip"])
    readers, viewer = Readers(lambda passed_over: consumer(one, passed_over)), Viewer(RecordFilter(), {0: 0})
    reader = readers.join(TOPIC, viewer)
    await asyncio.wait_for(catch_up(readers.connect, reader, viewer), 10)
    assert viewer.take_all()[1] == Account(received=8, shown=2, dropped=6)
    await readers.leave(TOPIC, viewer)


async def test_whoever_browses_is_told(one: Nodes) -> None:
    await write(one, POISON["what is no gzip"])
    browsing = await consumer(one)
    assign(browsing, {TopicPartition(TOPIC, 0): 0})

    async def read_on() -> None:
        while True:
            await browsing.getmany(timeout_ms=100)

    with pytest.raises(CorruptRecordException):
        await asyncio.wait_for(read_on(), 10)
    await browsing.stop()
