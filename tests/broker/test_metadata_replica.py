"""A broker's replica of the metadata log, when its store is slow to answer."""

import asyncio
from collections.abc import Sequence

from cluster.broker.control.metadata import MetadataReplica
from cluster.controller.changes import Change
from cluster.controller.state import ClusterState, Entry
from tests.support.metadata_store import MemoryMetadataStore


class SlowStore(MemoryMetadataStore):
    """Reads wait until they may go on, and are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = asyncio.Event()
        self.reads = 0

    async def read(self, after_offset: int, limit: int) -> Sequence[Entry]:
        self.reads += 1
        await self.may_read.wait()
        return await super().read(after_offset, limit)


async def nothing_to_prepare(after: ClusterState, changes: Sequence[Change]) -> None:
    """No logs are opened here."""


async def test_those_who_wait_for_a_slow_store_wait_for_one_reading() -> None:
    store = SlowStore()
    await store.claim(1, "localhost", 9092, 0)
    replica = MetadataReplica(store, ClusterState(cluster_id="a-cluster"), nothing_to_prepare, lambda *_: None)
    first = asyncio.ensure_future(replica.catch_up())
    await asyncio.sleep(0.01)
    for _ in range(20):
        await replica.catch_up_within(0.001)
    await store.claim(2, "localhost", 9093, 1)
    last = asyncio.ensure_future(replica.catch_up())
    store.may_read.set()
    await first
    await last
    assert replica.state.controller is not None
    assert replica.state.controller.id == 2
    assert store.reads == 2
