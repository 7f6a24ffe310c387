"""One running broker: starts its parts in order, stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from cluster.broker.config import BrokerConfig
from cluster.broker.control.lifecycle import BrokerPhase
from cluster.broker.metrics import Metrics
from cluster.broker.parts import Doors, Parts
from cluster.broker.refusal import DiskFailed, NodeRefused
from cluster.controller.store import StoreUnavailable
from cluster.log.directory import DataDirectory, DirectoryRefused

logger = logging.getLogger(__name__)

T = TypeVar("T")

LEAVE_TIMEOUT_S = 5.0
"""How long a controlled shutdown may take before the broker goes all the same."""
STORE_RETRY_S = 0.5


class Node:
    """A broker. Everything in it belongs to the loop that `start` runs on.

    `doors` are the only ways to the world besides that loop.
    """

    def __init__(self, config: BrokerConfig, doors: Doors) -> None:
        self.config = config
        self.metrics = Metrics()
        self._doors = doors
        self._duties: list[asyncio.Task[None]] = []
        self._directory: DataDirectory | None = None
        self._parts: Parts | None = None
        self._closed: asyncio.Future[None] | None = None

    @property
    def parts(self) -> Parts:
        """What the node consists of, once it has been started."""
        assert self._parts is not None, "the node has not been started"
        return self._parts

    # -- start

    async def start(self) -> None:
        """Return when the broker is unfenced and serves, or was told to stop meanwhile.

        Raises NodeRefused when it must not run.
        """
        loop = asyncio.get_running_loop()
        self._closed = loop.create_future()
        starting = loop.create_task(self._start())
        try:
            await asyncio.wait([starting, self._closed], return_when=asyncio.FIRST_COMPLETED)
            await (self._closed if self._closed.done() else starting)
        except BaseException:
            self.abandon()
            raise
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)

    async def _start(self) -> None:
        store = self._doors.store
        self._directory = await self._open_directory(await _patiently(store.cluster_id))
        snapshot = await _patiently(store.read_snapshot)
        self._parts = parts = Parts(self.config, self.metrics, self._doors, self._directory, snapshot)
        parts.replicas.on_disk_failure = lambda error: self.fail(DiskFailed(self.config.log_dir, error))
        # Nothing is answered from a state of long ago, nor on an address that somebody else listens on.
        await _patiently(parts.metadata.catch_up)
        await self._bind()
        for duty in (parts.metadata.run(), parts.lifecycle.run(), parts.chores.run()):
            self._begin(duty)
        await asyncio.shield(parts.lifecycle.running)
        logger.info("broker %s is running on %s", self.config.node_id, self.config.listener)

    async def _open_directory(self, cluster_id: str) -> DataDirectory:
        config, doors = self.config, self._doors
        defaults = config.effective_log_config(None)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                None, DataDirectory.open, doors.files, config.log_dir, config.node_id, cluster_id, defaults,
                doors.wall_ms(), doors.rng.randbytes(16),
            )  # fmt: skip
        except DirectoryRefused as error:
            raise NodeRefused(str(error)) from error
        except OSError as error:
            raise DiskFailed(config.log_dir, error) from error

    async def _bind(self) -> None:
        host, port = self.config.listener.host, self.config.listener.port
        try:
            await self.parts.listener.listen(host, port)
        except OSError as error:
            raise NodeRefused(f"cannot listen on {host}:{port}: {error.strerror}; stop what uses it") from error

    def _end(self) -> asyncio.Future[None]:
        assert self._closed is not None, "the node has not been started"
        return self._closed

    def _begin(self, duty: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(duty)
        task.add_done_callback(self._ended)
        self._duties.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    # -- stop

    async def wait_closed(self) -> None:
        """Return after `stop`; raise what ended the node otherwise."""
        await asyncio.shield(self._end())

    async def stop(self) -> None:
        """Controlled shutdown: leadership moves away, then connections, then files."""
        if self._closed is None or self._closed.done():
            return
        if self._parts is None:
            self._closed.set_result(None)
            return
        lifecycle = self._parts.lifecycle
        if lifecycle.phase in (BrokerPhase.STARTING, BrokerPhase.RUNNING):
            lifecycle.leave()
            over = [lifecycle.gone, self._closed]
            done, _ = await asyncio.wait(over, timeout=LEAVE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if self._closed in done:
                return
            if not done:
                logger.warning("the controlled shutdown took too long; going without it")
        await self._close()
        if not self._closed.done():
            self._closed.set_result(None)

    async def _close(self) -> None:
        await self._stop_duties()
        self.parts.stop()
        epoch = self.parts.lifecycle.broker_epoch
        await asyncio.get_running_loop().run_in_executor(None, self.parts.directory.close, epoch)

    async def _stop_duties(self) -> None:
        for duty in self._duties:
            duty.cancel()
        await asyncio.gather(*self._duties, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.parts.metadata.settled(), STORE_RETRY_S)

    def fail(self, error: BaseException) -> None:
        """End the node: half a broker is worse than none."""
        if not self._end().done():
            self._end().set_exception(error)
            self.abandon()

    def abandon(self) -> None:
        """Let go of everything at once, as the end of the process would: nothing is flushed, nothing marked clean."""
        for duty in self._duties:
            duty.cancel()
        if self._parts is not None:
            self._parts.stop()
        if self._directory is not None:
            self._directory.release()

    # -- what others may ask

    def status(self) -> dict[str, object]:
        """Where the broker stands, for remote control."""
        known = {"broker_id": self.config.node_id, "phase": BrokerPhase.STARTING.value, **self.metrics.snapshot()}
        return known if self._parts is None else known | self._parts.status()


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What the metadata store says, as soon as it says something. Each reason for waiting is told once."""
    told = ""
    while True:
        try:
            return await ask()
        except StoreUnavailable as error:
            if str(error) != told:
                told = str(error)
                logger.warning("the metadata store does not answer yet: %s", told)
            await asyncio.sleep(STORE_RETRY_S)
