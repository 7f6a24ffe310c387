"""The replicas that this broker hosts, and how the metadata log moves them between their roles."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from cluster.broker.config import BrokerConfig
from cluster.broker.groups import OFFSETS_TOPIC, GroupCoordinators
from cluster.broker.partitions.partition import Partition, PartitionKey
from cluster.broker.partitions.peers import Peers
from cluster.broker.replication.replication import Replication
from cluster.controller.state import ClusterState, PartitionState, TopicState
from cluster.log.directory import DataDirectory
from cluster.log.layout import TopicPartition
from cluster.protocol.errors import KafkaStorageError

logger = logging.getLogger(__name__)


class IsrProposer(Protocol):
    """Carries ISR proposals of the partitions to the controller."""

    def propose(self, partition: Partition) -> None:
        """Send the open proposal of this partition."""


class Replicas:
    """The hosted partitions by topic and index. Belongs to the node's loop."""

    def __init__(
        self,
        config: Callable[[], BrokerConfig],
        directory: DataDirectory,
        replication: Replication,
        groups: GroupCoordinators,
        wall_ms: Callable[[], int],
    ) -> None:
        self._config = config
        self.directory = directory
        self._replication = replication
        self._groups = groups
        self._wall_ms = wall_ms
        self._partitions: dict[PartitionKey, Partition] = {}
        self.broker_id = config().node_id
        self.peers = Peers(self.broker_id, config().replica_lag_time_max_ms)
        self.proposer: IsrProposer | None = None
        self.on_disk_failure: Callable[[OSError], None] = lambda _: None
        """Told of every error of the disk that one of the logs meets."""

    def __iter__(self) -> Iterator[Partition]:
        return iter(list(self._partitions.values()))

    def __len__(self) -> int:
        return len(self._partitions)

    def get(self, topic: str, index: int) -> Partition | None:
        """The replica hosted here, or None."""
        return self._partitions.get((topic, index))

    # -- what the partitions need of their host

    def propose(self, partition: Partition) -> None:
        """Send the partition's open ISR proposal to the controller."""
        assert self.proposer is not None, "the node wires the proposer before it applies metadata"
        self.proposer.propose(partition)

    # -- the metadata log

    def apply(self, state: ClusterState, topics: Iterable[str], gone: Mapping[str, TopicState]) -> None:
        """Take over what `state` says of `topics`; those in `gone` were deleted (or made anew under the same name)."""
        self.peers.follow(state)
        with self._on_disk():
            for deleted in gone.values():
                self._delete(deleted)
            for name in topics:
                topic = state.topics.get(name)
                if topic is not None:
                    self._apply_topic(state, topic)

    def _apply_topic(self, state: ClusterState, topic: TopicState) -> None:
        overrides = state.topic_config(topic.name)
        min_isr = self._config().effective_min_insync_replicas(overrides)
        if topic.name == OFFSETS_TOPIC:
            self._groups.set_partition_count(len(topic.partitions))
        for index, partition in topic.partitions.items():
            if self.broker_id in partition.replicas:
                self._host(state, topic, index, partition, min_isr)
            elif (topic.name, index) in self._partitions:
                self._remove((topic.name, index))

    def _host(self, state: ClusterState, topic: TopicState, index: int, placed: PartitionState, min_isr: int) -> None:
        partition = self._partitions.get((topic.name, index)) or self._open(state, topic, index)
        if placed.leader == self.broker_id:
            self._replication.leave(partition.key)
            if partition.lead(placed, min_isr) and topic.name == OFFSETS_TOPIC:
                self._groups.lead(partition)
            return
        led = partition.leadership is not None
        partition.follow(placed)
        if led and topic.name == OFFSETS_TOPIC:
            self._groups.resign(index)
        leader = state.brokers.get(placed.leader)
        if leader is None:
            self._replication.leave(partition.key)
        else:
            self._replication.follow(partition, leader.host, leader.port)

    def _open(self, state: ClusterState, topic: TopicState, index: int) -> Partition:
        config = self._config().effective_log_config(state.topic_config(topic.name))
        log = self.directory.log(TopicPartition(topic.name, index), topic.id, config, self._wall_ms())
        log.on_failure = self.on_disk_failure
        partition = Partition(topic.name, index, log, self)
        self._partitions[partition.key] = partition
        return partition

    def _remove(self, key: PartitionKey) -> None:
        partition = self._partitions.pop(key)
        self._replication.leave(key)
        if key[0] == OFFSETS_TOPIC:
            self._groups.resign(key[1])
        partition.retire()
        self.directory.delete(TopicPartition(*key))

    def _delete(self, topic: TopicState) -> None:
        for index in topic.partitions:
            partition = self._partitions.get((topic.name, index))
            if partition is not None and partition.topic_id == topic.id:
                self._remove(partition.key)

    def brokers_changed(self, state: ClusterState) -> None:
        """Brokers came or went: copy from where the leaders are now, and wait no more for those that are gone."""
        for partition in self:
            leader = state.brokers.get(partition.leader_id)
            if partition.leadership is not None:
                partition.review()
            elif leader is not None:
                self._replication.follow(partition, leader.host, leader.port)

    def set_strays_aside(self) -> None:
        """What lies here of partitions that the metadata log does not place here goes out of sight."""
        with self._on_disk():
            for stray in self.directory.unclaimed():
                self.directory.set_aside(stray)

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        """For work on the directory, which no log tells of. What the metadata log says cannot be left undone."""
        try:
            yield
        except OSError as error:
            self.on_disk_failure(error)
            raise KafkaStorageError(str(error)) from error

    def reconfigure(self, state: ClusterState, topics: Iterable[str] | None) -> None:
        """Configurations changed: of these topics, or (None) of the broker and so of all."""
        wanted = None if topics is None else dict.fromkeys(topics)
        for partition in self:
            if wanted is None or partition.topic in wanted:
                overrides = state.topic_config(partition.topic)
                partition.log.update_config(self._config().effective_log_config(overrides))
                if partition.leadership is not None:
                    partition.leadership.set_min_isr(self._config().effective_min_insync_replicas(overrides))
                    partition.reconsider()

    # -- chores

    def advance_log_start(self, partition: Partition, offset: int) -> None:
        """DeleteRecords: move the start of a led log up; followers hear of it with their next fetch."""
        partition.log.advance_log_start(offset)
        partition.watchers.changed()

    def review_isrs(self) -> None:
        """Propose to drop followers that have lagged for too long, and to add those that were refused too early."""
        for partition in self:
            partition.review()
