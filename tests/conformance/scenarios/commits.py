"""OffsetCommit, OffsetFetch, OffsetDelete."""

from typing import Any

from cluster.protocol.messages.commits import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from cluster.protocol.messages.groups import DescribeGroupsRequest
from cluster.protocol.primitives import ZERO_UUID
from tests.conformance.recorder import UNKNOWN_ID, Peer
from tests.conformance.scenarios.members import members_of

GROUPS_SINCE, IDS_SINCE = 8, 10


def committing(peer: Peer, group: str, topic: str, offset: int, **fields: Any) -> OffsetCommitRequest:
    asked = OffsetCommitRequestPartition(
        partition_index=fields.pop("partition", 0),
        committed_offset=offset,
        committed_leader_epoch=fields.pop("epoch", -1),
        committed_metadata=fields.pop("metadata", "note"),
    )
    topics = [OffsetCommitRequestTopic(name=topic, topic_id=peer.topic_id(topic), partitions=[asked])]
    defaults: dict[str, Any] = {"generation_id_or_member_epoch": -1, "member_id": ""}
    return OffsetCommitRequest(group_id=group, topics=topics, **{**defaults, **fields})


def fetching(peer: Peer, version: int, group: str, *topics: str, indexes: tuple[int, ...] = (0,)) -> OffsetFetchRequest:
    """These topics' offsets; without any all that the group has (from v2 on)."""
    if version < GROUPS_SINCE:
        named = [OffsetFetchRequestTopic(name=topic, partition_indexes=list(indexes)) for topic in topics]
        return OffsetFetchRequest(group_id=group, topics=named if topics else None)
    wanted = [
        OffsetFetchRequestTopics(name=topic, topic_id=peer.topic_id(topic), partition_indexes=list(indexes))
        for topic in topics
    ]
    asked = OffsetFetchRequestGroup(group_id=group, topics=wanted if topics else None)
    return OffsetFetchRequest(groups=[asked])


async def commits(peer: Peer) -> None:
    await peer.offsets_topic()
    topic, other = await peer.create("read", 3), await peer.create("other")
    group = peer.called("simple")
    at = await peer.coordinator(group)
    for version in range(2, 11):
        request = committing(peer, group, topic, version, epoch=0 if version >= 6 else -1)
        await peer.ask("commit", request, version, broker=at)
        for reading in range(1, 11):
            await peer.ask(f"read after v{version}", fetching(peer, reading, group, topic), reading, broker=at)
    for reading in range(2, 11):
        await peer.ask("all", fetching(peer, reading, group), reading, broker=at)
    for reading in (1, 7, 8, 10):
        await peer.ask("other topic", fetching(peer, reading, group, other), reading, broker=at)
        await peer.ask("unknown topic", fetching(peer, reading, group, peer.called("gone")), reading, broker=at)
        several = fetching(peer, reading, group, topic, other, indexes=(0, 1, 9))
        await peer.ask("several", several, reading, broker=at)
        await peer.ask("empty group id", fetching(peer, reading, "", topic), reading, broker=await peer.coordinator(""))
    unknown = peer.called("none")
    for reading in (1, 5, 8, 10):
        where = await peer.coordinator(unknown)
        await peer.ask("unknown group", fetching(peer, reading, unknown, topic), reading, broker=where)
        if reading > 1:
            await peer.ask("all of an unknown group", fetching(peer, reading, unknown), reading, broker=where)
        await peer.ask("another broker", fetching(peer, reading, group, topic), reading, broker=at % 3 + 1)
    await _odd_commits(peer, group, topic, at)
    await _members_commits(peer, topic)


