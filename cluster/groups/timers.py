"""Deadlines by key: cheap to move later, which is what each heartbeat does."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.groups.effects import Instant

Action: TypeAlias = Callable[[Instant], None]


@dataclass(slots=True)
class Timers:
    """Owns the deadlines of one shard.

    The heap holds one entry per key that is due no later than the key's deadline. A deadline that moves later leaves
    the heap alone: the entry is put back at its new place when it comes up.
    """

    _due: dict[Hashable, tuple[int, Action]] = field(default_factory=dict)
    _queued: dict[Hashable, int] = field(default_factory=dict)
    _heap: list[tuple[int, int, Hashable]] = field(default_factory=list)
    _entries: int = 0

    def schedule(self, key: Hashable, deadline_ms: int, action: Action) -> None:
        """Call `action` at `deadline_ms`, in place of what was scheduled under this key."""
        self._due[key] = (deadline_ms, action)
        queued = self._queued.get(key)
        if queued is None or deadline_ms < queued:
            self._push(key, deadline_ms)

    def cancel(self, key: Hashable) -> None:
        """Forget what is scheduled under this key, if anything is."""
        self._due.pop(key, None)

    def deadline_of(self, key: Hashable) -> int | None:
        """When this key is due."""
        due = self._due.get(key)
        return due[0] if due is not None else None

    def next_deadline(self) -> int | None:
        """The earliest deadline, in milliseconds of the monotonic clock."""
        self._settle_top()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: int) -> Action | None:
        """Take the earliest action whose deadline has come."""
        self._settle_top()
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._queued[key]
        return self._due.pop(key)[1]

    def clear(self) -> None:
        """Forget everything."""
        self._due.clear()
        self._queued.clear()
        self._heap.clear()

    def _push(self, key: Hashable, deadline_ms: int) -> None:
        self._entries += 1
        self._queued[key] = deadline_ms
        heapq.heappush(self._heap, (deadline_ms, self._entries, key))

    def _settle_top(self) -> None:
        """Drop or move entries until the top of the heap is a true deadline."""
        while self._heap:
            queued_ms, _, key = self._heap[0]
            due = self._due.get(key)
            if self._queued.get(key) == queued_ms and due is not None and due[0] == queued_ms:
                return
            heapq.heappop(self._heap)
            if self._queued.get(key) == queued_ms:
                del self._queued[key]
                if due is not None:
                    self._push(key, due[0])
