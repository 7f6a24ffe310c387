"""The state of the cluster: what the metadata log says, up to an offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from cluster.controller.changes import (
    NO_LEADER,
    BrokerChanged,
    BrokerRegistered,
    BrokerUnregistered,
    Change,
    ConfigChanged,
    ControllerElected,
    PartitionChanged,
    PartitionPlaced,
    ProducerIdsAllocated,
    TopicCreated,
    TopicDeleted,
)
from cluster.protocol.primitives import Uuid

TOPIC, BROKER = 2, 4
"""Resource types of configurations, by Kafka's numbers."""

ConfigKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A change at its place in the log."""

    offset: int
    controller_epoch: int
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerState:
    """Who is the controller, and where it listens."""

    id: int
    epoch: int
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """A registered broker. `epoch` names its incarnation and grows."""

    id: int
    epoch: int
    incarnation: Uuid
    host: str
    port: int
    rack: str | None = None
    log_dirs: tuple[Uuid, ...] = ()
    fenced: bool = True
    in_controlled_shutdown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """A partition: `leader` is -1 while nobody leads. Each change adds one to `partition_epoch`, each election one to
    `leader_epoch`. `elr` are the replicas that may lead although they left the ISR (KIP-966)."""

    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int = NO_LEADER
    leader_epoch: int = 0
    partition_epoch: int = 0
    elr: tuple[int, ...] = ()
    last_known_elr: tuple[int, ...] = ()
    recovering: bool = False

    @property
    def preferred_leader(self) -> int:
        """The first replica."""
        return self.replicas[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic and its partitions by index."""

    name: str
    id: Uuid
    partitions: Mapping[int, PartitionState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """Everything, immutable. `offset` is that of the last change in it, -1 before the first."""

    cluster_id: str
    offset: int = -1
    controller: ControllerState | None = None
    brokers: Mapping[int, BrokerState] = field(default_factory=dict)
    topics: Mapping[str, TopicState] = field(default_factory=dict)
    names: Mapping[Uuid, str] = field(default_factory=dict)
    configs: Mapping[ConfigKey, Mapping[str, str]] = field(default_factory=dict)
    next_producer_id: int = 0

    def topic_name(self, topic_id: Uuid) -> str | None:
        """The name of the topic with this id."""
        return self.names.get(topic_id)

    def topic_by_id(self, topic_id: Uuid) -> TopicState | None:
        """The topic with this id."""
        name = self.names.get(topic_id)
        return None if name is None else self.topics[name]

    def partition(self, topic: str, index: int) -> PartitionState | None:
        """One partition."""
        found = self.topics.get(topic)
        return None if found is None else found.partitions.get(index)

    def topic_config(self, topic: str) -> Mapping[str, str]:
        """What is configured for this topic itself."""
        return self.configs.get((TOPIC, topic), {})

    def broker_config(self, name: str) -> Mapping[str, str]:
        """What is configured for a broker (its id as text), or for all of them (empty text)."""
        return self.configs.get((BROKER, name), {})

    def active(self, broker_id: int) -> bool:
        """True when a broker may lead and be in sync: registered, unfenced, not on its way out."""
        broker = self.brokers.get(broker_id)
        return broker is not None and not broker.fenced and not broker.in_controlled_shutdown

    def with_changes(self, changes: Iterable[Change]) -> ClusterState:
        """The state as it would be with these changes: decisions look ahead."""
        return self.apply_all(Entry(offset, 0, change) for offset, change in enumerate(changes, self.offset + 1))

    def apply_all(self, entries: Iterable[Entry]) -> ClusterState:
        """The state after these changes, in order. Costs what changes, and one copy of the outer tables."""
        draft = _Draft(self)
        for entry in entries:
            assert entry.offset > draft.offset, "metadata is applied in the order of its log"
            draft.apply(entry)
        return draft.finish()


class _Draft:
    """A state that is being changed: tables are copied once, topics when they are touched first."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self.offset = state.offset
        self.controller = state.controller
        self.brokers = dict(state.brokers)
        self.topics = dict(state.topics)
        self.names = dict(state.names)
        self.configs = dict(state.configs)
        self.next_producer_id = state.next_producer_id
        self._touched: dict[Uuid, dict[int, PartitionState]] = {}

    def apply(self, entry: Entry) -> None:
        self.offset = entry.offset
        match entry.change:
            case ControllerElected() as c:
                self.controller = ControllerState(id=c.controller_id, epoch=c.epoch, host=c.host, port=c.port)
            case BrokerRegistered() | BrokerChanged() | BrokerUnregistered() as change:
                self._broker(entry.offset, change)
            case TopicCreated() | TopicDeleted() as change:
                self._topic(change)
            case PartitionPlaced() | PartitionChanged() as change:
                self._partition(change)
            case ConfigChanged() as change:
                self._config(change)
            case ProducerIdsAllocated() as change:
                self.next_producer_id = change.next_producer_id
            case _ as never:
                assert_never(never)

    def _broker(self, offset: int, change: BrokerRegistered | BrokerChanged | BrokerUnregistered) -> None:
        match change:
            case BrokerRegistered() as c:
                self.brokers[c.broker_id] = BrokerState(
                    id=c.broker_id,
                    epoch=offset,
                    incarnation=c.incarnation,
                    host=c.host,
                    port=c.port,
                    rack=c.rack,
                    log_dirs=c.log_dirs,
                )
            case BrokerChanged() as c:
                known = self.brokers[c.broker_id]
                assert known.epoch == c.broker_epoch, "a broker is changed in the incarnation that it is in"
                self.brokers[c.broker_id] = replace(
                    known, fenced=c.fenced, in_controlled_shutdown=c.in_controlled_shutdown
                )
            case BrokerUnregistered() as c:
                del self.brokers[c.broker_id]

    def _topic(self, change: TopicCreated | TopicDeleted) -> None:
        match change:
            case TopicCreated() as c:
                self.topics[c.name] = TopicState(name=c.name, id=c.topic_id)
                self.names[c.topic_id] = c.name
            case TopicDeleted() as c:
                name = self.names.pop(c.topic_id)
                del self.topics[name]
                self._touched.pop(c.topic_id, None)
                self.configs.pop((TOPIC, name), None)

    def _partition(self, change: PartitionPlaced | PartitionChanged) -> None:
        partitions = self._touched.get(change.topic_id)
        if partitions is None:
            partitions = dict(self.topics[self.names[change.topic_id]].partitions)
            self._touched[change.topic_id] = partitions
        match change:
            case PartitionPlaced() as c:
                partitions[c.index] = PartitionState(replicas=c.replicas, isr=c.isr, leader=c.leader)
            case PartitionChanged() as c:
                partitions[c.index] = PartitionState(
                    replicas=c.replicas,
                    isr=c.isr,
                    leader=c.leader,
                    leader_epoch=c.leader_epoch,
                    partition_epoch=c.partition_epoch,
                    elr=c.elr,
                    last_known_elr=c.last_known_elr,
                    recovering=c.recovering,
                )

    def _config(self, change: ConfigChanged) -> None:
        key = (change.resource_type, change.resource_name)
        texts = dict(self.configs.get(key, {}))
        if change.value is None:
            texts.pop(change.name, None)
        else:
            texts[change.name] = change.value
        if texts:
            self.configs[key] = texts
        else:
            self.configs.pop(key, None)

    def finish(self) -> ClusterState:
        for topic_id, partitions in self._touched.items():
            name = self.names[topic_id]
            self.topics[name] = TopicState(name=name, id=topic_id, partitions=partitions)
        return ClusterState(
            cluster_id=self._state.cluster_id,
            offset=self.offset,
            controller=self.controller,
            brokers=self.brokers,
            topics=self.topics,
            names=self.names,
            configs=self.configs,
            next_producer_id=self.next_producer_id,
        )
