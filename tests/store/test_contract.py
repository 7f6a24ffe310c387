"""What every metadata store promises: one writer, dense offsets, whole writes, a lease that only one broker gets."""

from __future__ import annotations

import asyncio

import pytest

from cluster.controller.changes import Change, ConfigChanged, ControllerElected, PartitionPlaced, TopicCreated
from cluster.controller.state import ClusterState
from cluster.controller.store import Deposed, Lease, MetadataStore
from cluster.protocol.primitives import Uuid
from tests.store.conftest import Home

pytestmark = pytest.mark.filterwarnings("error")


def config(value: str) -> ConfigChanged:
    return ConfigChanged(resource_type=4, resource_name="1", name="a", value=value)


def claimed(store: MetadataStore, broker: int = 1, known_epoch: int = 0) -> asyncio.Task[Lease]:
    return asyncio.ensure_future(store.claim(broker, f"host-{broker}", 9091 + broker, known_epoch))


async def test_the_cluster_s_id_is_made_once(home: Home) -> None:
    ids = await asyncio.gather(*(home.another().cluster_id() for _ in range(4)))
    assert len(dict.fromkeys(ids)) == 1
    assert ids[0] == await home.store.cluster_id()
    assert ids[0]


async def test_a_new_log_is_empty(store: MetadataStore) -> None:
    assert await store.read(-1, 10) == []
    assert await store.read_snapshot() == ClusterState(cluster_id=await store.cluster_id())
    assert await store.current_lease() is None


# -- the lease


async def test_a_claim_is_the_first_record_of_its_epoch(store: MetadataStore) -> None:
    assert await claimed(store, 2) == Lease(controller_id=2, epoch=1)
    assert await claimed(store, 3, known_epoch=1) == Lease(controller_id=3, epoch=2)
    entries = await store.read(-1, 10)
    assert [(e.offset, e.controller_epoch) for e in entries] == [(0, 1), (1, 2)]
    assert entries[1].change == ControllerElected(controller_id=3, epoch=2, host="host-3", port=9094)
    assert await store.current_lease() == Lease(controller_id=3, epoch=2)


@pytest.mark.parametrize("known_epoch", [0, 2])
async def test_a_claim_of_who_does_not_know_the_last_one_is_refused(store: MetadataStore, known_epoch: int) -> None:
    await claimed(store)
    with pytest.raises(Deposed):
        await claimed(store, 2, known_epoch)
    assert await store.current_lease() == Lease(controller_id=1, epoch=1)


@pytest.mark.parametrize("known_epoch", [0, 1])
async def test_of_many_claims_at_once_one_succeeds(home: Home, known_epoch: int) -> None:
    if known_epoch:
        await claimed(home.store)
    stores = [home.another() for _ in range(4)]
    claims = [claimed(store, broker, known_epoch) for broker, store in enumerate(stores)]
    outcome = await asyncio.gather(*claims, return_exceptions=True)
    won = [one for one in outcome if isinstance(one, Lease)]
    assert len(won) == 1
    assert all(isinstance(one, Deposed) for one in outcome if one is not won[0])
    assert await home.store.current_lease() == won[0]
    assert len(await home.store.read(-1, 10)) == known_epoch + 1


async def test_a_lease_that_is_not_renewed_expires(home: Home) -> None:
    lease = await claimed(home.store)
    home.pass_time(5)
    found = await home.store.current_lease()
    assert found is not None
    assert not found.expired
    home.pass_time(5)
    found = await home.store.current_lease()
    assert found is not None
    assert found.expired
    await home.store.renew(lease)
    found = await home.store.current_lease()
    assert found is not None
    assert not found.expired


async def test_an_expired_lease_is_good_for_writing_until_somebody_takes_it(home: Home) -> None:
    await claimed(home.store)
    home.pass_time(60)
    assert await home.store.append(1, 0, [config("a")]) == 1


async def test_a_lease_that_was_taken_is_not_renewed(store: MetadataStore) -> None:
    lease = await claimed(store)
    await claimed(store, 2, known_epoch=1)
    with pytest.raises(Deposed):
        await store.renew(lease)


# -- the log


