"""Batches that take long to be looked into: the loop goes on meanwhile, and everything else is as with any batch."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cluster.broker.partitions import inspection
from cluster.log.segments import search
from cluster.log.validation import AT_ONCE_BYTES, AT_ONCE_RECORDS, Appending, validate
from cluster.protocol.errors import ErrorCode
from cluster.protocol.records.batch import Batch, Compression
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from tests.broker.data_path.requests import (
    ALL,
    LEADER,
    NOBODY,
    create,
    delete,
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
from tests.support.nodes import Nodes, brokers

COMPACTED = "compacted"


def keyed(*values: bytes, sequence: int = 0, **options: Any) -> bytearray:
    """A batch of an idempotent producer, for a compacted topic."""
    found = [NewRecord(b"k%d" % index, value, -1) for index, value in enumerate(values)]
    return build_batch(found, BatchOptions(producer_id=7, producer_epoch=0, base_sequence=sequence, **options))


def large(sequence: int = 0) -> bytearray:
    """Few bytes on the wire, many when inflated."""
    return keyed(bytes(AT_ONCE_BYTES), sequence=sequence, compression=Compression.ZSTD)


class Gate:
    """Lets batches be looked into when a test says so, and notes where that happens and how many at a time."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.inside = self.most = 0
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    def validate(self, data: memoryview, appending: Appending) -> Batch:
        self.begun.append(threading.current_thread().name)
        self.inside += 1
        self.most = max(self.most, self.inside)
        assert self._open.wait(10)
        self.inside -= 1
        return validate(data, appending)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(inspection, "validate", gate.validate)
    return gate


@pytest.fixture
async def one(tmp_path: Path, gate: Gate) -> AsyncIterator[Nodes]:
    async with brokers(tmp_path, 1) as nodes:
        await create(nodes, 1)
        await create(nodes, 1, topic=COMPACTED, cleanup_policy="compact", max_message_bytes="10000000")
        yield nodes
        gate.open()


async def sent(nodes: Nodes, client: str, records: bytearray, acks: int = ALL) -> "asyncio.Task[Any]":
    """A produce to the compacted topic that is on its way."""
    connection = await nodes.client(1, client)
    task = asyncio.ensure_future(connection.send(produce(topic=COMPACTED, records=records, acks=acks), 9))
    await asyncio.sleep(0)
    return task


async def log_of(nodes: Nodes) -> list[bytes]:
    return values_in(fetched(await get(nodes, 1, position(0, partition_max_bytes=1 << 24), topic=COMPACTED)))


MANY_RECORDS = keyed(*[b"v"] * (AT_ONCE_RECORDS + 1))


@pytest.mark.parametrize("records", [large(), MANY_RECORDS], ids=["many bytes", "many records"])
async def test_others_are_served_while_a_batch_is_looked_into(one: Nodes, gate: Gate, records: bytearray) -> None:
    slow = await sent(one, "slow", records)
    await one.until(lambda: gate.begun, "it is looked into")
    assert error(await put(one, 1, b"quick")) == ErrorCode.NONE
    assert not slow.done()
    gate.open()
    assert error(produced(await slow)) == ErrorCode.NONE
    assert gate.begun[0] != threading.current_thread().name


async def test_a_usual_batch_is_looked_into_at_once(one: Nodes, gate: Gate) -> None:
    usual = await sent(one, "usual", keyed(b"a" * 1000, compression=Compression.GZIP))
    assert error(produced(await usual)) == ErrorCode.NONE
    assert gate.begun == []


@pytest.mark.parametrize("acks", [ALL, LEADER])
async def test_the_order_of_a_connections_batches_is_kept(one: Nodes, gate: Gate, acks: int) -> None:
    answers = [await sent(one, "it", large(), acks)]
    answers += [await sent(one, "it", keyed(b"%d" % n, sequence=n), acks) for n in (1, 2)]
    await one.until(lambda: gate.begun, "the first is looked into")
    assert not any(answer.done() for answer in answers)
    gate.open()
    found = [produced(await answer) for answer in answers]
    assert [(error(answer), answer.base_offset) for answer in found] == [(ErrorCode.NONE, n) for n in range(3)]
    assert (await log_of(one))[1:] == [b"1", b"2"]


