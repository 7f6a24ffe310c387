"""Opening a log's folder: after a clean shutdown without a look at the data, else by checking what was not flushed.

Nothing here touches more than its arguments: an executor may do it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cluster.log.config import LogConfig
from cluster.log.epochs import LeaderEpochs
from cluster.log.files import Files
from cluster.log.layout import CLEANED, DELETED, LOG, SEGMENT_SUFFIXES, SWAP, TEMPORARY, offset_of
from cluster.log.producers.state import Producers, Snapshots, end_marker
from cluster.log.segments.collection import Segments
from cluster.log.segments.index import MAX_RELATIVE_OFFSET
from cluster.log.segments.scan import read_batch, scan_batches, scan_headers
from cluster.log.segments.search import find_batch, find_end
from cluster.log.segments.segment import Segment, mark_deleted
from cluster.protocol.records.batch import Batch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFrom:
    """What the data directory's checkpoints say of a log."""

    clean: bool
    """Whether the node that wrote the log shut down in order."""
    recovery_point: int = 0
    """Everything below was flushed."""
    log_start_offset: int = 0


@dataclass(slots=True, kw_only=True)
class LoadedLog:
    """A log as it was found, or as it was repaired."""

    segments: Segments
    epochs: LeaderEpochs
    producers: Producers
    snapshots: Snapshots
    log_start_offset: int
    log_end_offset: int
    recovery_point: int


def load(files: Files, directory: str, config: LogConfig, now_ms: int, source: OpenFrom) -> LoadedLog:
    """Open the log in a folder, repairing what is broken; create it when there is none."""
    return _Loader(files, directory, config, now_ms, source).load()


class _Loader:
    """The steps of one loading, in the order in which they depend on each other."""

    def __init__(self, files: Files, directory: str, config: LogConfig, now_ms: int, source: OpenFrom) -> None:
        self.files = files
        self.directory = directory
        self.config = config
        self.now_ms = now_ms
        self.source = source
        self.segments = Segments()
        self.snapshots = Snapshots(files, directory)
        self.epochs = LeaderEpochs(files, directory)
        self.producers = Producers()

    def load(self) -> LoadedLog:
        source = self.source
        names = finish_swaps(self.files, self.directory)
        self.snapshots = Snapshots(self.files, self.directory, names)
        self._open_segments(names)
        epochs = LeaderEpochs.load(self.files, self.directory)
        self.epochs = epochs or self.epochs
        if not source.clean and self.segments:
            self._recover()
        log_end_offset = self._settle_end()
        log_start_offset = max(source.log_start_offset, self.segments.first.base_offset)
        self._settle_epochs(log_start_offset, log_end_offset, known=epochs is not None)
        if self.producers.end_offset != log_end_offset:
            self.producers = self.snapshots.restore(log_start_offset, log_end_offset)
            self.snapshots.batches_since = replay(self.segments, self.producers, log_end_offset)
        recovery_point = log_end_offset if source.clean else min(source.recovery_point, log_end_offset)
        self.snapshots.remove_strays(self.segments.base_offsets, recovery_point)
        return LoadedLog(
            segments=self.segments,
            epochs=self.epochs,
            producers=self.producers,
            snapshots=self.snapshots,
            log_start_offset=log_start_offset,
            log_end_offset=log_end_offset,
            recovery_point=recovery_point,
        )

    def _open_segments(self, names: list[str]) -> None:
        """Open every segment; remove indexes that have lost their log file."""
        for name in names:
            for suffix in SEGMENT_SUFFIXES:
                base_offset = offset_of(name, suffix)
                if base_offset is None:
                    continue
                if suffix == LOG:
                    self.segments.add(Segment(self.files, self.directory, base_offset, self.config, self.now_ms))
                elif f"{base_offset:020d}{LOG}" not in names:
                    self.files.unlink(f"{self.directory}/{name}")

    def _recover(self) -> None:
        """Check what was not flushed, and cut the log at the first bad byte."""
        unflushed = self.segments.from_offset(self.source.recovery_point)
        position, offset = end_of_flushed(unflushed[0], self.source.recovery_point)
        log_start_offset = max(self.source.log_start_offset, self.segments.first.base_offset)
        self.producers = self.snapshots.restore(log_start_offset, offset)
        self.snapshots.batches_since = replay(self.segments, self.producers, offset)
        # Of what was not flushed the checkpoint may know more than the log holds, or less: the batches tell.
        self.epochs.truncate_from_end(offset)
        for index, segment in enumerate(unflushed):
            if index and self._has_hole_before(segment):
                logger.warning("%r: dropped, what belongs in front of it is missing", segment)
                self._drop(unflushed[index:])
                break
            if index:
                self.producers.end_offset = segment.base_offset
                self.snapshots.take(self.producers)
                position, offset = 0, segment.base_offset
            bad_bytes = check_segment(segment, self._found, position, offset)
            if bad_bytes:
                logger.warning("%r: cut %s bytes that are no batch", segment, bad_bytes)
                self._drop(unflushed[index + 1 :])
                break
        self.epochs.write()

    def _has_hole_before(self, segment: Segment) -> bool:
        """A power cut may take a whole end of a segment while the next one stays. Compaction leaves gaps, too."""
        return self.producers.end_offset < segment.base_offset and not self.config.compact

    def _found(self, segment: Segment, batch: Batch) -> None:
        if batch.partition_leader_epoch > self.epochs.latest:
            self.epochs.note(batch.partition_leader_epoch, batch.base_offset)
        take_in(self.producers, segment, batch)
        self.snapshots.batches_since += 1
        if self.snapshots.due(self.producers):
            self.snapshots.take(self.producers)

    def _settle_end(self) -> int:
        """Make sure that there is a segment to write to, with nothing behind its last batch. Answers the log's end."""
        log_start_offset = self.source.log_start_offset
        if self.segments:
            active = self.segments.active
            position, log_end_offset = find_end(active)
            if position < active.size_bytes:
                logger.warning("%r: cut what follows position %s", active, position)
                active.cut(position, log_end_offset)
            if log_end_offset >= log_start_offset:
                return log_end_offset
            logger.warning("%s ends at %s, in front of its start %s", self.directory, log_end_offset, log_start_offset)
            self._drop(list(self.segments))
            self.snapshots.remove_all()
            self.epochs.clear()
        segment = Segment(self.files, self.directory, log_start_offset, self.config, self.now_ms)
        segment.start_empty()
        self.segments.add(segment)
        self.producers = Producers(log_start_offset)
        return log_start_offset

    def _settle_epochs(self, log_start_offset: int, log_end_offset: int, *, known: bool) -> None:
        if not known or (not self.source.clean and self.epochs.first_offset > log_start_offset):
            self.epochs.clear()
            for segment in self.segments:
                for _, batch in segment.headers():
                    if batch.partition_leader_epoch > self.epochs.latest:
                        self.epochs.note(batch.partition_leader_epoch, batch.base_offset)
            self.epochs.write()
        self.epochs.truncate_from_end(log_end_offset)
        self.epochs.truncate_from_start(log_start_offset)

    def _drop(self, segments: list[Segment]) -> None:
        self.segments.remove(segments)
        for segment in segments:
            paths = [*mark_deleted(segment), *self.snapshots.mark_deleted(segment.base_offset)]
            for path in paths:
                self.files.unlink(path)


