"""Members of groups and their rebalances."""

import asyncio
from typing import Any

from cluster.protocol.messages.groups import DeleteGroupsRequest, DescribeGroupsRequest
from cluster.protocol.messages.membership import (
    HeartbeatRequest,
    JoinGroupRequestProtocol,
    JoinGroupResponse,
    LeaveGroupRequest,
    MemberIdentity,
    SyncGroupRequest,
)
from tests.conformance.recorder import Peer, until
from tests.conformance.scenarios.members import Members, joining, members_of


async def one_member(peer: Peer) -> None:
    await peer.offsets_topic()
    for version in range(10):
        group = await members_of(peer, f"v{version}")
        first = await group.join("first join", version=version)
        joined = first
        if version >= 4:
            joined = await group.join("second join", first.member_id, version)
        member, generation = joined.member_id, joined.generation_id
        await group.describe("before the sync")
        together = min(version, 5)
        names = {"protocol_type": "consumer", "protocol_name": "range"} if together >= 5 else {}
        await group.sync("sync", member, generation, member, version=together, **names)
        await group.beat("heartbeat", member, generation, min(version, 4))
        for other in range(7):
            await group.describe("stable", other)
        leaving = LeaveGroupRequest(group_id=group.group, member_id=member)
        if version >= 3:
            leaving = LeaveGroupRequest(group_id=group.group, members=[MemberIdentity(member_id=member)])
        await group.ask("leave", leaving, min(version, 5))
        await group.describe("empty")


async def join_errors(peer: Peer) -> None:
    await peer.offsets_topic()
    group = await members_of(peer, "joins")
    for timeout in (5_999, 6_000, 1_800_001, 0, -1):
        await group.join(f"session timeout {timeout}", session_timeout_ms=timeout)
    await group.join("no protocols", protocols=[])
    await group.join("no protocol type", protocol_type="")
    await group.join("neither", protocol_type="", protocols=[])
    await group.join("unknown member", "no-such-member")
    await group.join("unknown member in v0", "no-such-member", 0)
    await group.join("empty instance id", group_instance_id="")
    await group.join("odd instance id", group_instance_id="a b/c")
    await group.join("rebalance timeout -1", rebalance_timeout_ms=-1)
    await group.ask("empty group id", joining(""))
    await _elsewhere(group)
    await _errors_of_a_live_group(group)


async def _elsewhere(group: Members) -> None:
    """The same to a broker that does not coordinate the group."""
    peer = group.peer
    elsewhere = group.coordinator % 3 + 1
    await peer.ask("another broker", joining(group.group), broker=elsewhere)
    await peer.ask(
        "another broker's heartbeat", HeartbeatRequest(group_id=group.group, member_id="m"), broker=elsewhere
    )
    await peer.ask("another broker's sync", SyncGroupRequest(group_id=group.group, member_id="m"), broker=elsewhere)
    leave = LeaveGroupRequest(group_id=group.group, members=[MemberIdentity(member_id="m")])
    await peer.ask("another broker's leave", leave, broker=elsewhere)
    await peer.ask("another broker's description", DescribeGroupsRequest(groups=[group.group]), broker=elsewhere)
    await peer.ask("another broker's deletion", DeleteGroupsRequest(groups_names=[group.group]), broker=elsewhere)


async def _errors_of_a_live_group(group: Members) -> None:
    first = await group.join("asks for an id")
    joined = await group.join("joins", first.member_id)
    member, generation = joined.member_id, joined.generation_id
    await group.join("other protocols", protocols=[JoinGroupRequestProtocol(name="sticky", metadata=b"")], via="b")
    await group.join("other protocol type", protocol_type="connect", via="b")
    await group.join("unknown member of a live group", "no-such-member", via="b")
    for label, changed in (
        ("unknown member", {"member": "no-such"}),
        ("older generation", {"generation": generation - 1}),
        ("later generation", {"generation": generation + 1}),
        ("no generation", {"generation": -1}),
        ("no member", {"member": ""}),
        ("foreign instance id", {"group_instance_id": "i"}),
    ):
        fields: dict[str, Any] = {"member": member, "generation": generation} | changed
        as_member, at = fields.pop("member"), fields.pop("generation")
        await group.sync(f"sync: {label}", as_member, at, **fields)
        await group.beat(f"heartbeat: {label}", as_member, at, **fields)
    await group.sync("sync: other type", member, generation, protocol_type="connect")
    await group.sync("sync: other protocol", member, generation, protocol_name="sticky")
    await group.beat("heartbeat while completing", member, generation)
    await group.sync("sync: no assignment for oneself", member, generation)
    await group.sync("sync again", member, generation, member)
    await group.beat("heartbeat", member, generation)
    await group.join("joins again unchanged", member)
    await group.sync("syncs again", member, generation + 1, member)
    await _strangers(group, member)


