"""Group commit: decisions are taken one after the other, and written many at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster.controller.changes import Change
from cluster.controller.state import ClusterState, Entry
from cluster.controller.store import Deposed, Lease, MetadataStore, StoreUnavailable
from cluster.protocol.errors import NotController

logger = logging.getLogger(__name__)

RETRY_S = 0.2


@dataclass(slots=True)
class _Staged:
    changes: Sequence[Change]
    durable: asyncio.Future[None]


class Commits:
    """The log's end as the controller sees it. Belongs to the controller's loop.

    `state` has everything decided, also what is not written yet: a decision builds on those before it. Nothing is
    answered before it is written. When the lease is lost all that is unwritten is refused, for good.
    """

    def __init__(
        self, store: MetadataStore, state: ClusterState, lease: Lease, on_commit: Callable[[int], None]
    ) -> None:
        self.state = state
        self.lease = lease
        self._store = store
        self._on_commit = on_commit
        self._loop = asyncio.get_running_loop()
        self._written = state.offset
        self._staged: list[_Staged] = []
        self._writer: asyncio.Task[None] | None = None
        self._last: asyncio.Future[None] | None = None
        self.deposed = False

    @property
    def settled(self) -> bool:
        """True while all that is decided is written."""
        return self._written == self.state.offset

    async def commit(self, changes: Sequence[Change]) -> int:
        """Return the offset of the last of these changes when they are written. Raises NotController."""
        self.check()
        if not changes:
            if self._last is not None:
                await asyncio.shield(self._last)
            return self.state.offset
        first = self.state.offset + 1
        entries = [Entry(offset, self.lease.epoch, change) for offset, change in enumerate(changes, first)]
        self.state = self.state.apply_all(entries)
        last = self.state.offset
        durable: asyncio.Future[None] = self._loop.create_future()
        self._staged.append(_Staged(changes, durable))
        self._last = durable
        if self._writer is None:
            self._writer = self._loop.create_task(self._write())
        await asyncio.shield(durable)
        return last

    def check(self) -> None:
        """Raise NotController once the lease is lost."""
        if self.deposed:
            raise NotController("another broker is the controller now")

    async def _write(self) -> None:
        batch: list[_Staged] = []
        try:
            while self._staged:
                batch, self._staged = self._staged, []
                await self._write_batch(batch)
        except Deposed as error:
            logger.info("the lease of epoch %s is lost: %s", self.lease.epoch, error)
            self.depose(batch)
        except Exception:
            # Decisions stand on what could not be written: this controller can go no further, the next one can.
            logger.exception("metadata cannot be written, giving up the lease of epoch %s", self.lease.epoch)
            self.depose(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[_Staged]) -> None:
        changes = [change for staged in batch for change in staged.changes]
        await self._write_surely(changes)
        self._written += len(changes)
        for staged in batch:
            staged.durable.set_result(None)
        if self._last is batch[-1].durable:
            self._last = None
        self._on_commit(self._written)

    async def _write_surely(self, changes: Sequence[Change]) -> None:
        """Write, also when the store did not say whether it has: then the log tells. Raises Deposed."""
        in_doubt, refusal = False, None
        while True:
            try:
                if in_doubt and await self._written_already(changes):
                    return
                if refusal is not None:
                    raise refusal
                await self._store.append(self.lease.epoch, self._written, changes)
                return
            except StoreUnavailable as error:
                logger.warning("metadata cannot be written, trying again: %s", error)
                in_doubt = True
                await asyncio.sleep(RETRY_S)
            except Deposed as error:
                # A write without an answer may take effect late, between our look at the log and the next attempt.
                if not in_doubt or refusal is not None:
                    raise
                refusal = error

    async def _written_already(self, changes: Sequence[Change]) -> bool:
        entries = await self._store.read(self._written, len(changes))
        return [(e.controller_epoch, e.change) for e in entries] == [(self.lease.epoch, c) for c in changes]

    def depose(self, batch: Sequence[_Staged] = ()) -> None:
        """Another broker is the controller: refuse what is not written."""
        self.deposed = True
        staged, self._staged = [*batch, *self._staged], []
        for one in staged:
            if not one.durable.done():
                one.durable.set_exception(NotController("another broker became the controller"))
                # Whoever asked may be gone: the outcome is told to those who still wait.
                one.durable.exception()
        self._last = None