async def _odd_commits(peer: Peer, group: str, topic: str, at: int) -> None:
    for version in (2, 7, 9, 10):
        for label, fields in {
            "offset -1": {"offset": -1},
            "offset -5": {"offset": -5},
            "no metadata": {"metadata": None},
            "empty metadata": {"metadata": ""},
            "longest metadata": {"metadata": "x" * 4096},
            "too long metadata": {"metadata": "x" * 4097},
            "partition 7": {"partition": 7},
            "partition -1": {"partition": -1},
            "unknown topic": {"topic": peer.called("gone")},
            "member of no group": {"member_id": "m"},
            "generation of no group": {"generation_id_or_member_epoch": 3},
            "member and generation": {"member_id": "m", "generation_id_or_member_epoch": 3},
            "leader epoch": {"epoch": 5} if version >= 6 else {},
        }.items():
            wanted = {"offset": 5, "topic": topic, **fields}
            request = committing(peer, group, wanted.pop("topic"), wanted.pop("offset"), **wanted)
            await peer.ask(label, request, version, broker=at)
        await peer.ask("after it", fetching(peer, version, group, topic, indexes=(0, 7, -1)), version, broker=at)
        request = committing(peer, "", topic, 3)
        await peer.ask("empty group id", request, version, broker=await peer.coordinator(""))
        await peer.ask("another broker", committing(peer, group, topic, 3), version, broker=at % 3 + 1)
        await peer.ask(
            "nothing", OffsetCommitRequest(group_id=group, generation_id_or_member_epoch=-1), version, broker=at
        )
    request = committing(peer, group, topic, 3)
    request.topics[0].topic_id = ZERO_UUID
    await peer.ask("no id", request, broker=at)
    request.topics[0].topic_id = UNKNOWN_ID
    await peer.ask("unknown id", request, broker=at)
    await peer.ask("retention", committing(peer, group, topic, 3, retention_time_ms=1000), 4, broker=at)
    await peer.ask("instance id", committing(peer, group, topic, 3, group_instance_id="i"), 7, broker=at)
    stable = fetching(peer, 9, group, topic)
    stable.require_stable = True
    await peer.ask("stable only", stable, 9, broker=at)
    for member, epoch in (("m", 1), (None, -1), ("m", -1), (None, 4)):
        asked = fetching(peer, 10, group, topic)
        asked.groups[0].member_id, asked.groups[0].member_epoch = member, epoch
        await peer.ask(f"as member {member} {epoch}", asked, broker=at)
    two = fetching(peer, 9, group, topic)
    two.groups += fetching(peer, 9, group, topic, indexes=(1,)).groups
    await peer.ask("one group twice", two, 9, broker=at)
    await peer.ask("no groups", OffsetFetchRequest(groups=[]), 9, broker=at)


async def _members_commits(peer: Peer, topic: str) -> None:
    group = await members_of(peer, "members")
    first = await group.join("asks for an id")
    joined = await group.join("joins", first.member_id)
    member, generation = joined.member_id, joined.generation_id

    async def commit(label: str, **fields: Any) -> None:
        for version in (2, 7, 9, 10):
            await group.ask(label, committing(peer, group.group, topic, 4, **fields), version)

    own = {"member_id": member, "generation_id_or_member_epoch": generation}
    await commit("before the sync", **own)
    await group.sync("sync", member, generation, member)
    await commit("member's own", **own)
    await commit("older generation", **own | {"generation_id_or_member_epoch": generation - 1})
    await commit("later generation", **own | {"generation_id_or_member_epoch": generation + 1})
    await commit("unknown member", **own | {"member_id": "x"})
    await commit("no member", generation_id_or_member_epoch=generation)
    await commit("from outside", generation_id_or_member_epoch=-1)
    await group.ask("foreign instance", committing(peer, group.group, topic, 4, **own, group_instance_id="i"))
    await offset_deletes(peer, group.group, topic, group.coordinator)


async def offset_deletes(peer: Peer, group: str, topic: str, at: int) -> None:
    async def delete(label: str, name: str, wanted: str, *indexes: int, broker: int = at) -> None:
        partitions = [OffsetDeleteRequestPartition(partition_index=index) for index in indexes]
        topics = [OffsetDeleteRequestTopic(name=wanted, partitions=partitions)]
        await peer.ask(label, OffsetDeleteRequest(group_id=name, topics=topics), broker=broker)

    await delete("subscribed", group, topic, 0)
    simple, none = peer.called("simple"), peer.called("none")
    at_simple = await peer.coordinator(simple)
    await delete("of a simple group", simple, topic, 0, broker=at_simple)
    await delete("again", simple, topic, 0, broker=at_simple)
    await delete("unknown partition", simple, topic, 44, broker=at_simple)
    await delete("unknown topic", simple, peer.called("gone"), 0, broker=at_simple)
    await delete("unknown group", none, topic, 0, broker=await peer.coordinator(none))
    await delete("empty group id", "", topic, 0, broker=await peer.coordinator(""))
    await delete("another broker", group, topic, 0, broker=at % 3 + 1)
    await peer.ask("no topics", OffsetDeleteRequest(group_id=simple), broker=at_simple)
    await peer.ask("simple group", DescribeGroupsRequest(groups=[simple]), broker=at_simple)
