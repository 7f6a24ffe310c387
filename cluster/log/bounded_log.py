"""A partition's log between its bounds: watermarks that move on, ends that are cut."""

from __future__ import annotations

from collections.abc import Iterable

from cluster.log.config import LogConfig
from cluster.log.files import Files
from cluster.log.layout import TopicPartition
from cluster.log.producers.entries import ProducerEntry
from cluster.log.recovery import replay
from cluster.log.retention import DoomedFiles, LogBounds, deletable
from cluster.log.segments.search import truncate
from cluster.log.segments.segment import Segment, mark_deleted
from cluster.log.stored_log import StoredLog, on_disk
from cluster.protocol.errors import OffsetOutOfRange
from cluster.protocol.records.batch import Batch


class BoundedLog(StoredLog):
    """What of a partition log counts, and how it lets go of the rest. Belongs to the broker's loop."""

    def __init__(self, files: Files, directory: str, topic_partition: TopicPartition, config: LogConfig) -> None:
        super().__init__(files, directory, topic_partition, config)
        self._doomed: list[DoomedFiles] = []

    def advance_high_watermark(self, offset: int) -> None:
        """Everything below is committed. Never goes back, nor behind the log's end."""
        offset = min(offset, self.log_end_offset)
        if offset > self.high_watermark:
            self.high_watermark = offset
            self.producers.replicated(offset)

    @property
    def last_stable_offset(self) -> int:
        """Everything below is committed and belongs to no open transaction."""
        unstable = self.producers.first_unstable_offset()
        return self.high_watermark if unstable is None else min(unstable, self.high_watermark)

    # -- growing

    def _make_room(self, batch: Batch, now_ms: int) -> None:
        """Roll when the active segment is too large, too old, or its indexes are full; else keep a snapshot near."""
        active, config = self.segments.active, self.config
        if not active.has_room_for(batch.size_bytes, batch.last_offset, config.segment_bytes) or (
            active.size_bytes
            and active.waited_ms(now_ms, batch.max_timestamp) > config.max_segment_ms - active.jitter_ms
        ):
            self.roll(now_ms, batch.base_offset)
        elif self.snapshots.due(self.producers):
            self._take_snapshot()

    # -- cutting

    @on_disk
    def truncate_to(self, offset: int) -> None:
        """Cut the log so that it ends at `offset`, or where the batch that holds it begins."""
        if offset < self.log_end_offset:
            self.recent.clear()
            if offset < self.segments.first.base_offset:
                self.truncate_fully_and_start_at(offset)
                return
            holding, *behind = self.segments.from_offset(offset)
            self._delete(behind, due_ms=0)
            end_offset = truncate(holding, offset)
            self._settle_end(min(offset, self.log_end_offset) if end_offset is None else end_offset)
        self.epochs.truncate_from_end(offset)

    @on_disk
    def truncate_fully_and_start_at(self, offset: int) -> None:
        """Drop everything; the log begins and ends at `offset`."""
        self.recent.clear()
        self._delete(list(self.segments), due_ms=0)
        self.snapshots.remove_all()
        self._begin_segment(offset, self.now_ms)
        self.log_start_offset = offset
        self.epochs.clear()
        self._settle_end(offset)
        self.high_watermark = offset

    def _settle_end(self, end_offset: int) -> None:
        self._flushes.cuts += 1
        self.log_end_offset = end_offset
        self.log_start_offset = min(self.log_start_offset, end_offset)
        self.high_watermark = min(self.high_watermark, end_offset)
        self.recovery_point = min(self.recovery_point, end_offset)
        self.producers = self.snapshots.restore(self.log_start_offset, end_offset)
        self.snapshots.batches_since = replay(self.segments, self.producers, end_offset)

    @on_disk
    def advance_log_start(self, offset: int) -> None:
        """Let go of the records below `offset`. Raises OffsetOutOfRange above the high watermark."""
        if offset > self.high_watermark:
            raise OffsetOutOfRange(
                f"Cannot increment the log start offset to {offset} of partition {self.topic_partition} "
                f"since it is larger than the high watermark {self.high_watermark}"
            )
        if offset > self.log_start_offset:
            self.log_start_offset = offset
            self.epochs.truncate_from_start(offset)

    @on_disk
    def apply_retention(self, now_ms: int) -> int:
        """Delete the segments that may go by DeleteRecords, size or age. Answers how many."""
        self.now_ms = now_ms
        bounds = LogBounds(self.log_start_offset, self.high_watermark, self.log_end_offset)
        gone = deletable(self.segments, bounds, self.config, now_ms)
        if gone:
            if len(gone) == len(self.segments):
                self.roll(now_ms)
            self._delete(gone, due_ms=now_ms + self.config.file_delete_delay_ms)
            self.advance_log_start(max(self.log_start_offset, self.segments.first.base_offset))
        return len(gone)

    def _delete(self, segments: list[Segment], due_ms: int) -> None:
        self.segments.remove(segments)
        for segment in segments:
            paths = (*mark_deleted(segment), *self.snapshots.mark_deleted(segment.base_offset))
            self._doomed.append(DoomedFiles(due_ms, paths))

    def take_due_files(self, now_ms: int) -> tuple[str, ...]:
        """Files of deleted segments that may be removed now: hand them to `unlink_all`, in an executor if you like."""
        due = [doomed for doomed in self._doomed if doomed.due_ms <= now_ms]
        self._doomed = [doomed for doomed in self._doomed if doomed.due_ms > now_ms]
        return tuple(path for doomed in due for path in doomed.paths)

    # -- producers

    def active_producers(self) -> Iterable[ProducerEntry]:
        """The idempotent producers that are known, for DescribeProducers."""
        return self.producers.entries

    def expire_producers(self, now_ms: int, expiration_ms: int) -> None:
        """Forget the producers that have been silent for `expiration_ms`."""
        self.producers.expire(now_ms, expiration_ms)
