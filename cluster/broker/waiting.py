"""What waits: for a mark of a partition, for news."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from cluster.protocol.errors import ErrorCode


@dataclass(slots=True, eq=False)
class OffsetWait:
    """Someone who waits until a mark reaches `offset`."""

    offset: int
    settle: Callable[[ErrorCode], None]


class OffsetWaits:
    """Those who wait for a mark of one partition, lowest offset first. Almost all come in order."""

    __slots__ = ("_waits",)

    def __init__(self) -> None:
        self._waits: deque[OffsetWait] = deque()

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, offset: int, settle: Callable[[ErrorCode], None]) -> OffsetWait:
        """Settle when the mark reaches `offset`. A repeated append waits for less than those in front of it do."""
        wait, waits = OffsetWait(offset, settle), self._waits
        place = len(waits)
        while place and waits[place - 1].offset > offset:
            place -= 1
        waits.insert(place, wait)
        return wait

    def remove(self, wait: OffsetWait) -> None:
        """It waits no more."""
        with contextlib.suppress(ValueError):
            self._waits.remove(wait)

    def reached(self, mark: int, code: ErrorCode) -> None:
        """Settle with `code` what `mark` covers."""
        waits = self._waits
        while waits and waits[0].offset <= mark:
            waits.popleft().settle(code)

    def fail(self, code: ErrorCode) -> None:
        """Settle everything with an error: the leadership is gone."""
        waits, self._waits = self._waits, deque()
        for wait in waits:
            wait.settle(code)


class WakeUp:
    """A sleeper that many may wake, once a tick of the loop, and that wakes by itself at its deadline.

    Waking a sleeper that is not yet asleep is not lost: it does not fall asleep then.
    """

    __slots__ = ("_loop", "_waiter", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: asyncio.Future[bool] | None = None
        self._woken = False

    def wake(self) -> None:
        """Wake the sleeper."""
        if self._waiter is None:
            self._woken = True
        elif not self._waiter.done():
            self._waiter.set_result(True)

    async def sleep(self, deadline: float) -> bool:
        """Sleep until woken (True) or until loop time `deadline` (False)."""
        assert self._waiter is None, "one sleeper at a time"
        if self._woken:
            self._woken = False
            return True
        self._waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._expire)
        try:
            return await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _expire(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(False)
