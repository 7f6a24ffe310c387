"""Brokers that this one has just lost the connection to: their leaderships are about to move."""

from __future__ import annotations

import asyncio

PATIENCE_S = 0.75
"""How long clients may be kept waiting for news of a leader that is probably gone."""


class Absences:
    """When each broker was lost. Belongs to the node's loop.

    A client that loses its leader asks for metadata at once, and when it is told the old leader it asks again only a
    second later. An answer that waits for the election, some hundred milliseconds, saves it that second.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lost_at: dict[int, float] = {}

    def __bool__(self) -> bool:
        """True while a broker is away."""
        return bool(self._lost_at)

    def lost(self, broker_id: int) -> None:
        """A connection to this broker broke, or it refuses them."""
        self._lost_at.setdefault(broker_id, self._loop.time())

    def found(self, broker_id: int) -> None:
        """This broker answers."""
        self._lost_at.pop(broker_id, None)

    def patience(self, broker_id: int, at_most_s: float = PATIENCE_S) -> float:
        """Seconds that are left of so many since this broker was lost; 0 for a broker that is there."""
        lost_at = self._lost_at.get(broker_id)
        return 0.0 if lost_at is None else max(0.0, lost_at + at_most_s - self._loop.time())
