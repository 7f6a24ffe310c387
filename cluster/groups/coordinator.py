"""The coordinator of the groups of one `__consumer_offsets` partition: the door by which the broker drives it.

It does no I/O. Requests, outcomes of appends and the passing of time go in; replies and appends come out.

What is decided holds at once for membership (a member that joins is there); committed offsets are readable, and
deletions final, once their append is durable. Replies that promise something wait for the append.

An append ends in one of three ways, and the driver must know which:
- durable: `appended(token, None, now)`, in the order of the appends, however late;
- certainly not in the log (refused before the append: too few in-sync replicas, not leader, batch too large):
  `appended(token, error, now)`. The shard undoes what it must and refuses who waits;
- in doubt (appended locally, then the leadership went, or the minimum of replicas): `unload`, and load a new shard
  from the log. Memory never says other than the log, and clients look their coordinator up again.
A slow append needs nothing: after `offsets.commit.timeout.ms` the shard refuses who waits and keeps the append open.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cluster.groups import commits, joins, listing, membership, removal
from cluster.groups.config import GroupConfig
from cluster.groups.effects import Caller, Effect, Instant, Record, Token, Waiter
from cluster.groups.rebalance import keep_alive, prepare_rebalance, refuse_join, refuse_sync
from cluster.groups.records import GroupRecord, OffsetRecord, ReadRecord, read_record
from cluster.groups.state import ShardState, TopicResolver
from cluster.protocol.errors import ErrorCode, KafkaError, ProtocolViolation
from cluster.protocol.messages.commits import OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequestGroup
from cluster.protocol.messages.groups import DeleteGroupsRequest, DescribedGroup, ListedGroup, ListGroupsRequest
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    SyncGroupRequest,
)
from cluster.protocol.primitives import Uuid

Handler = Callable[[ShardState, Waiter, Instant], None]

_HANDLERS: Mapping[type[Any], Handler] = MappingProxyType(
    {
        JoinGroupRequest: joins.join,
        SyncGroupRequest: membership.sync,
        HeartbeatRequest: membership.heartbeat,
        LeaveGroupRequest: membership.leave,
        OffsetCommitRequest: commits.commit,
        OffsetDeleteRequest: commits.delete,
        DeleteGroupsRequest: removal.delete_groups,
    }
)


def partition_for(group_id: str, partitions: int) -> int:
    """The partition of `__consumer_offsets` that a group lives in: Java's hash of its id, without the sign."""
    text = group_id.encode("utf-16-be", "surrogatepass")
    hashed = 0
    for index in range(0, len(text), 2):
        hashed = (31 * hashed + (text[index] << 8) + text[index + 1]) & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >= 1 << 31 else hashed
    return (0 if signed == -(1 << 31) else abs(signed)) % partitions


class GroupCoordinatorShard:
    """Owns the groups of one partition. Touched by the driver's loop only; each input returns effects in order."""

    def __init__(self, config: GroupConfig, randomness: random.Random, topics: TopicResolver) -> None:
        self._state = ShardState(config=config, random=randomness, topics=topics)

    def replay(self, records: Iterable[Record]) -> int:
        """Take in what an earlier coordinator wrote, oldest first. How many are none that a coordinator writes.

        Those are left out: anybody may have written them, and no group is to be lost for that.
        """
        unreadable = 0
        for key, value in records:
            try:
                self._replay(read_record(key, value))
            except ProtocolViolation:
                unreadable += 1
        return unreadable

    def _replay(self, record: ReadRecord | None) -> None:
        match record:
            case OffsetRecord():
                self._replay_offset(record)
            case GroupRecord():
                self._state.groups.pop(record.group_id, None)
                if record.group is not None:
                    self._state.groups[record.group_id] = record.group

    def loaded(self, now: Instant) -> list[Effect]:
        """All is read. Members are given a whole session timeout to find their new coordinator."""
        state = self._state
        removal.schedule_expiry(state, now)
        for group_id in state.offsets.groups():
            # A group of a newer kind leaves nothing here that could be read but its offsets: they expire as usual.
            if group_id not in state.groups:
                state.create_group(group_id, now)
        for group in tuple(state.groups.values()):
            for member in group.members.values():
                keep_alive(state, group, member, now)
            if len(group.members) > state.config.group_max_size:
                prepare_rebalance(state, group, now)
        return state.outbox.take()

    def unload(self, code: ErrorCode = ErrorCode.NOT_COORDINATOR) -> list[Effect]:
        """The partition has gone elsewhere: refuse all who wait. The shard is not to be used again."""
        state = self._state
        for group in state.groups.values():
            for member in group.members.values():
                refuse_join(state, group.roster.release_join(member), code, member.member_id)
                refuse_sync(state, member, code)
        state.outbox.abandon(code)
        state.groups.clear()
        state.timers.clear()
        return state.outbox.take()

    def update_config(self, config: GroupConfig) -> None:
        """The configuration has changed; timers that run keep their deadlines."""
        self._state.config = config

    def handle(self, token: Token, request: Any, caller: Caller, now: Instant) -> list[Effect]:
        """Take in a JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetDelete or DeleteGroups request.

        The reply to `token` is among these effects or comes with a later input; each token gets exactly one.
        """
        waiter = Waiter(token=token, request=request, caller=caller)
        try:
            _HANDLERS[type(request)](self._state, waiter, now)
        except KafkaError as error:
            self._state.outbox.refuse(waiter, error.code)
        return self._state.outbox.take()

    def fetch_offsets(
        self,
        token: Token,
        request: OffsetFetchRequestGroup,
        caller: Caller,
        now: Instant,
        *,
        require_stable: bool = False,
    ) -> list[Effect]:
        """Take in one group of an OffsetFetch (see `groups_of_fetch`). The reply is an OffsetFetchResponseGroup."""
        waiter = Waiter(token=token, request=request, caller=caller)
        commits.fetch(self._state, waiter, now, require_stable=require_stable)
        return self._state.outbox.take()

    def describe_group(self, group_id: str, api_version: int) -> DescribedGroup:
        """One group of a DescribeGroups."""
        return listing.describe_group(self._state, group_id, api_version)

    def list_groups(self, request: ListGroupsRequest) -> list[ListedGroup]:
        """This partition's part of a ListGroups."""
        return listing.list_groups(self._state, request.states_filter, request.types_filter)

    def topics_deleted(self, topics: Mapping[str, Uuid], now: Instant) -> list[Effect]:
        """These topics (names and ids) are gone, and with them the offsets that were committed for them."""
        removal.delete_offsets_of_topics(self._state, topics, now)
        return self._state.outbox.take()

    def appended(self, token: int, error: ErrorCode | None, now: Instant) -> list[Effect]:
        """The records of `Append(then=token)` are durable, or (`error`) certainly not in the log."""
        self._state.settle(token, error, now)
        return self._state.outbox.take()

    def next_deadline(self) -> int | None:
        """When `tick` has something to do, in milliseconds of the monotonic clock."""
        return self._state.timers.next_deadline()

    def tick(self, now: Instant) -> list[Effect]:
        """Do what is due."""
        while (action := self._state.timers.pop_due(now.ms)) is not None:
            action(now)
        return self._state.outbox.take()

    def _replay_offset(self, record: OffsetRecord) -> None:
        where = (record.group_id, record.topic, record.partition)
        if record.committed is None:
            self._state.offsets.remove(*where)
        else:
            self._state.offsets.put(*where, record.committed)