async def _strangers(group: Members, member: str) -> None:
    """Who is unknown, or asks for a group that is."""
    peer = group.peer
    for label, ask in (
        ("unknown group", HeartbeatRequest(group_id=peer.called("none"), generation_id=1, member_id="m")),
        ("empty group", HeartbeatRequest(group_id="", generation_id=1, member_id="m")),
        ("unknown group", SyncGroupRequest(group_id=peer.called("none"), generation_id=1, member_id="m")),
        ("empty group", SyncGroupRequest(group_id="", generation_id=1, member_id="m")),
        ("unknown group", LeaveGroupRequest(group_id=peer.called("none"), members=[MemberIdentity(member_id="m")])),
        ("empty group", LeaveGroupRequest(group_id="", members=[MemberIdentity(member_id="m")])),
        ("nobody", LeaveGroupRequest(group_id=group.group)),
        ("unknown member", LeaveGroupRequest(group_id=group.group, members=[MemberIdentity(member_id="x")])),
        (
            "unknown instance",
            LeaveGroupRequest(group_id=group.group, members=[MemberIdentity(group_instance_id="x")]),
        ),
        (
            "member twice",
            LeaveGroupRequest(
                group_id=group.group, members=[MemberIdentity(member_id=member), MemberIdentity(member_id=member)]
            ),
        ),
    ):
        kind = type(ask).__name__
        where = await peer.coordinator(ask.group_id)
        await peer.ask(f"{kind} {label}", ask, broker=where)
    await group.ask("unknown member in v2", LeaveGroupRequest(group_id=group.group, member_id="x"), 2)


async def rebalances(peer: Peer) -> None:
    await peer.offsets_topic()
    for version in (2, 5, 9):
        await _two_members(peer, version)


async def _two_members(peer: Peer, version: int) -> None:
    group = await members_of(peer, f"two-{version}")

    async def member_of(via: str) -> str:
        if version < 4:
            return ""
        return (await group.join(f"{via} asks for an id", version=version, via=via)).member_id

    one = await group.join("a joins", await member_of("a"), version, via="a")
    await group.sync("a syncs", one.member_id, one.generation_id, one.member_id, via="a")
    id_of_two = await member_of("b")
    joining_two = asyncio.create_task(group.join("b joins", id_of_two, version, via="b"))
    await _until_rebalancing(group, one)
    await group.beat("a hears of the rebalance", one.member_id, one.generation_id)
    await group.sync("a syncs too late", one.member_id, one.generation_id, via="a")
    await group.describe("rebalancing")
    again = await group.join("a joins again", one.member_id, version, via="a")
    two = await joining_two
    await group.beat("heartbeat with the older generation", one.member_id, one.generation_id)
    waiting = asyncio.create_task(group.sync("b syncs", two.member_id, two.generation_id, via="b"))
    await asyncio.sleep(0.1)
    await group.sync("a syncs for both", again.member_id, again.generation_id, again.member_id, two.member_id, via="a")
    await waiting
    await group.describe("both")
    await group.leave("b leaves", MemberIdentity(member_id=two.member_id, reason="done"))
    await group.beat("a hears of it", one.member_id, again.generation_id)
    alone = await group.join("a alone", one.member_id, version, via="a")
    await group.beat("b is gone", two.member_id, alone.generation_id)
    await group.leave("a leaves before the sync", MemberIdentity(member_id=one.member_id))
    await group.describe("nobody")


async def _until_rebalancing(group: Members, member: JoinGroupResponse) -> None:
    beat = HeartbeatRequest(group_id=group.group, generation_id=member.generation_id, member_id=member.member_id)
    await until(lambda: group.peer.quietly(beat, broker=group.coordinator), lambda answer: answer.error_code)


