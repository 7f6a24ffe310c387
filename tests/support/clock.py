"""A loop for tests without connections: time in which nothing happens is skipped."""

import asyncio


class SkippingLoop(asyncio.SelectorEventLoop):
    """Runs on to the next timer as soon as there is nothing else to do. Not for what waits for sockets or threads."""

    def __init__(self) -> None:
        self._skipped_s = 0.0
        super().__init__()

    def time(self) -> float:
        return super().time() + self._skipped_s

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._skipped_s += max(0.0, self._scheduled[0].when() - self.time())
        super()._run_once()