def end_of_flushed(segment: Segment, recovery_point: int) -> tuple[int, int]:
    """Position and offset from which on a segment is to be checked: from its begin where it is not what was flushed."""
    if recovery_point > segment.base_offset:
        found = find_batch(segment, recovery_point)
        if found is not None:
            return found[0], min(found[1].base_offset, recovery_point)
        end, next_offset = find_end(segment)
        if next_offset == recovery_point:
            return end, next_offset
    return 0, segment.base_offset


def check_segment(segment: Segment, on_batch: Callable[[Segment, Batch], None], position: int, next_offset: int) -> int:
    """Check every batch from a position on, index them again, cut at the first bad byte. Answers how many bytes went.

    `next_offset` is the first one that may be at the position.
    """
    end = position
    indexes = segment.index_from(position, next_offset)
    for start, batch in scan_batches(segment.file, position, segment.size_bytes):
        last_relative = batch.last_offset - segment.base_offset
        if batch.base_offset < next_offset or last_relative > MAX_RELATIVE_OFFSET or not batch.crc_valid():
            break
        indexes.note(batch, start)
        on_batch(segment, batch)
        end, next_offset = start + batch.size_bytes, batch.next_offset
    bad_bytes = segment.size_bytes - end
    if bad_bytes:
        segment.file.truncate(end)
        segment.size_bytes = end
    indexes.seal()
    return bad_bytes


def take_in(producers: Producers, segment: Segment, batch: Batch) -> None:
    """Let the producers know of a batch in a segment, and the segment of the transaction that it aborts."""
    aborted = producers.update(batch, end_marker(batch) if batch.is_control else None)
    if aborted is not None:
        segment.transactions.append(aborted)


def replay(segments: Segments, producers: Producers, end_offset: int) -> int:
    """Bring the producers up to `end_offset` by what the log holds. Answers how many batches that took.

    Transaction indexes stay as they are.
    """
    taken = 0
    for segment in segments.from_offset(producers.end_offset):
        found = find_batch(segment, producers.end_offset)
        for position, header in segment.headers(found[0]) if found is not None else ():
            if header.base_offset >= end_offset:
                break
            if header.last_offset >= producers.end_offset:
                taken += 1
                whole = read_batch(segment.file, position, header.size_bytes) if header.is_control else header
                producers.update(whole, end_marker(whole) if header.is_control else None)
    producers.end_offset = end_offset
    return taken


def finish_swaps(files: Files, directory: str) -> list[str]:
    """End what a crash interrupted: remove what is deleted or incomplete, put complete replacements in place.

    Answers the names that are there then.
    """
    names = files.listdir(directory)
    if not any(name.endswith((DELETED, CLEANED, TEMPORARY, SWAP)) for name in names):
        return names
    incomplete = [int(name[:20]) for name in names if name.endswith(CLEANED) and name[:20].isdigit()]
    for name in names:
        stale = name.endswith(SWAP) and incomplete and int(name[:20]) >= min(incomplete)
        if name.endswith((DELETED, CLEANED, TEMPORARY)) or stale:
            files.unlink(f"{directory}/{name}")
    swaps = [name for name in files.listdir(directory) if name.endswith(SWAP)]
    ranges = [(int(name[:20]), _end_of(files, f"{directory}/{name}")) for name in swaps if name.endswith(LOG + SWAP)]
    if ranges:
        first, end = min(ranges)[0], max(end for _, end in ranges)
        for name in files.listdir(directory):
            if name.endswith(SEGMENT_SUFFIXES) and first <= int(name[:20]) < end:
                files.unlink(f"{directory}/{name}")
    for name in swaps:
        files.replace(f"{directory}/{name}", f"{directory}/{name.removesuffix(SWAP)}")
    return files.listdir(directory)


def _end_of(files: Files, path: str) -> int:
    """The offset behind the last batch of a segment's file."""
    file = files.open(path, create=False)
    try:
        return max((batch.next_offset for _, batch in scan_headers(file, 0, file.size())), default=0)
    finally:
        file.close()
