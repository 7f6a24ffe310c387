"""What a broker does from time to time: checkpoints, flushes, retention, lagging followers, files to remove."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from cluster.broker.config import BrokerConfig
from cluster.broker.partitions.replicas import Replicas
from cluster.log.checkpoints import HIGH_WATERMARKS, LOG_STARTS, RECOVERY_POINTS
from cluster.log.directory import remove_folder
from cluster.log.files import Files
from cluster.log.partition_log import PartitionLog
from cluster.log.retention import unlink_all

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETENTION_S = 30.0
DELETIONS_S = 1.0
FLUSHES_S = 1.0
PRODUCERS_S = 600.0


@dataclass(slots=True)
class Chore:
    """Something to do, and loop time when it is due next."""

    due: float
    interval_s: Callable[[], float]
    work: Callable[[], Awaitable[None]]


class Chores:
    """Does each chore when it is due, one at a time; what blocks is done in the executor. Belongs to the loop."""

    def __init__(self, replicas: Replicas, config: Callable[[], BrokerConfig], wall_ms: Callable[[], int]) -> None:
        self._replicas = replicas
        self._config = config
        self._wall_ms = wall_ms
        self._loop = asyncio.get_running_loop()
        self._writing_points = asyncio.Lock()
        now = self._loop.time()
        self._chores = [
            Chore(now, lambda: config().replica_high_watermark_checkpoint_interval_ms / 1000, self._marks),
            Chore(now, lambda: config().log_flush_offset_checkpoint_interval_ms / 1000, self._points),
            Chore(now + FIRST_RETENTION_S, lambda: config().log_retention_check_interval_ms / 1000, self._retention),
            Chore(now, lambda: config().replica_lag_time_max_ms / 2000, self._lag),
            Chore(now, lambda: FLUSHES_S, self._flushes),
            Chore(now, lambda: DELETIONS_S, self._deletions),
            Chore(now + PRODUCERS_S, lambda: PRODUCERS_S, self._producers),
        ]

    async def run(self) -> None:
        """Work for ever. A disk that fails one of them is the end of the node."""
        while True:
            chore = min(self._chores, key=lambda chore: chore.due)
            await asyncio.sleep(max(0.0, chore.due - self._loop.time()))
            chore.due = self._loop.time() + chore.interval_s()
            try:
                await chore.work()
            except OSError as error:
                self._replicas.on_disk_failure(error)

    async def _marks(self) -> None:
        job = self._replicas.directory.checkpoint(HIGH_WATERMARKS)
        await self._loop.run_in_executor(None, job.run)

    async def _points(self) -> None:
        async with self._writing_points:
            job = self._replicas.directory.checkpoint(RECOVERY_POINTS, LOG_STARTS)
            await self._loop.run_in_executor(None, job.run)

    async def checkpoint_cuts(self) -> None:
        """Logs were cut below what had been flushed: let the disk know before anything else is written to them.

        After a power cut, what is in front of a recovery point would be taken for sound.
        """
        try:
            await self._points()
        except OSError as error:
            self._replicas.on_disk_failure(error)

    async def _flushes(self) -> None:
        """Sealed segments, what `flush.ms` asks for, and what a start after a crash would have to check."""
        now_ms = self._wall_ms()
        for log in self._logs():
            job = log.prepare_due_flush(now_ms) if self._is_here(log) else None
            if job is not None:
                await self._loop.run_in_executor(None, job.run)
                log.finish_flush(job, now_ms)

    async def _retention(self) -> None:
        now_ms = self._wall_ms()
        for partition in self._replicas:
            if self._is_here(partition.log) and partition.log.apply_retention(now_ms):
                partition.watchers.changed()
                await asyncio.sleep(0)

    async def _lag(self) -> None:
        self._replicas.review_isrs()

    async def _deletions(self) -> None:
        """Files and folders whose delay is over."""
        now_ms, directory = self._wall_ms(), self._replicas.directory
        for log in self._logs():
            if paths := log.take_due_files(now_ms):
                await self._remove(unlink_all, paths)
        for path in directory.take_due_folders(now_ms):
            await self._remove(remove_folder, path)

    async def _remove(self, remove: Callable[[Files, T], None], what: T) -> None:
        try:
            await self._loop.run_in_executor(None, remove, self._replicas.directory.files, what)
        except OSError as error:
            logger.error("%s cannot be removed, and is in nobody's way but takes up room: %s", what, error)

    async def _producers(self) -> None:
        now_ms, expiration_ms = self._wall_ms(), self._config().producer_id_expiration_ms
        for log in self._logs():
            log.expire_producers(now_ms, expiration_ms)

    def _is_here(self, log: PartitionLog) -> bool:
        """False for a log that was deleted while others were waited for."""
        return self._replicas.directory.logs.get(log.topic_partition) is log

    def _logs(self) -> list[PartitionLog]:
        return list(self._replicas.directory.logs.values())
