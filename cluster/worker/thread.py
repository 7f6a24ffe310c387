"""The thread that a broker node lives in: one asyncio loop, and the one door by which other threads reach it."""

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import uvloop

from cluster.worker.pulse import beat

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Node(Protocol):
    """What this thread runs, as far as the thread knows it."""

    async def start(self) -> None:
        """Return when the node serves its clients."""

    async def stop(self) -> None:
        """Leave in good order: leadership first, then connections, then files."""

    async def wait_closed(self) -> None:
        """Return after `stop`; raise what ended the node otherwise."""

    def status(self) -> dict[str, object]:
        """Where the broker stands, and its counters."""


class NodeThread:
    """Runs one node on its own loop. Everything but the loop's own callbacks may be called from any thread.

    `on_ready` and `on_death` are called on the node's thread; `on_death` with what ended a node that nobody stopped.
    """

    def __init__(
        self, build: Callable[[], Node], on_ready: Callable[[], None], on_death: Callable[[BaseException], None]
    ) -> None:
        self._build = build
        self._on_ready = on_ready
        self._on_death = on_death
        self._loop: asyncio.AbstractEventLoop | None = None
        self._node: Node | None = None
        self._stopping = False
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-node", daemon=True)

    def start(self) -> None:
        """Return when the loop runs; the node itself is ready when `on_ready` is called."""
        self._thread.start()
        self._running.wait()

    def call(
        self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any
    ) -> concurrent.futures.Future[Result]:
        """Run `function(node, *arguments)` on the node's loop. Raises RuntimeError when there is no node to ask."""
        loop, node = self._loop, self._node
        if loop is None or node is None or not self._thread.is_alive():
            raise RuntimeError("the broker node is not running")
        return asyncio.run_coroutine_threadsafe(function(node, *arguments), loop)

    def stop(self, timeout_s: float) -> bool:
        """Have the node leave in good order and end the thread. False when that took longer than `timeout_s`."""
        self._stopping = True
        with contextlib.suppress(RuntimeError):
            self.call(_stop)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._main())
        except BaseException as error:
            if not self._stopping:
                self._on_death(error)
                return
            logger.exception("The node failed while it was stopping")
        finally:
            self._running.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        self._node = node = self._build()
        await node.start()
        if not self._stopping:
            self._on_ready()
        beating = self._loop.create_task(beat())
        try:
            await node.wait_closed()
        finally:
            beating.cancel()


async def _stop(node: Node) -> None:
    await node.stop()
