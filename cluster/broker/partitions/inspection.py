"""Batches that take long to be looked into are looked into in an executor, while the node's loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from cluster.log.segments.search import FoundRecord, LongSearch
from cluster.log.validation import LongWalk, Validated, validate

T = TypeVar("T")


class Inspection:
    """Looks into one such batch at a time: what they inflate to takes memory. Belongs to the node's loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def validate(self, data: memoryview, walk: LongWalk) -> Validated:
        """What `cluster.log.validation.validate` makes of a batch. Raises what that raises.

        Once begun it is done to its end and keeps its turn, even if nobody waits for it any more.
        """
        return Validated(await self._look(validate, data, walk.appending), walk.appending.config)

    async def search(self, search: LongSearch) -> FoundRecord | None:
        """What the search finds in its batch. Raises what that raises; begun, it is done to its end as well."""
        return await self._look(search.run)

    async def _look(self, into: Callable[..., T], *arguments: Any) -> T:
        await self._turn.acquire()
        looking = asyncio.get_running_loop().run_in_executor(None, into, *arguments)
        looking.add_done_callback(self._looked)
        return await asyncio.shield(looking)

    def _looked(self, looking: asyncio.Future[Any]) -> None:
        self._turn.release()
        if not looking.cancelled():
            looking.exception()  # Nobody may be left to hear of it.
