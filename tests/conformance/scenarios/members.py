"""A group as a scenario sees it: its members, each asking the coordinator."""

from typing import Any

from cluster.protocol.messages.groups import DescribeGroupsRequest
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupRequestProtocol,
    JoinGroupResponse,
    LeaveGroupRequest,
    MemberIdentity,
    SyncGroupRequest,
    SyncGroupRequestAssignment,
)
from tests.conformance.recorder import Peer


def joining(group: str, member: str = "", **fields: Any) -> JoinGroupRequest:
    defaults: dict[str, Any] = {
        "session_timeout_ms": 30_000,
        "rebalance_timeout_ms": 2_000,
        "protocol_type": "consumer",
        "protocols": [JoinGroupRequestProtocol(name="range", metadata=b"meta")],
    }
    return JoinGroupRequest(group_id=group, member_id=member, **{**defaults, **fields})


class Members:
    """A group's members, each on its own connection to the coordinator."""

    def __init__(self, peer: Peer, group: str, coordinator: int) -> None:
        self.peer, self.group, self.coordinator = peer, group, coordinator

    async def ask(self, label: str, message: Any, version: int | None = None, *, via: str = "") -> Any:
        return await self.peer.ask(label, message, version, broker=self.coordinator, via=via)

    async def join(self, label: str, member: str = "", version: int | None = None, **fields: Any) -> JoinGroupResponse:
        via = fields.pop("via", "")
        joined: JoinGroupResponse = await self.ask(label, joining(self.group, member, **fields), version, via=via)
        return joined

    async def sync(self, label: str, member: str, generation: int, *others: str, **fields: Any) -> Any:
        assignments = [
            SyncGroupRequestAssignment(member_id=m, assignment=f"to {i}".encode()) for i, m in enumerate(others)
        ]
        version, via = fields.pop("version", None), fields.pop("via", "")
        request = SyncGroupRequest(
            group_id=self.group,
            generation_id=generation,
            member_id=member,
            assignments=assignments,
            **({"protocol_type": "consumer", "protocol_name": "range"} if version is None else {}) | fields,
        )
        return await self.ask(label, request, version, via=via)

    async def beat(self, label: str, member: str, generation: int, version: int | None = None, **fields: Any) -> None:
        request = HeartbeatRequest(group_id=self.group, generation_id=generation, member_id=member, **fields)
        await self.ask(label, request, version)

    async def leave(self, label: str, *members: MemberIdentity) -> None:
        await self.ask(label, LeaveGroupRequest(group_id=self.group, members=list(members)))

    async def describe(self, label: str, version: int | None = None) -> None:
        await self.ask(label, DescribeGroupsRequest(groups=[self.group]), version)


async def members_of(peer: Peer, name: str) -> Members:
    group = peer.called(name)
    return Members(peer, group, await peer.coordinator(group))
