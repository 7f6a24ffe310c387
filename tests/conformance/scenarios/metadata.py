"""Metadata, DescribeTopicPartitions, DescribeCluster; the ACLs of a cluster without an authorizer."""

from dataclasses import replace

from cluster.protocol.messages.access import (
    AclCreation,
    CreateAclsRequest,
    DeleteAclsFilter,
    DeleteAclsRequest,
    DescribeAclsRequest,
)
from cluster.protocol.messages.metadata import (
    DescribeClusterRequest,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsRequestCursor,
    DescribeTopicPartitionsResponse,
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    TopicRequest,
)
from cluster.protocol.primitives import Uuid
from tests.conformance.recorder import Peer

BAD_NAMES = ("", ".", "..", "sp ace", "a" * 250, "slash/ed", "ünï")


def asked(*names: str) -> list[MetadataRequestTopic]:
    return [MetadataRequestTopic(name=name) for name in names]


async def metadata(peer: Peer) -> None:
    one, three = await peer.create("one"), await peer.create("three", 3)
    gone = peer.called("gone")
    await peer.ask_in_every_version("known topics", lambda _: MetadataRequest(topics=asked(one, three)))
    await peer.ask_in_every_version("one twice", lambda _: MetadataRequest(topics=asked(one, one)))
    for version in range(4, 14):
        request = MetadataRequest(topics=asked(gone), allow_auto_topic_creation=False)
        await peer.ask("unknown topic", request, version)
    for version in (1, 4, 8, 12, 13):
        create = version < 4
        await peer.ask("no topics", MetadataRequest(topics=[], allow_auto_topic_creation=create), version)
        for name in BAD_NAMES:
            request = MetadataRequest(topics=asked(name), allow_auto_topic_creation=create)
            await peer.ask(f"bad name {name[:9]!r}", request, version)
    for version in (0, 13):
        fresh = peer.called(f"fresh{version}")
        await peer.ask(f"created by asking in v{version}", MetadataRequest(topics=asked(fresh)), version)
        await peer.settle(fresh)
    for version in range(8, 14):
        request = MetadataRequest(
            topics=asked(one),
            include_topic_authorized_operations=True,
            include_cluster_authorized_operations=version < 11,
        )
        await peer.ask("operations", request, version)
    for version in (10, 11, 12, 13):
        by_id = [MetadataRequestTopic(topic_id=peer.topic_id(one), name=None)]
        await peer.ask("by id", MetadataRequest(topics=by_id), version)
    unknown = [MetadataRequestTopic(topic_id=Uuid(b"unknown topic id"), name=None)]
    await peer.ask("unknown id", MetadataRequest(topics=unknown))
    mixed = [*asked(one), MetadataRequestTopic(topic_id=peer.topic_id(three), name=None)]
    await peer.ask("name and id mixed", MetadataRequest(topics=mixed))
    both = [MetadataRequestTopic(topic_id=peer.topic_id(three), name=three)]
    await peer.ask("id and its name", MetadataRequest(topics=both))
    neither = [MetadataRequestTopic(name=None)]
    await peer.ask("neither name nor id", MetadataRequest(topics=neither), 10)


async def everything(peer: Peer) -> None:
    await peer.create("one")
    await peer.create("three", 3)

    def own(answer: MetadataResponse) -> MetadataResponse:
        answer.topics = [topic for topic in answer.topics if (topic.name or "").startswith(peer.called(""))]
        return answer

    await peer.ask("all topics", MetadataRequest(topics=[]), 0, shown=own)
    for version in range(1, 14):
        await peer.ask("all topics", MetadataRequest(topics=None), version, shown=own)
    for broker in (2, 3):
        await peer.ask(f"all topics from {broker}", MetadataRequest(topics=None), broker=broker, shown=own)

    def own_described(answer: DescribeTopicPartitionsResponse) -> DescribeTopicPartitionsResponse:
        answer.topics = [topic for topic in answer.topics if (topic.name or "").startswith(peer.called(""))]
        return answer

    await peer.ask("all described", DescribeTopicPartitionsRequest(), shown=own_described)