async def static_members(peer: Peer) -> None:
    await peer.offsets_topic()
    for version in (5, 7, 9):
        group = await members_of(peer, f"static-{version}")
        one = await group.join("joins", version=version, group_instance_id="i1")
        await group.sync("syncs", one.member_id, one.generation_id, one.member_id, group_instance_id="i1")
        again = await group.join("comes back", version=version, group_instance_id="i1")
        await group.sync("syncs", again.member_id, again.generation_id, group_instance_id="i1")
        await group.beat("fenced", one.member_id, one.generation_id, group_instance_id="i1")
        await group.sync("fenced sync", one.member_id, one.generation_id, group_instance_id="i1")
        await group.join("fenced join", one.member_id, version, group_instance_id="i1")
        await group.leave("fenced leave", MemberIdentity(member_id=one.member_id, group_instance_id="i1"))
        await group.beat("the new one", again.member_id, again.generation_id, group_instance_id="i1")
        await group.beat("without its instance id", again.member_id, again.generation_id)
        await group.beat("another's instance id", again.member_id, again.generation_id, group_instance_id="i2")
        await group.describe("static")
        changed = [JoinGroupRequestProtocol(name="range", metadata=b"other")]
        third = await group.join("comes back changed", version=version, group_instance_id="i1", protocols=changed)
        await group.sync("syncs", third.member_id, third.generation_id, third.member_id, group_instance_id="i1")
        await group.leave("removed by instance id", MemberIdentity(group_instance_id="i1"))
        await group.describe("removed")


def offering(*names: str) -> list[JoinGroupRequestProtocol]:
    return [JoinGroupRequestProtocol(name=name, metadata=name.encode()) for name in names]


async def elections(peer: Peer) -> None:
    """Which protocol a generation has, and what is asked of its leader."""
    await peer.offsets_topic()
    for number, (first, second) in enumerate(
        ((("a", "b"), ("b", "a")), (("a", "b", "c"), ("c", "b")), (("a",), ("a", "b")))
    ):
        group = await members_of(peer, f"votes-{number}")
        one = await group.join("a joins", version=3, protocols=offering(*first), via="a")
        two = asyncio.create_task(group.join("b joins", version=3, protocols=offering(*second), via="b"))
        await _until_rebalancing(group, one)
        again = await group.join("a again", one.member_id, 3, protocols=offering(*first), via="a")
        await two
        both = (again.member_id, (await two).member_id)
        await group.sync("a syncs", again.member_id, again.generation_id, *both, version=3, via="a")
        await group.describe("elected")
        third = offering("z")
        await group.join("c offers nothing in common", version=3, protocols=third, via="c")


async def absences(peer: Peer) -> None:
    """Members that do not come back: out of the next generation, or out of the group."""
    await peer.offsets_topic()
    group = await members_of(peer, "absent")
    one = await group.join("a joins", version=3, via="a", rebalance_timeout_ms=1_000)
    await group.sync("a syncs", one.member_id, one.generation_id, one.member_id, version=3, via="a")
    two = await group.join("b joins and waits for a", version=3, via="b", rebalance_timeout_ms=1_000)
    await group.beat("a is out", one.member_id, one.generation_id)
    await group.join("a comes back too late", one.member_id, 3, via="a")
    await group.describe("b is alone")
    await group.sync("b syncs", two.member_id, two.generation_id, two.member_id, version=3, via="b")
    brief = await members_of(peer, "brief")
    short = await brief.join("joins for six seconds", version=3, session_timeout_ms=6_000, rebalance_timeout_ms=1_000)
    await brief.sync("syncs", short.member_id, short.generation_id, short.member_id, version=3)
    unsynced = await members_of(peer, "unsynced")
    never = await unsynced.join("joins and never syncs", version=3, rebalance_timeout_ms=1_000)
    await asyncio.sleep(7)
    await brief.beat("after seven seconds", short.member_id, short.generation_id)
    await brief.describe("expired")
    await unsynced.beat("after seven seconds", never.member_id, never.generation_id)
    await unsynced.describe("never synced")
