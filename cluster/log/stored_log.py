"""A partition's log as files: it grows, rolls, is flushed and closed."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from cluster.log.checkpoints import read_topic_id, write_topic_id
from cluster.log.config import LogConfig
from cluster.log.epochs import LeaderEpochs
from cluster.log.files import Buffer, Files
from cluster.log.flushing import Flushes, FlushJob
from cluster.log.layout import PARTITION_METADATA, TopicPartition
from cluster.log.producers.state import Producers, Snapshots
from cluster.log.recovery import LoadedLog, take_in
from cluster.log.segments.collection import Segments
from cluster.log.segments.recent import RecentAppends, TailCache
from cluster.log.segments.segment import Segment
from cluster.protocol.errors import KafkaStorageError
from cluster.protocol.primitives import ZERO_UUID, Uuid
from cluster.protocol.records.batch import Batch

P = ParamSpec("P")
T = TypeVar("T")
L = TypeVar("L", bound="StoredLog")

_TAIL_BYTES = 1 << 20


class StoredLog:
    """The part of a partition log that knows files. Belongs to the broker's loop."""

    def __init__(self, files: Files, directory: str, topic_partition: TopicPartition, config: LogConfig) -> None:
        self.files = files
        self.directory = directory
        self.topic_partition = topic_partition
        self.config = config
        self.topic_id: Uuid = ZERO_UUID
        self.segments = Segments()
        self.epochs = LeaderEpochs(files, directory)
        self.producers = Producers()
        self.snapshots = Snapshots(files, directory)
        self.recent = RecentAppends(TailCache(_TAIL_BYTES))
        self.log_start_offset = self.log_end_offset = self.high_watermark = self.recovery_point = self.now_ms = 0
        self.on_failure: Callable[[OSError], None] = lambda _: None
        """Told of every error of the disk: what one log meets there is the trouble of all."""
        self._flushes = Flushes(files, directory)

    def _adopt(self, loaded: LoadedLog, now_ms: int) -> None:
        """Take over what was found on disk."""
        self.segments, self.epochs = loaded.segments, loaded.epochs
        self.producers, self.snapshots = loaded.producers, loaded.snapshots
        self.log_start_offset, self.log_end_offset = loaded.log_start_offset, loaded.log_end_offset
        self.high_watermark, self.recovery_point = loaded.log_start_offset, loaded.recovery_point
        self.now_ms = self._flushes.last_ms = now_ms
        self.segments.active.jitter_ms = roll_jitter_ms(
            self.config, self.topic_partition, self.segments.active.base_offset
        )

    @property
    def size_bytes(self) -> int:
        """Bytes of all segments."""
        return self.segments.size_bytes

    # -- growing

    def _append(self, data: Buffer, appended: Sequence[Batch], *, keep: bool) -> None:
        """Append batches whose offsets are settled and for which there is room; a leader `keep`s them for readers."""
        if self.epochs.unwritten:
            self.epochs.write()
        active, end_offset = self.segments.active, appended[-1].next_offset
        active.append(data, appended)
        if keep:
            self.recent.add(self.log_end_offset, end_offset, data)
        else:
            self.recent.clear()
        self.log_end_offset = end_offset
        for batch in appended:
            if batch.producer_id >= 0:
                take_in(self.producers, active, batch)
        self.producers.end_offset = end_offset
        self.snapshots.batches_since += len(appended)
        if end_offset - self.recovery_point >= self.config.flush_messages:
            self.flush(self.now_ms)

    def roll(self, now_ms: int, base_offset: int = 0) -> None:
        """Begin a new segment at the log's end, or behind it at `base_offset`."""
        base_offset = max(base_offset, self.log_end_offset)
        active = self.segments.active
        if active.size_bytes == 0 and active.base_offset == base_offset:
            return
        active.seal()
        self.producers.end_offset = base_offset
        self._take_snapshot()
        self._begin_segment(base_offset, now_ms)

    def _take_snapshot(self) -> None:
        snapshot = self.snapshots.take(self.producers) if self.producers.end_offset > self.log_start_offset else None
        if snapshot is not None:
            self._flushes.unsynced_paths.append(snapshot)
            self.snapshots.remove_strays(self.segments.base_offsets, self.recovery_point)

    def _begin_segment(self, base_offset: int, now_ms: int) -> None:
        segment = Segment(self.files, self.directory, base_offset, self.config, now_ms)
        segment.start_empty()
        segment.jitter_ms = roll_jitter_ms(self.config, self.topic_partition, base_offset)
        self.segments.add(segment)

    # -- flushing and closing

    def prepare_due_flush(self, now_ms: int) -> FlushJob | None:
        """As `prepare_flush`, for what should wait no longer: sealed segments, or everything."""
        if self.recovery_point >= self.log_end_offset:
            return None
        active = self.segments.active
        unflushed_bytes = active.size_bytes - active.indexes.offsets.lookup(self.recovery_point)
        if settled := self._flushes.settled(now_ms, unflushed_bytes):
            self._take_snapshot()  # So that a start after a crash need not gather the producers from there.
        everything = settled or now_ms - self._flushes.last_ms >= self.config.flush_ms
        return self.prepare_flush(None if everything else active.base_offset)

    def prepare_flush(self, end_offset: int | None = None) -> FlushJob | None:
        """What a flush has to synchronise, to the log's end or that of a segment: run it, then call `finish_flush`.

        None when there is nothing to flush. Raises KafkaStorageError once a flush has failed.
        """
        end_offset = self.log_end_offset if end_offset is None else end_offset
        if end_offset <= self.recovery_point:
            return None
        dirty = [one for one in self.segments.from_offset(self.recovery_point) if one.base_offset < end_offset]
        return self._flushes.prepare(dirty, end_offset, also=self.epochs.path)

    def finish_flush(self, job: FlushJob, now_ms: int) -> None:
        """Take notice that a job has run, unless the log was cut meanwhile."""
        self._flushes.last_ms = now_ms
        if self._flushes.counts(job):
            self.recovery_point = max(self.recovery_point, job.end_offset)

    def flush(self, now_ms: int) -> None:
        """Synchronise everything, here and now."""
        job = self.prepare_flush()
        if job is not None:
            job.run()
            self.finish_flush(job, now_ms)

    def close(self) -> None:
        """Leave the log as a clean shutdown does: complete indexes, a producer snapshot at its end, all flushed."""
        for segment in self.segments:
            segment.seal()
        self._take_snapshot()
        self.flush(self.now_ms)
        self.abandon()

    def abandon(self) -> None:
        """Close the files and leave it at that: the log is going to be deleted."""
        for segment in self.segments:
            segment.file.close()

    def update_config(self, config: LogConfig) -> None:
        """Follow a change of the topic's or the broker's configuration."""
        self.config = config
        for segment in self.segments:
            segment.configure(config)

    def assign_topic_id(self, topic_id: Uuid) -> None:
        """Write down to which topic the folder belongs, unless it says so already."""
        known = read_topic_id(self.files, self.directory)
        if known is None and topic_id != ZERO_UUID:
            write_topic_id(self.files, self.directory, topic_id)
            self._flushes.unsynced_paths.append(f"{self.directory}/{PARTITION_METADATA}")
        self.topic_id = known or topic_id


def roll_jitter_ms(config: LogConfig, partition: TopicPartition, base_offset: int) -> int:
    """Differs from log to log and from segment to segment, and yet is the same in each replay of a simulation."""
    limit = min(config.segment_jitter_ms, config.segment_ms)
    return zlib.crc32(f"{partition}/{base_offset}".encode()) % limit if limit else 0


def on_disk(method: Callable[Concatenate[L, P], T]) -> Callable[Concatenate[L, P], T]:
    """For what touches files: an OSError is told to the log's `on_failure`, and the caller gets KafkaStorageError."""

    @functools.wraps(method)
    def call(self: L, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            self.on_failure(error)
            raise KafkaStorageError(str(error)) from error

    return call
