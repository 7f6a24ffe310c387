"""The rebalance: members are gathered (join phase), the leader assigns, all learn their assignment (sync phase)."""

from __future__ import annotations

import logging
from functools import partial

from cluster.groups.effects import Instant, PendingAppend, Waiter
from cluster.groups.group import Group, GroupState
from cluster.groups.members import Member
from cluster.groups.records import group_record
from cluster.groups.refusals import append_error
from cluster.groups.state import ShardState, heartbeat_key, join_key, sync_key
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.membership import JoinGroupResponse, JoinGroupResponseMember, SyncGroupResponse

logger = logging.getLogger(__name__)

_PATIENCE_MS = 1_000


def join_answer(group: Group, member_id: str, *, skip_assignment: bool = False) -> JoinGroupResponse:
    """The current generation, as this member learns of it: the leader is told who the members are."""
    members = []
    if group.leads(member_id):
        members = [
            JoinGroupResponseMember(
                member_id=member.member_id,
                group_instance_id=member.instance_id,
                metadata=member.metadata(group.protocol_name),
            )
            for member in group.members.values()
        ]
    return JoinGroupResponse(
        generation_id=group.generation,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=group.roster.leader_id or "",
        skip_assignment=skip_assignment,
        member_id=member_id,
        members=members,
    )


def refuse_join(shard: ShardState, waiter: Waiter | None, code: ErrorCode, member_id: str = "") -> None:
    """Answer a join with an error; nothing when there is none. From version 7 the protocol's name may be null."""
    if waiter is not None:
        name = None if waiter.api_version >= 7 else ""
        shard.outbox.reply(waiter, JoinGroupResponse(error_code=code, member_id=member_id, protocol_name=name))


def refuse_sync(shard: ShardState, member: Member, code: ErrorCode) -> None:
    """Answer the sync of this member with an error; nothing when it has none waiting."""
    waiter, member.syncing = member.syncing, None
    if waiter is not None:
        shard.outbox.reply(waiter, SyncGroupResponse(error_code=code))


def expect_heartbeat(shard: ShardState, group: Group, member_id: str, timeout_ms: int, now: Instant) -> None:
    """Give a member (or the id of one to come) until `timeout_ms` from now to be heard of."""
    shard.timers.schedule(
        heartbeat_key(group.group_id, member_id),
        now.ms + timeout_ms,
        partial(_session_over, shard, group, member_id),
    )


def keep_alive(shard: ShardState, group: Group, member: Member, now: Instant) -> None:
    """A member was heard of."""
    expect_heartbeat(shard, group, member.member_id, member.session_timeout_ms, now)


def dismiss(shard: ShardState, group: Group, member_id: str, code: ErrorCode = ErrorCode.UNKNOWN_MEMBER_ID) -> None:
    """Take a member out. What it waits for is refused: a client that is alive joins anew."""
    shard.timers.cancel(heartbeat_key(group.group_id, member_id))
    member = group.roster.remove(member_id)
    if member is not None:
        refuse_join(shard, member.joining, code)
        refuse_sync(shard, member, code)


def rebalance_or_complete(shard: ShardState, group: Group, now: Instant) -> None:
    """The members have changed: begin a rebalance, or see whether the one that is going on can complete."""
    if group.can_rebalance:
        prepare_rebalance(shard, group, now)
    else:
        complete_if_all_joined(shard, group, now)


def complete_if_all_joined(shard: ShardState, group: Group, now: Instant) -> None:
    """Close the join phase when nobody is missing. The first one of a group keeps to its delay instead."""
    if group.state is GroupState.PREPARING and group.previous_state is not GroupState.EMPTY and group.roster.all_joined:
        complete_join(shard, group, now)


def prepare_rebalance(shard: ShardState, group: Group, now: Instant) -> None:
    """Open the join phase. A group that was empty waits a while for more members, so as not to rebalance for each."""
    if group.state is GroupState.COMPLETING:
        reset_assignments(shard, group, ErrorCode.REBALANCE_IN_PROGRESS, now)
    shard.timers.cancel(sync_key(group.group_id))
    initial = group.state is GroupState.EMPTY
    group.newcomers = False
    group.move(GroupState.PREPARING, now.wall_ms)
    if initial:
        delay_ms = shard.config.group_initial_rebalance_delay_ms
        remaining_ms = max(group.roster.rebalance_timeout_ms - delay_ms, 0)
        _wait_for_newcomers(shard, group, delay_ms, remaining_ms, now)
    elif group.roster.all_joined:
        complete_join(shard, group, now)
    else:
        _wait_for_joins(shard, group, group.roster.rebalance_timeout_ms, now)


def complete_join(shard: ShardState, group: Group, now: Instant) -> None:
    """Close the join phase: who has not rejoined is out (static members stay), the next generation begins."""
    shard.timers.cancel(join_key(group.group_id))
    absent = [m for m in group.members.values() if m.joining is None]
    for member in absent:
        if member.instance_id is None:
            dismiss(shard, group, member.member_id)
    if group.members and not group.roster.elect_joined_leader():
        # Only static members are left and none rejoined: wait until their sessions end, without spinning meanwhile.
        _wait_for_joins(shard, group, max(group.roster.rebalance_timeout_ms, _PATIENCE_MS), now)
        return
    group.begin_generation(now.wall_ms)
    logger.info("group %s: generation %d with %d members", group.group_id, group.generation, len(group.members))
    if group.state is GroupState.EMPTY:
        _write_empty_group(shard, group, now)
    else:
        _announce_generation(shard, group, now)