async def test_a_batch_that_wants_no_answer_gets_none_and_is_appended(one: Nodes, gate: Gate) -> None:
    gate.open()
    await sent(one, "it", large(), NOBODY)
    following = await sent(one, "it", keyed(b"next", sequence=1))
    assert produced(await following).base_offset == 1


async def test_what_is_wrong_with_a_long_batch_is_told_as_with_any(one: Nodes, gate: Gate) -> None:
    gate.open()
    values = [NewRecord(b"k" if index else None, b"v", -1) for index in range(AT_ONCE_RECORDS + 1)]
    answer = produced(await (await sent(one, "it", build_batch(values))))
    assert error(answer) == ErrorCode.INVALID_RECORD
    assert [wrong.batch_index for wrong in answer.record_errors] == [0]


async def test_a_configuration_that_changed_meanwhile_counts(one: Nodes, gate: Gate) -> None:
    slow = await sent(one, "slow", large())
    await one.until(lambda: gate.begun, "it is looked into")
    log = one.replica(1, COMPACTED).log
    log.update_config(dataclasses.replace(log.config, max_message_bytes=100))
    gate.open()
    assert error(produced(await slow)) == ErrorCode.MESSAGE_TOO_LARGE


async def test_a_topic_that_was_deleted_meanwhile_is_unknown(one: Nodes, gate: Gate) -> None:
    slow = await sent(one, "slow", large())
    await one.until(lambda: gate.begun, "it is looked into")
    await delete(one, COMPACTED)
    gate.open()
    assert error(produced(await slow)) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


async def test_one_such_batch_is_looked_into_at_a_time_even_if_its_client_goes(one: Nodes, gate: Gate) -> None:
    leaving = await sent(one, "leaving", large())
    await one.until(lambda: gate.begun, "it is looked into")
    (await one.client(1, "leaving")).close()
    await asyncio.wait([leaving])
    assert leaving.exception() is not None
    staying = await sent(one, "staying", large())
    await one.until(lambda: one[1].parts.services.inspection._turn._waiters, "the next one waits")
    gate.open()
    assert error(produced(await staying)) == ErrorCode.NONE
    assert (gate.most, len(gate.begun)) == (1, 2)


# -- looking for a timestamp

EARLY = NewRecord(b"k", b"v", 500)
LATE_IN = {
    "many bytes": [EARLY, NewRecord(b"k", bytes(AT_ONCE_BYTES), 2_000)],
    "many records": [EARLY] * AT_ONCE_RECORDS + [NewRecord(b"k", b"v", 2_000)],
}
NEWEST = -3


@pytest.mark.parametrize("timestamp", [NEWEST, 1_000], ids=["the newest", "by time"])
@pytest.mark.parametrize("written", LATE_IN.values(), ids=LATE_IN.keys())
async def test_others_are_served_while_a_batch_is_searched_for_a_timestamp(
    one: Nodes, monkeypatch: pytest.MonkeyPatch, written: list[NewRecord], timestamp: int
) -> None:
    batch = build_batch(written, BatchOptions(compression=Compression.ZSTD))
    assert error(await put(one, 1, records=batch)) == ErrorCode.NONE
    searching: list[str] = []
    go_on, run = threading.Event(), search.LongSearch.run

    def watched(self: search.LongSearch, *bound: int) -> search.FoundRecord | None:
        if not bound:
            searching.append(threading.current_thread().name)
            assert go_on.wait(10)
        return run(self, *bound)

    monkeypatch.setattr(search.LongSearch, "run", watched)
    asking = asyncio.ensure_future((await one.client(1, "slow")).send(list_offset(timestamp), 7))
    await one.until(lambda: searching, "it is looked into")
    assert error(await put(one, 1, records=build_batch([EARLY]))) == ErrorCode.NONE
    go_on.set()
    found = listed(await asking)
    assert (error(found), found.offset, found.timestamp) == (ErrorCode.NONE, len(written) - 1, 2_000)
    assert len(searching) == 1
    assert searching != [threading.current_thread().name]
