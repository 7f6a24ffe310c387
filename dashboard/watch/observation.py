"""One look at a cluster as any client can take it: brokers, partitions, offsets, sizes, groups. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cluster.client.admin.cluster import Broker
from cluster.client.admin.descriptions import PartitionDescription, Topic
from cluster.client.admin.groups import GroupMember
from dashboard.watch.changes import NO_LEADER, Change
from dashboard.watch.nodes import Node
from dashboard.watch.rates import RatePoint

PartitionKey = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Brokers that are alive, and all topics, at one moment."""

    cluster_id: str
    controller_id: int | None
    brokers: Mapping[int, Broker]
    topics: Mapping[str, Topic]

    @cached_property
    def partitions(self) -> Mapping[PartitionKey, PartitionDescription]:
        return {(topic.name, each.partition): each for topic in self.topics.values() for each in topic.partitions}

    @cached_property
    def broker_ids(self) -> tuple[int, ...]:
        """Every broker that is alive or that some partition still counts on."""
        return tuple(sorted({*self.brokers, *(b for p in self.partitions.values() for b in p.replicas)}))

    @cached_property
    def offline(self) -> tuple[PartitionKey, ...]:
        return tuple(key for key, partition in self.partitions.items() if partition.leader == NO_LEADER)

    @cached_property
    def under_replicated(self) -> tuple[PartitionKey, ...]:
        return tuple(key for key, partition in self.partitions.items() if len(partition.isr) < len(partition.replicas))

    def under_min_isr(self, limits: Mapping[str, int]) -> tuple[PartitionKey, ...]:
        """Partitions that refuse acks=all now, where `limits` is min.insync.replicas by topic."""
        return tuple(
            key
            for key in self.under_replicated
            if len(self.partitions[key].isr) < min(limits.get(key[0], 1), len(self.partitions[key].replicas))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A consumer group. `described` is false when only its name and state could be learnt, not its members."""

    group_id: str
    state: str
    type: str
    protocol_type: str
    protocol: str
    coordinator: int
    members: tuple[GroupMember, ...]
    described: bool
    committed: Mapping[PartitionKey, int]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The newest of every reading; one that was not taken, or failed, is None, and `failures` says why."""

    nodes: tuple[Node, ...] | None = None
    shape: Shape | None = None
    seen_at: datetime | None = None
    starts: Mapping[PartitionKey, int] | None = None
    ends: Mapping[PartitionKey, int] | None = None
    sizes: Mapping[tuple[int, str, int], int] | None = None
    offline_directories: Mapping[int, tuple[str, ...]] | None = None
    """Log directories that a broker calls offline, by broker: it serves what lies in its others."""
    groups: Mapping[str, Group] | None = None
    min_isr: Mapping[str, int] | None = None
    rates: tuple[RatePoint, ...] | None = None
    events: tuple[Change, ...] | None = None
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def unreachable(self) -> str | None:
        """Why the cluster does not answer now; None while it does."""
        return self.failures.get("shape")

    @property
    def alive(self) -> frozenset[int]:
        """Brokers that the cluster lists; none while it does not answer."""
        return frozenset(self.shape.brokers) if self.shape and not self.unreachable else frozenset()

    def lag(self, group: Group) -> int | None:
        """Records that a group has yet to read, over every partition with a commit; None while ends are unknown."""
        if self.ends is None:
            return None
        ends = self.ends
        return sum(max(0, ends[key] - offset) for key, offset in group.committed.items() if key in ends)
