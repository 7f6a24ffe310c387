"""CreateTopics: names, counts, assignments by hand, configurations."""

from collections.abc import Awaitable, Callable

from cluster.protocol.messages.topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from cluster.protocol.primitives import ZERO_UUID
from tests.conformance.recorder import UNKNOWN_ID, Peer
from tests.conformance.scenarios.metadata import BAD_NAMES

CONFIGS = (
    ("retention.ms", "1000"),
    ("retention.ms", "-1"),
    ("retention.ms", "-2"),
    ("retention.ms", "abc"),
    ("retention.ms", ""),
    ("retention.ms", None),
    ("retention.ms", " 5 "),
    ("no.such.config", "1"),
    ("", "1"),
    ("cleanup.policy", "compact,delete"),
    ("cleanup.policy", "compact, delete"),
    ("cleanup.policy", "shred"),
    ("cleanup.policy", ""),
    ("cleanup.policy", "COMPACT"),
    ("min.insync.replicas", "4"),
    ("min.insync.replicas", "0"),
    ("segment.bytes", "13"),
    ("segment.bytes", "1048575"),
    ("segment.bytes", "2147483648"),
    ("max.message.bytes", "0"),
    ("max.message.bytes", "-1"),
    ("compression.type", "brotli"),
    ("compression.type", "zstd"),
    ("compression.zstd.level", "99"),
    ("message.timestamp.type", "Create"),
    ("unclean.leader.election.enable", "yes"),
    ("unclean.leader.election.enable", "TRUE"),
    ("min.cleanable.dirty.ratio", "1.5"),
    ("min.cleanable.dirty.ratio", "0.5"),
    ("preallocate", "true"),
    ("leader.replication.throttled.replicas", "0:1,1:2"),
    ("leader.replication.throttled.replicas", "*"),
    ("leader.replication.throttled.replicas", "nonsense"),
    ("follower.replication.throttled.replicas", ""),
    ("index.interval.bytes", "-1"),
    ("file.delete.delay.ms", "0"),
    ("flush.messages", "0"),
    ("remote.storage.enable", "true"),
    ("local.retention.ms", "-2"),
    ("message.format.version", "3.0"),
    ("message.downconversion.enable", "true"),
    ("message.timestamp.difference.max.ms", "5"),
    ("message.timestamp.before.max.ms", "5"),
    ("max.compaction.lag.ms", "0"),
)
ASSIGNMENTS: dict[str, tuple[list[int], ...]] = {
    "no replicas": ([],),
    "unknown broker": ([1, 9],),
    "negative broker": ([-1],),
    "one replica twice": ([1, 1],),
    "different lengths": ([1, 2], [3]),
    "one replica": ([2],),
}


def creatable(name: str, partitions: int = 1, factor: int = 3, **configs: str | None) -> CreatableTopic:
    wanted = [CreatableTopicConfig(name=key.replace("_", "."), value=value) for key, value in configs.items()]
    return CreatableTopic(name=name, num_partitions=partitions, replication_factor=factor, configs=wanted)


def assigned(name: str, *replicas: list[int], partitions: int = -1, factor: int = -1) -> CreatableTopic:
    topic = creatable(name, partitions, factor)
    topic.assignments = [CreatableReplicaAssignment(partition_index=i, broker_ids=r) for i, r in enumerate(replicas)]
    return topic


def creating(*topics: CreatableTopic, validate_only: bool = False) -> CreateTopicsRequest:
    return CreateTopicsRequest(topics=list(topics), timeout_ms=10_000, validate_only=validate_only)


def _without_ids(answer: CreateTopicsResponse) -> CreateTopicsResponse:
    """New ids are random: whether there is one is compared."""
    for topic in answer.topics:
        topic.topic_id = topic.topic_id if topic.topic_id == ZERO_UUID else UNKNOWN_ID
    return answer


