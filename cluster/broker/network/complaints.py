"""What the log says of clients that misbehave: a line for each, but no flood."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

LINES: Final = 20
WINDOW_S: Final = 10.0
"""So many lines in that time; of the rest only how many there were."""


class Client(Protocol):
    """Whose connection it is."""

    host: str
    port: int


class Complaints:
    """The lines about clients of one listener. Belongs to the node's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, logger: logging.Logger) -> None:
        self._loop = loop
        self._logger = logger
        self._lines = self._untold = 0
        self._begun = -WINDOW_S
        self._telling: asyncio.TimerHandle | None = None

    def say(self, level: int, what: str, client: Client, why: object) -> None:
        """What was done with a client's connection, and why; or count it when there have been enough lines."""
        now = self._loop.time()
        if now >= self._begun + WINDOW_S:
            self._lines, self._begun = 0, now
        if self._lines < LINES:
            self._lines += 1
            self._logger.log(level, "%s the connection of %s:%s: %s", what, client.host, client.port, why)
            return
        self._untold += 1
        if self._telling is None:
            self._telling = self._loop.call_at(self._begun + WINDOW_S, self._tell)

    def _tell(self) -> None:
        self._telling = None
        untold, self._untold = self._untold, 0
        self._logger.warning("%d more connections were closed for the like within %.0f s", untold, WINDOW_S)

    def close(self) -> None:
        """Say what is still to be said."""
        if self._telling is not None:
            self._telling.cancel()
            self._tell()
