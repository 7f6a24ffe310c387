"""JoinGroup: who may come in, by which id, and what its coming means for the group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cluster.groups.config import NEW_MEMBER_JOIN_TIMEOUT_MS
from cluster.groups.effects import Instant, PendingAppend, Waiter
from cluster.groups.group import Group, GroupState, check_member
from cluster.groups.members import Member, Protocols
from cluster.groups.rebalance import (
    complete_if_all_joined,
    dismiss,
    expect_heartbeat,
    join_answer,
    keep_alive,
    prepare_rebalance,
    rebalance_or_complete,
    refuse_join,
    refuse_sync,
)
from cluster.groups.records import founding_record, group_record
from cluster.groups.refusals import append_error
from cluster.groups.state import ShardState, heartbeat_key, join_key
from cluster.protocol.errors import (
    ErrorCode,
    GroupMaxSizeReached,
    InconsistentGroupProtocol,
    InvalidGroupId,
    InvalidSessionTimeout,
    KafkaError,
    UnknownMemberId,
    UnknownServerError,
)
from cluster.protocol.messages.membership import JoinGroupRequest, JoinGroupResponse


def join(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    """Version 1 adds the rebalance timeout, 4 the second join with a given id, 5 the instance id, 7 the protocol type
    in the answer (and a nullable protocol name), 8 the reason, 9 the leader that skips its assignment."""
    request: JoinGroupRequest = waiter.request
    try:
        _check_request(shard, request)
        _join_group(shard, waiter, now)
    except GroupMaxSizeReached as error:
        refuse_join(shard, waiter, error.code)
    except KafkaError as error:
        refuse_join(shard, waiter, error.code, request.member_id)


def _check_request(shard: ShardState, request: JoinGroupRequest) -> None:
    if not request.group_id:
        raise InvalidGroupId
    config = shard.config
    if not config.group_min_session_timeout_ms <= request.session_timeout_ms <= config.group_max_session_timeout_ms:
        raise InvalidSessionTimeout


def _join_group(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    request: JoinGroupRequest = waiter.request
    group = shard.groups.get(request.group_id)
    if group is None:
        _join_new_group(shard, waiter, now)
        return
    if not _has_room(shard, group, request.member_id):
        dismiss(shard, group, request.member_id)
        raise GroupMaxSizeReached
    if not group.supports(request.protocol_type, _protocols(request)):
        raise InconsistentGroupProtocol
    if request.member_id:
        _join_again(shard, group, waiter, now)
    else:
        _join_first(shard, group, waiter, now)


def _join_new_group(shard: ShardState, waiter: Waiter, now: Instant) -> None:
    request: JoinGroupRequest = waiter.request
    if request.member_id:
        raise UnknownMemberId
    if not request.protocol_type or not request.protocols:
        raise InconsistentGroupProtocol
    group = shard.create_group(request.group_id, now)
    _join_first(shard, group, waiter, now)
    shard.append(
        [founding_record(group)],
        PendingAppend(applied=lambda _: None, undo=partial(_undo_group, shard, group)),
        now,
    )


def _undo_group(shard: ShardState, group: Group, code: ErrorCode, now: Instant) -> None:
    """The first record of the group could not be written: there is no such group, its members ask again."""
    if shard.groups.get(group.group_id) is not group or group.generation > 0:
        return
    shard.timers.cancel(join_key(group.group_id))
    for member_id in (*group.members, *group.roster.pending_joins):
        dismiss(shard, group, member_id, append_error(code))
    group.move(GroupState.DEAD, now.wall_ms)
    del shard.groups[group.group_id]


def _has_room(shard: ShardState, group: Group, member_id: str) -> bool:
    """Whether the group takes this member. While members gather, the first `group.max.size` to come are in."""
    member = group.members.get(member_id)
    match group.state:
        case GroupState.PREPARING:
            awaited = member is not None and member.joining is not None
            return awaited or group.roster.joined < shard.config.group_max_size
        case GroupState.COMPLETING | GroupState.STABLE:
            return member is not None or len(group.members) < shard.config.group_max_size
        case _:
            return True


def _join_first(shard: ShardState, group: Group, waiter: Waiter, now: Instant) -> None:
    """A join without a member id."""
    request: JoinGroupRequest = waiter.request
    instance_id = request.group_instance_id
    if instance_id is not None:
        bearer = group.roster.static_ids.get(instance_id)
        if bearer is not None:
            _replace_static(shard, group, bearer, waiter, now)
        else:
            _add_member(shard, group, shard.new_member_id(instance_id), waiter, now)
        return
    member_id = shard.new_member_id(waiter.caller.client_id or "")
    if waiter.api_version >= 4:
        # KIP-394: a client that gives up before it knows its id would otherwise leave a member behind at each try.
        group.roster.pending_joins[member_id] = None
        expect_heartbeat(shard, group, member_id, request.session_timeout_ms, now)
        refuse_join(shard, waiter, ErrorCode.MEMBER_ID_REQUIRED, member_id)
    else:
        _add_member(shard, group, member_id, waiter, now)


def _join_again(shard: ShardState, group: Group, waiter: Waiter, now: Instant) -> None:
    """A join by a member, or by one that was given its id and now comes with it."""
    request: JoinGroupRequest = waiter.request
    if request.member_id in group.roster.pending_joins:
        if request.group_instance_id is not None:
            raise UnknownServerError("A static member is never asked to come again with an id.")
        _add_member(shard, group, request.member_id, waiter, now)
        return
    member = check_member(group, request.member_id, request.group_instance_id)
    unchanged = member.protocols == _protocols(request)
    match group.state:
        case GroupState.COMPLETING if unchanged:
            shard.outbox.reply(waiter, join_answer(group, member.member_id))
        case GroupState.STABLE if unchanged and not group.leads(member.member_id):
            shard.outbox.reply(waiter, join_answer(group, member.member_id))
        case _:
            # In a stable group the leader joins in order to assign anew, whatever has changed.
            _take_over(shard, group, member, waiter)
            rebalance_or_complete(shard, group, now)


def _take_over(shard: ShardState, group: Group, member: Member, waiter: Waiter) -> None:
    request: JoinGroupRequest = waiter.request
    group.roster.update(member, _protocols(request), _rebalance_timeout_ms(waiter), request.session_timeout_ms)
    displaced = group.roster.park_join(member, waiter)
    refuse_join(shard, displaced, ErrorCode.REBALANCE_IN_PROGRESS, member.member_id)


def _add_member(shard: ShardState, group: Group, member_id: str, waiter: Waiter, now: Instant) -> None:
    request: JoinGroupRequest = waiter.request
    member = Member(
        member_id=member_id,
        instance_id=request.group_instance_id,
        client_id=waiter.caller.client_id or "",
        client_host=waiter.caller.client_host,
        rebalance_timeout_ms=_rebalance_timeout_ms(waiter),
        session_timeout_ms=request.session_timeout_ms,
        protocols=_protocols(request),
        joining=waiter,
        new=True,
    )
    if group.state is GroupState.PREPARING and group.previous_state is GroupState.EMPTY:
        group.newcomers = True
    group.admit(member, request.protocol_type)
    expect_heartbeat(shard, group, member_id, NEW_MEMBER_JOIN_TIMEOUT_MS, now)
    rebalance_or_complete(shard, group, now)


def _replace_static(shard: ShardState, group: Group, old_id: str, waiter: Waiter, now: Instant) -> None:
    """A static member has restarted: it goes on under a new id with what it was assigned; the old id is fenced."""
    request: JoinGroupRequest = waiter.request
    leader_id = group.roster.leader_id or ""
    old, member = group.roster.replace_static(old_id, shard.new_member_id(request.group_instance_id or ""))
    shard.timers.cancel(heartbeat_key(group.group_id, old_id))
    refuse_join(shard, old.joining, ErrorCode.FENCED_INSTANCE_ID, old_id)
    refuse_sync(shard, old, ErrorCode.FENCED_INSTANCE_ID)
    member.client_id, member.client_host = waiter.caller.client_id or "", waiter.caller.client_host
    group.roster.update(member, _protocols(request), _rebalance_timeout_ms(waiter), request.session_timeout_ms)
    keep_alive(shard, group, member, now)
    if group.state is GroupState.STABLE and group.roster.select_protocol() == group.protocol_name:
        _Replacement(shard, group, group.generation, member, waiter, leader_id).store(now)
        return
    group.roster.park_join(member, waiter)
    if group.state is GroupState.COMPLETING:
        # The leader may be assigning to the old id at this moment: the new one would get nothing.
        prepare_rebalance(shard, group, now)
    else:
        rebalance_or_complete(shard, group, now)


@dataclass(frozen=True, slots=True)
class _Replacement:
    """A static member that goes on within a generation, without a rebalance, once that is durable.

    The old id is gone in any case, also when the record cannot be written: its bearer has restarted.
    """

    shard: ShardState
    group: Group
    generation: int
    member: Member
    waiter: Waiter
    leader_id: str

    def store(self, now: Instant) -> None:
        """Append the generation with the new id in it."""
        assignments = {member_id: one.assignment for member_id, one in self.group.members.items()}
        pending = PendingAppend(applied=self._stored, waiter=self.waiter)
        self.shard.append([group_record(self.group, assignments)], pending, now)

    def _stored(self, now: Instant) -> None:
        shard, group, member, waiter = self.shard, self.group, self.member, self.waiter
        if waiter.answered:
            return
        if group.members.get(member.member_id) is not member:
            refuse_join(shard, waiter, ErrorCode.UNKNOWN_MEMBER_ID)
        elif group.state is GroupState.STABLE and group.generation == self.generation:
            shard.outbox.reply(waiter, self._answer())
        elif group.state is GroupState.PREPARING:
            refuse_join(shard, group.roster.park_join(member, waiter), ErrorCode.REBALANCE_IN_PROGRESS)
            complete_if_all_joined(shard, group, now)
        else:
            refuse_join(shard, waiter, ErrorCode.REBALANCE_IN_PROGRESS, member.member_id)

    def _answer(self) -> JoinGroupResponse:
        """A leader that has restarted must not assign anew. Before version 9 it is told that the old id leads."""
        member_id = self.member.member_id
        if self.waiter.api_version >= 9:
            return join_answer(self.group, member_id, skip_assignment=self.group.leads(member_id))
        answer = join_answer(self.group, member_id)
        answer.leader, answer.members = self.leader_id, []
        return answer


def _protocols(request: JoinGroupRequest) -> Protocols:
    return tuple((protocol.name, bytes(protocol.metadata)) for protocol in request.protocols)


def _rebalance_timeout_ms(waiter: Waiter) -> int:
    """Version 0 knows the session timeout only."""
    request: JoinGroupRequest = waiter.request
    return request.session_timeout_ms if waiter.api_version == 0 else request.rebalance_timeout_ms
