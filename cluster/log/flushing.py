"""What of a log still has to reach the disk, and how it gets there without keeping the loop waiting."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from cluster.log.files import File, Files, sync_path
from cluster.log.layout import SEGMENT_SUFFIXES
from cluster.log.segments.segment import Segment, files_of
from cluster.protocol.errors import KafkaStorageError

MANY_BYTES: Final = 64 << 20
SETTLED_MS: Final = 60_000
"""A start after a crash checks what was not flushed. Kafka flushes sealed segments only; here, so many bytes that have
waited for so long are flushed as well. By then the system has written them of its own accord, so it costs little."""


@dataclass(slots=True)
class FlushJob:
    """What must be synchronised so that everything below `end_offset` is safe. `run` may be called in an executor."""

    files: Files
    directory: str
    open_files: tuple[File, ...]
    paths: tuple[str, ...]
    end_offset: int
    cuts: int
    finished: bool = False
    failed: bool = False

    def run(self) -> None:
        """Synchronise. Touches only what the job holds. Raises OSError."""
        try:
            for file in self.open_files:
                file.sync()
            for path in self.paths:
                sync_path(self.files, path)
            with contextlib.suppress(FileNotFoundError):
                # The folder of a partition that was deleted meanwhile has another name.
                self.files.sync_directory(self.directory)
        except OSError:
            self.failed = True
            raise
        self.finished = True


class Flushes:
    """The flushes of one log. Belongs to that log."""

    __slots__ = ("_jobs", "_many_since_ms", "cuts", "directory", "files", "last_ms", "unsynced_paths")

    def __init__(self, files: Files, directory: str) -> None:
        self.files = files
        self.directory = directory
        self.unsynced_paths: list[str] = []
        self.last_ms = 0
        self.cuts = 0
        """How often the log was cut: what a job of before has synchronised may be gone."""
        self._jobs: list[FlushJob] = []
        self._many_since_ms: int | None = None

    def settled(self, now_ms: int, unflushed_bytes: int) -> bool:
        """Whether many bytes have waited for long. To be asked from time to time."""
        if unflushed_bytes < MANY_BYTES:
            self._many_since_ms = None
        elif self._many_since_ms is None:
            self._many_since_ms = now_ms
        elif now_ms - self._many_since_ms >= SETTLED_MS:
            self._many_since_ms = None
            return True
        return False

    def prepare(self, dirty: list[Segment], end_offset: int, also: str) -> FlushJob:
        """A job that synchronises segments, what else was written, and the file `also`.

        Raises KafkaStorageError once a flush has failed: the kernel takes the pages for clean then, and the next flush
        would succeed without having written them.
        """
        if any(job.failed for job in self._jobs):
            raise KafkaStorageError(f"{self.directory}: a flush has failed, the disk is not to be trusted any more")
        for segment in dirty:
            segment.spill()
        paths = [path for segment in dirty for path in files_of(segment, SEGMENT_SUFFIXES[1:])]
        paths += [*self.unsynced_paths, also]
        self.unsynced_paths = []
        open_files = tuple(segment.file for segment in dirty)
        job = FlushJob(self.files, self.directory, open_files, tuple(paths), end_offset, self.cuts)
        self._jobs = [*(one for one in self._jobs if not one.finished), job]
        return job

    def counts(self, job: FlushJob) -> bool:
        """Whether a job has run, and the log was not cut meanwhile."""
        return job.finished and job.cuts == self.cuts