async def described_topics(peer: Peer) -> None:
    one, three = await peer.create("one"), await peer.create("three", 3)
    described = [TopicRequest(name=name) for name in (three, one)]
    await peer.ask("both", DescribeTopicPartitionsRequest(topics=described))
    for limit in (0, -1, 1, 2, 3, 10_000):
        request = DescribeTopicPartitionsRequest(topics=described, response_partition_limit=limit)
        await peer.ask(f"limit {limit}", request)
    for topic, index in ((one, 0), (three, 1), (three, 3), (three, -1), (one, 5), (peer.called("none"), 0), ("zzz", 0)):
        cursor = DescribeTopicPartitionsRequestCursor(topic_name=topic, partition_index=index)
        request = DescribeTopicPartitionsRequest(topics=described, response_partition_limit=2, cursor=cursor)
        await peer.ask(f"cursor {topic.removeprefix(peer.run)} {index}", request)
    for name in (*BAD_NAMES, peer.called("gone")):
        request = DescribeTopicPartitionsRequest(topics=[TopicRequest(name=name), TopicRequest(name=one)])
        await peer.ask(f"bad name {name.removeprefix(peer.run)[:20]!r}", request)
    twice = DescribeTopicPartitionsRequest(topics=[TopicRequest(name=one), TopicRequest(name=one)])
    await peer.ask("one twice", twice)


async def described_cluster(peer: Peer) -> None:
    await peer.ask_in_every_version("cluster", lambda _: DescribeClusterRequest())
    for version in (1, 2):
        for kind in (0, 2, 3):
            await peer.ask(f"endpoint type {kind}", DescribeClusterRequest(endpoint_type=kind), version)
    await peer.ask("fenced", DescribeClusterRequest(include_fenced_brokers=True))
    await peer.ask("operations", DescribeClusterRequest(include_cluster_authorized_operations=True))


ANY, PREFIXED, TOPIC, READ, ALLOW = 1, 4, 2, 3, 3


async def acls(peer: Peer) -> None:
    named = {"principal": "User:alice", "host": "*", "operation": READ, "permission_type": ALLOW}
    one = AclCreation(resource_type=TOPIC, resource_name="orders", **named)
    other = AclCreation(resource_type=TOPIC, resource_name="o", resource_pattern_type=PREFIXED, **named)
    for count, rules in enumerate(([], [one], [one, other])):
        await peer.ask_in_every_version(f"create {count}", lambda _, r=rules: CreateAclsRequest(creations=r))
    everything = {"operation": ANY, "permission_type": ANY, "pattern_type_filter": ANY, "resource_type_filter": ANY}
    anyone = {"resource_name_filter": None, "principal_filter": None, "host_filter": None}
    orders = {"operation": READ, "permission_type": ALLOW, "resource_type_filter": TOPIC}
    for label, wanted in (("everything", everything | anyone), ("orders", orders | {"resource_name_filter": "orders"})):
        await peer.ask_in_every_version(f"describe {label}", lambda _, w=wanted: DescribeAclsRequest(**w))
        await peer.ask_in_every_version(
            f"delete {label}", lambda _, w=wanted: DeleteAclsRequest(filters=[DeleteAclsFilter(**w)] * 2)
        )
    await peer.ask("delete nothing", DeleteAclsRequest())
    for left_out in everything:
        unknown = everything | anyone | {left_out: 0}
        await peer.ask(f"describe without {left_out}", DescribeAclsRequest(**unknown))
        await peer.ask(f"delete without {left_out}", DeleteAclsRequest(filters=[DeleteAclsFilter(**unknown)]))
    await peer.ask("create of no operation", CreateAclsRequest(creations=[one, replace(other, operation=0)]))
