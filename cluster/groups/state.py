"""What the coordinator of one `__consumer_offsets` partition knows, shared by the rooms that decide on it."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import Protocol

from cluster.groups.config import GroupConfig
from cluster.groups.effects import Instant, Outbox, PendingAppend, Record
from cluster.groups.group import Group
from cluster.groups.offsets import OffsetTable
from cluster.groups.timers import Timers
from cluster.protocol.errors import ErrorCode, GroupIdNotFound
from cluster.protocol.primitives import Uuid


class TopicResolver(Protocol):
    """The broker's view of the topics: commits name them by id or by name, and only those that exist are taken."""

    def topic_name(self, topic_id: Uuid) -> str | None:
        """The name of the topic with this id."""

    def topic_id(self, name: str) -> Uuid | None:
        """The id of the topic with this name."""

    def has_partition(self, name: str, partition: int) -> bool:
        """Whether the topic has this partition."""


@dataclass(slots=True, kw_only=True)
class ShardState:
    """Owns the groups, offsets and timers of one shard. Touched by the driver's loop only."""

    config: GroupConfig
    random: random.Random
    topics: TopicResolver
    groups: dict[str, Group] = field(default_factory=dict)
    offsets: OffsetTable = field(default_factory=OffsetTable)
    timers: Timers = field(default_factory=Timers)
    outbox: Outbox = field(default_factory=Outbox)

    def group(self, group_id: str) -> Group:
        """The group, or GroupIdNotFound."""
        group = self.groups.get(group_id)
        if group is None:
            raise GroupIdNotFound(f"Group {group_id} not found.")
        return group

    def create_group(self, group_id: str, now: Instant) -> Group:
        """A new, empty group."""
        assert group_id not in self.groups, "a group is created once"
        group = self.groups[group_id] = Group(group_id=group_id, state_since_ms=now.wall_ms)
        return group

    def new_member_id(self, prefix: str) -> str:
        """An id that no member has had, with what an operator may know the member by in front."""
        return f"{prefix}-{uuid.UUID(bytes=self.random.randbytes(16), version=4)}"

    def append(self, records: list[Record], pending: PendingAppend, now: Instant) -> None:
        """Have records appended; who waits for them is refused when `offsets.commit.timeout.ms` have passed."""
        token = self.outbox.append(records, pending)
        self.timers.schedule(
            append_key(token),
            now.ms + self.config.offsets_commit_timeout_ms,
            lambda _: self.outbox.refuse_waiting(token, ErrorCode.REQUEST_TIMED_OUT),
        )

    def settle(self, token: int, error: ErrorCode | None, now: Instant) -> None:
        """The outcome of an append is known."""
        self.timers.cancel(append_key(token))
        self.outbox.settle(token, error, now)


def append_key(token: int) -> tuple[str, int]:
    """The timer of those who wait for an append."""
    return ("append", token)


def heartbeat_key(group_id: str, member_id: str) -> tuple[str, str, str]:
    """The timer of a member's session, or of a member id that was given out."""
    return ("heartbeat", group_id, member_id)


def join_key(group_id: str) -> tuple[str, str]:
    """The timer of a join phase."""
    return ("join", group_id)


def sync_key(group_id: str) -> tuple[str, str]:
    """The timer of those who joined and have yet to sync."""
    return ("sync", group_id)
