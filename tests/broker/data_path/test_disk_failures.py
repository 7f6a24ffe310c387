"""A disk that is full or fails: the broker with the log directory on it goes down, and the others take over."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from cluster.broker.refusal import DiskFailed
from cluster.broker.replication.copying import Copying, FetchingBroker
from cluster.broker.replication.following import Following
from cluster.client.connection import ConnectionLost
from cluster.log.checkpoints import RECOVERY_POINTS, read_offsets
from cluster.log.files import Buffer, RealFile, RealFiles
from cluster.log.layout import TopicPartition
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.fetch import EpochEndOffset, FetchableTopicResponse, FetchResponse, PartitionData
from tests.broker.data_path import test_lives as lives
from tests.broker.data_path.requests import LEADER, TOPIC, create, delete, error, get, position, put
from tests.support.nodes import Nodes

FULL, BROKEN = errno.ENOSPC, errno.EIO


class FailingFiles(RealFiles):
    """A broker's disk: operations with an entry in `errors` fail with it, where `only` is in the path."""

    def __init__(self) -> None:
        self.errors: dict[str, int] = {}
        self.only = ""

    def check(self, operation: str, path: str) -> None:
        if self.only in path and (code := self.errors.get(operation)) is not None:
            raise OSError(code, "not today", path)

    def open(self, path: str, *, create: bool = True) -> RealFile:
        self.check("open", path)
        opened = super().open(path, create=create)
        return FailingFile(self, path, opened._descriptor)

    def make_directory(self, path: str) -> None:
        self.check("make", path)
        super().make_directory(path)


class FailingFile(RealFile):
    """A file on such a disk."""

    __slots__ = ("_disk",)

    def __init__(self, disk: FailingFiles, path: str, descriptor: int) -> None:
        super().__init__(path, descriptor)
        self._disk = disk

    def pwrite(self, buffers: Sequence[Buffer], offset: int) -> None:
        self._disk.check("write", self.path)
        super().pwrite(buffers, offset)

    def pread(self, size: int, offset: int) -> bytes:
        self._disk.check("read", self.path)
        return super().pread(size, offset)

    def sync(self) -> None:
        self._disk.check("sync", self.path)
        super().sync()

    def preallocate(self, size: int) -> None:
        self._disk.check("write", self.path)
        super().preallocate(size)


class Cluster(Nodes):
    """Brokers of which each has a disk of its own."""

    def __init__(self, directory: Path, **properties: str) -> None:
        self.disks = {broker: FailingFiles() for broker in (1, 2, 3)}
        super().__init__(directory, self.disks.__getitem__, **properties)

    def folder(self, broker: int) -> Path:
        return self._directory / f"broker-{broker}"

    async def went_down(self, broker: int) -> str:
        """What the broker says of its end, once it has ended."""
        with pytest.raises(DiskFailed) as failed:
            await asyncio.wait_for(self[broker].wait_closed(), 5)
        await self.crash(broker)
        return str(failed.value)


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Cluster]:
    """Three brokers with a topic on all of them that broker 1 leads."""
    made = Cluster(tmp_path)
    try:
        await made.start(1, 2, 3)
        await create(made, 1, 2, 3, min_insync_replicas="2", segment_bytes="1048576")
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("code", [FULL, BROKEN])
async def test_a_leader_that_cannot_write_goes_down_and_nothing_acknowledged_is_lost(three: Cluster, code: int) -> None:
    async with lives.load(three) as loading:
        three.disks[1].errors["write"] = code
        assert await three.went_down(1) == f"the log directory {three.folder(1)} is offline: not today"
        await loading.more()
        three.disks[1].errors.clear()
        await three.start(1)
        await three.until(lambda: len(three.placed(TOPIC).isr) == 3, "1 is in sync again")
    assert loading.failures == []


@pytest.mark.parametrize("code", [FULL, BROKEN])
async def test_a_follower_that_cannot_write_goes_down_and_the_others_go_on(three: Cluster, code: int) -> None:
    async with lives.load(three) as loading:
        three.disks[2].errors["write"] = code
        await three.went_down(2)
        await three.until(lambda: three.placed(TOPIC).isr == (1, 3), "2 has left the ISR")
        await loading.more()
    assert loading.failures == []


async def test_a_leader_that_cannot_flush_goes_down(three: Cluster) -> None:
    """The kernel drops what it could not write, and says so only once."""
    await create(three, 1, topic="flushed", flush_messages="1")
    three.disks[1].errors["sync"] = BROKEN
    with pytest.raises(ConnectionLost):
        await put(three, 1, b"a", topic="flushed")
    await three.went_down(1)


async def test_a_leader_that_cannot_read_goes_down(three: Cluster) -> None:
    for _ in range(3):
        await put(three, 1, b"x" * 900_000)
    three.replica(1, TOPIC).log.recent.clear()
    three.disks[1].errors["read"] = BROKEN
    with pytest.raises(ConnectionLost):
        await get(three, 1, position(0))
    await three.went_down(1)
    await three.until(lambda: three.placed(TOPIC).leader in (2, 3), "another leader")