def _write_empty_group(shard: ShardState, group: Group, now: Instant) -> None:
    """Nobody waits for this record: when it fails, the members of the one before it time out after a failover."""
    shard.append([group_record(group, {})], PendingAppend(applied=lambda _: None), now)


def reset_assignments(shard: ShardState, group: Group, code: ErrorCode, now: Instant) -> None:
    """The leader's assignment is void: whoever waits for it is told why."""
    assert group.state is GroupState.COMPLETING, "assignments are made while the rebalance completes"
    for member in group.members.values():
        member.assignment = b""
        if member.syncing is not None:
            refuse_sync(shard, member, code)
            keep_alive(shard, group, member, now)


def store_assignments(shard: ShardState, group: Group, assignments: dict[str, bytes], now: Instant) -> None:
    """Append the generation with the leader's assignments; when that is durable, members learn theirs."""
    generation = group.generation
    complete = {member_id: assignments.get(member_id, b"") for member_id in group.members}
    shard.append(
        [group_record(group, complete)],
        PendingAppend(
            applied=partial(_assignments_stored, shard, group, generation, complete),
            undo=partial(_assignments_lost, shard, group, generation),
        ),
        now,
    )


def _assignments_stored(
    shard: ShardState, group: Group, generation: int, assignments: dict[str, bytes], now: Instant
) -> None:
    if group.state is not GroupState.COMPLETING or group.generation != generation:
        return
    for member in group.members.values():
        member.assignment = assignments.get(member.member_id, b"")
        waiter, member.syncing = member.syncing, None
        if waiter is not None:
            shard.outbox.reply(waiter, sync_answer(group, member))
            keep_alive(shard, group, member, now)
    group.move(GroupState.STABLE, now.wall_ms)


def sync_answer(group: Group, member: Member) -> SyncGroupResponse:
    """What a member is assigned in this generation."""
    return SyncGroupResponse(
        protocol_type=group.protocol_type, protocol_name=group.protocol_name, assignment=member.assignment
    )


def _assignments_lost(shard: ShardState, group: Group, generation: int, code: ErrorCode, now: Instant) -> None:
    if group.state is GroupState.COMPLETING and group.generation == generation:
        reset_assignments(shard, group, append_error(code), now)
        rebalance_or_complete(shard, group, now)


def _announce_generation(shard: ShardState, group: Group, now: Instant) -> None:
    for member in group.members.values():
        waiter = group.roster.release_join(member)
        if waiter is not None:
            shard.outbox.reply(waiter, join_answer(group, member.member_id))
        keep_alive(shard, group, member, now)
        member.new = False
        group.roster.pending_syncs[member.member_id] = None
    shard.timers.schedule(
        sync_key(group.group_id),
        now.ms + group.roster.rebalance_timeout_ms,
        partial(_sync_phase_over, shard, group, group.generation),
    )


def _wait_for_joins(shard: ShardState, group: Group, timeout_ms: int, now: Instant) -> None:
    shard.timers.schedule(join_key(group.group_id), now.ms + timeout_ms, partial(complete_join, shard, group))


def _wait_for_newcomers(shard: ShardState, group: Group, delay_ms: int, remaining_ms: int, now: Instant) -> None:
    shard.timers.schedule(
        join_key(group.group_id),
        now.ms + delay_ms,
        partial(_initial_delay_over, shard, group, delay_ms, remaining_ms),
    )


def _initial_delay_over(shard: ShardState, group: Group, delay_ms: int, remaining_ms: int, now: Instant) -> None:
    """Wait on while members keep coming, in all no longer than the rebalance timeout."""
    if group.newcomers and remaining_ms > 0:
        group.newcomers = False
        next_delay_ms = min(shard.config.group_initial_rebalance_delay_ms, remaining_ms)
        _wait_for_newcomers(shard, group, next_delay_ms, max(remaining_ms - delay_ms, 0), now)
    else:
        complete_join(shard, group, now)


def _sync_phase_over(shard: ShardState, group: Group, generation: int, now: Instant) -> None:
    """Whoever joined but never asked for its assignment is out."""
    assert generation == group.generation, "the sync timer belongs to the current generation"
    silent = tuple(group.roster.pending_syncs)
    if silent:
        logger.info("group %s: %d members joined but did not sync", group.group_id, len(silent))
        for member_id in silent:
            dismiss(shard, group, member_id)
        prepare_rebalance(shard, group, now)


def _session_over(shard: ShardState, group: Group, member_id: str, now: Instant) -> None:
    member = group.members.get(member_id)
    if member is not None and member.excused:
        return
    known = member is not None or member_id in group.roster.pending_joins
    if not known or shard.groups.get(group.group_id) is not group:
        return
    logger.info("group %s: the session of %s is over", group.group_id, member_id)
    dismiss(shard, group, member_id)
    if group.state in (GroupState.STABLE, GroupState.COMPLETING):
        if member is not None:
            prepare_rebalance(shard, group, now)
    elif group.state is GroupState.PREPARING and group.roster.all_joined:
        complete_join(shard, group, now)
