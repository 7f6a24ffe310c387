"""A metadata store in memory, with the faults that a database and a network have."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum

from cluster.controller import changes, snapshot
from cluster.controller.changes import Change, ControllerElected
from cluster.controller.state import ClusterState, Entry
from cluster.controller.store import Deposed, Lease, StoreUnavailable

LEASE_S = 6.0


class Fault(Enum):
    """What becomes of one call."""

    LOST = "it never arrives"
    UNANSWERED = "it takes effect, the answer is lost"
    LATE = "it has no answer, and takes effect just before the next write"


class MemoryMetadataStore:
    """One serial log for any number of nodes on one loop. A call takes effect at one instant, and answers later.

    `faults` are met by the next writes, in order. While `hold` is set to a future, writes wait for it.
    """

    def __init__(self, cluster_id: str = "a-cluster", now_s: Callable[[], float] = lambda: 0.0) -> None:
        self.entries: list[Entry] = []
        self.lease: Lease | None = None
        self.faults: deque[Fault] = deque()
        self.hold: asyncio.Future[None] | None = None
        self.writes: list[int] = []
        self.available = True
        self._cluster_id = cluster_id
        self._now_s = now_s
        self._renewed_s = 0.0
        self._first = 0
        self._snapshot: dict[str, object] | None = None
        self._late: list[Callable[[], object]] = []

    async def _arrive(self) -> None:
        await asyncio.sleep(0)
        if not self.available:
            raise StoreUnavailable("the store is away")

    async def cluster_id(self) -> str:
        await self._arrive()
        return self._cluster_id

    async def read_snapshot(self) -> ClusterState:
        await self._arrive()
        if self._snapshot is None:
            return ClusterState(cluster_id=self._cluster_id)
        return snapshot.from_json(self._cluster_id, self._snapshot)

    async def read(self, after_offset: int, limit: int) -> Sequence[Entry]:
        await self._arrive()
        assert after_offset + 1 >= self._first, "the log is read without gaps"
        begin = after_offset + 1 - self._first
        return self.entries[begin : begin + limit]

    async def append(self, epoch: int, expected_offset: int, changes: Sequence[Change]) -> int:
        await self._arrive()
        if self.hold is not None:
            await self.hold
        while self._late:
            with contextlib.suppress(Deposed):
                self._late.pop(0)()
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.LATE:
            self._late.append(lambda: self._append(epoch, expected_offset, changes))
        if fault in (Fault.LOST, Fault.LATE):
            raise StoreUnavailable(fault.value)
        last = self._append(epoch, expected_offset, changes)
        if fault is Fault.UNANSWERED:
            raise StoreUnavailable(fault.value)
        return last

    def _append(self, epoch: int, expected_offset: int, written: Sequence[Change]) -> int:
        if self.lease is None or self.lease.epoch != epoch or self.last_offset != expected_offset:
            raise Deposed(f"the lease of epoch {epoch} is lost, or the log does not end at {expected_offset}")
        self._write(epoch, written)
        self.writes.append(len(written))
        return self.last_offset

    def _write(self, epoch: int, written: Sequence[Change]) -> None:
        for change in written:
            # What a database would give back: only what JSON can carry.
            kept = changes.from_json(*changes.to_json(change))
            self.entries.append(Entry(self.last_offset + 1, epoch, kept))

    @property
    def last_offset(self) -> int:
        """The offset of the last entry, -1 before the first."""
        return self._first + len(self.entries) - 1

    async def claim(self, controller_id: int, host: str, port: int, known_epoch: int) -> Lease:
        await self._arrive()
        if (self.lease.epoch if self.lease is not None else 0) != known_epoch:
            raise Deposed(f"somebody took the lease since epoch {known_epoch}")
        self.lease = Lease(controller_id=controller_id, epoch=known_epoch + 1)
        self._renewed_s = self._now_s()
        elected = ControllerElected(controller_id=controller_id, epoch=known_epoch + 1, host=host, port=port)
        self._write(known_epoch + 1, [elected])
        return self.lease

    async def renew(self, lease: Lease) -> None:
        await self._arrive()
        if self.lease is None or self.lease.epoch != lease.epoch:
            raise Deposed(f"the lease of epoch {lease.epoch} is lost")
        self._renewed_s = self._now_s()

    async def current_lease(self) -> Lease | None:
        await self._arrive()
        if self.lease is None:
            return None
        expired = self._now_s() - self._renewed_s > LEASE_S
        return Lease(controller_id=self.lease.controller_id, epoch=self.lease.epoch, expired=expired)

    async def save_snapshot(self, epoch: int, state: ClusterState) -> None:
        await self._arrive()
        if self.lease is None or self.lease.epoch != epoch or state.offset > self.last_offset:
            raise Deposed(f"the lease of epoch {epoch} is lost")
        self._snapshot = snapshot.to_json(state)
