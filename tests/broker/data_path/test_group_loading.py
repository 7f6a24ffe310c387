"""The coordinator of groups reads what its partition holds; what it cannot read once it reads again."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.broker import group_loading, groups
from cluster.broker.group_loading import Loading
from cluster.broker.groups import OFFSETS_TOPIC, HostedShard
from cluster.broker.partitions.partition import Partition
from cluster.groups.config import GroupConfig
from cluster.groups.coordinator import GroupCoordinatorShard
from cluster.groups.effects import Record
from cluster.groups.group import Group
from cluster.groups.offsets import CommittedOffset
from cluster.groups.records import group_record, group_tombstone, offset_record, offset_tombstone
from cluster.log.partition_log import PartitionLog
from cluster.protocol.messages.coordination import FindCoordinatorRequest
from cluster.protocol.records.build import BatchOptions, NewRecord, build_batch
from tests.groups.bench.driver import Topics
from tests.log.support import NOW, forged, open_log
from tests.support.files import SimFiles
from tests.support.nodes import Nodes, brokers

PARTITIONS = 2
NONSENSE = b"\0\x63what no coordinator writes"


def shards(nodes: Nodes) -> int:
    return len(list(nodes[1].parts.groups.loaded()))


def offsets_partition(nodes: Nodes, index: int) -> Partition:
    partition = nodes[1].parts.replicas.get(OFFSETS_TOPIC, index)
    assert partition is not None
    return partition


def written(*listed: Record) -> bytearray:
    """A batch as a coordinator writes it."""
    return build_batch([NewRecord(key=key, value=value, timestamp=NOW) for key, value in listed])


def commit(offset: int, *, group: str = "readers", partition: int = 0) -> Record:
    return offset_record(group, "orders", partition, CommittedOffset(offset=offset, committed_at_ms=NOW + offset))


def shard() -> GroupCoordinatorShard:
    return GroupCoordinatorShard(GroupConfig(), random.Random(1), Topics())


def append(log: PartitionLog, batch: bytearray) -> None:
    log.append_as_leader(memoryview(batch), 0, NOW)


def some_record(rng: random.Random, number: int) -> Record:
    """Of any kind that a coordinator writes, and what it cannot read, about one of a few groups."""
    name = rng.choice("abc")
    match rng.randrange(7):
        case 0:
            return group_record(Group(group_id=name, generation=number), {})
        case 1:
            return group_tombstone(name)
        case 2:
            return offset_tombstone(name, "orders", rng.randrange(3))
        case 3:
            return commit(0, group=name, partition=rng.randrange(3))[0], NONSENSE
        case _:
            return commit(number, group=name, partition=rng.randrange(3))


@pytest.mark.parametrize("seed", range(20))
def test_a_log_is_read_as_if_each_of_its_records_had_been_replayed(seed: int) -> None:
    rng, log, expected, found = random.Random(seed), open_log(SimFiles()), shard(), shard()
    for number in range(40):
        listed = [some_record(rng, number) for _ in range(rng.randrange(1, 4))]
        append(log, written(*listed))
        expected.replay(listed)
    loading = Loading(log, found)
    for _ in loading.slices():
        pass
    assert found._state.offsets == expected._state.offsets
    assert found._state.groups == expected._state.groups
    assert loading.end_offset == log.log_end_offset


def test_what_no_coordinator_wrote_is_left_out() -> None:
    log, found = open_log(SimFiles()), shard()
    append(log, written(commit(1)))
    append(log, written((b"?", b"a key that is none"), commit(2, partition=1)))
    cut = build_batch([NewRecord(*commit(3), timestamp=NOW)], BatchOptions(base_offset=log.log_end_offset))
    log.append_as_follower(forged(cut, count=2, last_offset_delta=1), max_epoch=0)
    append(log, written(commit(4, partition=2)))
    loading = Loading(log, found)
    for _ in loading.slices():
        pass
    offsets = found._state.offsets.of_group("readers")["orders"]
    assert {partition: committed.offset for partition, committed in offsets.items()} == {0: 1, 1: 2, 2: 4}
    assert loading.unreadable == 2


def test_a_log_that_ends_behind_its_last_batch_is_read_to_its_end() -> None:
    """As a compacted one may."""
    files, found = SimFiles(), shard()
    log = open_log(files)
    append(log, written(commit(1)))
    log.roll(NOW, base_offset=50)
    log.close()
    log = open_log(files)
    loading = Loading(log, found)
    for _ in loading.slices():
        pass
    assert loading.end_offset == 50
    assert list(found._state.offsets.of_group("readers")) == ["orders"]


async def test_groups_that_could_not_be_loaded_are_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with brokers(tmp_path, 1) as nodes:
        await nodes.ask(1, FindCoordinatorRequest(key_type=0, coordinator_keys=["readers"]))
        await nodes.until(lambda: shards(nodes) == PARTITIONS, "the groups are loaded")
        await nodes.crash(1)
        load, failures = HostedShard.load, [RuntimeError("nobody expected that")]

        async def failing_once(self: HostedShard, turns: asyncio.Lock) -> None:
            if failures:
                raise failures.pop()
            await load(self, turns)

        monkeypatch.setattr(HostedShard, "load", failing_once)
        monkeypatch.setattr(groups, "LOAD_AGAIN_S", 0.05)
        await nodes.start(1)
        await nodes.until(lambda: not failures and shards(nodes) == PARTITIONS, "all are loaded")


async def test_a_shard_that_is_closed_while_it_waits_for_its_turn_reads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log may be closed as well by then."""
    begun: list[PartitionLog] = []

    class Watched(Loading):
        def slices(self) -> Iterator[None]:
            begun.append(self._log)
            yield from super().slices()

    async with brokers(tmp_path, 1) as nodes:
        await nodes.ask(1, FindCoordinatorRequest(key_type=0, coordinator_keys=["readers"]))
        await nodes.until(lambda: shards(nodes) == PARTITIONS, "the groups are loaded")
        led = [offsets_partition(nodes, index) for index in range(PARTITIONS)]
        for partition in led:
            partition.append(memoryview(written(commit(1))), 1, NOW)
        monkeypatch.setattr(groups, "Loading", Watched)
        monkeypatch.setattr(group_loading, "READ_AT_A_TIME", 1)
        for partition in led:
            nodes[1].parts.groups.lead(partition)
        await asyncio.sleep(0)
        assert begun == [led[0].log]
        nodes[1].parts.groups.close()
        for _ in range(10):
            await asyncio.sleep(0)
        assert begun == [led[0].log]


