"""The broker's replica of the metadata log: reads it in order, applies it, tells the node what changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from cluster.broker.waiting import WakeUp
from cluster.controller.changes import Change
from cluster.controller.state import ClusterState
from cluster.controller.store import MetadataStore, StoreUnavailable

logger = logging.getLogger(__name__)

READ_LIMIT = 5_000
POLL_S = 1.0
"""How often the log is read although nobody announced anything: announcements may be lost."""

Applied = Callable[[ClusterState, ClusterState, Sequence[Change]], None]
"""Told of the state before, the state after, and the changes between."""

Coming = Callable[[ClusterState, Sequence[Change]], Awaitable[None]]
"""Told of the state that comes and the changes that lead to it: what takes time is done while the node goes on."""


class MetadataReplica:
    """Follows the metadata log. Belongs to the node's loop.

    A change is applied in the order of the log, once, and never skipped; what the store cannot answer now is read
    later, and until then the node goes on with what it knows.
    """

    def __init__(self, store: MetadataStore, state: ClusterState, coming: Coming, applied: Applied) -> None:
        self._store = store
        self._coming = coming
        self._applied = applied
        self._loop = asyncio.get_running_loop()
        self._news = WakeUp(self._loop)
        self._reading = asyncio.Lock()
        self._next_reading: asyncio.Task[None] | None = None
        """One that has not begun: it does for all who want to be where the log is now."""
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []
        self.state = state
        self.available = True

    def announce(self) -> None:
        """There may be something new in the log."""
        self._news.wake()

    async def catch_up(self) -> None:
        """Read and apply until the end of the log. Raises StoreUnavailable.

        Reading goes on when who waits for it is cancelled: nothing may be begun twice.
        """
        if self._next_reading is None:
            self._next_reading = self._loop.create_task(self._read_on())
            self._next_reading.add_done_callback(_look_at)
        await asyncio.shield(self._next_reading)

    async def catch_up_within(self, timeout_s: float) -> None:
        """As `catch_up`, as far as the store answers and the time suffices."""
        with contextlib.suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(timeout_s):
                await self.catch_up()

    async def settled(self) -> None:
        """Return when nothing is being read or applied."""
        async with self._reading:
            return

    async def _read_on(self) -> None:
        async with self._reading:
            self._next_reading = None
            while True:
                entries = await self._store.read(self.state.offset, READ_LIMIT)
                if entries:
                    after, changes = self.state.apply_all(entries), [entry.change for entry in entries]
                    await self._coming(after, changes)
                    before, self.state = self.state, after
                    self._applied(before, after, changes)
                    self._wake_waiting()
                if len(entries) < READ_LIMIT:
                    return

    async def run(self) -> None:
        """Follow the log for ever."""
        while True:
            try:
                await self.catch_up()
                self.available = True
            except StoreUnavailable as error:
                if self.available:
                    logger.warning("the metadata log cannot be read, going on with what is known: %s", error)
                self.available = False
            await self._news.sleep(self._loop.time() + POLL_S)

    async def wait_for(self, offset: int, timeout_s: float) -> bool:
        """Wait until the change at `offset` is applied. False when the time ran out."""
        if self.state.offset >= offset:
            return True
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((offset, waiter))
        timer = self._loop.call_later(timeout_s, _give_up, waiter)
        self.announce()
        try:
            return await waiter
        finally:
            timer.cancel()

    def _wake_waiting(self) -> None:
        offset = self.state.offset
        for wanted, waiter in self._waiting:
            if wanted <= offset and not waiter.done():
                waiter.set_result(True)
        self._waiting = [item for item in self._waiting if not item[1].done()]


def _look_at(reading: asyncio.Task[None]) -> None:
    """Nobody may be left to hear what it raised: that is looked at in any case."""
    if not reading.cancelled():
        reading.exception()


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
