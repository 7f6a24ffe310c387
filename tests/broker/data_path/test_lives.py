"""The lives of brokers: they start, leave, crash, come back; controllers and the metadata store do as well."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster.broker.refusal import NodeRefused
from cluster.client.connection import Connection, ConnectionLost
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.topics import CreatableTopic, CreateTopicsRequest
from tests.broker.data_path.requests import (
    TOPIC,
    create,
    delete,
    error,
    fetched,
    get,
    idempotent,
    position,
    produce,
    produced,
    put,
    values_in,
)
from tests.support.nodes import Nodes, brokers
from tests.support.ports import free_ports

RETRIABLE = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NOT_ENOUGH_REPLICAS)


class Load:
    """An idempotent producer that goes on through whatever happens, as a client library would."""

    def __init__(self, nodes: Nodes, topic: str = TOPIC) -> None:
        self.nodes, self.topic = nodes, topic
        self.acknowledged: dict[bytes, int] = {}
        self.failures: list[ErrorCode] = []
        self.stopped = False

    async def run(self) -> None:
        sequence = 0
        while not self.stopped:
            value = b"%d" % sequence
            answer = await self._try(value, sequence)
            if answer is not None and not answer.error_code:
                self.acknowledged[value] = answer.base_offset
                sequence += 1
            else:
                await asyncio.sleep(0.005)

    async def _try(self, value: bytes, sequence: int) -> Any:
        try:
            leader = self.nodes.leader(self.topic)
            if leader not in self.nodes.nodes:
                return None
            client = await self.nodes.client(leader, "the-load")
            request = produce(topic=self.topic, records=idempotent(value, sequence=sequence), timeout_ms=2_000)
            answer = produced(await client.send(request, 12))
        except (ConnectionLost, AssertionError):
            return None
        if answer.error_code not in (0, *RETRIABLE):
            self.failures.append(error(answer))
        return answer

    async def more(self, count: int = 10) -> None:
        """Wait until that many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        await self.nodes.until(lambda: len(self.acknowledged) >= wanted, "the load goes on")


@asynccontextmanager
async def load(nodes: Nodes) -> AsyncIterator[Load]:
    loading = Load(nodes)
    task = asyncio.ensure_future(loading.run())
    try:
        await loading.more()
        yield loading
        await loading.more()
        loading.stopped = True
        await asyncio.wait_for(task, 10)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await all_is_there(nodes, loading)


async def all_is_there(nodes: Nodes, loading: Load) -> None:
    """Each acknowledged record lies once, at the offset that was acknowledged."""
    leader = nodes.leader(TOPIC)
    await nodes.until(lambda: nodes.leads(leader, TOPIC), "somebody leads")
    values = values_in(fetched(await get(nodes, leader, position(0, partition_max_bytes=1 << 24), max_bytes=1 << 24)))
    assert len(values) == len(set(values)), "something lies there twice"
    assert {value: offset for offset, value in enumerate(values) if value in loading.acknowledged} == (
        loading.acknowledged
    )


# -- under load


async def test_a_rolling_restart_loses_nothing_and_fails_nothing(three: Nodes) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    async with load(three) as loading:
        for broker in (1, 2, 3):
            await three.stop(broker)
            await loading.more()
            await three.start(broker)
            await three.until(lambda: len(three.placed(TOPIC).isr) == 3, "all are in sync")
            await loading.more()
    assert loading.failures == []


async def test_crashes_of_each_broker_in_turn_lose_nothing(three: Nodes) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    async with load(three) as loading:
        for broker in (1, 2, 3):
            await three.crash(broker)
            await loading.more()
            await three.start(broker)
            await three.until(lambda: len(three.placed(TOPIC).isr) == 3, "all are in sync")
    assert loading.failures == []


async def test_a_crash_of_all_brokers_at_once_loses_nothing(three: Nodes) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    async with load(three) as loading:
        await three.crash(1, 2, 3)
        await three.start(1, 2, 3)
    assert loading.failures == []


async def test_a_topic_deleted_and_made_anew_under_load_begins_empty(three: Nodes) -> None:
    for _ in range(3):
        await create(three, 1, 2, 3)
        async with load(three):
            pass
        loading = Load(three)
        task = asyncio.ensure_future(loading.run())
        await delete(three)
        loading.stopped = True
        await asyncio.wait_for(task, 10)
    folders = [name for name in three[1].parts.directory.files.listdir(three[1].parts.directory.path) if TOPIC in name]
    assert folders
    assert all("-delete" in name for name in folders)


# -- starting and stopping


