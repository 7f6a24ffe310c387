"""What a fetch reads, from where, and which of it may have something new."""

from __future__ import annotations

import asyncio

from cluster.broker.partitions.partition import Partition
from cluster.broker.partitions.watching import Bound
from cluster.broker.waiting import WakeUp
from cluster.protocol.messages.fetch import FetchPartition
from cluster.protocol.primitives import ZERO_UUID, Uuid

WantedKey = tuple[str | Uuid, int]
"""Topic name or, since topics are fetched by id, topic id; and partition index."""


class Wanted:
    """One partition of a fetch: where it reads from and what it was told last.

    By id, `topic` is empty as long as no topic of that id is known; once known the name stays, so that a topic which
    is deleted or made anew under it is an error of its own.
    """

    __slots__ = ("index", "key", "partition", "request", "sent_high_watermark", "sent_log_start", "topic", "topic_id")

    def __init__(self, topic: str, topic_id: Uuid, request: FetchPartition) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index: int = request.partition
        self.key: WantedKey = (topic if topic_id == ZERO_UUID else topic_id, self.index)
        """What tells this partition from others in the session."""
        self.request = request
        self.partition: Partition | None = None
        self.sent_high_watermark = -1
        self.sent_log_start = -1


class FetchInterest:
    """The partitions that a fetch (or a session of fetches) reads, and which of them may have something new.

    An idle partition costs nothing: partitions mark themselves dirty when they grow, and an incremental fetch
    looks at the dirty ones only. A partition stays dirty until its reader has been told all that is new in it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, bound: Bound, *, by_id: bool) -> None:
        self.bound = bound
        self.by_id = by_id
        self.wanted: dict[WantedKey, Wanted] = {}
        self.dirty: dict[WantedKey, Wanted] = {}
        self.wake_up = WakeUp(loop)

    def want(self, wanted: Wanted) -> None:
        """Add a partition, or move the position of one that is known."""
        known = self.wanted.setdefault(wanted.key, wanted)
        known.request = wanted.request
        known.topic = known.topic or wanted.topic
        self.dirty[known.key] = known

    def forget(self, key: WantedKey) -> None:
        """Remove a partition."""
        self.dirty.pop(key, None)
        wanted = self.wanted.pop(key, None)
        if wanted is not None:
            self.attach(wanted, None)

    def attach(self, wanted: Wanted, partition: Partition | None) -> None:
        """Watch the partition that the broker hosts now under this name."""
        if wanted.partition is not partition:
            if wanted.partition is not None:
                wanted.partition.watchers.remove(self)
            if partition is not None:
                partition.watchers.add(self, self.bound)
            wanted.partition = partition

    def touched(self, partition: Partition, *, urgent: bool) -> None:
        """A watched partition has news."""
        wanted = self.wanted.get((partition.topic_id if self.by_id else partition.topic, partition.index))
        if wanted is not None:
            self.dirty[wanted.key] = wanted
            if urgent:
                self.wake_up.wake()

    def told(self, wanted: Wanted) -> None:
        """The reader has been told all that is new in a partition."""
        self.dirty.pop(wanted.key, None)

    def put_last(self, wanted: Wanted) -> None:
        """The reader had its share of a partition: the next fetch looks at the others first."""
        if wanted.key in self.dirty:
            self.dirty[wanted.key] = self.dirty.pop(wanted.key)

    def close(self) -> None:
        """Watch nothing any more; who sleeps has nothing to sleep for."""
        for key in list(self.wanted):
            self.forget(key)
        self.wake_up.wake()
