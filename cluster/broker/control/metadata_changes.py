"""What changes of the metadata log mean for this node: replicas, configuration, groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cluster.broker.config import BrokerConfig
from cluster.broker.groups import GroupCoordinators
from cluster.broker.partitions.opening import Openings
from cluster.broker.partitions.replicas import Replicas
from cluster.controller.changes import (
    BrokerChanged,
    BrokerRegistered,
    BrokerUnregistered,
    Change,
    ConfigChanged,
    PartitionChanged,
    PartitionPlaced,
    TopicCreated,
    TopicDeleted,
)
from cluster.controller.state import TOPIC, ClusterState, TopicState

BROKERS = (BrokerRegistered, BrokerChanged, BrokerUnregistered)


class MetadataChanges:
    """Hands changes on, in an order that fits: configuration, brokers, topics. Belongs to the node's loop.

    What the log says of replicas is meant for this incarnation of the broker only once its registration is in it.
    Before, the log may name the broker as a leader that it was when it crashed: led on in the same epoch, perhaps
    with less in its log than it had then, the partition would have two histories under one epoch.
    """

    def __init__(
        self,
        openings: Openings,
        replicas: Replicas,
        groups: GroupCoordinators,
        reconfigure: Callable[[ClusterState], BrokerConfig],
    ) -> None:
        self._openings = openings
        self._replicas = replicas
        self._groups = groups
        self._reconfigure = reconfigure
        self._takes_part = False

    async def take_part(self, latest: Callable[[], ClusterState]) -> None:
        """This incarnation is registered, and the `latest` state says so: everything in it is new."""
        if self._takes_part:
            return
        while await self._openings.coming(latest(), latest().topics):
            pass  # The log may have gone on meanwhile.
        self._takes_part = True
        state = latest()
        self._replicas.apply(state, list(state.topics), {})
        self._replicas.set_strays_aside()

    def reconfigured(self, state: ClusterState) -> None:
        """The configuration of brokers is another."""
        self._groups.update_config(self._reconfigure(state).groups)

    async def coming(self, after: ClusterState, changes: Sequence[Change]) -> None:
        """The log goes to `after` next: have what it places here lie ready."""
        if self._takes_part:
            await self._openings.coming(after, _touched(after, changes))

    def applied(self, before: ClusterState, after: ClusterState, changes: Sequence[Change]) -> None:
        """The node's replica of the log has gone from `before` to `after`."""
        configs = [change for change in changes if isinstance(change, ConfigChanged)]
        broker_wide = any(change.resource_type != TOPIC for change in configs)
        if broker_wide:
            self.reconfigured(after)
        if not self._takes_part:
            return
        gone = _gone(before, changes)
        self._replicas.apply(after, _touched(after, changes), gone)
        if any(isinstance(change, BROKERS) for change in changes):
            self._replicas.brokers_changed(after)
        if configs:
            topics = {change.resource_name: None for change in configs if change.resource_type == TOPIC}
            self._replicas.reconfigure(after, None if broker_wide else topics)
        if gone:
            self._groups.topics_deleted({name: topic.id for name, topic in gone.items()})


def _touched(after: ClusterState, changes: Sequence[Change]) -> list[str]:
    ids = {
        change.topic_id: None
        for change in changes
        if isinstance(change, PartitionPlaced | PartitionChanged | TopicCreated)
    }
    return [name for topic_id in ids if (name := after.names.get(topic_id)) is not None]


def _gone(before: ClusterState, changes: Sequence[Change]) -> dict[str, TopicState]:
    deleted = [before.topic_by_id(change.topic_id) for change in changes if isinstance(change, TopicDeleted)]
    return {topic.name: topic for topic in deleted if topic is not None}
