"""Writing: many decisions in one write, nothing answered before it, doubt resolved by the log, zombies refused."""

from __future__ import annotations

import asyncio

import pytest

from cluster.controller import commits
from cluster.controller.controller import CHANGES_PER_SNAPSHOT
from cluster.controller.state import BROKER, ClusterState
from cluster.controller.store import Deposed, StoreUnavailable
from cluster.protocol.errors import NotController, TopicAlreadyExists, error_for
from cluster.protocol.messages.replication import AllocateProducerIdsRequest
from cluster.protocol.messages.topics import CreatableTopic, CreateTopicsRequest
from tests.controller.cluster import ControlledCluster, three_brokers
from tests.controller.invariants import check_log
from tests.support.metadata_store import Fault


@pytest.fixture(autouse=True)
def no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "RETRY_S", 0)


async def create(cluster: ControlledCluster, name: str) -> None:
    wanted = CreatableTopic(name=name, num_partitions=1, replication_factor=3)
    result = (await cluster.controller.create_topics(CreateTopicsRequest(topics=[wanted]))).topics[0]
    if result.error_code:
        raise error_for(result.error_code)


async def held(cluster: ControlledCluster) -> asyncio.Future[None]:
    """Writes wait from now on."""
    cluster.store.hold = asyncio.get_running_loop().create_future()
    return cluster.store.hold


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def written(cluster: ControlledCluster) -> ClusterState:
    return check_log(cluster.store.entries)


# -- group commit


async def test_what_is_decided_during_a_write_is_written_together_after_it() -> None:
    cluster = await three_brokers()
    before = len(cluster.store.writes)
    hold = await held(cluster)
    commands = [asyncio.create_task(create(cluster, f"topic-{n}")) for n in range(20)]
    await turns()
    hold.set_result(None)
    await asyncio.gather(*commands)
    assert cluster.store.writes[before:] == [40]
    assert written(cluster) == cluster.state


async def test_nothing_is_answered_before_it_is_written() -> None:
    cluster = await three_brokers()
    hold = await held(cluster)
    command = asyncio.create_task(create(cluster, "orders"))
    await turns()
    assert not command.done()
    assert "orders" in cluster.state.topics, "the next decision builds on it"
    hold.set_result(None)
    await command


async def test_a_refusal_waits_for_what_it_is_based_on() -> None:
    cluster = await three_brokers()
    hold = await held(cluster)
    first = asyncio.create_task(create(cluster, "orders"))
    await turns()
    second = asyncio.create_task(create(cluster, "orders"))
    await turns()
    assert not second.done(), "the topic that is there already may never have been"
    hold.set_result(None)
    await first
    with pytest.raises(TopicAlreadyExists):
        await second


async def test_commits_are_announced_in_order() -> None:
    cluster = await three_brokers()
    await create(cluster, "orders")
    assert cluster.committed == sorted(cluster.committed)
    assert cluster.committed[-1] == cluster.state.offset


async def test_a_command_whose_client_went_away_is_written_all_the_same() -> None:
    cluster = await three_brokers()
    hold = await held(cluster)
    command = asyncio.create_task(create(cluster, "orders"))
    await turns()
    command.cancel()
    await turns()
    hold.set_result(None)
    await create(cluster, "payments")
    assert list(written(cluster).topics) == ["orders", "payments"]


# -- doubt


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_write_without_an_answer_is_written_once(fault: Fault) -> None:
    cluster = await three_brokers()
    cluster.store.faults.append(fault)
    await create(cluster, "orders")
    await create(cluster, "payments")
    assert list(written(cluster).topics) == ["orders", "payments"]
    assert written(cluster) == cluster.state


@pytest.mark.parametrize("faults", [(Fault.LOST, Fault.UNANSWERED), (Fault.LATE, Fault.LATE, Fault.LOST)])
async def test_doubt_upon_doubt_ends_with_one_write(faults: tuple[Fault, ...]) -> None:
    cluster = await three_brokers()
    cluster.store.faults.extend(faults)
    await create(cluster, "orders")
    assert written(cluster) == cluster.state


async def test_a_store_that_is_away_holds_commands_up_until_it_is_back() -> None:
    cluster = await three_brokers()
    cluster.store.available = False
    command = asyncio.create_task(create(cluster, "orders"))
    await turns(50)
    assert not command.done()
    cluster.store.available = True
    await command
    assert "orders" in written(cluster).topics


# -- zombies


