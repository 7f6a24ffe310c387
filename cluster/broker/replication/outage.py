"""What the log says of a broker that cannot be fetched from: when that begins, once a minute, when it is over."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

logger = logging.getLogger(__name__)

AGAIN_S: Final = 60.0
"""How often it is told that nothing has changed."""


class Outage:
    """Counts the attempts that failed since one succeeded. Belongs to the fetcher of that broker."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._attempts = 0
        self._begun = self._told = 0.0

    def failed(self, error: BaseException, *, unforeseen: bool = False) -> None:
        """Another attempt was in vain; what is `unforeseen` is told with where it happened."""
        now, self._attempts = self._loop.time(), self._attempts + 1
        level, where = (logging.ERROR, error) if unforeseen else (logging.INFO, None)
        what = error if str(error) else type(error).__name__
        if self._attempts == 1:
            self._begun = self._told = now
            logger.log(level, "cannot fetch from broker %s: %s", self._source, what, exc_info=where)
        elif now >= self._told + AGAIN_S:
            self._told = now
            tried = f"after {self._attempts} attempts in {now - self._begun:.0f} s"
            logger.log(level, "still cannot fetch from broker %s, %s: %s", self._source, tried, what)

    def over(self) -> None:
        """The broker has answered."""
        if self._attempts:
            away_s, self._attempts = self._loop.time() - self._begun, 0
            logger.info("fetches from broker %s again, after %.1f s", self._source, away_s)