async def test_what_was_written_is_read_in_order(store: MetadataStore) -> None:
    await claimed(store)
    topic_id = Uuid(bytes(range(16)))
    first: list[Change] = [
        TopicCreated(name="orders", topic_id=topic_id),
        PartitionPlaced(topic_id=topic_id, index=0, replicas=(1, 2), isr=(1,), leader=1),
    ]
    assert await store.append(1, 0, first) == 2
    assert await store.append(1, 2, [config("a"), config("b")]) == 4
    entries = await store.read(0, 10)
    assert [e.offset for e in entries] == [1, 2, 3, 4]
    assert [e.change for e in entries] == [*first, config("a"), config("b")]
    assert [e.offset for e in await store.read(1, 2)] == [2, 3]
    assert await store.read(4, 10) == []


@pytest.mark.parametrize(("epoch", "expected_offset"), [(0, 0), (2, 0), (1, -1), (1, 1)])
async def test_a_writer_from_another_time_writes_nothing(
    store: MetadataStore, epoch: int, expected_offset: int
) -> None:
    await claimed(store)
    with pytest.raises(Deposed):
        await store.append(epoch, expected_offset, [config("a")])
    assert len(await store.read(-1, 10)) == 1


async def test_a_deposed_writer_writes_nothing(store: MetadataStore) -> None:
    await claimed(store)
    await claimed(store, 2, known_epoch=1)
    for expected_offset in (0, 1):
        with pytest.raises(Deposed):
            await store.append(1, expected_offset, [config("a")])
    assert await store.append(2, 1, [config("b")]) == 2


async def test_a_claim_and_a_write_at_the_same_time_come_one_after_the_other(home: Home) -> None:
    other = home.another()
    await claimed(home.store)
    for epoch in range(1, 11):
        last = (await home.store.read(-1, 1000))[-1].offset
        write = asyncio.ensure_future(home.store.append(epoch, last, [config("a"), config("b")]))
        claim = claimed(other, epoch, known_epoch=epoch)
        written, _ = await asyncio.gather(write, claim, return_exceptions=True)
        assert isinstance(written, (int, Deposed))
        behind = await home.store.read(last, 1000)
        assert [e.controller_epoch for e in behind] == [epoch] * (2 * isinstance(written, int)) + [epoch + 1]
    entries = await home.store.read(-1, 1000)
    assert [e.offset for e in entries] == list(range(len(entries)))


async def test_a_reader_sees_whole_writes(home: Home) -> None:
    reader = home.another()
    await claimed(home.store)
    seen: list[int] = []

    async def read() -> None:
        while not seen or seen[-1] < 100:
            entries = await reader.read(-1, 1000)
            seen.append(entries[-1].offset)

    reading = asyncio.ensure_future(read())
    for last in range(0, 100, 10):
        await home.store.append(1, last, [config(str(n)) for n in range(10)])
    await reading
    assert all(offset % 10 == 0 for offset in seen)
    assert seen == sorted(seen)


async def test_a_large_write_is_one_write(store: MetadataStore) -> None:
    await claimed(store)
    many = [
        PartitionPlaced(topic_id=Uuid(bytes(16)), index=n, replicas=(1, 2, 3), isr=(1, 2, 3), leader=1)
        for n in range(6_000)
    ]
    assert await store.append(1, 0, many) == 6_000
    assert [e.change for e in await store.read(0, 10_000)] == many


# -- snapshots


async def test_a_snapshot_and_the_log_behind_it_make_the_state(store: MetadataStore) -> None:
    await claimed(store)
    await store.append(1, 0, [config("a")])
    state = (await store.read_snapshot()).apply_all(await store.read(-1, 10))
    await store.save_snapshot(1, state)
    await store.append(1, 1, [config("b")])
    kept = await store.read_snapshot()
    assert kept == state
    assert kept.apply_all(await store.read(kept.offset, 10)).broker_config("1") == {"a": "b"}
    await store.save_snapshot(1, kept.apply_all(await store.read(kept.offset, 10)))
    assert (await store.read_snapshot()).offset == 2


async def test_a_deposed_controller_keeps_no_snapshot(store: MetadataStore) -> None:
    await claimed(store)
    state = (await store.read_snapshot()).apply_all(await store.read(-1, 10))
    await claimed(store, 2, known_epoch=1)
    with pytest.raises(Deposed):
        await store.save_snapshot(1, state)
    assert (await store.read_snapshot()).offset == -1


async def test_a_state_that_is_not_written_yet_is_no_snapshot(store: MetadataStore) -> None:
    await claimed(store)
    ahead = (await store.read_snapshot()).apply_all(await store.read(-1, 10)).with_changes([config("a")])
    with pytest.raises(Deposed):
        await store.save_snapshot(1, ahead)
