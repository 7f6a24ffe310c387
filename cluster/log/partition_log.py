"""The log of one partition replica, as its leader or follower uses it."""

from __future__ import annotations

from typing import NamedTuple

from cluster.log.bounded_log import BoundedLog
from cluster.log.config import LogConfig
from cluster.log.files import Buffer, Files
from cluster.log.flushing import FlushJob
from cluster.log.layout import TopicPartition
from cluster.log.producers.state import AppendOrigin
from cluster.log.recovery import OpenFrom, load
from cluster.log.segments.recent import RecentAppends, TailCache
from cluster.log.segments.search import FoundRecord, Known
from cluster.log.segments.transactions import AbortedTransaction
from cluster.log.stored_log import on_disk
from cluster.log.validation import Appending, Validated, acceptable, validate
from cluster.protocol.errors import OffsetOutOfRange
from cluster.protocol.primitives import ZERO_UUID, Uuid
from cluster.protocol.records.batch import Batch, TimestampType

__all__ = ["AppendInfo", "AppendOrigin", "FlushJob", "OpenFrom", "PartitionLog", "ReadResult", "TailCache"]


class UnexpectedAppendOffset(Exception):
    """A leader's batch does not begin where this log ends: the follower has to find out where the logs part."""


class AppendInfo(NamedTuple):
    """Where a batch was put. `log_append_time_ms` is -1 unless the log stamps records itself."""

    first_offset: int
    last_offset: int
    log_append_time_ms: int
    log_start_offset: int
    duplicate: bool = False


class ReadResult(NamedTuple):
    """Batches as they are stored: the first one is whole, the last one may be cut."""

    buffers: list[Buffer]
    size_bytes: int
    first_offset: int
    """What was asked for: the first batch may begin below it."""