async def test_a_broker_that_stops_in_order_gives_its_leadership_away_first(three: Nodes) -> None:
    await create(three, 1, 2)
    await three.stop(1)
    placed = three.placed(TOPIC)
    assert (placed.leader, placed.isr, placed.leader_epoch) == (2, (2,), 1)


async def test_after_a_stop_everything_is_as_before(one: Nodes) -> None:
    topic_id = await create(one, 1)
    for value in (b"a", b"b"):
        await put(one, 1, value)
    await one.stop(1)
    assert (Path(one._directory) / "broker-1" / ".kafka_cleanshutdown").exists()
    await one.start(1)
    await one.until(lambda: one.leads(1, TOPIC), "1 leads again")
    assert one.state(1).topics[TOPIC].id == topic_id
    assert values_in(fetched(await get(one, 1, position(0)))) == [b"a", b"b"]


async def test_the_last_broker_may_stop_although_nobody_takes_over(three: Nodes) -> None:
    await create(three, 1, 2)
    await three.stop(1, 2, 3)
    await three.start(1, 2, 3)
    await three.until(lambda: three.leads(2, TOPIC), "2, the last in sync, leads")


async def test_a_broker_that_crashed_does_not_lead_before_it_is_registered_anew(tmp_path: Path) -> None:
    async with brokers(tmp_path, 2) as nodes:
        await nodes.start(1)
        await create(nodes, 1, 2)
        await nodes.crash(1)
        nodes.store.hold = asyncio.get_running_loop().create_future()
        starting = asyncio.ensure_future(nodes.start(1))
        client = await nodes.until_it_listens(1)
        answer = produced(await client.send(produce(b"a"), 9))
        client.close()
        assert error(answer) == ErrorCode.NOT_LEADER_OR_FOLLOWER
        nodes.store.hold.set_result(None)
        await starting
        assert nodes.placed(TOPIC).leader_epoch > 0


async def test_a_data_directory_in_use_is_refused(one: Nodes) -> None:
    running = one.nodes.pop(1)
    with pytest.raises(NodeRefused, match="is this broker running already"):
        await one.start(1)
    one.nodes[1] = running
    assert running.status()["phase"] == "running"


async def test_a_port_in_use_is_refused(one: Nodes) -> None:
    one._ports[2] = one.port(1)
    with pytest.raises(NodeRefused, match="cannot listen"):
        await one.start(2)
    del one.nodes[2]


async def test_a_second_broker_of_the_same_id_does_not_get_in(one: Nodes, tmp_path: Path) -> None:
    twin = Nodes(tmp_path / "elsewhere", broker_session_timeout_ms="300")
    twin.store = one.store
    with pytest.raises(NodeRefused, match="another process runs as broker 1"):
        await twin.start(1)
    assert (one[1].status()["fenced"], one.controller()) == (False, 1)
    await create(one, 1)
    assert error(await put(one, 1, b"a")) == ErrorCode.NONE
    await twin.close()


async def test_a_broker_may_come_back_at_another_address(three: Nodes) -> None:
    await create(three, 1, 2)
    for broker in (1, 2):
        await three.crash(broker)
        three._ports[broker] = free_ports(1)
        await three.start(broker)
        await three.until(lambda: len(three.placed(TOPIC).isr) == 2, "both are in sync")
    leader = three.leader(TOPIC)
    assert error(await put(three, leader, b"a")) == ErrorCode.NONE


