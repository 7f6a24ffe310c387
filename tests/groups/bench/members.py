"""A shard and the members of its groups."""

from __future__ import annotations

import struct
from typing import Any

from cluster.protocol.errors import ErrorCode
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupRequestProtocol,
    LeaveGroupRequest,
    MemberIdentity,
    SyncGroupRequest,
    SyncGroupRequestAssignment,
)
from tests.groups.bench.driver import Ask, Driver


def subscription(*topics: str) -> bytes:
    """A consumer's metadata, version 0, without user data."""
    names = b"".join(struct.pack(">h", len(name.encode())) + name.encode() for name in topics)
    return struct.pack(">hi", 0, len(topics)) + names + struct.pack(">i", -1)


class Membership(Driver):
    """What members ask, with what a consumer would send by default."""

    def join(  # noqa: PLR0913 - what a client may wish for
        self,
        member: str = "",
        *,
        instance: str | None = None,
        group: str = "group",
        version: int = 9,
        protocols: tuple[tuple[str, bytes], ...] = (("range", subscription("orders")),),
        protocol_type: str = "consumer",
        session_ms: int = 10_000,
        rebalance_ms: int = 60_000,
        client: str = "client",
    ) -> Ask:
        request = JoinGroupRequest(
            group_id=group,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=rebalance_ms,
            member_id=member,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocols=[JoinGroupRequestProtocol(name=name, metadata=data) for name, data in protocols],
        )
        return self.ask(request, version, client)

    def new_member(self, **options: Any) -> Ask:
        """Both steps of a dynamic member's first join."""
        first = self.join(**options)
        assert first.error is ErrorCode.MEMBER_ID_REQUIRED
        return self.join(first.reply.member_id, **options)

    def sync(
        self,
        member: str,
        generation: int,
        assignments: dict[str, bytes] | None = None,
        *,
        instance: str | None = None,
        group: str = "group",
        version: int = 5,
        protocol_type: str | None = "consumer",
        protocol_name: str | None = "range",
    ) -> Ask:
        request = SyncGroupRequest(
            group_id=group,
            generation_id=generation,
            member_id=member,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocol_name=protocol_name,
            assignments=[
                SyncGroupRequestAssignment(member_id=name, assignment=data)
                for name, data in (assignments or {}).items()
            ],
        )
        return self.ask(request, version)

    def heartbeat(self, member: str, generation: int, *, instance: str | None = None, group: str = "group") -> Ask:
        request = HeartbeatRequest(
            group_id=group, generation_id=generation, member_id=member, group_instance_id=instance
        )
        return self.ask(request, 4)

    def leave(self, *members: str, instances: tuple[str, ...] = (), group: str = "group") -> Ask:
        identities = [MemberIdentity(member_id=member) for member in members]
        identities += [MemberIdentity(member_id="", group_instance_id=instance) for instance in instances]
        return self.ask(LeaveGroupRequest(group_id=group, members=identities), 5)

    def state_of(self, group: str = "group") -> str:
        return self.shard.describe_group(group, 6).group_state

    def stable_group(self, size: int = 1, *, group: str = "group", **options: Any) -> tuple[int, list[str]]:
        """A group of dynamic members, each assigned its own name; returns generation and member ids, leader first."""
        joins = [self.new_member(group=group, **options) for _ in range(size)]
        self.advance(self.config.group_initial_rebalance_delay_ms * (size + 1))
        return self.settle(joins, group=group)

    def settle(self, joins: list[Ask], *, group: str = "group") -> tuple[int, list[str]]:
        """Sync all who have joined, the leader last; returns generation and member ids, leader first."""
        generation = joins[0].reply.generation_id
        leader = joins[0].reply.leader
        members = [join.reply.member_id for join in joins]
        kind, name = joins[0].reply.protocol_type, joins[0].reply.protocol_name
        followers = [member for member in members if member != leader]
        assignments = {member: member.encode() for member in members}
        for member in followers:
            self.sync(member, generation, group=group, protocol_type=kind, protocol_name=name)
        self.sync(leader, generation, assignments, group=group, protocol_type=kind, protocol_name=name)
        assert self.state_of(group) == "Stable"
        return generation, [leader, *followers]
