"""Coordinators; what is told of groups, and their end."""

import itertools
from typing import Any

from cluster.groups.coordinator import partition_for
from cluster.protocol.messages.coordination import FindCoordinatorRequest
from cluster.protocol.messages.groups import DeleteGroupsRequest, DescribeGroupsRequest, ListGroupsRequest
from cluster.protocol.messages.membership import MemberIdentity
from tests.conformance.clusters import OFFSETS_PARTITIONS
from tests.conformance.recorder import Peer
from tests.conformance.scenarios.members import members_of


def _anywhere(answer: Any) -> Any:
    """Which broker coordinates depends on where the partitions were placed."""
    for found in (answer, *answer.coordinators):
        found.node_id, found.port = min(found.node_id, 0), min(found.port, 0)
    return answer


async def coordinators(peer: Peer) -> None:
    await peer.offsets_topic()
    group = peer.called("g")
    await peer.ask_in_every_version(
        "group",
        lambda v: FindCoordinatorRequest(**({"key": group} if v < 4 else {"coordinator_keys": [group]})),
        shown=_anywhere,
    )
    for kind in (2, 3, -1, 9):
        for version in (1, 3, 4, 6):
            keyed = {"key": group} if version < 4 else {"coordinator_keys": [group]}
            request = FindCoordinatorRequest(key_type=kind, **keyed)
            await peer.ask(f"key type {kind}", request, version, shown=_anywhere)
    for keys in ([], [""], [group, group], [group, "another"]):
        request = FindCoordinatorRequest(coordinator_keys=keys)
        await peer.ask(f"{len(keys)} keys {''.join(keys)[-4:]!r}", request, shown=_anywhere)
    for version in (0, 3):
        await peer.ask("empty group", FindCoordinatorRequest(key=""), version, shown=_anywhere)


def _neighbour(peer: Peer, name: str, like: str) -> str:
    """A name whose group has the same coordinator in any cluster."""
    home = partition_for(peer.called(name), OFFSETS_PARTITIONS)
    names = (f"{like}-{number}" for number in itertools.count())
    return next(found for found in names if partition_for(peer.called(found), OFFSETS_PARTITIONS) == home)


async def listed_groups(peer: Peer) -> None:
    await peer.offsets_topic()
    stable = await members_of(peer, "stable")
    other = await members_of(peer, _neighbour(peer, "stable", "other"))
    for group in (stable, other):
        first = await group.join("asks for an id")
        joined = await group.join("joins", first.member_id)
        await group.sync("syncs", joined.member_id, joined.generation_id, joined.member_id)
    await other.leave("leaves", MemberIdentity(member_id=joined.member_id))

    def own(answer: Any) -> Any:
        answer.groups = [group for group in answer.groups if group.group_id.startswith(peer.called(""))]
        return answer

    where = stable.coordinator
    await peer.ask_in_every_version("all", lambda _: ListGroupsRequest(), broker=where, shown=own)
    for states in (["Stable"], ["stable"], ["Empty"], ["Nonsense"], ["Empty", "Stable"], [""]):
        for version in (4, 5):
            request = ListGroupsRequest(states_filter=states)
            await peer.ask(f"states {states}", request, version, broker=where, shown=own)
    for kinds in (["classic"], ["Classic"], ["consumer"], ["Nonsense"], [""]):
        await peer.ask(f"types {kinds}", ListGroupsRequest(types_filter=kinds), broker=where, shown=own)
    none = peer.called("none")
    at_none = await peer.coordinator(none)
    for version in range(7):
        await peer.ask("unknown group", DescribeGroupsRequest(groups=[none]), version, broker=at_none)
    await peer.ask("no groups", DescribeGroupsRequest())
    await peer.ask("empty group", DescribeGroupsRequest(groups=[""]), broker=await peer.coordinator(""))
    operations = DescribeGroupsRequest(groups=[stable.group], include_authorized_operations=True)
    await peer.ask("operations", operations, broker=where)
    twice = DescribeGroupsRequest(groups=[stable.group, stable.group])
    await peer.ask("one group twice", twice, broker=where)
    for version in range(3):
        await peer.ask("delete unknown", DeleteGroupsRequest(groups_names=[none]), version, broker=at_none)
        await peer.ask("delete stable", DeleteGroupsRequest(groups_names=[stable.group]), version, broker=where)
    at_other = other.coordinator
    await peer.ask("delete twice", DeleteGroupsRequest(groups_names=[other.group, other.group]), broker=at_other)
    await peer.ask("delete again", DeleteGroupsRequest(groups_names=[other.group]), broker=at_other)
    await peer.ask("delete nothing", DeleteGroupsRequest())
    await peer.ask("delete empty", DeleteGroupsRequest(groups_names=[""]), broker=await peer.coordinator(""))