@pytest.mark.parametrize("operation", ["make", "open", "write"])
async def test_a_broker_that_cannot_make_a_new_log_goes_down(three: Cluster, operation: str) -> None:
    """Left undone, the partition would be led by a broker that has never heard of it."""
    three.disks[1].errors[operation], three.disks[1].only = FULL, "/new-0"
    # The answer of the controller, and the end of the broker that it may live in, come in any order.
    creating = asyncio.ensure_future(create(three, 1, 2, topic="new"))
    await three.went_down(1)
    creating.cancel()
    await asyncio.gather(creating, return_exceptions=True)
    await three.until(lambda: "new" in three.state(2).topics, "the topic is there")
    await three.until(lambda: three.leads(2, "new"), "the other replica leads")


async def test_the_disk_of_a_leader_is_no_trouble_of_its_followers(three: Cluster) -> None:
    """What a leader says of its disk must not end the brokers that copy from it."""
    partition = three.replica(2, TOPIC)
    following = Following(three[2].config)
    following.add(partition)
    following.request(0, 1)
    broken = PartitionData(partition_index=0, error_code=ErrorCode.KAFKA_STORAGE_ERROR)
    answer = FetchResponse(responses=[FetchableTopicResponse(topic_id=partition.topic_id, partitions=[broken])])
    copying = Copying(1, following, fetching(three, 2))
    await copying.take(await three.client(1), answer, following.session, 1)
    await three.client(2, "somebody-new")
    assert error(await put(three, 1, b"a")) == ErrorCode.NONE
    assert three.placed(TOPIC).isr == (1, 2, 3)


def fetching(nodes: Cluster, broker: int) -> FetchingBroker:
    parts = nodes[broker].parts
    return FetchingBroker(
        config=parts.config,
        metrics=nodes[broker].metrics,
        absences=parts.absences,
        broker_epoch=lambda: parts.lifecycle.broker_epoch,
        wall_ms=nodes.wall_ms,
        checkpoint_cuts=parts.chores.checkpoint_cuts,
    )


async def test_a_cut_below_what_was_flushed_is_told_to_the_disk_at_once(three: Cluster) -> None:
    """Else a start after a power cut would take for sound what came into the place of the cut."""
    for value in (b"a", b"b", b"c"):
        await put(three, 1, value)
    partition, directory = three.replica(2, TOPIC), three[2].parts.directory
    await three.until(lambda: partition.log.log_end_offset == 3, "2 has all")
    three[2].parts.replication.close()
    partition.log.flush(three.wall_ms())
    directory.checkpoint(RECOVERY_POINTS).run()
    following = Following(three[2].config)
    following.add(partition)
    following.request(0, 1)
    parted = PartitionData(
        partition_index=0, diverging_epoch=EpochEndOffset(epoch=partition.leader_epoch, end_offset=1)
    )
    answer = FetchResponse(responses=[FetchableTopicResponse(topic_id=partition.topic_id, partitions=[parted])])
    await Copying(1, following, fetching(three, 2)).take(await three.client(1), answer, following.session, 1)
    assert partition.log.log_end_offset == 1
    written = read_offsets(directory.files, f"{directory.path}/{RECOVERY_POINTS}")
    assert written[TopicPartition(TOPIC, 0)] == 1


@pytest.mark.parametrize("operation", ["write", "sync"])
async def test_a_broker_waits_for_its_disk_before_it_takes_part(three: Cluster, operation: str) -> None:
    await three.crash(1)
    three.disks[1].errors[operation] = FULL
    with pytest.raises(DiskFailed, match="is offline: not today"):
        await three.start(1)
    await three.crash(1)
    await three.until(lambda: three.state(2).brokers[1].fenced, "1 takes no part")
    three.disks[1].errors.clear()
    await three.start(1)
    await three.until(lambda: len(three.placed(TOPIC).isr) == 3, "1 is in sync again")


async def test_a_disk_that_fails_while_its_broker_leaves_does_not_hold_it_up(three: Cluster) -> None:
    three.store.available = False  # nobody can take the leadership over, and so the shutdown takes its time
    leaving = three[1]
    stopping = asyncio.ensure_future(leaving.stop())
    three.disks[1].errors["write"] = FULL
    with pytest.raises(ConnectionLost):
        await put(three, 1, b"a", acks=LEADER)
    await asyncio.wait_for(stopping, 3)
    with pytest.raises(DiskFailed):
        await leaving.wait_closed()


class Slow(RealFiles):
    """Synchronising one partition's folder waits until the test says so."""

    def __init__(self) -> None:
        self.waiting, self.go_on = threading.Event(), threading.Event()

    def sync_directory(self, path: str) -> None:
        if "/slow-0" in path:
            self.waiting.set()
            self.go_on.wait(10)
        super().sync_directory(path)


async def test_a_topic_that_is_deleted_while_its_log_is_flushed_is_no_failure_of_the_disk(tmp_path: Path) -> None:
    files = Slow()
    nodes = Nodes(tmp_path, lambda _: files)
    await nodes.start(1)
    try:
        for topic in ("slow", "next"):
            await create(nodes, 1, topic=topic, flush_ms="1")
            assert error(await put(nodes, 1, b"a", topic=topic)) == ErrorCode.NONE
        await nodes.until(files.waiting.is_set, "a flush is under way")
        for topic in ("slow", "next"):
            await delete(nodes, topic)
        files.go_on.set()
        await create(nodes, 1, flush_ms="1")
        assert error(await put(nodes, 1, b"a")) == ErrorCode.NONE
        log = nodes.replica(1, TOPIC).log
        await nodes.until(lambda: log.recovery_point == 1, "what is there is flushed")
    finally:
        files.go_on.set()
        await nodes.close()
