"""When a controller's loop stood still: the heartbeats that arrived meanwhile have not been heard."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from cluster.controller.sessions import Sessions

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.25
"""How often to look at the clock."""
LATE_S: Final = 0.5
"""Who looks so late has stood still."""


class Standstills:
    """Lets sessions last longer by what the loop stood still, not by what it waited. Belongs to the loop."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._loop = asyncio.get_running_loop()
        self._looked_at = self._loop.time()

    async def watch(self) -> None:
        """Look at the clock so often that each standstill is noticed."""
        while True:
            self.forgive()
            await asyncio.sleep(LOOK_S)

    def forgive(self) -> None:
        """Before sessions are ended: hold no standstill since the last look against the brokers."""
        before, self._looked_at = self._looked_at, self._loop.time()
        stood_s = self._looked_at - before - LOOK_S
        if stood_s > LATE_S:
            logger.info("the controller stood still for %.1f s: so much longer do sessions last", stood_s)
            self._sessions.stood_still(stood_s * 1000)
