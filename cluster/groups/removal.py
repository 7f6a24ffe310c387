"""How groups and offsets go: DeleteGroups, expiry, and the deletion of topics. Tombstones first, then memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cluster.groups.effects import Instant, PendingAppend, Record, Waiter
from cluster.groups.group import Group, GroupState, check_delete
from cluster.groups.offsets import Partition, is_expired
from cluster.groups.records import group_tombstone, offset_tombstone
from cluster.groups.state import ShardState
from cluster.protocol.errors import ErrorCode, KafkaError
from cluster.protocol.messages.groups import DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse
from cluster.protocol.primitives import ZERO_UUID, Uuid

_EXPIRY = ("expiry",)
_BATCH_RECORDS = 1_000
"""Tombstones that nobody waits for go out in batches, far below any limit of a batch's size."""


@dataclass(slots=True, kw_only=True)
class _Doomed:
    """What goes of one group: some offsets, and the group itself when `group` is set."""

    group_id: str
    partitions: list[Partition]
    group: Group | None = None

    def tombstones(self) -> list[Record]:
        """The records that say so. The group's comes last: without it the offsets would make a new group."""
        records = [offset_tombstone(self.group_id, *partition) for partition in self.partitions]
        return [*records, group_tombstone(self.group_id)] if self.group is not None else records


def delete_groups(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """All versions are alike. The groups that can go are gone at once for whoever asks; they return if the append
    fails."""
    request: DeleteGroupsRequest = waiter.request
    answer = DeleteGroupsResponse()
    doomed: list[_Doomed] = []
    for group_id in dict.fromkeys(request.groups_names):
        result = DeletableGroupResult(group_id=group_id)
        try:
            doomed.append(_take_group(shard, group_id))
        except KafkaError as error:
            result.error_code = error.code
        answer.results.append(result)
    if not doomed:
        shard.outbox.reply(waiter, answer)
        return

    def applied(now: Instant) -> None:
        _forget(shard, doomed, now)
        shard.outbox.reply(waiter, answer)

    records = [record for one in doomed for record in one.tombstones()]
    shard.append(records, PendingAppend(applied=applied, undo=partial(_restore, shard, doomed), waiter=waiter), now)


def _take_group(shard: ShardState, group_id: str) -> _Doomed:
    group = shard.group(group_id)
    check_delete(group)
    del shard.groups[group_id]
    return _Doomed(group_id=group_id, partitions=shard.offsets.of_group_and_coming(group_id), group=group)


def schedule_expiry(shard: ShardState, now: Instant) -> None:
    """Look for expired offsets each `offsets.retention.check.interval.ms`."""
    deadline_ms = now.ms + max(shard.config.offsets_retention_check_interval_ms, 1)
    shard.timers.schedule(_EXPIRY, deadline_ms, partial(_expire, shard))


def _expire(shard: ShardState, now: Instant) -> None:
    batch = _Batch(shard, now)
    for group in tuple(shard.groups.values()):
        batch.add(_expired(shard, group, now))
    batch.send()
    schedule_expiry(shard, now)


def _expired(shard: ShardState, group: Group, now: Instant) -> _Doomed:
    """The expired offsets of a group, and an empty group that has none left. A commit under way saves its partition:
    the tombstone would come after it."""
    coming = frozenset(shard.offsets.coming(group.group_id))
    retention_ms = shard.config.offsets_retention_ms
    kept, expired = 0, []
    for topic, partitions in shard.offsets.of_group(group.group_id).items():
        for index, committed in partitions.items():
            if (topic, index) not in coming and is_expired(group, topic, committed, now.wall_ms, retention_ms):
                expired.append((topic, index))
            else:
                kept += 1
    doomed = _Doomed(group_id=group.group_id, partitions=expired)
    if not kept and not coming and group.state is GroupState.EMPTY and not group.roster.pending_joins:
        doomed.group = shard.groups.pop(group.group_id)
    return doomed


def delete_offsets_of_topics(shard: ShardState, topics: Mapping[str, Uuid], now: Instant) -> None:
    """Topics were deleted: what was committed for them means nothing to a later topic of the same name."""
    batch = _Batch(shard, now)
    for group_id in shard.offsets.groups():
        batch.add(_Doomed(group_id=group_id, partitions=list(_of_topics(shard, group_id, topics))))
    batch.send()


def _of_topics(shard: ShardState, group_id: str, topics: Mapping[str, Uuid]) -> Iterable[Partition]:
    offsets = shard.offsets.of_group(group_id)
    coming = frozenset(shard.offsets.coming(group_id))
    for topic, topic_id in topics.items():
        for index, committed in offsets.get(topic, {}).items():
            if committed.topic_id in (ZERO_UUID, topic_id) and (topic, index) not in coming:
                yield topic, index


@dataclass(slots=True)
class _Batch:
    """Collects what goes, and sends its tombstones when there are enough of them."""

    shard: ShardState
    now: Instant
    doomed: list[_Doomed] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def add(self, doomed: _Doomed) -> None:
        """Take one group's part in."""
        tombstones = doomed.tombstones()
        if tombstones:
            self.doomed.append(doomed)
            self.records.extend(tombstones)
            if len(self.records) >= _BATCH_RECORDS:
                self.send()

    def send(self) -> None:
        """Append what has been collected."""
        if not self.records:
            return
        doomed, records = self.doomed, self.records
        self.doomed, self.records = [], []
        applied = partial(_forget, self.shard, doomed)
        undo = partial(_restore, self.shard, doomed)
        self.shard.append(records, PendingAppend(applied=applied, undo=undo), self.now)


def _forget(shard: ShardState, doomed: list[_Doomed], now: Instant) -> None:
    for one in doomed:
        for topic, partition in one.partitions:
            shard.offsets.remove(one.group_id, topic, partition)
        if one.group is not None:
            one.group.move(GroupState.DEAD, now.wall_ms)
            _forget_bare(shard, one.group_id)


def _forget_bare(shard: ShardState, group_id: str) -> None:
    """A commit that was under way when its group was deleted has made a group again, which has nothing left now."""
    group = shard.groups.get(group_id)
    if group is not None and group.is_simple and shard.offsets.is_empty(group_id):
        del shard.groups[group_id]


def _restore(shard: ShardState, doomed: list[_Doomed], _: ErrorCode, __: Instant) -> None:
    for one in doomed:
        if one.group is not None:
            shard.groups.setdefault(one.group_id, one.group)
