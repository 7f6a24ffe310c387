"""Which segments of a log may go, and the removal of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cluster.log.config import LogConfig
from cluster.log.files import Files
from cluster.log.segments.collection import Segments
from cluster.log.segments.search import retention_timestamp
from cluster.log.segments.segment import Segment


class LogBounds(NamedTuple):
    """The offsets that retention looks at."""

    log_start_offset: int
    high_watermark: int
    log_end_offset: int


@dataclass(frozen=True, slots=True)
class DoomedFiles:
    """Files of deleted segments, and from when on nobody may read them any more."""

    due_ms: int
    paths: tuple[str, ...]


def unlink_all(files: Files, paths: tuple[str, ...]) -> None:
    """Remove files. For an executor: touches only its arguments."""
    for path in paths:
        files.unlink(path)


def deletable(segments: Segments, bounds: LogBounds, config: LogConfig, now_ms: int) -> list[Segment]:
    """The oldest segments that DeleteRecords, size or age let go; only whole ones, none above the high watermark."""
    rules = [_below(segments, bounds.log_start_offset)]
    if config.delete:
        if config.retention_bytes >= 0:
            rules.append(_beyond(segments.size_bytes - config.retention_bytes))
        if config.retention_ms >= 0:
            rules.append(_older(now_ms - config.retention_ms))
    count = max(_prefix(segments, bounds, rule) for rule in rules)
    return list(segments)[:count]


def _prefix(segments: Segments, bounds: LogBounds, breached: Callable[[Segment], bool]) -> int:
    """How many segments from the oldest on a rule lets go."""
    count = 0
    for segment, end_offset in _with_ends(segments, bounds.log_end_offset):
        empty_and_active = segment is segments.active and segment.size_bytes == 0
        if empty_and_active or end_offset > bounds.high_watermark or not breached(segment):
            break
        count += 1
    return count


def _with_ends(segments: Segments, log_end_offset: int) -> Iterator[tuple[Segment, int]]:
    ends = [*segments.base_offsets[1:], log_end_offset]
    return zip(segments, ends, strict=True)


def _below(segments: Segments, log_start_offset: int) -> Callable[[Segment], bool]:
    def breached(segment: Segment) -> bool:
        following = segments.after(segment)
        return following is not None and following.base_offset <= log_start_offset

    return breached


def _beyond(excess_bytes: int) -> Callable[[Segment], bool]:
    left = excess_bytes

    def breached(segment: Segment) -> bool:
        nonlocal left
        left -= segment.size_bytes
        return left >= 0

    return breached


def _older(than_ms: int) -> Callable[[Segment], bool]:
    return lambda segment: retention_timestamp(segment) < than_ms
