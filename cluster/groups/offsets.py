"""Committed offsets by group, topic and partition: what is durable, and which partitions have appends under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cluster.groups.group import Group, GroupState
from cluster.protocol.primitives import ZERO_UUID, Uuid

Partition: TypeAlias = tuple[str, int]
"""Topic name and partition index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedOffset:
    """One commit. `expires_at_ms` only when the client asked for a retention of its own (OffsetCommit v2 to v4)."""

    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    committed_at_ms: int
    expires_at_ms: int | None = None
    topic_id: Uuid = ZERO_UUID


@dataclass(slots=True)
class OffsetTable:
    """Owns the offsets of one shard.

    Readers see durable offsets only. Whoever deletes must also know of commits that have been appended but are not
    durable yet: `of_group_and_coming` has them.
    """

    _durable: dict[str, dict[str, dict[int, CommittedOffset]]] = field(default_factory=dict)
    _coming: dict[str, dict[Partition, int]] = field(default_factory=dict)

    def get(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The durable offset of one partition."""
        return self._durable.get(group_id, {}).get(topic, {}).get(partition)

    def of_group(self, group_id: str) -> Mapping[str, Mapping[int, CommittedOffset]]:
        """The durable offsets of a group by topic and partition."""
        return self._durable.get(group_id, {})

    def groups(self) -> list[str]:
        """The groups that have offsets, durable or on their way."""
        return list(dict.fromkeys((*self._durable, *self._coming)))

    def coming(self, group_id: str) -> Iterable[Partition]:
        """The partitions of a group for which a commit is on its way."""
        return self._coming.get(group_id, {}).keys()

    def of_group_and_coming(self, group_id: str) -> list[Partition]:
        """All partitions of a group that have an offset, or will have one."""
        durable = [(topic, p) for topic, partitions in self.of_group(group_id).items() for p in partitions]
        return list(dict.fromkeys((*durable, *self.coming(group_id))))

    def is_empty(self, group_id: str) -> bool:
        """Whether nothing is known of the group, and nothing on its way."""
        return group_id not in self._durable and group_id not in self._coming

    def expect(self, group_id: str, partitions: Iterable[Partition]) -> None:
        """Commits for these partitions have been appended."""
        coming = self._coming.setdefault(group_id, {})
        for partition in partitions:
            coming[partition] = coming.get(partition, 0) + 1

    def settle(self, group_id: str, partitions: Iterable[Partition]) -> None:
        """The outcome of commits that were expected is known."""
        coming = self._coming[group_id]
        for partition in partitions:
            if coming[partition] == 1:
                del coming[partition]
            else:
                coming[partition] -= 1
        if not coming:
            del self._coming[group_id]

    def put(self, group_id: str, topic: str, partition: int, committed: CommittedOffset) -> None:
        """A commit is durable."""
        self._durable.setdefault(group_id, {}).setdefault(topic, {})[partition] = committed

    def remove(self, group_id: str, topic: str, partition: int) -> None:
        """A tombstone is durable."""
        topics = self._durable.get(group_id, {})
        partitions = topics.get(topic, {})
        if partitions.pop(partition, None) is None:
            return
        if not partitions:
            del topics[topic]
        if not topics:
            del self._durable[group_id]


def is_expired(group: Group, topic: str, committed: CommittedOffset, wall_ms: int, retention_ms: int) -> bool:
    """Whether an offset has outlived its use.

    In a group that had members the clock starts when the last one left; with members it starts with the commit, and
    runs only for topics that no member of a stable group consumes; without members ever, with the commit.
    """
    if group.subscribed_to(topic):
        return False
    since_ms = _unused_since_ms(group, committed)
    if since_ms is None:
        return False
    if committed.expires_at_ms is not None:
        return wall_ms >= committed.expires_at_ms
    return wall_ms - since_ms >= retention_ms


def _unused_since_ms(group: Group, committed: CommittedOffset) -> int | None:
    if group.protocol_type is None:
        return committed.committed_at_ms
    if group.state is GroupState.EMPTY:
        return group.state_since_ms if group.state_since_ms is not None else committed.committed_at_ms
    if group.state is GroupState.STABLE and group.subscriptions is not None:
        return committed.committed_at_ms
    return None