async def test_a_node_may_be_stopped_while_it_starts(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    nodes.store.available = False
    starting = asyncio.ensure_future(nodes._start(1, {}))
    await nodes.until(lambda: 1 in nodes.nodes and nodes.nodes[1]._closed is not None, "it waits for the store")
    await nodes[1].stop()
    await asyncio.wait_for(starting, 5)
    assert nodes[1].status()["phase"] == "starting"
    await nodes.close()


@pytest.mark.parametrize("asked", [1, 2])
async def test_what_only_the_controller_can_do_is_refused_in_time_while_the_store_is_away(
    tmp_path: Path, asked: int
) -> None:
    async with brokers(tmp_path, 1, 2, request_timeout_ms="300") as nodes:
        nodes.store.available = False
        topic = CreatableTopic(name="late", num_partitions=1, replication_factor=1)
        response = await asyncio.wait_for(nodes.ask(asked, CreateTopicsRequest(topics=[topic])), 5)
        assert error(response.topics[0]) == ErrorCode.REQUEST_TIMED_OUT
        # As with Kafka, the client cannot know: what was decided is written when the store is back.
        nodes.store.available = True
        await nodes.until(lambda: all("late" in nodes.state(i).topics for i in (1, 2)), "the topic is there")


async def test_a_controller_that_nobody_can_replace_yet_is_missed_in_one_line(
    three: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="cluster.broker.control.succession")
    gone = three.controller()
    assert gone is not None
    three.store.available = False
    await three.crash(gone)
    began = asyncio.get_running_loop().time()
    await three.until(lambda: asyncio.get_running_loop().time() - began > 1, "it is looked for many times")
    three.store.available = True
    await three.until(lambda: three.controller() is not None, "another controller")
    missed = [record.getMessage().partition(":")[0] for record in caplog.records if "no controller" in record.message]
    assert sorted(missed) == [f"broker {left} has no controller" for left in three.nodes]


async def test_a_duty_that_fails_ends_the_node(one: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("nothing works")

    monkeypatch.setattr(one[1].parts.replicas, "review_isrs", fail)
    with pytest.raises(RuntimeError, match="nothing works"):
        await asyncio.wait_for(one[1].wait_closed(), 10)
    with pytest.raises(ConnectionLost):
        await Connection.open("127.0.0.1", one.port(1), "a-test")


# -- what was left behind


async def test_a_topic_deleted_while_a_broker_was_away_is_set_aside_there(three: Nodes, tmp_path: Path) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"a")
    await three.crash(1)
    await delete(three)
    await three.start(1)
    names = [path.name for path in (tmp_path / "broker-1").iterdir() if path.name.startswith(TOPIC)]
    assert [name.endswith("-stray") for name in names] == [True]
    assert three[1].parts.replicas.get(TOPIC, 0) is None


async def test_a_topic_made_anew_while_a_broker_was_away_begins_empty_there(three: Nodes) -> None:
    await create(three, 1, 2)
    await put(three, 1, b"old")
    await three.crash(1)
    await delete(three)
    again = await create(three, 2, 3)
    await three.start(1)
    assert three[1].parts.replicas.get(TOPIC, 0) is None
    await delete(three)
    assert await create(three, 1, 2) != again
    assert (await put(three, 1, b"new")).base_offset == 0


# -- controllers


async def test_another_broker_becomes_the_controller_at_once(three: Nodes) -> None:
    former = three.controller()
    assert former is not None
    await three.crash(former)
    survivor = next(i for i in (1, 2, 3) if i != former)
    other = next(i for i in (1, 2, 3) if i not in (former, survivor))
    began = asyncio.get_running_loop().time()
    await create(three, survivor, other)
    assert error(await put(three, survivor, b"a")) == ErrorCode.NONE
    assert asyncio.get_running_loop().time() - began < 2.5


async def test_leader_and_controller_may_die_together(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1) as nodes:
        await nodes.start(2, 3)
        assert nodes.controller() == 1
        await create(nodes, 1, 2, 3, min_insync_replicas="2")
        async with load(nodes) as loading:
            await nodes.crash(1)
            await loading.more()
        assert loading.failures == []


async def test_a_controller_that_stops_in_order_hands_over(three: Nodes) -> None:
    former = three.controller()
    assert former is not None
    await three.stop(former)
    survivors = sorted(three.nodes)
    await create(three, *survivors)
    assert three.controller() in survivors


# -- the metadata store


async def test_without_the_store_records_go_on_and_nothing_else_changes(three: Nodes) -> None:
    await create(three, 1, 2, 3, min_insync_replicas="2")
    async with load(three) as loading:
        three.store.available = False
        await three.until(lambda: not three[1].parts.metadata.available, "the brokers have noticed")
        before = three.state(1).offset
        await loading.more(50)
        assert [three.state(i).offset for i in (1, 2, 3)] == [before] * 3
        three.store.available = True
        await three.until(lambda: all(three[i].parts.metadata.available for i in (1, 2, 3)), "the store is back")
        await create(three, 1, topic="another")
    assert loading.failures == []


async def test_an_election_waits_for_the_store(tmp_path: Path) -> None:
    async with brokers(tmp_path, 1) as nodes:
        await nodes.start(2, 3)
        await create(nodes, 2, 3)
        nodes.store.available = False
        await nodes.crash(2)
        assert error(await put(nodes, 3, b"a")) == ErrorCode.NOT_LEADER_OR_FOLLOWER
        nodes.store.available = True
        await nodes.until(lambda: nodes.leads(3, TOPIC), "3 leads now")
        assert error(await put(nodes, 3, b"a")) == ErrorCode.NONE


async def test_brokers_that_start_wait_for_the_store(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    nodes.store.available = False
    starting = asyncio.ensure_future(nodes.start(1))
    await nodes.until(lambda: 1 in nodes.nodes and nodes.nodes[1]._closed is not None, "it waits for the store")
    nodes.store.available = True
    await asyncio.wait_for(starting, 10)
    await nodes.close()
