"""SyncGroup, Heartbeat and LeaveGroup: a member fetches its assignment, shows that it lives, and goes."""

from __future__ import annotations

from cluster.groups.effects import Barrier, Instant, Waiter
from cluster.groups.group import Group, GroupState, check_generation, check_member
from cluster.groups.members import Member
from cluster.groups.rebalance import (
    complete_if_all_joined,
    dismiss,
    keep_alive,
    rebalance_or_complete,
    refuse_sync,
    store_assignments,
    sync_answer,
)
from cluster.groups.state import ShardState, sync_key
from cluster.protocol.errors import (
    ErrorCode,
    InconsistentGroupProtocol,
    InvalidGroupId,
    KafkaError,
    RebalanceInProgress,
    UnknownMemberId,
)
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    HeartbeatResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
    SyncGroupRequest,
)


def _group(shard: ShardState, group_id: str) -> Group:
    """The group that a member speaks of. It must know it by now, so none means that its id is not known either."""
    if not group_id:
        raise InvalidGroupId
    group = shard.groups.get(group_id)
    if group is None:
        raise UnknownMemberId
    return group


def sync(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """Version 3 adds the instance id, 5 the protocol type and name, which must be those of the group."""
    request: SyncGroupRequest = waiter.request
    if waiter.api_version >= 5 and (request.protocol_type is None or request.protocol_name is None):
        raise InconsistentGroupProtocol
    group = _group(shard, request.group_id)
    member = check_generation(group, request.member_id, request.group_instance_id, request.generation_id)
    if request.protocol_type not in (None, group.protocol_type):
        raise InconsistentGroupProtocol
    if request.protocol_name not in (None, group.protocol_name):
        raise InconsistentGroupProtocol
    if group.state is GroupState.PREPARING:
        raise RebalanceInProgress
    _heard_sync(shard, group, member)
    if group.state is GroupState.STABLE:
        shard.outbox.reply(waiter, sync_answer(group, member))
        return
    refuse_sync(shard, member, ErrorCode.REBALANCE_IN_PROGRESS)
    member.syncing = waiter
    if group.leads(member.member_id):
        assignments = {a.member_id: bytes(a.assignment) for a in request.assignments}
        store_assignments(shard, group, assignments, now)


def _heard_sync(shard: ShardState, group: Group, member: Member) -> None:
    group.roster.pending_syncs.pop(member.member_id, None)
    if not group.roster.pending_syncs:
        shard.timers.cancel(sync_key(group.group_id))


def heartbeat(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """Version 3 adds the instance id. While members gather, the answer calls this one to join too."""
    request: HeartbeatRequest = waiter.request
    group = _group(shard, request.group_id)
    member = check_generation(group, request.member_id, request.group_instance_id, request.generation_id)
    keep_alive(shard, group, member, now)
    gathering = group.state is GroupState.PREPARING
    code = ErrorCode.REBALANCE_IN_PROGRESS if gathering else ErrorCode.NONE
    shard.outbox.reply(waiter, HeartbeatResponse(error_code=code))


def leave(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """Version 3 takes several members, by member id or (an administrator) by instance id; 5 adds the reason."""
    request: LeaveGroupRequest = waiter.request
    identities = request.members if waiter.api_version >= 3 else [MemberIdentity(member_id=request.member_id)]
    try:
        group = _group(shard, request.group_id)
    except UnknownMemberId as error:
        shard.outbox.reply(waiter, _leave_answer(waiter, [_outcome(i, error.code) for i in identities]))
        return
    outcomes = [_let_go(shard, group, identity) for identity in identities]
    appended = shard.outbox.last_append
    if any(outcome.error_code == ErrorCode.NONE for outcome in outcomes):
        if group.state in (GroupState.STABLE, GroupState.COMPLETING):
            rebalance_or_complete(shard, group, now)
        else:
            complete_if_all_joined(shard, group, now)
    answer = _leave_answer(waiter, outcomes)
    if shard.outbox.last_append == appended:
        shard.outbox.reply(waiter, answer)
    else:
        shard.outbox.when_settled(Barrier(waiter=waiter, proceed=lambda _: shard.outbox.reply(waiter, answer)), now)


def _let_go(shard: ShardState, group: Group, identity: MemberIdentity) -> MemberResponse:
    try:
        dismiss(shard, group, _leaver(group, identity))
    except KafkaError as error:
        return _outcome(identity, error.code)
    return _outcome(identity, ErrorCode.NONE)


def _leaver(group: Group, identity: MemberIdentity) -> str:
    """The id of the member that is meant."""
    if identity.member_id in group.roster.pending_joins:
        return identity.member_id
    if identity.member_id:
        return check_member(group, identity.member_id, identity.group_instance_id).member_id
    member_id = group.roster.static_ids.get(identity.group_instance_id or "")
    if member_id is None:
        raise UnknownMemberId
    return member_id


def _outcome(identity: MemberIdentity, code: ErrorCode) -> MemberResponse:
    return MemberResponse(member_id=identity.member_id, group_instance_id=identity.group_instance_id, error_code=code)


def _leave_answer(waiter: Waiter, outcomes: list[MemberResponse]) -> LeaveGroupResponse:
    """Before version 3 the one member's error is the answer's."""
    if waiter.api_version >= 3:
        return LeaveGroupResponse(members=outcomes)
    return LeaveGroupResponse(error_code=outcomes[0].error_code)