async def test_a_deposed_controller_writes_nothing_and_says_so() -> None:
    cluster = await three_brokers()
    zombie = cluster.controller
    await cluster.elect(2)
    entries = list(cluster.store.entries)
    with pytest.raises(NotController):
        await zombie.alter_configs({(BROKER, "1"): {"a": "1"}})
    assert cluster.store.entries == entries
    with pytest.raises(NotController):
        await zombie.tick(0)


async def test_a_deposed_controller_refuses_for_good() -> None:
    cluster = await three_brokers()
    zombie = cluster.controller
    await cluster.elect(2)
    with pytest.raises(NotController):
        await zombie.alter_configs({(BROKER, "1"): {"a": "1"}})
    cluster.store.available = False
    for _ in range(2):
        with pytest.raises(NotController):
            await zombie.alter_configs({})
    with pytest.raises(NotController):
        await zombie.allocate_producer_ids(AllocateProducerIdsRequest(broker_id=1, broker_epoch=zombie.state.offset))


async def test_all_who_wait_learn_that_the_controller_is_deposed() -> None:
    cluster = await three_brokers()
    hold = await held(cluster)
    commands = [asyncio.create_task(create(cluster, f"topic-{n}")) for n in range(3)]
    await turns()
    late = asyncio.create_task(create(cluster, "topic-3"))
    await turns()
    await cluster.store.claim(2, "localhost", 9093, 1)
    hold.set_result(None)
    outcome = await asyncio.gather(*commands, late, return_exceptions=True)
    assert [type(one) for one in outcome] == [NotController] * 4
    assert not written(cluster).topics


async def test_a_write_that_took_effect_before_the_deposition_is_answered_as_written() -> None:
    cluster = await three_brokers()
    cluster.store.faults.append(Fault.UNANSWERED)
    command = asyncio.create_task(create(cluster, "orders"))
    await turns(4)
    assert "orders" in written(cluster).topics
    assert not command.done()
    await cluster.store.claim(2, "localhost", 9093, 1)
    await command
    assert "orders" in written(cluster).topics


async def test_a_write_that_fails_for_a_reason_of_its_own_ends_the_controllership(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = await three_brokers()

    async def broken(*_: object) -> int:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(cluster.store, "append", broken)
    with pytest.raises(NotController):
        await create(cluster, "orders")
    with pytest.raises(NotController):
        await cluster.controller.tick(0)


async def test_resigning_refuses_what_has_not_begun_to_be_written() -> None:
    cluster = await three_brokers()
    hold = await held(cluster)
    begun = asyncio.create_task(create(cluster, "orders"))
    await turns()
    waiting = asyncio.create_task(create(cluster, "payments"))
    await turns()
    cluster.controller.depose()
    with pytest.raises(NotController):
        await waiting
    hold.set_result(None)
    await begun
    assert list(written(cluster).topics) == ["orders"]


async def test_the_lease_goes_to_whoever_knows_its_last_epoch() -> None:
    cluster = await three_brokers()
    with pytest.raises(Deposed):
        await cluster.store.claim(2, "localhost", 9093, 0)
    assert (await cluster.store.claim(2, "localhost", 9093, 1)).epoch == 2


# -- producer ids and snapshots


async def test_blocks_of_producer_ids_never_overlap_across_controllers() -> None:
    cluster = await three_brokers()
    request = AllocateProducerIdsRequest(broker_id=1, broker_epoch=cluster.brokers[1].epoch)
    starts = [(await cluster.controller.allocate_producer_ids(request)).producer_id_start for _ in range(2)]
    await cluster.elect(2)
    answer = await cluster.controller.allocate_producer_ids(request)
    assert [*starts, answer.producer_id_start] == [0, 1000, 2000]
    assert answer.producer_id_len == 1000


async def test_a_snapshot_is_kept_when_much_was_written() -> None:
    cluster = await three_brokers()
    many = {f"config.{n}": "1" for n in range(CHANGES_PER_SNAPSHOT // 2)}
    await cluster.controller.alter_configs({(BROKER, "1"): many})
    cluster.store.available = False
    with pytest.raises(StoreUnavailable):
        await cluster.controller.tick(0)
    cluster.store.available = True
    await cluster.controller.tick(0)
    kept = await cluster.store.read_snapshot()
    assert kept == cluster.state
    await create(cluster, "orders")
    await cluster.controller.tick(0)
    assert (await cluster.store.read_snapshot()).offset == kept.offset, "not after each change"
    assert kept.apply_all(await cluster.store.read(kept.offset, 1000)) == cluster.state
