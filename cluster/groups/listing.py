"""ListGroups and DescribeGroups: what is known of the groups, as it stands at this moment."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.groups.group import Group, GroupState
from cluster.groups.members import Member
from cluster.groups.state import ShardState
from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.groups import DescribedGroup, DescribedGroupMember, ListedGroup

_CLASSIC = "classic"


def list_groups(shard: ShardState, states: Sequence[str], types: Sequence[str]) -> list[ListedGroup]:
    """The groups in one of these states and of one of these types, whatever their case; no filter takes all."""
    wanted_states = [state.strip().lower() for state in states]
    if types and _CLASSIC not in [kind.lower() for kind in types]:
        return []
    return [
        ListedGroup(
            group_id=group.group_id,
            protocol_type=group.protocol_type or "",
            group_state=group.state.value,
            group_type=_CLASSIC,
        )
        for group in shard.groups.values()
        if not wanted_states or group.state.value.lower() in wanted_states
    ]


def describe_group(shard: ShardState, group_id: str, api_version: int) -> DescribedGroup:
    """One group. Version 4 adds the instance ids; 6 says that there is no such group, which was just a dead one."""
    group = shard.groups.get(group_id)
    if group is not None:
        return _describe(group)
    dead = DescribedGroup(group_id=group_id, group_state=GroupState.DEAD.value)
    if api_version >= 6:
        dead.error_code = ErrorCode.GROUP_ID_NOT_FOUND
        dead.error_message = f"Group {group_id} not found."
    return dead


def _describe(group: Group) -> DescribedGroup:
    """What the members said of themselves is told once they have agreed on a protocol."""
    stable = group.state is GroupState.STABLE
    return DescribedGroup(
        group_id=group.group_id,
        group_state=group.state.value,
        protocol_type=group.protocol_type or "",
        protocol_data=(group.protocol_name or "") if stable else "",
        members=[
            _describe_member(member, member.metadata(group.protocol_name) if stable else b"")
            for member in group.members.values()
        ],
    )


def _describe_member(member: Member, metadata: bytes) -> DescribedGroupMember:
    return DescribedGroupMember(
        member_id=member.member_id,
        group_instance_id=member.instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=metadata,
        member_assignment=member.assignment,
    )
