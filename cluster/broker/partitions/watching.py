"""Who wants to know that there may be something new to read in a partition."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from cluster.log.partition_log import PartitionLog

if TYPE_CHECKING:
    from cluster.broker.partitions.partition import Partition


class Bound(Enum):
    """Up to where a reader may see."""

    LOG_END = "followers"
    HIGH_WATERMARK = "read_uncommitted"
    LAST_STABLE = "read_committed"

    def end_of(self, log: PartitionLog) -> int:
        """The exclusive end of what may be seen."""
        match self:
            case Bound.LOG_END:
                return log.log_end_offset
            case Bound.HIGH_WATERMARK:
                return log.high_watermark
            case Bound.LAST_STABLE:
                return log.last_stable_offset


class Watcher(Protocol):
    """Someone who wants to know that there may be something new to read."""

    def touched(self, partition: Partition, *, urgent: bool) -> None:
        """The partition has grown, or its role has changed. What is not urgent may wait for the next answer."""


class Watchers:
    """Those who watch one partition. Belongs to the node's loop."""

    __slots__ = ("_partition", "_reading", "_tailing")

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._tailing: dict[Watcher, None] = {}
        self._reading: dict[Watcher, None] = {}

    def add(self, watcher: Watcher, bound: Bound) -> None:
        """Tell `watcher` of growth: of the log end for followers, of the high watermark for consumers."""
        (self._tailing if bound is Bound.LOG_END else self._reading)[watcher] = None

    def remove(self, watcher: Watcher) -> None:
        """Tell it no more."""
        self._tailing.pop(watcher, None)
        self._reading.pop(watcher, None)

    def log_grew(self) -> None:
        """Followers have something to fetch."""
        self._wake(self._tailing)

    def high_watermark_moved(self) -> None:
        """Consumers may see more; followers need not know before their next answer."""
        self._wake(self._reading)
        self._wake(self._tailing, urgent=False)

    def changed(self) -> None:
        """The role, the epoch or the start of the log is another: everybody has to look."""
        self._wake(self._reading)
        self._wake(self._tailing)

    def _wake(self, watchers: dict[Watcher, None], *, urgent: bool = True) -> None:
        for watcher in list(watchers) if watchers else ():
            watcher.touched(self._partition, urgent=urgent)