def asking(peer: Peer) -> tuple[Callable[..., Awaitable[None]], Callable[[str], str]]:
    """How this scenario asks, and how its topics are called."""

    async def ask(label: str, *topics: CreatableTopic, version: int | None = None, validate_only: bool = False) -> None:
        request = creating(*topics, validate_only=validate_only)
        await peer.ask(label, request, version, shown=_without_ids)

    return ask, peer.called


async def create_topics(peer: Peer) -> None:
    await peer.offsets_topic()
    ask, name = asking(peer)
    await peer.ask_in_every_version("created", lambda v: creating(creatable(name(f"made-{v}"))), shown=_without_ids)
    await peer.ask_in_every_version("there already", lambda v: creating(creatable(name("made-7"))), shown=_without_ids)
    await peer.ask_in_every_version(
        "validated", lambda v: creating(creatable(name("validated"), 4), validate_only=True), shown=_without_ids
    )
    await peer.ask_in_every_version(
        "assigned by hand", lambda v: creating(assigned(name(f"by-hand-{v}"), [1, 2], [2, 3])), shown=_without_ids
    )
    for version in (4, 7):
        await ask("defaults", creatable(name(f"defaults-{version}"), -1, -1), version=version)
    await ask("defaults before v4", creatable(name("defaults-3"), -1, -1), version=3)
    for bad in BAD_NAMES:
        await ask(f"bad name {bad[:9]!r}", creatable(bad))
    await ask("longest name", creatable("a" * (249 - len(name("long"))) + name("long")))
    await ask("colliding name", creatable(name("made.8")), creatable(name("made_8")))
    await ask("name that collides with an older one", creatable(name("made-7").replace("-", "_")))
    await ask("dots and underscores", creatable(name("dot.ted")))
    await ask("dots and underscores", creatable(name("dot_ted")))
    for partitions in (0, -2, 10_001):
        await ask(f"{partitions} partitions", creatable(name(f"many{partitions}"), partitions))
    for factor in (0, -2, 4, 32_767):
        await ask(f"replication factor {factor}", creatable(name(f"wide{factor}"), 1, factor))
    await ask("neither partitions nor factor", creatable(name("neither"), 0, 0))
    twice = creatable(name("twice"))
    await ask("twice in one request", twice, creatable(name("twice"), 2), creatable(name("once")))
    await ask("no topics")
    await ask("internal", creatable("__consumer_offsets"))
    await ask("metadata log", creatable("__cluster_metadata"))
    await ask("double underscore", creatable("__" + name("own")))


async def assigned_topics(peer: Peer) -> None:
    ask, name = asking(peer)
    for label, replicas in ASSIGNMENTS.items():
        await ask(label, assigned(name(label.replace(" ", "-")), *replicas))
    gap = assigned(name("gap"), [1], [2])
    gap.assignments[1].partition_index = 2
    await ask("gap in the assignment", gap)
    same = assigned(name("same"), [1], [2])
    same.assignments[1].partition_index = 0
    await ask("one partition assigned twice", same)
    negative = assigned(name("negative"), [1])
    negative.assignments[0].partition_index = -1
    await ask("negative partition assigned", negative)
    await ask("assignment and partitions", assigned(name("both-a"), [1], partitions=1))
    await ask("assignment and factor", assigned(name("both-b"), [1], factor=1))


async def configured_topics(peer: Peer) -> None:
    ask, name = asking(peer)
    for number, (key, value) in enumerate(CONFIGS):
        topic = creatable(name(f"config-{number}"))
        topic.configs = [CreatableTopicConfig(name=key, value=value)]
        for version in (4, 7):
            await ask(f"config {key}={value}", topic, version=version, validate_only=True)
    lagging = creatable(name("lags"), min_compaction_lag_ms="10", max_compaction_lag_ms="5")
    await ask("lags that contradict", lagging, validate_only=True)
    twice_configured = creatable(name("config-twice"), retention_ms="1")
    twice_configured.configs.append(CreatableTopicConfig(name="retention.ms", value="2"))
    await ask("one config twice", twice_configured)
    await ask("with configs", creatable(name("configured"), 2, 3, retention_ms="77", cleanup_policy="compact"))