async def test_a_broker_goes_on_with_its_work_while_it_loads_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: dict[int, list[int]] = {}
    """Round of the loop -> how many records each slice in it read."""
    rounds, reads = 0, 0
    loop = asyncio.get_running_loop()

    def count_rounds() -> None:
        nonlocal rounds
        rounds += 1
        loop.call_soon(count_rounds)

    def counted(batch: object) -> Iterator[object]:
        nonlocal reads
        for record in decode(batch):
            reads += 1
            yield record

    class Watched(Loading):
        def slices(self) -> Iterator[None]:
            nonlocal reads
            reads = 0
            for _ in super().slices():
                looked_at.setdefault(rounds, []).append(reads)
                reads = 0
                yield

    async with brokers(tmp_path, 1) as nodes:
        await nodes.ask(1, FindCoordinatorRequest(key_type=0, coordinator_keys=["readers"]))
        await nodes.until(lambda: shards(nodes) == PARTITIONS, "the groups are loaded")
        led = [offsets_partition(nodes, index) for index in range(PARTITIONS)]
        for partition in led:
            for number in range(1_000):
                batch = written(*(commit(number, partition=each) for each in range(5)))
                partition.append(memoryview(batch), 1, NOW)
        decode = group_loading.records
        monkeypatch.setattr(group_loading, "records", counted)
        monkeypatch.setattr(groups, "Loading", Watched)
        count_rounds()
        for partition in led:
            nodes[1].parts.groups.lead(partition)
        assert shards(nodes) == 0
        await nodes.until(lambda: shards(nodes) == PARTITIONS, "the groups are loaded anew")
    assert max(len(slices) for slices in looked_at.values()) == 1
    assert max(each for slices in looked_at.values() for each in slices) <= group_loading.READ_AT_A_TIME
    assert sum(each for slices in looked_at.values() for each in slices) == PARTITIONS * 5_000
