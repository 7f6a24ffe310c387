"""Broker sessions: who has been heard of lately. In memory only; a new controller gives everybody a whole session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cluster.controller.state import ClusterState


@dataclass(slots=True)
class Session:
    """One broker's. `deadline_ms` is on the controller's monotonic clock."""

    epoch: int
    deadline_ms: float
    metadata_offset: int = -1
    shutdown_offset: int | None = None
    """The metadata offset that all others must have before this broker may go; None: it does not want to."""


class Sessions:
    """The sessions of all registered brokers. Belongs to the controller."""

    def __init__(self, state: ClusterState, timeout_ms: float, now_ms: float) -> None:
        self.timeout_ms = timeout_ms
        self._sessions = {
            broker.id: Session(broker.epoch, now_ms + timeout_ms)
            for broker in state.brokers.values()
            if not broker.fenced
        }
        self._waiting: dict[asyncio.Future[None], int] = {}

    def valid(self, broker_id: int, now_ms: float) -> bool:
        """True while the broker was heard of within its session."""
        session = self._sessions.get(broker_id)
        return session is not None and session.deadline_ms > now_ms

    def touch(self, broker_id: int, epoch: int, metadata_offset: int, now_ms: float) -> Session:
        """A heartbeat arrived."""
        session = self._sessions.get(broker_id)
        if session is None or session.epoch != epoch:
            session = self._sessions[broker_id] = Session(epoch, 0)
        session.deadline_ms = now_ms + self.timeout_ms
        session.metadata_offset = max(session.metadata_offset, metadata_offset)
        return session

    def end(self, broker_id: int) -> None:
        """The broker is gone, or another incarnation of it has come."""
        self._sessions.pop(broker_id, None)

    def stood_still(self, for_ms: float) -> None:
        """The controller was deaf for so long: what it did not hear then is held against nobody."""
        for session in self._sessions.values():
            session.deadline_ms += for_ms

    def lowest_offset(self, state: ClusterState) -> int:
        """The metadata offset that every unfenced broker has reached."""
        offsets = [s.metadata_offset for b, s in self._sessions.items() if b in state.brokers and not _fenced(state, b)]
        return min(offsets, default=state.offset)

    async def applied_by_all(self, state: ClusterState, offset: int, timeout_s: float) -> None:
        """Return when every unfenced broker has told that it applied the change at `offset`, or when time is up."""
        if self.lowest_offset(state) >= offset:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = offset
        try:
            await asyncio.wait([waiter], timeout=timeout_s)
        finally:
            del self._waiting[waiter]

    def wake_waiting(self, state: ClusterState) -> None:
        """Brokers told how far they are, or are not waited for any more."""
        if self._waiting:
            lowest = self.lowest_offset(state)
            for waiter, offset in self._waiting.items():
                if offset <= lowest and not waiter.done():
                    waiter.set_result(None)

    def expired(self, now_ms: float) -> list[int]:
        """The brokers whose session is over."""
        return [broker for broker, session in self._sessions.items() if session.deadline_ms <= now_ms]

    def next_deadline(self) -> float | None:
        """When the next session ends."""
        return min((session.deadline_ms for session in self._sessions.values()), default=None)


def _fenced(state: ClusterState, broker_id: int) -> bool:
    return state.brokers[broker_id].fenced