class PartitionLog(BoundedLog):
    """One replica's log. Belongs to the broker's loop; opening it may happen in an executor."""

    @classmethod
    def open(
        cls,
        files: Files,
        directory: str,
        topic_partition: TopicPartition,
        config: LogConfig,
        now_ms: int,
        source: OpenFrom,
        topic_id: Uuid = ZERO_UUID,
        tail_cache: TailCache | None = None,
    ) -> PartitionLog:
        """Open the log in `directory`, or create it; repair it when it was not closed in order."""
        files.make_directory(directory)
        log = cls(files, directory, topic_partition, config)
        log._adopt(load(files, directory, config, now_ms, source), now_ms)
        log.assign_topic_id(topic_id)
        if tail_cache is not None:
            log.recent = RecentAppends(tail_cache)
        return log

    # -- appending

    @on_disk
    def append_as_leader(
        self,
        data: bytearray | memoryview,
        leader_epoch: int,
        now_ms: int,
        origin: AppendOrigin = AppendOrigin.CLIENT,
        validated: Validated | None = None,
        at_once: bool = False,
    ) -> AppendInfo:
        """Append one batch. It is patched where it lies, and kept for readers: the caller must not change it again.

        Raises what `validate` (LongWalk only with `at_once`) and `Producers.check` raise; the log is unchanged then.
        """
        self.now_ms = now_ms
        batch = validate(data, Appending(self.topic_partition, self.config, origin, now_ms, at_once), validated)
        if batch.producer_id >= 0:
            duplicate = self.producers.check(batch, self.topic_partition, origin)
            if duplicate is not None:
                return AppendInfo(
                    duplicate.first_offset, duplicate.last_offset, duplicate.timestamp, self.log_start_offset, True
                )
        first_offset = self.log_end_offset
        batch.patch_for_append(first_offset, leader_epoch)
        if leader_epoch != self.epochs.latest:
            self.assign_epoch_start(leader_epoch, first_offset)
        self._make_room(batch, now_ms)
        self._append(batch.view(), (batch,), keep=True)
        stamped = batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else -1
        return AppendInfo(first_offset, self.log_end_offset - 1, stamped, self.log_start_offset)

    @on_disk
    def append_as_follower(self, data: Buffer, max_epoch: int, now_ms: int | None = None) -> AppendInfo | None:
        """Append the leader's batches; what is cut at the end, and from a later epoch than `max_epoch` on, is left out.

        Raises CorruptMessage for a batch whose CRC is wrong, UnexpectedAppendOffset when the first one does not belong
        at the end of this log. None when there was nothing to append. Without `now_ms` the last known time counts.
        """
        self.now_ms = self.now_ms if now_ms is None else now_ms
        found = acceptable(data, max_epoch, self.topic_partition)
        if not found:
            return None
        first_offset = found[0].base_offset
        if first_offset < self.log_end_offset:
            if self.log_start_offset < self.log_end_offset or found[-1].last_offset < self.log_start_offset:
                raise UnexpectedAppendOffset(f"{self.topic_partition}: {first_offset} before {self.log_end_offset}")
            self.truncate_fully_and_start_at(first_offset)
        run: list[Batch] = []
        for batch in found:
            if batch.partition_leader_epoch > self.epochs.latest:
                self.assign_epoch_start(batch.partition_leader_epoch, batch.base_offset)
            if run and not self._fits(run, batch):
                self._append_run(run)
                run = []
            if not run:
                self._make_room(batch, self.now_ms)
            run.append(batch)
        self._append_run(run)
        return AppendInfo(first_offset, self.log_end_offset - 1, -1, self.log_start_offset)

    def _fits(self, run: list[Batch], batch: Batch) -> bool:
        """Whether a batch may go into the segment that the batches in front of it go to."""
        size = batch.end - run[0].start
        return self.segments.active.has_room_for(size, batch.last_offset, self.config.segment_bytes)

    def _append_run(self, run: list[Batch]) -> None:
        self._append(memoryview(run[0].buffer)[run[0].start : run[-1].end], run, keep=False)

    # -- reading

    def read(self, offset: int, max_bytes: int, max_offset: int, min_one_batch: bool) -> ReadResult:
        """Batches from the one that holds `offset` on, below `max_offset` (a batch boundary), about `max_bytes`.

        With `min_one_batch` the first batch comes even when it is larger. Raises OffsetOutOfRange.
        """
        if not self.log_start_offset <= offset <= self.log_end_offset:
            raise OffsetOutOfRange(
                f"Received request for offset {offset} for partition {self.topic_partition}, but we only have log "
                f"segments from offset {self.log_start_offset} up to {self.log_end_offset}."
            )
        end_offset = min(max_offset, self.log_end_offset)
        if offset >= end_offset:
            return ReadResult([], 0, offset)
        found = self.recent.read(offset, end_offset, max_bytes, at_least_one=min_one_batch)
        if found is None:
            data = self._read_segments(offset, end_offset, max_bytes, min_one_batch)
            found = [data] if data else []
        return ReadResult(found, sum(map(len, found)), offset)

    @on_disk
    def _read_segments(self, offset: int, end_offset: int, max_bytes: int, min_one_batch: bool) -> Buffer:
        return self.segments.read(offset, end_offset, max_bytes, at_least_one=min_one_batch)

    @on_disk
    def offset_for_timestamp(self, timestamp: int, known: Known | None = None) -> FoundRecord | None:
        """The first record that is not older than `timestamp`: (offset, timestamp, leader epoch)."""
        return self.segments.find_timestamp(timestamp, self.log_start_offset, known)

    @on_disk
    def offset_of_max_timestamp(self, known: Known | None = None) -> FoundRecord | None:
        """The first record that has the largest timestamp."""
        return self.segments.find_newest(known)

    @on_disk
    def aborted_transactions(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """What a reader of committed records must skip in [offset, end_offset), by first offset."""
        return self.segments.aborted(offset, end_offset)

    # -- epochs

    @property
    def latest_epoch(self) -> int:
        """The last leader epoch in the log, -1 when there is none."""
        return self.epochs.latest

    def epoch_end_offset(self, epoch: int) -> tuple[int, int]:
        """The largest epoch that is not above `epoch`, and where it ends; (-1, -1) when that cannot be told."""
        return self.epochs.end_offset_for(epoch, self.log_end_offset)

    def assign_epoch_start(self, epoch: int, offset: int) -> None:
        """A new leader begins its epoch at its log's end."""
        self.epochs.note(epoch, offset)
